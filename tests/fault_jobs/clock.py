"""Time that runs faster, for the run and for the server it talks to."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import anyio

from agent.rehearsal.clock import RealTime

SCALE = 120.0
"""Seconds of the clock in one real second: a minute is waited out in half a second."""
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp()


class FastTime(RealTime):
    """The server's time, begun at an instant.

    Silences last as long as they are called in real seconds: clients lose their patience in those.
    """

    def __init__(self, begin: float = NOON) -> None:
        super().__init__(SCALE, tell_real=False)
        self._ahead = begin - time.time()

    def now(self) -> float:
        return super().now() + self._ahead

    def keep_silent(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        super().keep_silent(seconds * SCALE, is_gone)


class FastClock:
    """The run's clock, on the server's time."""

    def __init__(self, time: FastTime) -> None:
        self._time = time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._time.now(), UTC)

    def monotonic(self) -> float:
        return self._time.now()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds / SCALE)
