"""What the governor brings: refusals and throughput of a job under a token limit.

    python tests/bench/governor.py

Sixty requests, one after the other, under 300,000 tokens a minute that are charged at admission.
The endpoints below count by themselves and share no code with the governor; time is virtual, so
an hour passes in seconds. `ideal` is a client that knows the endpoint's count and the size of its
requests: it sends each at the first instant that is not refused. `arithmetic` is the tokens
divided by the limit. A last part lets two real processes share one account, time scaled.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import anyio
from virtual_time import VirtualClock

from agent.domain.limits import Admission, Limit
from agent.domain.message import Usage
from agent.domain.readings import LimitReading
from agent.limits.governor import AccountGovernor
from agent.limits.owners import this_process
from agent.limits.sqlite_books import SqliteBooks

TOKENS_A_MINUTE = 300_000
REQUESTS = 60
BACK_OFF = (3.0, 6.0, 12.0, 24.0, 48.0)


class Endpoint(Protocol):
    """Admits a request or refuses it, and counts."""

    def admit(self, at: float, tokens: int) -> bool: ...

    def next_try(self, at: float, tokens: int) -> float:
        """The first instant from `at` on when so many tokens would be admitted."""
        ...

    def readings(self, at: float) -> tuple[LimitReading, ...]: ...


class FixedMinute:
    """Counts from zero at every whole minute after `phase`."""

    def __init__(self, limit: int, phase: float = 0.0, *, tells_reset: bool = False) -> None:
        self.limit, self.phase, self.tells_reset = limit, phase, tells_reset
        self.minutes: dict[int, int] = {}

    def minute(self, at: float) -> int:
        return int((at - self.phase + 60) // 60)

    def admit(self, at: float, tokens: int) -> bool:
        taken = self.minutes.get(self.minute(at), 0)
        if taken + tokens > self.limit:
            return False
        self.minutes[self.minute(at)] = taken + tokens
        return True

    def next_try(self, at: float, tokens: int) -> float:
        if self.minutes.get(self.minute(at), 0) + tokens <= self.limit:
            return at
        return self.minute(at) * 60 + self.phase

    def readings(self, at: float) -> tuple[LimitReading, ...]:
        left = self.limit - self.minutes.get(self.minute(at), 0)
        reset = self.minute(at) * 60 + self.phase - at if self.tells_reset else None
        return (reading(self.limit, left, reset),)


class TokenBucket:
    """Holds one minute's tokens at most, and refills evenly."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.level, self.at = float(limit), 0.0

    def refill(self, at: float) -> None:
        self.level = min(self.limit, self.level + (at - self.at) * self.limit / 60)
        self.at = at

    def admit(self, at: float, tokens: int) -> bool:
        self.refill(at)
        if tokens > self.level + 1e-6:
            return False
        self.level -= tokens
        return True

    def next_try(self, at: float, tokens: int) -> float:
        self.refill(at)
        return at + max(0.0, tokens - self.level) * 60 / self.limit

    def readings(self, at: float) -> tuple[LimitReading, ...]:
        self.refill(at)
        return (reading(self.limit, int(self.level), None),)


def reading(limit: int, left: int, reset: float | None) -> LimitReading:
    return LimitReading(
        unit="tokens", window="minute", limit=limit, remaining=left, reset_seconds=reset
    )


@dataclass(frozen=True)
class Job:
    """One request: what it really needs, what was estimated, and how long the reply takes."""

    input: int
    estimated: int
    reserved: int
    seconds: float

    @property
    def charge(self) -> int:
        return self.input + self.reserved


@dataclass
class Tally:
    refused: int = 0
    charged: int = 0
    ended: float = 0.0
    waits: list[float] = field(default_factory=list)


def jobs(seed: int, count: int = REQUESTS, error: float = 0.02) -> list[Job]:
    """Requests as an executor sends them: the prompt grows, and is shortened now and then."""
    chance = random.Random(seed)
    made, prompt = [], 12_000
    for _ in range(count):
        prompt = prompt + chance.randint(500, 4_000) if prompt < 60_000 else 20_000
        output = chance.choice((80, 120, 300, 1_500))
        estimated = int(prompt * chance.uniform(1 - error, 1 + error))
        reserved = chance.choice((2_048, 2_048, 4_096, 8_192))
        made.append(Job(prompt, estimated, reserved, 0.3 + output / 1_500))
    return made


def admission(job: Job, limits: tuple[Limit, ...], run: str = "run") -> Admission:
    return Admission(
        account="acme",
        model="coder",
        limits=limits,
        run_id=run,
        role="executor",
        subject="T01",
        estimated_tokens=job.estimated,
        reserved_tokens=job.reserved,
        charged_tokens=job.estimated + job.reserved,
        charge="admission",
    )


async def governed(
    clock: VirtualClock,
    governor: AccountGovernor,
    endpoint: Endpoint,
    work: list[Job],
    tally: Tally,
    limits: tuple[Limit, ...],
    run: str = "run",
) -> None:
    """Sends each job when the governor admits it, until it is served."""
    for job in work:
        served = False
        while not served:
            begun = clock.seconds
            booking = await governor.admit(admission(job, limits, run), lambda _, __: None)
            tally.waits.append(clock.seconds - begun)
            served = endpoint.admit(clock.seconds, job.charge)
            if not served:
                tally.refused += 1
                governor.fail(booking, endpoint.next_try(clock.seconds, job.charge) - clock.seconds)
                continue
            head = endpoint.readings(clock.seconds)
            tally.charged += job.charge
            await clock.sleep(job.seconds)
            usage = Usage(input_tokens=job.input, output_tokens=100)
            governor.settle(booking, usage, head)
    tally.ended = max(tally.ended, clock.seconds)


async def ungoverned(
    clock: VirtualClock, endpoint: Endpoint, work: list[Job], tally: Tally, retry_after: bool
) -> None:
    """Sends at once, and backs off when refused: 3, 6, 12 ... seconds, or as long as told."""
    for job in work:
        tries = 0
        while not endpoint.admit(clock.seconds, job.charge):
            tally.refused += 1
            pause = endpoint.next_try(clock.seconds, job.charge) - clock.seconds
            own = BACK_OFF[min(tries, len(BACK_OFF) - 1)]
            await clock.sleep(pause if retry_after else own)
            tries += 1
        tally.charged += job.charge
        await clock.sleep(job.seconds)
    tally.ended = clock.seconds


async def ideal(clock: VirtualClock, endpoint: Endpoint, work: list[Job], tally: Tally) -> None:
    for job in work:
        await clock.sleep(endpoint.next_try(clock.seconds, job.charge) - clock.seconds)
        assert endpoint.admit(clock.seconds, job.charge)
        tally.charged += job.charge
        await clock.sleep(job.seconds)
    tally.ended = clock.seconds


Way = Callable[[VirtualClock, Endpoint, list[Job], Tally], None]


def with_governor(
    endpoint: Endpoint, work: list[Job], limit: Limit, *, runs: int = 1, begin: float = 0.0
) -> Tally:
    """The job, or as many of it side by side as `runs`, through one set of books."""
    clock, tally = VirtualClock(), Tally()
    clock.seconds = begin
    books = SqliteBooks(":memory:", now=clock.now().timestamp())
    governor = AccountGovernor(books, clock, this_process())
    each = [
        partial(governed, clock, governor, endpoint, work, tally, (limit,), f"run-{number}")
        for number in range(runs)
    ]
    anyio.run(partial(clock.play, *each))
    books.close()
    return tally


def without(endpoint: Endpoint, work: list[Job], *, retry_after: bool, begin: float) -> Tally:
    clock, tally = VirtualClock(), Tally()
    clock.seconds = begin
    anyio.run(partial(clock.play, partial(ungoverned, clock, endpoint, work, tally, retry_after)))
    return tally


def best(endpoint: Endpoint, work: list[Job], *, begin: float) -> Tally:
    clock, tally = VirtualClock(), Tally()
    clock.seconds = begin
    anyio.run(partial(clock.play, partial(ideal, clock, endpoint, work, tally)))
    return tally
