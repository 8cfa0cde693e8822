"""Checks what a judge cites against the files: a quote that is not there proves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.domain.finding import Citation, Verdict
from agent.domain.ports import Workspace
from agent.errors import WorkspaceError
from agent.tools.base import clip_line, lines_of

NEAR_LINES = 3
"""A quote found this close to the cited line is taken, and its line corrected."""
SHORTEST_QUOTE = 3
SHOWN_CHARACTERS = 160

FaultKind = Literal[
    "unknown",
    "twice",
    "absent",
    "no_citation",
    "no_file",
    "past_end",
    "short_quote",
    "other_line",
    "comment",
]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with verdicts; `kind` is the block of the tool's template."""

    kind: FaultKind
    requirement: str
    values: Mapping[str, object] = field(default_factory=dict)


def verified(
    verdict: Verdict, workspace: Workspace
) -> tuple[tuple[Citation, ...], tuple[Fault, ...]]:
    """The citations that are true, with corrected lines, and what keeps the verdict from counting.

    A verdict needs one true citation, `missing` none; wrong ones beside it are left out.
    """
    found: list[Citation] = []
    faults: list[Fault] = []
    for citation in verdict.citations:
        result = look_up(verdict.requirement, citation, workspace)
        if isinstance(result, Citation) and verdict.verdict == "met" and is_comment(result):
            place = {"path": result.path, "line": result.line}
            faults.append(Fault("comment", verdict.requirement, place))
        elif isinstance(result, Citation):
            found.append(result)
        else:
            faults.append(result)
    if found or verdict.verdict == "missing":
        return tuple(found), ()
    missing = Fault("no_citation", verdict.requirement, {"verdict": verdict.verdict})
    return (), tuple(faults) or (missing,)


def look_up(requirement: str, citation: Citation, workspace: Workspace) -> Citation | Fault:
    """The citation with the line on which its quote stands, or what is wrong with it."""
    place = {"path": citation.path, "line": citation.line}
    try:
        lines = lines_of(workspace.read_text(citation.path))
    except WorkspaceError as error:
        return Fault("no_file", requirement, {**place, "reason": str(error)})
    quote = first_line(citation.quote)
    if len(quote) < SHORTEST_QUOTE:
        return Fault("short_quote", requirement, place)
    around = range(citation.line - NEAR_LINES, citation.line + NEAR_LINES + 1)
    for number in sorted(around, key=lambda n: abs(n - citation.line)):
        if 1 <= number <= len(lines) and quote in squeezed(lines[number - 1]):
            return Citation(path=citation.path, line=number, quote=lines[number - 1].strip())
    if not 1 <= citation.line <= len(lines):
        return Fault("past_end", requirement, {**place, "total": len(lines)})
    standing = [number for number, line in enumerate(lines, start=1) if quote in squeezed(line)]
    shown = clip_line(lines[citation.line - 1].strip(), SHOWN_CHARACTERS)
    return Fault("other_line", requirement, {**place, "text": shown, "standing": standing[:5]})


def is_comment(citation: Citation) -> bool:
    """What a comment says may show a fake, and never that something works."""
    if citation.path.endswith((".md", ".rst", ".txt")):
        return False
    return citation.quote.startswith(("#", "//", "/*", '"""'))


def first_line(quote: str) -> str:
    return squeezed(next((line for line in quote.splitlines() if line.strip()), ""))


def squeezed(text: str) -> str:
    return " ".join(text.split())
