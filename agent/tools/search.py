"""The tool `search`: lines that match regular expressions, in git's view of the tree."""

import json
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path as FilePath
from typing import Any

import anyio
from pydantic import Field

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.errors import WorkspaceError
from agent.prompts import render
from agent.tools import scan
from agent.tools.base import Arguments, FunctionTool, refused, similar_paths
from agent.tools.candidates import candidates
from agent.tools.choose import choose
from agent.tools.fence import harmless, plain_name, visible
from agent.tools.listing import Path

TIMEOUT_SECONDS = 20.0
MAX_LINE_CHARACTERS = 200
MAX_CHARACTERS = 16_000
"""Of one call: about 5,000 tokens."""
MAX_CONTEXT = 20
CLASSES = {
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:alnum:]": "a-zA-Z0-9",
    "[:upper:]": "A-Z",
    "[:lower:]": "a-z",
    "[:space:]": r"\s",
    "[:word:]": r"\w",
}
"""Of grep's dialect, which Python does not know."""


class SearchArguments(Arguments):
    patterns: tuple[str, ...] = Field(min_length=1, max_length=20)
    paths: tuple[Path, ...] = Field(default=(".",), min_length=1)
    context: int = Field(default=0, ge=0)
    """Lines around each match."""
    max: int = Field(default=50, ge=1)
    """Lines shown for each pattern."""


@dataclass(frozen=True)
class Pattern:
    written: str
    expression: str
    """What is looked for; the pattern's own text when it is no regular expression."""
    is_text: bool = False


def search_tool(workspace: Workspace, timeout_seconds: float = TIMEOUT_SECONDS) -> Tool:
    act = partial(search, workspace, timeout_seconds)
    return FunctionTool("search", "search", SearchArguments, act)


async def search(
    workspace: Workspace, timeout_seconds: float, arguments: SearchArguments
) -> ToolOutput:
    tree = await workspace.files()
    files: set[str] = set()
    missing: list[str] = []
    for path in arguments.paths:
        choice = choose(workspace, tree, path)
        if not choice.files and not choice.is_glob and not workspace.exists(path):
            similar = await similar_paths(workspace, path)
            missing.append(render("tools/list#missing", path=plain_name(path), similar=similar))
        files.update(choice.files)
    if len(missing) == len(arguments.paths):
        return ToolOutput("\n".join(missing), is_error=True)
    patterns = [understood(pattern) for pattern in dict.fromkeys(arguments.patterns)]
    ordered = tuple(file for file in tree if file in files)
    with anyio.move_on_after(timeout_seconds):
        found = await looked_through(workspace, arguments, patterns, ordered)
        return ToolOutput("\n".join([*missing, answer(found, arguments, patterns)]))
    return refused("search#too_slow", seconds=timeout_seconds)


def answer(found: dict[str, Any], arguments: SearchArguments, patterns: list[Pattern]) -> str:
    lines = lines_of_answer(found, has_context=arguments.context > 0)
    shown = fitting(lines)
    return render(
        "tools/search#found",
        lines=shown,
        rest=len(lines) - len(shown),
        patterns=[
            (harmless(each.written), each.is_text, count, among, "\\|" in each.written)
            for each, count, among in zip(patterns, found["lines"], found["files"], strict=True)
        ],
        most=arguments.max,
        skipped=found["skipped"],
        paths=", ".join(map(plain_name, arguments.paths)),
    )


def understood(pattern: str) -> Pattern:
    """A pattern that is no regular expression is looked for as it stands."""
    expression = pattern
    for name, characters in CLASSES.items():
        expression = expression.replace(name, characters)
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        return Pattern(pattern, re.escape(pattern), is_text=True)
    return Pattern(pattern, expression)


async def looked_through(
    workspace: Workspace,
    arguments: SearchArguments,
    patterns: list[Pattern],
    files: tuple[str, ...],
) -> dict[str, Any]:
    """What `scan` finds; links are not followed. Raises WorkspaceError when it breaks down."""
    expressions = tuple(pattern.expression for pattern in patterns)
    plain = tuple(file for file in files if not (workspace.root / file).is_symlink())
    question = {
        "root": str(workspace.root),
        "files": await candidates(workspace, expressions, plain),
        "patterns": expressions,
        "most": arguments.max,
        "context": min(arguments.context, MAX_CONTEXT),
        "width": MAX_LINE_CHARACTERS,
    }
    answered = await anyio.run_process(
        [sys.executable, "-I", "-S", str(FilePath(scan.__file__))],
        input=json.dumps(question).encode(),
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if answered.returncode != 0:
        raise WorkspaceError("the search broke down; use simpler patterns or fewer paths")
    found: dict[str, Any] = json.loads(answered.stdout)
    return found


def lines_of_answer(found: dict[str, Any], *, has_context: bool) -> list[str]:
    """Each file's name, then its lines: a colon behind the number marks a match."""
    out: list[str] = []
    for file in found["shown"]:
        out.append(plain_name(file["path"]))
        previous = 0
        for number, text, matches in file["lines"]:
            if has_context and previous and number > previous + 1:
                out.append("--")
            out.append(f"{number}{':' if matches else '-'}{visible(text)}")
            previous = number
    return out


def fitting(lines: list[str]) -> list[str]:
    room = MAX_CHARACTERS
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return lines[:count]
    return lines
