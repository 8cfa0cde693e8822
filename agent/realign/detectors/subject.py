"""What a detector looks at, and how it says what it found."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from agent.domain.finding import Finding, Severity, finding_id
from agent.survey.classify import is_test
from agent.survey.imports import ImportGraph
from agent.survey.sources import Sources

EVIDENCE_LINES = 4
EVIDENCE_COLUMNS = 120


@dataclass(frozen=True)
class Subject:
    """A checkout, and which part of it is under suspicion."""

    sources: Sources
    graph: ImportGraph
    changed: frozenset[str]
    """Findings are only reported for these files; all the others are evidence."""
    entry_files: frozenset[str]
    """Where the program starts, as the plan and the survey declare it."""

    def code(self) -> Iterator[tuple[str, ast.Module]]:
        """The changed Python files that are no tests, as far as they can be parsed."""
        for path in self.sources.python:
            if path in self.changed and not is_test(path):
                tree = self.sources.tree(path)
                if tree is not None:
                    yield path, tree

    def excerpt(self, path: str, node: ast.AST) -> str:
        """The first lines of a piece of code, for a reader who does not have the file open."""
        first = getattr(node, "lineno", 1)
        last = getattr(node, "end_lineno", None) or first
        lines = self.sources.lines(path)[first - 1 : last]
        shown = [line.rstrip()[:EVIDENCE_COLUMNS] for line in lines if line.strip()]
        more = ["    ..."] if len(shown) > EVIDENCE_LINES else []
        return dedent(shown[:EVIDENCE_LINES] + more)


def dedent(lines: list[str]) -> str:
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "\n".join(line[margin:] for line in lines)


def finding(
    rule: str,
    path: str,
    anchor: str = "",
    *,
    message: str,
    evidence: str,
    remedy: str,
    line: int = 0,
    severity: Severity = "error",
) -> Finding:
    """A finding whose id depends on rule, path and anchor, and on no line."""
    return Finding(
        id=finding_id(rule, path, anchor),
        rule=rule,
        severity=severity,
        path=path,
        line=line,
        message=message,
        evidence=evidence,
        remedy=remedy,
    )
