"""A clock that several tasks sleep on: time jumps when all of them do."""

import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import anyio
from anyio.lowlevel import checkpoint

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)
QUIET_ROUNDS = 25
"""Turns of the event loop after which everybody who can run has run."""


class VirtualClock:
    """Seconds after `begin`; only sleeping takes time."""

    def __init__(self, begin: datetime = MIDNIGHT) -> None:
        self.seconds = 0.0
        self._begin = begin
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._count = itertools.count()

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self.seconds)

    def put_back(self, seconds: float) -> None:
        """What `now` tells goes back; nothing else does."""
        self._begin -= timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        event = anyio.Event()
        entry = (self.seconds + max(0.0, seconds), next(self._count), event)
        heapq.heappush(self._sleepers, entry)
        await event.wait()

    async def play(self, *jobs: Callable[[], Awaitable[None]]) -> None:
        """Runs the jobs side by side until all have ended."""
        open_jobs = len(jobs)

        async def one(job: Callable[[], Awaitable[None]]) -> None:
            nonlocal open_jobs
            try:
                await job()
            finally:
                open_jobs -= 1

        async with anyio.create_task_group() as group:
            for job in jobs:
                group.start_soon(one, job)
            while open_jobs:
                for _ in range(QUIET_ROUNDS):
                    await checkpoint()
                if self._sleepers:
                    at, _, event = heapq.heappop(self._sleepers)
                    self.seconds = max(self.seconds, at)
                    event.set()
