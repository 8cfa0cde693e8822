"""What a reply says of the limits it was counted against."""

from typing import Literal

from agent.domain.value import Value

Unit = Literal["requests", "tokens"]
Window = Literal["second", "minute", "hour", "day"]


class LimitReading(Value):
    """What a reply's headers say of one limit."""

    unit: Unit
    window: Window
    limit: int | None = None
    remaining: int | None = None
    reset_seconds: float | None = None
