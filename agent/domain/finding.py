"""Findings and verdicts: what is wrong, where, and what shows it."""

import hashlib
from typing import Literal

from agent.domain.value import Value

Severity = Literal["error", "warning", "info"]


class Finding(Value):
    """One deviation. Lint, preflight, audit, checks and judge all speak in this shape."""

    id: str
    """Stable while the deviation stands, whatever lines move around it."""
    rule: str
    severity: Severity
    path: str = ""
    line: int = 0
    """Counts from 1; 0 where no line applies."""
    message: str
    """One sentence: what is wrong."""
    evidence: str = ""
    requirement: str = ""
    """Id of the requirement it hurts, empty if none is known."""
    remedy: str = ""
    """One sentence: what would make it right."""


def finding_id(rule: str, path: str, anchor: str) -> str:
    """A stable id from what does not move: the rule, the file and a name or text in it."""
    digest = hashlib.sha256(f"{rule}\0{path}\0{anchor}".encode()).hexdigest()
    return f"F{digest[:8]}"


def blockers(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.severity == "error")


class Citation(Value):
    """A place in the repository that shows what is claimed."""

    path: str
    line: int
    quote: str
    """Text that stands on that line."""


VerdictWord = Literal["met", "partial", "missing", "faked", "contradicted"]


class Verdict(Value):
    """What a judge says of one requirement."""

    requirement: str
    verdict: VerdictWord
    explanation: str
    citations: tuple[Citation, ...] = ()
