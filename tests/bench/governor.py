"""What the governor brings: refusals and throughput of a job under a token limit.

    python tests/bench/governor.py [--quick]

Sixty requests, one after the other, under 300,000 tokens a minute that are charged at admission.
The endpoints below count by themselves and share no code with the governor. Time is virtual, so
an hour passes in seconds; each figure is over several jobs, begun at different seconds of the
endpoint's minute. `of ideal` compares with a client that knows the endpoint's count and sends
each request at the first instant that is not refused; `of limit` is tokens divided by the limit.
The last part has two real processes share one account through SQLite, and through Redis where a
redis-server is installed, with time running twenty times as fast.
"""

import json
import random
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import anyio

sys.path.insert(0, str(Path(__file__).parents[1]))

from redis_server import redis_server
from virtual_time import MIDNIGHT, VirtualClock

from agent.domain.limits import Admission, Limit
from agent.domain.message import Usage
from agent.domain.readings import LimitReading
from agent.limits.books import Books
from agent.limits.governor import AccountGovernor
from agent.limits.owners import this_process
from agent.limits.redis_books import RedisBooks
from agent.limits.sqlite_books import SqliteBooks

SCALE = 20.0
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


def with_governor(endpoint: Endpoint, limit: Limit, *works: list[Job], begin: float = 0.0) -> Tally:
    """One run for each list of requests, side by side, through one set of books."""
    clock, tally = VirtualClock(), Tally()
    clock.seconds = begin
    books = SqliteBooks(":memory:", now=clock.now().timestamp())
    governor = AccountGovernor(books, clock, this_process())
    each = [
        partial(governed, clock, governor, endpoint, work, tally, (limit,), f"run-{number}")
        for number, work in enumerate(works)
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


@dataclass(frozen=True)
class Row:
    """One way to send against one endpoint, over several jobs."""

    name: str
    refused: int
    of_ideal: float
    worst: float
    of_limit: float


def compare(
    name: str, endpoint: Callable[[], Endpoint], limit: Limit | None, error: float, seeds: int
) -> Row:
    """With the governor, or by back-off when `limit` is None."""
    refused, of_ideal, of_limit = 0, list[float](), list[float]()
    for seed in range(seeds):
        for begin in (0.0, 13.0, 29.0, 44.0, 57.0):
            work = jobs(seed, error=error)
            tally = (
                with_governor(endpoint(), limit, work, begin=begin)
                if limit
                else without(endpoint(), work, retry_after=False, begin=begin)
            )
            took = tally.ended - begin
            refused += tally.refused
            of_ideal.append((best(endpoint(), work, begin=begin).ended - begin) / took)
            of_limit.append(tally.charged / TOKENS_A_MINUTE * 60 / took)
    mean = sum(of_ideal) / len(of_ideal)
    return Row(name, refused, mean, min(of_ideal), sum(of_limit) / len(of_limit))


def tokens(refill: Literal["fixed", "bucket"]) -> Limit:
    return Limit(unit="tokens", window="minute", amount=TOKENS_A_MINUTE, refill=refill)


def rows(seeds: int) -> Iterator[Row]:
    def told() -> Endpoint:
        return FixedMinute(TOKENS_A_MINUTE, tells_reset=True)

    def silent() -> Endpoint:
        return FixedMinute(TOKENS_A_MINUTE)

    def bucket() -> Endpoint:
        return TokenBucket(TOKENS_A_MINUTE)

    yield compare("fixed minute, governor off", silent, None, 0.02, seeds)
    yield compare("fixed minute, reset told", told, tokens("fixed"), 0.02, seeds)
    yield compare("fixed minute, reset unknown", silent, tokens("fixed"), 0.02, seeds)
    yield compare("bucket, governor off", bucket, None, 0.02, seeds)
    yield compare("bucket", bucket, tokens("bucket"), 0.02, seeds)
    yield compare("fixed, reset told, estimates +-30 %", told, tokens("fixed"), 0.3, seeds)
    yield compare("fixed, unknown, estimates +-30 %", silent, tokens("fixed"), 0.3, seeds)
    yield compare("bucket, estimates +-30 %", bucket, tokens("bucket"), 0.3, seeds)
    yield compare("bucket declared, fixed in truth", silent, tokens("bucket"), 0.02, seeds)


class ScaledClock:
    """Real time, running faster; every process that is given the same start agrees."""

    def __init__(self, started: float) -> None:
        self._started = started

    def monotonic(self) -> float:
        return (time.time() - self._started) * SCALE

    def now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds / SCALE)


class Answer(socketserver.StreamRequestHandler):
    """Admits or refuses by the instant at which a request arrives."""

    endpoint: FixedMinute
    clock: ScaledClock
    lock = threading.Lock()
    counted: ClassVar[list[tuple[str, int, bool]]] = []

    def handle(self) -> None:
        for line in self.rfile:
            run, amount = json.loads(line)
            with self.lock:
                at = self.clock.monotonic()
                served = self.endpoint.admit(at, amount)
                self.counted.append((run, amount, served))
                pause = self.endpoint.next_try(at, amount) - at
                told = [each.model_dump() for each in self.endpoint.readings(at)]
            self.wfile.write(json.dumps([served, pause, told]).encode() + b"\n")


def opened(place: str) -> Books:
    return RedisBooks(place) if place.startswith("redis:") else SqliteBooks(Path(place), now=0.0)


async def send_all(place: str, port: int, started: float, run: str, count: int) -> None:
    """What one of the two processes does; prints the tokens its own requests came to."""
    clock = ScaledClock(started)
    books = opened(place)
    governor = AccountGovernor(books, clock, this_process())
    charged = 0
    with socket.create_connection(("127.0.0.1", port)) as link, link.makefile("rwb") as stream:
        for job in jobs(int(run[-1]), count):
            served = False
            while not served:
                wanted = admission(job, (tokens("fixed"),), run)
                booking = await governor.admit(wanted, lambda _, __: None)
                stream.write(json.dumps([run, job.charge]).encode() + b"\n")
                stream.flush()
                served, pause, told = json.loads(stream.readline())
                if not served:
                    governor.fail(booking, pause)
                    continue
                await clock.sleep(job.seconds)
                heard = tuple(LimitReading.model_validate(each) for each in told)
                governor.settle(booking, Usage(input_tokens=job.input, output_tokens=9), heard)
                charged += job.charge
    books.close()
    print(charged)


def side_by_side(place: str, counts: tuple[int, int]) -> str:
    """Two processes, a long job and a short one; what the endpoint and the ledger counted."""
    started = time.time()
    Answer.clock, Answer.endpoint = ScaledClock(started), FixedMinute(TOKENS_A_MINUTE)
    Answer.counted.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        words = [sys.executable, __file__, place, str(server.server_address[1]), repr(started)]
        processes = [
            subprocess.Popen([*words, f"run-{number}", str(count)], stdout=subprocess.PIPE)
            for number, count in enumerate(counts)
        ]
        sums = [int(process.communicate(timeout=240)[0]) for process in processes]
        server.shutdown()
    served = sum(amount for _, amount, ok in Answer.counted if ok)
    refused = sum(not ok for _, _, ok in Answer.counted)
    last = max(i for i, (run, _, _) in enumerate(Answer.counted) if run == "run-1")
    before = sum(run == "run-0" for run, _, _ in Answer.counted[:last])
    books = opened(place)
    booked = sum(each.charged for each in books.bookings())
    books.close()
    return (
        f"{refused} refused; tokens by endpoint {served:,}, processes {sum(sums):,}, ledger "
        f"{booked:,}; the short job of {counts[1]} was done after {before} of the long one's "
        f"{counts[0]}"
    )


def main() -> None:
    seeds = 1 if "--quick" in sys.argv else 6
    print(f"{'':38}{'429':>5}{'of ideal':>10}{'worst':>8}{'of limit':>10}")
    for row in rows(seeds):
        print(
            f"{row.name:38}{row.refused:5}{row.of_ideal:10.1%}{row.worst:8.1%}{row.of_limit:10.1%}"
        )
    with tempfile.TemporaryDirectory() as folder:
        print("two processes, SQLite:", side_by_side(f"{folder}/ledger.sqlite", (24, 8)))
        if shutil.which("redis-server"):
            with redis_server(Path(folder)) as url:
                print("two processes, Redis:", side_by_side(url, (24, 8)))
        else:
            print("two processes, Redis: skipped, no redis-server is installed")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        _, place, port, started, run, count = sys.argv
        anyio.run(send_all, place, int(port), float(started), run, int(count))
    else:
        main()
