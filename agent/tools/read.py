"""The tool `read`: files and ranges of lines, several in one call."""

from functools import partial
from typing import Annotated

from pydantic import BeforeValidator, Field

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.errors import PathRefused, WorkspaceError
from agent.prompts import render
from agent.tools.base import Arguments, FunctionTool, clip_line, lines_of, similar_paths

MAX_CHARACTERS = 24_000
"""Of one call, all files together: about 7,000 tokens."""
MAX_LINE_CHARACTERS = 1_000


class FileRange(Arguments):
    path: str
    start: int | None = Field(default=None, ge=1)
    """First line, counted from 1."""
    end: int | None = Field(default=None, ge=1)
    """Last line, shown as well."""


def from_bare_path(value: object) -> object:
    """A path alone means the whole file: models often send it so."""
    return {"path": value} if isinstance(value, str) else value


class ReadArguments(Arguments):
    files: list[Annotated[FileRange, BeforeValidator(from_bare_path)]] = Field(min_length=1)


def read_tool(workspace: Workspace) -> Tool:
    return FunctionTool("read", "read", ReadArguments, partial(read, workspace))


async def read(workspace: Workspace, arguments: ReadArguments) -> ToolOutput:
    shown: list[str] = []
    room, failures = MAX_CHARACTERS, 0
    for wanted in arguments.files:
        try:
            text = workspace.read_text(wanted.path)
        except WorkspaceError as error:
            failures += 1
            shown.append(await explain(workspace, wanted.path, error))
            continue
        part = show(wanted, text, room)
        room -= len(part)
        shown.append(part)
    return ToolOutput("\n".join(shown), is_error=failures == len(arguments.files))


async def explain(workspace: Workspace, path: str, error: WorkspaceError) -> str:
    """Why a file cannot be shown, and which files may have been meant."""
    known = isinstance(error, PathRefused) or workspace.exists(path)
    similar = [] if known else await similar_paths(workspace, path)
    return render("tools/read#failed", reason=str(error), similar=similar)


def show(wanted: FileRange, text: str, room: int) -> str:
    """The lines asked for, as many as fit in `room` characters."""
    lines = lines_of(text)
    start, end = wanted.start or 1, min(wanted.end or len(lines), len(lines))
    if start > max(end, 1):
        return render("tools/read#no_such_lines", path=wanted.path, start=start, total=len(lines))
    numbered: list[str] = []
    for number, line in enumerate(lines[start - 1 : end], start=start):
        numbered.append(f"{number}\t{clip_line(line, MAX_LINE_CHARACTERS)}")
        room -= len(numbered[-1]) + 1
        if room < 0:
            numbered.pop()
            break
    last = start + len(numbered) - 1
    return render(
        "tools/read#file",
        path=wanted.path,
        lines=numbered,
        start=start,
        last=last,
        end=end,
        total=len(lines),
    )
