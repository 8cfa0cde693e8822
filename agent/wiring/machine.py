"""The machine's own clock, and nobody at the keyboard."""

import time
from datetime import UTC, datetime

import anyio

from agent.errors import NeedsPerson


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Unattended:
    """Stands in for a person who is not there."""

    async def approve(self, question: str) -> bool:
        raise NeedsPerson(f"{question} Nobody is here to answer: resume on a terminal")
