"""Findings in the one shape that every command uses."""

import io
import json

from agent.domain.finding import Finding
from agent.errors import Outcome
from agent.frontends.findings import show_findings
from agent.frontends.output import Output


def told(findings: tuple[Finding, ...], *, as_json: bool = False) -> tuple[Outcome, str]:
    stream = io.StringIO()
    outcome = show_findings(findings, Output(stream), as_json=as_json)
    return outcome, stream.getvalue()


def test_an_error_makes_the_outcome_findings(stub: Finding) -> None:
    loose = Finding(id="F2", rule="wide-task", severity="warning", message="T01 is wide.")
    assert told((stub, loose)) == (
        Outcome.FINDINGS,
        "app.py:3: error: `reply` only returns a constant. Make it call the model. "
        "[stub-body] (R1)\n"
        "warning: T01 is wide. [wide-task]\n"
        "findings: 1 error, 1 other finding\n",
    )


def test_warnings_alone_are_clean(stub: Finding) -> None:
    warning = stub.model_copy(update={"severity": "warning"})
    outcome, text = told((warning,), as_json=True)
    assert outcome == Outcome.DONE
    assert json.loads(text) == {
        "findings": [
            {
                "id": "F1",
                "rule": "stub-body",
                "severity": "warning",
                "path": "app.py",
                "line": 3,
                "message": "`reply` only returns a constant.",
                "evidence": "",
                "requirement": "R1",
                "remedy": "Make it call the model.",
            }
        ],
        "outcome": "clean",
        "exit_code": 0,
        "schema": 1,
        "type": "findings",
    }


def test_no_finding_is_clean() -> None:
    assert told(()) == (Outcome.DONE, "clean: no findings\n")
