"""What `edit` and `write` share: what may not be written, and writing all files or none."""

import re
from collections.abc import Mapping

from agent.domain.ports import Workspace
from agent.errors import WorkspaceError
from agent.prompts import render
from agent.tools.base import plain_path
from agent.tools.fence import numbered, plain_name
from agent.tools.syntax import new_problems

MAX_LINE_CHARACTERS = 200
MAX_PROBLEMS = 3
COMMENT = r"^\s*(?:#|//|/\*|\*|--|<!--|\{/\*)\s*"
LEFT_OUT = re.compile(
    COMMENT + r"(?:\.{3}|…)\s*\(?(?:(?:the|all)\s+)?"
    r"(?:existing|rest|remaining|remainder|previous|other|same|unchanged|omitted)\b"
    r"|" + COMMENT + r"\(?(?:the )?(?:rest|remainder) of (?:the |this )?"
    r"(?:code|file|class|function|method|module|component)\b.{0,20}"
    r"(?:same|unchanged|here|as before|as is)\b",
    re.IGNORECASE,
)
"""A comment that stands for code the model did not write."""


class ChangeRefusedError(Exception):
    """A change cannot be made; the text says why, to the model."""


def is_protected(workspace: Workspace, path: str, protected: frozenset[str]) -> bool:
    """Whether `path`, however it is spelled or linked, is one of the protected files.

    Raises PathRefused when it leaves the workspace.
    """
    return plain_path(workspace, path) in {plain_path(workspace, name) for name in protected}


def left_out(new: str, old: str) -> str:
    """The first line of `new` that only stands for code, unless the file has it already."""
    known = {line.strip() for line in old.splitlines()}
    found = (line for line in new.splitlines() if LEFT_OUT.match(line))
    return next((line.strip() for line in found if line.strip() not in known), "")


def write_all(workspace: Workspace, files: Mapping[str, tuple[str | None, str]]) -> None:
    """Writes every file, given as text before and after; when one fails, all are put back.

    Raises the WorkspaceError of the one that failed.
    """
    written: list[str] = []
    try:
        for path, (before, after) in files.items():
            if after != before:
                workspace.write_text(path, after)
                written.append(path)
    except WorkspaceError:
        for path in written:
            before = files[path][0]
            if before is None:
                workspace.delete(path)
            else:
                workspace.write_text(path, before)
        raise


def syntax_words(path: str, before: str | None, after: str) -> str:
    """What is wrong with a file that was not wrong before, in the words for the model."""
    by_line = {problem.line: problem for problem in reversed(new_problems(path, before, after))}
    problems = [by_line[line] for line in sorted(by_line)]
    if not problems:
        return ""
    return render(
        "tools/syntax",
        path=plain_name(path),
        problems=[
            (problem, numbered(problem.line, problem.text, MAX_LINE_CHARACTERS))
            for problem in problems[:MAX_PROBLEMS]
        ],
        count=len(problems),
    )
