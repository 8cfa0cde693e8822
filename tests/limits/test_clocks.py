"""Days, suspended machines, and clocks that do not agree."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from redis_server import redis_server
from virtual_time import VirtualClock

from agent.config import load_settings
from agent.domain.limits import Admission, Limit
from agent.limits.books import Books, Owner, Standing
from agent.limits.governor import AccountGovernor
from agent.limits.sqlite_books import SqliteBooks
from agent.wiring.ledger import open_books

pytestmark = pytest.mark.anyio
Ask = Callable[..., Admission]
Minute = Callable[..., Limit]
HOUR = 3600.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def governor(books: Books, clock: VirtualClock) -> AccountGovernor:
    return AccountGovernor(books, clock, Owner("here:1", lambda _: False))


@pytest.fixture
def exact(books: Books, ask: Ask) -> Ask:
    """Requests whose estimates were right so far, so that they are booked without a margin."""

    def work(page: object) -> None:
        page.standing = Standing(ratios=(1.0,) * 40)  # type: ignore[attr-defined]

    books.change("acme", "coder", work)
    return ask


async def admitted(governor: AccountGovernor, admission: Admission) -> int:
    return await governor.admit(admission, lambda *_: None)


async def test_a_refusal_by_the_minute_does_not_bring_back_the_day_before(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    """Distrust of a minute's count must not count yesterday's tokens against today."""
    asked = exact(limits=(minute(2_400), minute(2_400, window="day")))
    clock.seconds = 23 * HOUR
    await admitted(governor, asked)
    await admitted(governor, asked)
    clock.seconds = 24 * HOUR + 600
    governor.fail(await admitted(governor, asked), 20.0)
    clock.seconds += 30
    assert governor.wait_seconds(asked) == 0


async def test_what_was_booked_right_before_midnight_counts_in_the_new_day(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    """It arrives a moment later; what was booked a second earlier arrived in time."""
    asked = exact(limits=(minute(2_400, window="day"),))
    clock.seconds = 24 * HOUR - 0.2
    await admitted(governor, asked)
    clock.seconds = 24 * HOUR + 1
    assert (
        governor.wait_seconds(exact(limits=asked.limits, estimated_tokens=1_001)) == 24 * HOUR - 1
    )
    await admitted(governor, asked)
    clock.seconds = 48 * HOUR - 2
    governor.fail(await admitted(governor, exact()), None)
    clock.seconds = 48 * HOUR + 1
    assert governor.wait_seconds(exact(limits=asked.limits, estimated_tokens=2_200)) == 0


@pytest.mark.parametrize("back", [1.0, 30.0, 3 * HOUR, 30 * 24 * HOUR])
async def test_a_clock_that_is_put_back_keeps_nobody_longer_than_a_minute(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute, back: float
) -> None:
    asked = exact(limits=(minute(1_200),))
    clock.seconds = 40 * 24 * HOUR
    await admitted(governor, asked)
    clock.seconds -= back
    begun = clock.seconds
    await clock.play(partial(admitted_quietly, governor, asked))
    assert clock.seconds - begun <= 71


async def admitted_quietly(governor: AccountGovernor, admission: Admission) -> None:
    await admitted(governor, admission)


async def test_a_pause_asked_for_before_the_clock_was_put_back_keeps_its_length(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask
) -> None:
    clock.seconds = 5 * HOUR
    governor.fail(await admitted(governor, exact()), 40.0)
    clock.seconds -= 3 * HOUR
    assert governor.wait_seconds(exact()) == 40


async def test_who_waits_while_the_clock_is_put_back_keeps_waiting_in_turn(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_200),))
    clock.seconds = 5 * HOUR
    await admitted(governor, asked)
    went: list[str] = []

    async def send(run: str, after: float) -> None:
        await clock.sleep(after)
        await admitted(governor, exact(limits=asked.limits, run_id=run))
        went.append(run)

    async def put_back() -> None:
        await clock.sleep(3.0)
        clock.put_back(2 * HOUR)

    await clock.play(partial(send, "first", 1.0), put_back, partial(send, "second", 5.0))
    assert went == ["first", "second"]


async def test_a_clock_that_jumps_ahead_lets_through_and_stays_usable(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_200),))
    booking = await admitted(governor, asked)
    clock.seconds += 9 * HOUR
    assert governor.wait_seconds(asked) == 0
    governor.fail(booking, None)
    await admitted(governor, asked)


@dataclass
class WrongClock:
    """A host's clock that is off by so many seconds."""

    off: float

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.off)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


async def test_hosts_whose_clocks_differ_go_by_the_servers(
    tmp_path: Path, ask: Ask, minute: Minute
) -> None:
    """By its own clock the second host would see the minute as over, or the first as ahead."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    asked, home = ask(limits=(minute(1_700),)), {"HOME": str(tmp_path)}
    with redis_server(tmp_path) as url:
        waits = []
        for host, off in enumerate((0.0, 300.0, -300.0)):
            clock = WrongClock(off)
            books = open_books(load_settings({**home, "GARDENER_LEDGER": url}), clock)
            owner = Owner(f"host-{host}:1", lambda _: False)
            governor = AccountGovernor(books, clock, owner)
            if not host:
                await admitted(governor, asked)
            waits.append(governor.wait_seconds(asked))
            books.close()
    assert all(55 < wait <= 60.5 for wait in waits), waits


async def test_a_change_that_waited_for_its_turn_is_dated_when_it_is_made(
    tmp_path: Path, clock: VirtualClock, ask: Ask
) -> None:
    class Slow(SqliteBooks):
        """Others hold the file for three seconds."""

        def _change(self, account: str, model: str, work: Callable[..., object]) -> object:  # type: ignore[override]
            clock.seconds += 3.0
            return super()._change(account, model, work)

    books = Slow(tmp_path / "ledger.sqlite", now=0.0)
    governor = AccountGovernor(books, clock, Owner("here:1", lambda _: False))
    await admitted(governor, ask())
    (booking,) = books.bookings()
    books.close()
    assert booking.booked_at == clock.now().timestamp()
