"""Where a run stands, for people and machines."""

from collections.abc import Callable

import pytest

from agent.domain.event import Entry, Event
from agent.errors import UsageError
from agent.frontends.status import status_lines, status_of, status_record

Tell = Callable[..., tuple[Entry, ...]]


def test_a_run_at_work_shows_its_task(tell: Tell, story: list[Event]) -> None:
    assert status_lines(status_of(tell(*story[:15]))) == (
        "rehearsal: replies are scripted",
        "run: 20260102-030405-ab12",
        "request: A todo app with a chat",
        "branch: gardener/todo",
        "phase: execute",
        "tasks: 0 of 1 done",
        "running: T01, 1 open todo",
        "findings: 0 errors",
        "outcome: none yet, last event at 2026-01-02T03:04:20+00:00",
        "go on with: gardener resume 20260102-030405-ab12",
    )


def test_a_finished_run_shows_its_outcome(tell: Tell, story: list[Event]) -> None:
    assert status_lines(status_of(tell(*story))) == (
        "rehearsal: replies are scripted",
        "run: 20260102-030405-ab12",
        "request: A todo app with a chat",
        "branch: gardener/todo",
        "phase: realign",
        "tasks: 2 of 2 done",
        "findings: 0 errors",
        "outcome: done: every requirement is proven",
    )


def test_a_machine_reads_the_same(tell: Tell, story: list[Event]) -> None:
    assert status_record(status_of(tell(*story[:22]))) == {
        "schema": 1,
        "type": "status",
        "run": "20260102-030405-ab12",
        "request": "A todo app\nwith a chat",
        "rehearsal": True,
        "branch": "gardener/todo",
        "phase": "realign",
        "tasks_done": 1,
        "tasks_total": 1,
        "task": "",
        "todos_open": [],
        "open_findings": 1,
        "outcome": None,
        "message": "",
        "started_at": "2026-01-02T03:04:06+00:00",
        "last_event_at": "2026-01-02T03:04:27+00:00",
        "resume": "gardener resume 20260102-030405-ab12",
    }


def test_an_empty_journal_is_no_run(tell: Tell) -> None:
    with pytest.raises(UsageError, match="this run never began"):
        status_of(tell())
