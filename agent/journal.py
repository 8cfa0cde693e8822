"""The append-only journal of one run: lock, write, flush, tell, read back."""

import errno
import fcntl
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from agent.domain.event import JOURNAL_VERSION, Entry, Event
from agent.domain.ports import Clock
from agent.domain.redaction import NOTHING_HIDDEN, Redactor
from agent.domain.state import RunState, apply
from agent.errors import DiskFull, GardenerError, JournalError

FILE_NAME = "journal.jsonl"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BLOCK_BYTES = 1 << 16
"""What is read at once from the end, to find the last line."""
Listener = Callable[[Entry], None]


class Journal:
    """The one writer of a run's journal.

    An event is written whole with one `os.write`, then folded into `state`, then told to the
    listeners: nobody hears of what is not on disk. Secrets are taken out first, so that neither
    the disk nor a request, which is built from the state, nor a listener has them.
    """

    def __init__(self, folder: Path, clock: Clock, redactor: Redactor = NOTHING_HIDDEN) -> None:
        """Opens, or begins, the journal in `folder`.

        Raises JournalError when another process holds it, or it cannot be read or written.
        """
        self.path = folder / FILE_NAME
        self.state = RunState()
        self._clock = clock
        self.redactor = redactor
        self._listeners: list[Listener] = []
        self._seq = 0
        self._file = opened(self.path)
        try:
            self._lock()
            os.ftruncate(self._file, whole_length(self.path))
            self._load()
        except BaseException:
            os.close(self._file)
            raise

    def _load(self) -> None:
        """Folds what is there. Nothing of it is garbage, and looking for some takes a third."""
        collects = gc.isenabled()
        gc.disable()
        try:
            for entry in read_entries(self.path):
                self._seq = entry.seq
                apply(self.state, entry.event)
        finally:
            if collects:
                gc.enable()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalError(
                f"another process works on this run ({self.path.parent.name}); "
                "wait for it, or stop it, then resume"
            ) from error

    def listen(self, *listeners: Listener) -> None:
        self._listeners.extend(listeners)

    def append(self, event: Event) -> None:
        """Writes one event.

        Raises DiskFull when the disk takes only part of it or nothing; the part is taken back.
        Raises JournalError when it cannot be written at all.
        """
        entry = Entry(seq=self._seq + 1, at=self._clock.now(), event=event)
        text = entry.model_dump_json(exclude_defaults=False)
        if self.redactor.may_hide(text):
            entry = self.redactor.hide_in(entry)
            text = entry.model_dump_json(exclude_defaults=False)
        line = text.encode() + b"\n"
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise failed(self.path, error) from error
        if written != len(line):
            os.ftruncate(self._file, before)
            raise DiskFull(f"cannot write {self.path}")
        self._seq = entry.seq
        apply(self.state, entry.event)
        for listener in self._listeners:
            listener(entry)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def opened(path: Path) -> int:
    """Raises JournalError, or DiskFull, when it cannot be read and written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise failed(path, error) from error


def failed(path: Path, error: OSError) -> GardenerError:
    if error.errno in FULL:
        return DiskFull(f"cannot write {path}")
    return JournalError(
        f"cannot write {path}: {error.strerror}; make it writable, then go on with: gardener resume"
    )


def whole_length(path: Path) -> int:
    """Bytes up to the last line end: a torn last line is what a crash leaves."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - BLOCK_BYTES)
            file.seek(begin)
            if (at := file.read(end - begin).rfind(b"\n")) >= 0:
                return begin + at + 1
            end = begin
    return 0


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a journal; a torn last line is left out.

    Raises JournalError with the number of any other line that cannot be read.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            yield parse_entry(line, path, number)


def parse_entry(line: bytes, path: Path, number: int) -> Entry:
    try:
        entry = Entry.model_validate_json(line)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        where = ".".join(map(str, detail["loc"]))
        raise JournalError(
            f"{path}:{number}: not a journal entry ({where}: {detail['msg']})"
        ) from None
    if entry.v > JOURNAL_VERSION:
        raise JournalError(f"{path}:{number}: written by a newer version; update gardener")
    if entry.seq != number:
        raise JournalError(f"{path}:{number}: entry {entry.seq} is out of order")
    return entry
