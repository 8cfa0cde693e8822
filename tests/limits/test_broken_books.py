"""What happens to a run when its ledger is locked, gone, damaged or emptied under it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from redis_server import RedisServer, redis_running
from virtual_time import VirtualClock

from agent.domain.limits import Admission
from agent.domain.message import Usage
from agent.errors import ConfigError
from agent.limits.books import Booking, Books, BooksAway, Owner
from agent.limits.governor import AccountGovernor
from agent.limits.redis_books import RedisBooks
from agent.limits.sqlite_books import SqliteBooks

pytestmark = pytest.mark.anyio
Ask = Callable[..., Admission]
ME = Owner("here:1", lambda _: False)
USED = Usage(input_tokens=900, output_tokens=50)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def file_books(path: Path) -> Iterator[SqliteBooks]:
    made = SqliteBooks(path, now=0.0, busy_seconds=0.01)
    yield made
    made.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    with redis_running(tmp_path) as running:
        yield running


@pytest.fixture
def redis_books(server: RedisServer) -> Iterator[RedisBooks]:
    made = RedisBooks(server.url)
    yield made
    made.close()


@contextmanager
def locked(path: Path) -> Iterator[Callable[[], None]]:
    """Another program holds the file until the block ends or what is given is called."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield other.commit
    other.close()


class Sender:
    """Admits one request, and notes what was told and when it went."""

    def __init__(self, books: Books, clock: VirtualClock, ask: Ask) -> None:
        self.governor = AccountGovernor(books, clock, ME)
        self.clock = clock
        self.ask = ask
        self.told: list[tuple[float, str]] = []
        self.went: list[float] = []

    async def send(self) -> int:
        booking = await self.governor.admit(self.ask(), lambda *told: self.told.append(told))
        self.went.append(round(self.clock.seconds, 2))
        return booking

    async def send_quietly(self) -> None:
        await self.send()


def all_of(path: Path) -> list[Booking]:
    books = SqliteBooks(path, now=0.0)
    found = list(books.bookings())
    books.close()
    return found


async def test_a_ledger_that_is_locked_for_an_instant_is_waited_for_in_silence(
    file_books: SqliteBooks, path: Path, clock: VirtualClock, ask: Ask
) -> None:
    sender = Sender(file_books, clock, ask)
    with locked(path) as release:

        async def later() -> None:
            await clock.sleep(0.5)
            release()

        await clock.play(sender.send_quietly, later)
    assert (sender.told, sender.went) == ([], [0.55])


async def test_a_ledger_that_stays_locked_is_told_and_ends_the_run_after_a_minute(
    file_books: SqliteBooks, path: Path, clock: VirtualClock, ask: Ask
) -> None:
    sender = Sender(file_books, clock, ask)
    reason = f"the ledger {path} is locked by another program; end that program, or set "
    reason += "GARDENER_LEDGER to another file"
    ended: list[str] = []

    async def send() -> None:
        try:
            await sender.send()
        except BooksAway as error:
            ended.append(str(error))

    with locked(path):
        await clock.play(send)
    assert ended == [f"{reason}, then go on with: gardener resume"]
    assert (sender.told, round(clock.seconds)) == ([(59.0, reason)], 60)


async def test_a_reply_that_comes_while_the_ledger_is_locked_is_written_later(
    file_books: SqliteBooks, path: Path, clock: VirtualClock, ask: Ask
) -> None:
    sender = Sender(file_books, clock, ask)
    first, second = await sender.send(), await sender.send()
    with locked(path):
        sender.governor.settle(first, USED, ())
        sender.governor.fail(second, 20.0)
        assert [each.state for each in file_books.bookings()] == ["open", "open"]
    assert sender.governor.wait_seconds(ask()) == 20
    assert [(each.state, each.input) for each in file_books.bookings()] == [
        ("settled", 900),
        ("failed", None),
    ]


async def test_what_is_late_is_written_when_the_ledger_is_closed(
    path: Path, clock: VirtualClock, ask: Ask
) -> None:
    books = SqliteBooks(path, now=0.0, busy_seconds=0.01)
    sender = Sender(books, clock, ask)
    booking = await sender.send()
    with locked(path):
        sender.governor.settle(booking, USED, ())
    books.close()
    assert [each.input for each in all_of(path)] == [900]


async def test_who_is_cancelled_while_the_ledger_is_locked_is_cancelled_only(
    file_books: SqliteBooks, path: Path, clock: VirtualClock, ask: Ask
) -> None:
    sender = Sender(file_books, clock, ask)
    sender.governor.fail(await sender.send(), 30.0)
    ended: list[bool] = []

    async def cancel_soon() -> None:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(sender.send)
                await clock.sleep(3.0)
                with locked(path):
                    scope.cancel()
        ended.append(scope.cancelled_caught)

    await clock.play(cancel_soon)
    assert (ended, sender.governor.wait_seconds(ask())) == ([True], 27.0)


async def test_a_damaged_ledger_ends_the_run_at_once_but_loses_no_reply(
    path: Path, clock: VirtualClock, ask: Ask
) -> None:
    books = SqliteBooks(path, now=0.0)
    sender = Sender(books, clock, ask)
    booking = await sender.send()
    other = sqlite3.connect(path)
    other.execute("DROP TABLE minutes")
    other.close()
    sender.governor.settle(booking, USED, ())
    with pytest.raises(ConfigError) as caught:
        await sender.send()
    books.close()
    assert str(caught.value) == (
        f"the ledger {path} cannot be used (no such table: minutes); move it away, or set "
        "GARDENER_LEDGER to another file"
    )


async def test_a_redis_that_is_begun_again_is_waited_for_and_told_what_it_lost(
    server: RedisServer, redis_books: RedisBooks, clock: VirtualClock, ask: Ask
) -> None:
    """It comes back empty, and another host's booking has taken the number meanwhile."""
    sender = Sender(redis_books, clock, ask)
    booking = await sender.send()
    server.stop()
    sender.governor.settle(booking, USED, ())

    async def begin_again() -> None:
        await clock.sleep(7.0)
        server.start()
        other = RedisBooks(server.url)
        elsewhere = AccountGovernor(other, clock, Owner("there:1", lambda _: False))
        await elsewhere.admit(ask(run_id="other"), lambda *_: None)
        other.close()

    await clock.play(sender.send_quietly, begin_again)
    assert [reason for _, reason in sender.told] == [
        f"the ledger at {server.url[8:-2]} does not answer (ConnectionError); start Redis there, "
        "or set GARDENER_LEDGER to another place"
    ]
    assert sender.went[1] <= 8.5
    assert [(each.run, each.state, each.input) for each in redis_books.bookings()] == [
        ("other", "open", None),
        ("run-1", "settled", 900),
        ("run-1", "open", None),
    ]


async def test_a_reply_that_comes_while_redis_is_silent_is_written_later(
    server: RedisServer, redis_books: RedisBooks, clock: VirtualClock, ask: Ask
) -> None:
    sender = Sender(redis_books, clock, ask)
    booking = await sender.send()
    server.fall_silent()
    sender.governor.settle(booking, USED, ())
    server.answer()
    await sender.send()
    assert [each.input for each in redis_books.bookings()] == [900, None]


async def test_a_request_that_was_booked_but_never_sent_is_taken_back(
    clock: VirtualClock, ask: Ask
) -> None:
    """The connection broke when the booking was written, so nobody knows of it."""

    class Breaks(SqliteBooks):
        breaks = True

        def _change(self, account: str, model: str, work: Callable[..., object]) -> object:  # type: ignore[override]
            made = super()._change(account, model, work)
            if self.breaks:
                self.breaks = False
                raise BooksAway("gone")
            return made

    books = Breaks(":memory:", now=0.0)
    sender = Sender(books, clock, ask)
    await clock.play(sender.send_quietly)
    assert [(each.state, each.charged) for each in books.bookings()] == [
        ("failed", 0),
        ("open", books.find(2).charged),  # type: ignore[union-attr]
    ]
    books.close()
