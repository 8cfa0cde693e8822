"""What is written stays written, the same in a file and in Redis."""

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from fakes import FakeClock
from redis import Redis
from redis_server import redis_server

from agent.domain.limits import Admission
from agent.domain.message import Usage
from agent.errors import ConfigError
from agent.limits.books import Booking, Books, Charge, Page, Standing, Ticket, booking_of
from agent.limits.governor import AccountGovernor
from agent.limits.owners import this_process
from agent.limits.redis_books import RedisBooks
from agent.limits.sqlite_books import SqliteBooks

Ask = Callable[..., Admission]
TICKET = Ticket(name="t", flow="run-1/executor", owner="here:1", due=1.0, seen=1.0, tokens=5)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    with redis_server(tmp_path) as url:
        yield url


def written(books: Books, *bookings: Booking) -> tuple[Booking, ...]:
    """The bookings with the numbers they got."""

    def work(page: Page) -> tuple[Booking, ...]:
        return tuple(replace(each, number=page.add(each)) for each in bookings)

    return books.change("acme", "coder", work)


def at(ask: Ask, seconds: float, **other: object) -> Booking:
    plain = booking_of(ask(), charged=1_200, at=seconds, owner="here:1", waited=0.0)
    return replace(plain, **other)  # type: ignore[arg-type]


def test_bookings_come_back_in_order(books: Books, ask: Ask) -> None:
    made = written(books, at(ask, 10.0), at(ask, 20.0, run="other"), at(ask, 30.0))
    assert tuple(books.bookings()) == made
    assert tuple(books.bookings(since=20.0)) == made[1:]
    assert tuple(books.bookings(run="oth")) == made[1:2]
    assert [books.find(each.number) for each in made] == list(made)
    assert books.find(999) is None


def test_a_booking_is_replaced_by_its_number(books: Books, ask: Ask) -> None:
    (made,) = written(books, at(ask, 10.0))
    ended = replace(made, state="settled", charged=7, input=5, output=2, cached=1)

    def work(page: Page) -> tuple[Booking, ...]:
        before = page.open_bookings()
        page.put(ended)
        return before

    assert books.change("acme", "coder", work) == (made,)
    assert tuple(books.bookings()) == (ended,)
    assert books.change("acme", "coder", lambda page: page.open_bookings()) == ()


def test_what_counts_is_read_one_by_one_or_by_minutes(books: Books, ask: Ask) -> None:
    written(books, at(ask, 10.0), at(ask, 50.0), at(ask, 61.0), at(ask, 5.0, charging="usage"))

    def one_by_one(page: Page) -> tuple[Charge, ...]:
        return page.charges(11.0, 70.0, by_minute=False)

    def by_minute(page: Page) -> tuple[Charge, ...]:
        return page.charges(0.0, 70.0, by_minute=True)

    flow = "run-1/executor"
    assert books.change("acme", "coder", one_by_one) == (
        Charge(50.0, 1_200, 1, flow),
        Charge(61.0, 1_200, 1, flow),
        Charge(70.0, 1_200, 1, flow),
    )
    assert books.change("acme", "coder", by_minute) == (
        Charge(59.4375, 2_400, 2),
        Charge(70.0, 1_200, 1, flow),
        Charge(119.4375, 1_200, 1),
    )


def test_a_settled_booking_moves_between_minutes(books: Books, ask: Ask) -> None:
    (made,) = written(books, at(ask, 10.0))
    ended = replace(made, state="settled", counted_at=70.0, charged=100)
    books.change("acme", "coder", lambda page: page.put(ended))
    found = books.change("acme", "coder", lambda page: page.charges(0.0, 80.0, by_minute=True))
    assert found == (Charge(119.4375, 100, 1),)


def test_a_change_reads_what_it_has_written_itself(books: Books, ask: Ask) -> None:
    """A booking that a wrong clock dated an hour ahead is put right, and counts so at once."""
    (made,) = written(books, at(ask, 3_600.0))
    here = replace(made, counted_at=10.0, charged=700)

    def work(page: Page) -> tuple[object, ...]:
        page.put(here)
        later = replace(here, number=page.add(at(ask, 20.0)), counted_at=20.0)
        page.put(replace(later, state="settled", charged=5))
        return (
            page.get(made.number),
            page.open_bookings(),
            page.dated_after(30.0),
            page.charges(15.0, 40.0, by_minute=False),
            page.charges(0.0, 40.0, by_minute=True),
        )

    assert books.change("acme", "coder", work) == (
        here,
        (here,),
        (),
        (Charge(20.0, 5, 1, "run-1/executor"),),
        (Charge(59.4375, 705, 2),),
    )


def test_what_is_booked_at_a_minutes_very_end_counts_in_the_next(books: Books, ask: Ask) -> None:
    written(books, at(ask, 59.4), at(ask, 59.6))
    found = books.change("acme", "coder", lambda page: page.charges(60.0, 80.0, by_minute=True))
    assert found == (Charge(119.4375, 1_200, 1),)


def test_what_is_dated_after_an_instant_is_found(books: Books, ask: Ask) -> None:
    _, ahead, _ = written(books, at(ask, 10.0), at(ask, 20.0), at(ask, 5.0, model="coder"))
    assert books.change("acme", "coder", lambda page: page.dated_after(10.0)) == (ahead,)


def test_accounts_and_models_are_apart(books: Books, ask: Ask) -> None:
    written(books, at(ask, 10.0))

    def work(page: Page) -> tuple[object, ...]:
        return page.standing, page.open_bookings(), page.charges(0.0, 20.0, by_minute=False)

    assert books.change("acme", "other", work) == (Standing(), (), ())


def test_a_standing_is_kept(books: Books) -> None:
    kept = Standing(blocked_until=5.0, tickets=(TICKET,), ratios=(1.0, 0.9))

    def work(page: Page) -> None:
        page.standing = kept

    books.change("acme", "coder", work)
    assert books.change("acme", "coder", lambda page: page.standing) == kept


def test_a_change_that_fails_leaves_nothing(books: Books, ask: Ask) -> None:
    def work(page: Page) -> None:
        page.standing = Standing(blocked_until=5.0)
        page.add(at(ask, 10.0))
        raise KeyError

    with pytest.raises(KeyError):
        books.change("acme", "coder", work)
    assert tuple(books.bookings()) == ()
    assert books.change("acme", "coder", lambda page: page.standing) == Standing()


def book_many(path: str, run: str, count: int) -> None:
    """What one of several processes does."""

    async def work() -> None:
        books = SqliteBooks(Path(path), now=0.0)
        governor = AccountGovernor(books, FakeClock(), this_process())
        for _ in range(count):
            asked = Admission("acme", "coder", (), run, "executor", "T01", 10, 5, 15)
            number = await governor.admit(asked, lambda *_: None)
            governor.settle(number, Usage(input_tokens=9, output_tokens=3), ())
        books.close()

    anyio.run(work)


def test_processes_share_a_file_without_losing_a_token(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    context = multiprocessing.get_context("spawn")
    started = [
        context.Process(target=book_many, args=(str(path), f"run-{n}", 40)) for n in range(3)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(timeout=60)
    assert [process.exitcode for process in started] == [0, 0, 0]
    books = SqliteBooks(path, now=0.0)
    found = list(books.bookings())
    books.close()
    assert (len(found), sum(each.charged for each in found)) == (120, 1_440)


def test_a_process_that_ended_is_dead_and_another_host_never_is() -> None:
    owner = this_process()
    place, own, begun, _ = owner.name.split(":")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(timeout=30)
    names = {
        owner.name: False,
        this_process().name: False,
        f"{place}:{gone.pid}:{begun}:x": True,
        f"elsewhere:{gone.pid}:{begun}:x": False,
        "odd": False,
    }
    assert own == str(os.getpid())
    assert {name: owner.is_dead(name) for name in names} == names


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the kernel does not tell")
def test_a_process_whose_number_was_given_away_is_dead() -> None:
    owner = this_process()
    place, number, begun, _ = owner.name.split(":")
    assert owner.is_dead(f"{place}:{number}:{int(begun) - 1}:x")


def test_two_governors_of_a_process_are_told_apart() -> None:
    assert this_process().name != this_process().name


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        SqliteBooks(path, now=0.0)
    return str(caught.value)


def test_a_damaged_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    assert refused(path) == (
        f"the ledger {path} is damaged; move it away, and a new one is begun, or set "
        "GARDENER_LEDGER to another file"
    )


def test_a_locked_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    SqliteBooks(path, now=0.0).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ConfigError, match="is locked by another program; end that program"):
        SqliteBooks(path, now=0.0, busy_seconds=0.0)
    other.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "ledger.sqlite"
    assert refused(path) == (
        f"cannot make the ledger's folder for {path}: File exists; "
        "name another file with GARDENER_LEDGER"
    )


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path).startswith(f"the ledger {tmp_path} cannot be written; ")


def test_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 3")
    newer.close()
    assert "was written by a newer gardener; update gardener" in refused(path)


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path, ask: Ask) -> None:
    path = tmp_path / "ledger.sqlite"
    books = SqliteBooks(path, now=0.0)
    made = written(books, at(ask, 10.0), at(ask, 20.0, charging="usage"), at(ask, 119.9))
    books.close()
    older = sqlite3.connect(path)
    older.executescript("DROP TABLE minutes; PRAGMA user_version = 1")
    older.close()
    again = SqliteBooks(path, now=0.0)
    counted = again.change("acme", "coder", lambda page: page.charges(0.0, 0.0, by_minute=True))
    kept = tuple(again.bookings())
    again.close()
    assert (kept, counted) == (
        made,
        (
            Charge(0.0, 1_200, 1, "run-1/executor"),
            Charge(59.4375, 1_200, 1),
            Charge(179.4375, 1_200, 1),
        ),
    )


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    assert "is another program's database" in refused(path)


def test_bookings_older_than_a_year_are_dropped(tmp_path: Path, ask: Ask) -> None:
    path = tmp_path / "ledger.sqlite"
    books = SqliteBooks(path, now=0.0)
    _, kept = written(books, at(ask, 10.0), at(ask, 2e9))
    books.close()
    again = SqliteBooks(path, now=2e9)
    assert tuple(again.bookings()) == (kept,)
    again.close()


def test_a_redis_that_nobody_runs_is_named_without_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        RedisBooks("redis://:secret@127.0.0.1:1/0")
    assert str(caught.value) == (
        "the ledger at 127.0.0.1:1 does not answer (ConnectionError); start Redis there, or set "
        "GARDENER_LEDGER to another place"
    )


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("version", "2", "was written by a newer gardener; update gardener, or name another place"),
        ("version", "x", "holds what gardener did not write under 'gardener:'; name another data"),
    ],
)
def test_a_redis_of_another_version_is_left_alone(
    server: str, key: str, value: str, words: str
) -> None:
    client = Redis.from_url(server)
    client.set(f"gardener:{key}", value)
    client.close()
    with pytest.raises(ConfigError) as caught:
        RedisBooks(server)
    assert words in str(caught.value)


def test_what_gardener_did_not_write_is_named(server: str) -> None:
    client = Redis.from_url(server)
    client.hset("gardener:bookings", "7", '{"theirs": 1}')
    client.set("gardener:starts", "text")
    client.close()
    books = RedisBooks(server)
    words = f"the ledger at {server[8:-2]} holds what gardener did not write under 'gardener:'"
    with pytest.raises(ConfigError, match=words):
        books.find(7)
    with pytest.raises(ConfigError, match=words):
        list(books.bookings())
    books.close()


def test_redis_keeps_the_sums_of_minutes_for_days_only(server: str, ask: Ask) -> None:
    books = RedisBooks(server)
    written(books, at(ask, 30.0))
    written(books, *(at(ask, 4 * 86_400.0) for _ in range(499)))
    books.close()
    client = Redis.from_url(server, decode_responses=True)
    fields = client.hgetall("gardener:acme/coder:minutes")
    client.close()
    assert fields == {"t:5760": str(499 * 1_200), "r:5760": "499"}


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@host:port/0",
        "redis://:s3cret@host/0?no_such_option=1",
        "redis://:s3cret@host/0?socket_timeout=soon",
        "redis://:s3cret@[::1/0",
    ],
)
def test_an_odd_address_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RedisBooks(url)
    assert str(caught.value) == (
        "the ledger's address is not like redis://HOST:PORT/0; correct GARDENER_LEDGER"
    )
