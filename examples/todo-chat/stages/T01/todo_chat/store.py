"""Keeps the todos and the conversation in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS todos (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY,
    role TEXT NOT NULL,
    content TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Todo:
    id: int
    text: str
    done: bool


@dataclass(frozen=True)
class Turn:
    """What one side said; `role` is `user` or `assistant`."""

    role: str
    content: str


class Store:
    """Opens the file anew for every call, so threads may share one store."""

    def __init__(self, path: str | Path) -> None:
        """Opens or creates the file; raises sqlite3.Error when that is not possible."""
        self.path = Path(path)
        with self._connection() as connection:
            connection.executescript(SCHEMA)

    def todos(self) -> list[Todo]:
        with self._connection() as connection:
            rows = connection.execute("SELECT id, text, done FROM todos ORDER BY id").fetchall()
        return [Todo(number, text, bool(done)) for number, text, done in rows]

    def add_todo(self, text: str) -> Todo:
        """Raises ValueError when there are no words in the text."""
        text = text.strip()
        if not text:
            raise ValueError("A todo needs a few words.")
        with self._connection() as connection:
            number = connection.execute("INSERT INTO todos (text) VALUES (?)", (text,)).lastrowid
        return Todo(number, text, done=False)

    def complete_todo(self, number: int) -> bool:
        """False when there is no todo with this number."""
        with self._connection() as connection:
            changed = connection.execute("UPDATE todos SET done = 1 WHERE id = ?", (number,))
            return changed.rowcount == 1

    def conversation(self) -> list[Turn]:
        """Everything said so far, oldest first."""
        with self._connection() as connection:
            rows = connection.execute("SELECT role, content FROM turns ORDER BY id").fetchall()
        return [Turn(role, content) for role, content in rows]

    def add_exchange(self, question: str, answer: str) -> None:
        """Remembers a question with its answer: both or neither."""
        with self._connection() as connection:
            connection.executemany(
                "INSERT INTO turns (role, content) VALUES (?, ?)",
                [("user", question), ("assistant", answer)],
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            yield connection
