"""Limits of an endpoint: what is counted, over which window, and what is known of it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from agent.domain.message import Spender
from agent.domain.readings import Unit, Window
from agent.domain.value import Value

WINDOW_SECONDS: dict[Window, float] = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
}


class Limit(Value):
    """At most `amount` of `unit` in each `window`, per account and model."""

    unit: Unit
    window: Window
    amount: int = Field(ge=1)
    refill: Literal["fixed", "bucket"] = "bucket"
    """`fixed`: the count falls to zero when the window turns (days turn at midnight UTC).
    `bucket`: it refills continuously."""


@dataclass(frozen=True)
class Admission:
    """A request that asks to be let through."""

    account: str
    """Whose limits count: the provider's organization."""
    model: str
    limits: tuple[Limit, ...]
    run_id: str
    role: Spender
    subject: str
    """The task's id, or the phase's word."""
    estimated_tokens: int
    """Input tokens as the harness expects them."""
    reserved_tokens: int
    """Output tokens asked for."""
    charged_tokens: int
    """What the endpoint will book when it admits the request."""
    charge: Literal["admission", "usage"] = "usage"
    """When the endpoint books: as it admits a request, or what was used afterwards."""
    reservation_cap_tokens: int | None = None
    """The most of a reservation that an endpoint charging at admission books."""
    cached_tokens_count: bool = True
    """Whether cached input counts against token limits."""
    profile: str = ""
    """Where its price is found."""
