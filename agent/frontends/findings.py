"""Findings for people and machines: one shape wherever they come from."""

from typing import Any

from agent.domain.finding import Finding, blockers
from agent.errors import Outcome
from agent.frontends.output import SCHEMA, Output
from agent.frontends.text import count, shown


def show_findings(findings: tuple[Finding, ...], output: Output, *, as_json: bool) -> Outcome:
    """Writes them; errors make the outcome `findings`, anything less leaves it clean."""
    if as_json:
        output.record(findings_record(findings))
    else:
        for finding in findings:
            output.line(finding_line(finding))
        output.line(summary_line(findings))
    return outcome_of(findings)


def outcome_of(findings: tuple[Finding, ...]) -> Outcome:
    return Outcome.FINDINGS if blockers(findings) else Outcome.DONE


def findings_record(findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "findings": [finding.model_dump(mode="json") for finding in findings],
        "outcome": "findings" if blockers(findings) else "clean",
        "exit_code": outcome_of(findings).exit_code,
        "schema": SCHEMA,
        "type": "findings",
    }


def finding_line(finding: Finding) -> str:
    """`path:line: severity: message [rule]`, which editors and CI know how to follow."""
    place = f"{finding.path}:{finding.line}: " if finding.line else f"{finding.path}: "
    hurts = f" ({finding.requirement})" if finding.requirement else ""
    remedy = f" {shown(finding.remedy, 300)}" if finding.remedy else ""
    message = shown(finding.message, 300)
    start = place if finding.path else ""
    return f"{start}{finding.severity}: {message}{remedy} [{finding.rule}]{hurts}"


def summary_line(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return "clean: no findings"
    errors = len(blockers(findings))
    word = "findings" if errors else "clean"
    return f"{word}: {count(errors, 'error')}, {count(len(findings) - errors, 'other finding')}"
