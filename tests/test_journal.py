"""The journal keeps what it told, survives a torn end, and refuses everything else."""

import json
import os
from pathlib import Path

import pytest
from fakes import START, FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.event import Entry, PhaseStarted, RunFinished, RunStarted
from agent.errors import JournalError, Outcome
from agent.journal import FILE_NAME, Journal, read_entries

STARTED = RunStarted(
    run_id="r1",
    request="do it",
    plan_name="do-it",
    phases=("plan",),
    repository="/repo",
    base_commit="abcdef1",
    branch="",
    worktree="/repo",
    models={"planner": "m"},
    rehearsal=False,
    version="0",
)
FINISHED = RunFinished(outcome=Outcome.DONE, message="fine")


def written(folder: Path) -> bytes:
    with Journal(folder, FakeClock()) as journal:
        journal.append(STARTED)
        journal.append(PhaseStarted(phase="plan"))
        journal.append(FINISHED)
    return (folder / FILE_NAME).read_bytes()


def test_what_was_appended_is_read_back_and_folded(tmp_path: Path) -> None:
    written(tmp_path)
    entries = list(read_entries(tmp_path / FILE_NAME))
    assert entries == [
        Entry(seq=1, at=START, event=STARTED),
        Entry(seq=2, at=START, event=PhaseStarted(phase="plan")),
        Entry(seq=3, at=START, event=FINISHED),
    ]
    with Journal(tmp_path, FakeClock()) as journal:
        assert (journal.state.started, journal.state.phase) == (STARTED, "plan")
        assert journal.state.finished == FINISHED


def test_listeners_hear_only_of_what_is_on_disk(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    with Journal(tmp_path, FakeClock()) as journal:
        journal.listen(
            lambda entry: heard.append((entry.seq, len(list(read_entries(journal.path)))))
        )
        journal.append(STARTED)
        journal.append(FINISHED)
    assert heard == [(1, 1), (2, 2)]


def test_a_second_process_cannot_write_to_the_same_run(tmp_path: Path) -> None:
    with (
        Journal(tmp_path, FakeClock()),
        pytest.raises(JournalError, match="another process works on this run"),
    ):
        Journal(tmp_path, FakeClock())


def test_a_journal_cut_at_any_byte_loads_up_to_the_last_whole_line(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole")
    for length in range(len(whole) + 1):
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(whole[:length])
        with Journal(folder, FakeClock()) as journal:
            journal.append(PhaseStarted(phase="garden"))
        kept = whole[:length].count(b"\n")
        assert [entry.seq for entry in read_entries(folder / FILE_NAME)] == list(range(1, kept + 2))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{}\n", r":2: not a journal entry \(seq: Field required\)"),
        (b"nonsense\n", ":2: not a journal entry"),
        (b"\xff\xfe\n", ":2: not a journal entry"),
        (b"[1]\n", ":2: not a journal entry"),
    ],
)
def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    lines = written(tmp_path).splitlines(keepends=True)
    (tmp_path / FILE_NAME).write_bytes(lines[0] + line + lines[2])
    with pytest.raises(JournalError, match=message):
        Journal(tmp_path, FakeClock())


def test_a_missing_line_is_noticed(tmp_path: Path) -> None:
    lines = written(tmp_path).splitlines(keepends=True)
    (tmp_path / FILE_NAME).write_bytes(lines[0] + lines[2])
    with pytest.raises(JournalError, match=":2: entry 3 is out of order"):
        Journal(tmp_path, FakeClock())


def test_a_line_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    value = json.loads(written(tmp_path).splitlines()[0])
    value["v"] = 99
    (tmp_path / FILE_NAME).write_text(json.dumps(value) + "\n", encoding="utf-8")
    with pytest.raises(JournalError, match=":1: written by a newer version; update gardener"):
        Journal(tmp_path, FakeClock())


def test_the_journal_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    written(tmp_path)
    assert os.stat(tmp_path / FILE_NAME).st_mode & 0o777 == 0o600


@given(message=st.text())
@settings(max_examples=60, deadline=None)
def test_any_text_returns_as_it_was(tmp_path_factory: pytest.TempPathFactory, message: str) -> None:
    folder = tmp_path_factory.mktemp("run")
    event = RunFinished(outcome=Outcome.DONE, message=message)
    with Journal(folder, FakeClock()) as journal:
        journal.append(event)
    assert [entry.event for entry in read_entries(folder / FILE_NAME)] == [event]


def test_a_torn_line_of_any_length_is_left_out(tmp_path: Path) -> None:
    whole = written(tmp_path)
    for torn in (b"x" * 65_535, b"x" * 65_536, b"x" * 200_000):
        (tmp_path / FILE_NAME).write_bytes(whole + torn)
        with Journal(tmp_path, FakeClock()):
            assert (tmp_path / FILE_NAME).read_bytes() == whole
