"""A run as JSON records, one a line: every event, then the result."""

from typing import Any

from agent.domain.event import Entry
from agent.errors import Outcome
from agent.frontends.output import SCHEMA, Output
from agent.frontends.report_data import Report


class RecordStream:
    """A journal listener that writes one JSON object for each entry."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, entry: Entry) -> None:
        self._output.record(event_record(entry))


def event_record(entry: Entry) -> dict[str, Any]:
    event = entry.event.model_dump(mode="json")
    head = {"schema": SCHEMA, "type": event.pop("type"), "seq": entry.seq}
    return {**head, "at": entry.at.isoformat(), **event}


def result_record(outcome: Outcome, message: str, report: Report) -> dict[str, Any]:
    """What a run came to, as the last line of a stream."""
    data = report.model_dump(
        mode="json", include={"run", "branch", "plan", "commits", "requirements", "rehearsal"}
    )
    return {
        "schema": SCHEMA,
        "type": "result",
        "outcome": outcome.value,
        "exit_code": outcome.exit_code,
        "message": message,
        **data,
        "findings": [finding.model_dump(mode="json") for finding in report.remaining],
    }
