"""Python files that Python cannot parse."""

import re

from agent.domain.finding import Finding
from agent.realign.detectors.subject import EVIDENCE_COLUMNS, Subject, finding

RULE = "syntax-error"
BROKEN_BY_DESIGN = re.compile(r"(^|/)(data|fixtures?|testdata|snapshots|templates)/|\{\{")
"""Samples for tests, and templates that are no Python yet."""


def syntax_errors(subject: Subject) -> list[Finding]:
    found = []
    for path in subject.sources.python:
        if path not in subject.changed or BROKEN_BY_DESIGN.search(path):
            continue
        error = subject.sources.syntax_error(path)
        if error is not None:
            found.append(report(subject, path, error))
    return found


def report(subject: Subject, path: str, error: SyntaxError) -> Finding:
    line = error.lineno or 0
    lines = subject.sources.lines(path)
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return finding(
        RULE,
        path,
        "",
        message=f"{path} cannot be parsed: {error.msg}.",
        evidence=shown[:EVIDENCE_COLUMNS],
        remedy="Mend the syntax; nothing in this file can run.",
        line=line,
    )
