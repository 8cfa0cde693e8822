"""The books in one SQLite file, shared by all processes of a user on one machine."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import TypeVar

from agent.errors import ConfigError
from agent.limits.books import (
    KEPT_DAYS,
    MINUTE_END,
    Booking,
    Charge,
    Page,
    Standing,
    standing_from,
)

T = TypeVar("T")
VERSION = 1
BUSY_SECONDS = 5.0
"""How long another process's change is waited for; one takes about a millisecond."""
COLUMNS = tuple(field.name for field in fields(Booking) if field.name != "number")
SCHEMA = (
    f"CREATE TABLE bookings (number INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(COLUMNS)})",
    "CREATE INDEX bookings_by_time ON bookings (account, model, counted_at)",
    "CREATE INDEX bookings_open ON bookings (account, model) WHERE state = 'open'",
    "CREATE INDEX bookings_by_start ON bookings (booked_at)",
    "CREATE TABLE standings (account, model, state, PRIMARY KEY (account, model)) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)
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
SELECT CAST(counted_at / 60 AS INTEGER) * 60 + :end AS at, SUM(charged), COUNT(*), ''
FROM bookings WHERE {COUNTS} AND NOT (state = 'open' AND charging = 'usage') GROUP BY at
UNION ALL SELECT :now, charged, 1, run || '/' || role FROM bookings WHERE {UNFINISHED}
ORDER BY at
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
        values = {"account": account, "model": model, "since": since}
        times = {"now": now, "end": MINUTE_END}
        rows = self._connection.execute(SUMMED if by_minute else EACH, {**values, **times})
        return tuple(Charge(*row) for row in rows)

    def open_bookings(self) -> tuple[Booking, ...]:
        query = f"{PICK} WHERE account = ? AND model = ? AND state = 'open' ORDER BY number"
        return tuple(booking_from(row) for row in self._connection.execute(query, self._key))

    def get(self, number: int) -> Booking | None:
        row = self._connection.execute(f"{PICK} WHERE number = ?", (number,)).fetchone()
        return booking_from(row) if row else None

    def add(self, booking: Booking) -> int:
        number = self._connection.execute(INSERT, astuple(booking)[:-1]).lastrowid
        assert number is not None
        return number

    def put(self, booking: Booking) -> None:
        self._connection.execute(UPDATE, astuple(booking))

    def write(self) -> None:
        if self.standing is not self._read:
            self._connection.execute(
                "INSERT OR REPLACE INTO standings (account, model, state) VALUES (?, ?, ?)",
                (*self._key, self.standing.model_dump_json(exclude_defaults=True)),
            )


class SqliteBooks:
    """Opens the file, and makes it when there is none; `:memory:` keeps nothing.

    Raises ConfigError when it cannot be opened, is no such file, or is a newer version's.
    """

    def __init__(self, path: Path | str, *, now: float, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        with self._told():
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=busy_seconds)
            try:
                self._prepare(now)
            except BaseException:
                self._connection.close()
                raise

    def change(self, account: str, model: str, work: Callable[[Page], T]) -> T:
        with self._told(), self._transaction():
            page = SqlitePage(self._connection, account, model)
            result = work(page)
            page.write()
        return result

    def find(self, number: int) -> Booking | None:
        with self._told():
            row = self._connection.execute(f"{PICK} WHERE number = ?", (number,)).fetchone()
        return booking_from(row) if row else None

    def bookings(self, since: float = 0.0, run: str = "") -> Iterator[Booking]:
        query = f"{PICK} WHERE booked_at >= ? AND substr(run, 1, ?) = ? ORDER BY number"
        with self._told():
            rows = self._connection.execute(query, (since, len(run), run))
            for row in rows:
                yield booking_from(row)

    def close(self) -> None:
        self._connection.close()

    def _prepare(self, now: float) -> None:
        # Without a write-ahead log, as on some network drives, it works too, only slower.
        self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION:
                raise ConfigError(
                    f"the ledger {self._path} was written by a newer gardener; update gardener, "
                    "or name another file with GARDENER_LEDGER"
                )
            if version == 0:
                if self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise ConfigError(
                        f"{self._path} is another program's database; name a file that does not "
                        "exist yet with GARDENER_LEDGER"
                    )
                for statement in SCHEMA:
                    self._connection.execute(statement)
            oldest = now - KEPT_DAYS * 86_400
            self._connection.execute("DELETE FROM bookings WHERE booked_at < ?", (oldest,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
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
            raise ConfigError(self._sentence(error)) from None
        except OSError as error:
            raise ConfigError(
                f"cannot make the ledger's folder for {self._path}: {error.strerror}; "
                "name another file with GARDENER_LEDGER"
            ) from None

    def _sentence(self, error: sqlite3.DatabaseError) -> str:
        match error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else -1:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                reason, advice = "is locked by another program", "end that program"
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                reason, advice = "cannot be written", "make it and its folder writable"
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                reason, advice = "is damaged", "move it away, and a new one is begun"
            case sqlite3.SQLITE_FULL:
                reason, advice = "cannot grow, the disk is full", "make room"
            case _:
                reason, advice = f"cannot be used ({error})", "move it away"
        return f"the ledger {self._path} {reason}; {advice}, or set GARDENER_LEDGER to another file"


def booking_from(row: tuple[object, ...]) -> Booking:
    values = dict(zip((*COLUMNS, "number"), row, strict=True))
    values["cached_counts"] = bool(values["cached_counts"])
    return Booking(**values)  # type: ignore[arg-type]
