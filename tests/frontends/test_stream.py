"""What a machine reads while a run goes on, and at its end."""

import io
import json
from collections.abc import Callable

from agent.domain.event import Entry, Event
from agent.errors import Outcome
from agent.frontends.output import Output
from agent.frontends.report import build_report
from agent.frontends.stream import RecordStream, result_record

Tell = Callable[..., tuple[Entry, ...]]


def test_every_entry_is_one_flat_record(tell: Tell, story: list[Event]) -> None:
    stream = io.StringIO()
    listener = RecordStream(Output(stream))
    for entry in tell(*story):
        listener(entry)
    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(records) == len(story)
    assert records[10] == {
        "schema": 1,
        "type": "task_started",
        "seq": 11,
        "at": "2026-01-02T03:04:16+00:00",
        "task_id": "T01",
        "attempt": 1,
        "commit": "b" * 40,
        "rung": "first",
    }


def test_no_event_has_a_field_that_a_record_uses_itself(story: list[Event]) -> None:
    for event in story:
        assert not {"schema", "seq", "at"} & set(type(event).model_fields)


def test_the_result_says_what_was_proven(tell: Tell, story: list[Event]) -> None:
    report = build_report(tell(*story[:22]))
    record = result_record(Outcome.FINDINGS, "1 finding is left", report)
    requirements, findings = record.pop("requirements"), record.pop("findings")
    assert record == {
        "schema": 1,
        "type": "result",
        "outcome": "findings",
        "exit_code": 11,
        "message": "1 finding is left",
        "run": "20260102-030405-ab12",
        "branch": "gardener/todo",
        "plan": "plans/todo.md",
        "commits": ["c" * 40],
        "rehearsal": True,
    }
    assert [(item["id"], item["proven"]) for item in requirements] == [("R1", False)]
    assert [finding["id"] for finding in findings] == ["F1"]
