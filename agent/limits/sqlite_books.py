"""The books in one SQLite file, shared by all processes of a user on one machine."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from agent.errors import ConfigError
from agent.limits.books import (
    KEPT_DAYS,
    MINUTE,
    MINUTE_END,
    Booking,
    BooksAway,
    Charge,
    Page,
    Standing,
    counts,
    minute_of,
    standing_from,
)
from agent.limits.late import LateChanges
from agent.limits.windows import GUARD_SECONDS

T = TypeVar("T")
VERSION = 2
OPENING_SECONDS = 5.0
BUSY_SECONDS = 0.1
"""How long another process's change is waited for at once; one takes about a millisecond."""
TRY_SECONDS = 0.01
"""SQLite itself waits longer and longer and so loses against those who just came."""
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
PASSING = (*BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
COLUMNS = tuple(field.name for field in fields(Booking) if field.name != "number")
values_of = attrgetter(*COLUMNS)
SCHEMA = (
    f"CREATE TABLE bookings (number INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(COLUMNS)})",
    "CREATE INDEX bookings_by_time ON bookings (account, model, counted_at)",
    "CREATE INDEX bookings_open ON bookings (account, model) WHERE state = 'open'",
    "CREATE INDEX bookings_by_start ON bookings (booked_at)",
    "CREATE TABLE standings (account, model, state, PRIMARY KEY (account, model)) WITHOUT ROWID",
)
FILL_MINUTES = f"""
INSERT INTO minutes
SELECT account, model, CAST((counted_at + {GUARD_SECONDS}) / {MINUTE} AS INTEGER),
    SUM(charged), COUNT(*)
FROM bookings WHERE NOT (state = 'open' AND charging = 'usage') GROUP BY 1, 2, 3
"""
MINUTES = (
    """CREATE TABLE minutes (account, model, minute, tokens, requests,
    PRIMARY KEY (account, model, minute)) WITHOUT ROWID""",
    FILL_MINUTES,
)
UPGRADES = {0: (*SCHEMA, *MINUTES), 1: MINUTES}
"""What makes a file of this version one of the newest; 0 is an empty one."""
PICK = f"SELECT {', '.join(COLUMNS)}, number FROM bookings"
INSERT = f"INSERT INTO bookings ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
UPDATE = f"UPDATE bookings SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE number = ?"
COUNTS = "(account, model) = (:account, :model) AND counted_at >= :since"
UNFINISHED = "(account, model) = (:account, :model) AND state = 'open' AND charging = 'usage'"
EACH = f"""
SELECT counted_at AS at, charged, 1, run || '/' || role FROM bookings
WHERE {COUNTS} AND NOT (state = 'open' AND charging = 'usage')
UNION ALL SELECT :now, charged, 1, run || '/' || role FROM bookings WHERE {UNFINISHED}
ORDER BY at
"""
SUMMED = f"""
SELECT minute * {MINUTE} + {MINUTE_END} AS at, tokens, requests, '' FROM minutes
WHERE (account, model) = (:account, :model) AND minute >= :since / {MINUTE} AND requests > 0
UNION ALL SELECT :now, charged, 1, run || '/' || role FROM bookings WHERE {UNFINISHED}
ORDER BY at
"""
TALLY = """
INSERT INTO minutes VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
SET tokens = tokens + excluded.tokens, requests = requests + excluded.requests
"""


class SqlitePage:
    """One account and model, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, account: str, model: str) -> None:
        self._connection = connection
        self._key = (account, model)
        row = connection.execute(
            "SELECT state FROM standings WHERE account = ? AND model = ?", self._key
        ).fetchone()
        self._read = standing_from(row[0]) if row else Standing()
        self.standing = self._read

    def charges(self, since: float, now: float, *, by_minute: bool) -> tuple[Charge, ...]:
        account, model = self._key
        values = {"account": account, "model": model, "since": since, "now": now}
        rows = self._connection.execute(SUMMED if by_minute else EACH, values)
        return tuple(Charge(*row) for row in rows)

    def open_bookings(self) -> tuple[Booking, ...]:
        return self._some("state = 'open'")

    def dated_after(self, instant: float) -> tuple[Booking, ...]:
        return self._some("counted_at > ?", instant)

    def get(self, number: int) -> Booking | None:
        row = self._connection.execute(f"{PICK} WHERE number = ?", (number,)).fetchone()
        return booking_from(row) if row else None

    def add(self, booking: Booking) -> int:
        number = self._connection.execute(INSERT, values_of(booking)).lastrowid
        assert number is not None
        self._tally(booking, 1)
        return number

    def put(self, booking: Booking) -> None:
        if before := self.get(booking.number):
            self._tally(before, -1)
        self._connection.execute(UPDATE, (*values_of(booking), booking.number))
        self._tally(booking, 1)

    def write(self) -> None:
        if self.standing is not self._read:
            self._connection.execute(
                "INSERT OR REPLACE INTO standings (account, model, state) VALUES (?, ?, ?)",
                (*self._key, self.standing.model_dump_json(exclude_defaults=True)),
            )

    def _some(self, condition: str, *values: object) -> tuple[Booking, ...]:
        query = f"{PICK} WHERE account = ? AND model = ? AND {condition} ORDER BY number"
        rows = self._connection.execute(query, (*self._key, *values))
        return tuple(booking_from(row) for row in rows)

    def _tally(self, booking: Booking, sign: int) -> None:
        if counts(booking):
            amounts = (sign * booking.charged, sign)
            self._connection.execute(TALLY, (*self._key, minute_of(booking), *amounts))


class SqliteBooks(LateChanges):
    """Opens the file, and makes it when there is none; `:memory:` keeps nothing.

    Raises ConfigError when it cannot be opened, is no such file, or is a newer version's.
    """

    def __init__(self, path: Path | str, *, now: float, busy_seconds: float = BUSY_SECONDS) -> None:
        super().__init__()
        self._path = path
        self._tries = round(OPENING_SECONDS / TRY_SECONDS)
        with self._told():
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=TRY_SECONDS)
            try:
                self._prepare(now)
            except BaseException:
                self._connection.close()
                raise
        self._tries = max(1, round(busy_seconds / TRY_SECONDS))

    def now(self, own: float) -> float:
        return own

    def find(self, number: int) -> Booking | None:
        with self._told():
            row = self._do(f"{PICK} WHERE number = ?", (number,)).fetchone()
        return booking_from(row) if row else None

    def bookings(self, since: float = 0.0, run: str = "") -> Iterator[Booking]:
        query = f"{PICK} WHERE booked_at >= ? AND substr(run, 1, ?) = ? ORDER BY number"
        with self._told():
            for row in self._do(query, (since, len(run), run)):
                yield booking_from(row)

    def _change(self, account: str, model: str, work: Callable[[Page], T]) -> T:
        with self._told(), self._transaction():
            page = SqlitePage(self._connection, account, model)
            result = work(page)
            page.write()
        return result

    def _close(self) -> None:
        self._connection.close()

    def _prepare(self, now: float) -> None:
        # Without a write-ahead log, as on some network drives, it works too, only slower.
        self._do("PRAGMA journal_mode = WAL").fetchone()
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION:
                raise ConfigError(
                    f"the ledger {self._path} was written by a newer gardener; update gardener, "
                    "or name another file with GARDENER_LEDGER"
                )
            if version == 0 and self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise ConfigError(
                    f"{self._path} is another program's database; name a file that does not "
                    "exist yet with GARDENER_LEDGER"
                )
            for statement in UPGRADES.get(version, ()):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
            oldest = now - KEPT_DAYS * 86_400
            self._connection.execute("DELETE FROM bookings WHERE booked_at < ?", (oldest,))
            self._connection.execute("DELETE FROM minutes WHERE minute < ?", (oldest // MINUTE,))

    def _do(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Tries again while another process holds the file, and not for ever."""
        for _ in range(self._tries - 1):
            with suppress_busy():
                return self._connection.execute(statement, values)
        return self._connection.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._do("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the database's complaints into one sentence."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            kind = BooksAway if code_of(error) in PASSING else ConfigError
            raise kind(self._sentence(error)) from None
        except OSError as error:
            raise ConfigError(
                f"cannot make the ledger's folder for {self._path}: {error.strerror}; "
                "name another file with GARDENER_LEDGER"
            ) from None

    def _sentence(self, error: sqlite3.DatabaseError) -> str:
        match code_of(error):
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                reason, advice = "is locked by another program", "end that program"
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                reason, advice = "cannot be written", "make it and its folder writable"
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                reason, advice = "is damaged", "move it away, and a new one is begun"
            case sqlite3.SQLITE_FULL:
                reason, advice = "cannot grow, the disk is full", "make room"
            case sqlite3.SQLITE_IOERR:
                reason, advice = "cannot be read or written", "look whether its disk is full or bad"
            case _:
                reason, advice = f"cannot be used ({error})", "move it away"
        return f"the ledger {self._path} {reason}; {advice}, or set GARDENER_LEDGER to another file"


def code_of(error: sqlite3.DatabaseError) -> int:
    """SQLite's own number of what is wrong; -1 where the Python module itself complains."""
    return error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else -1


@contextmanager
def suppress_busy() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if code_of(error) not in BUSY:
            raise


def booking_from(row: tuple[object, ...]) -> Booking:
    values = dict(zip((*COLUMNS, "number"), row, strict=True))
    values["cached_counts"] = bool(values["cached_counts"])
    return Booking(**values)  # type: ignore[arg-type]
