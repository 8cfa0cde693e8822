"""The tool `read`: files and ranges of lines, several in one call."""

import os
import stat
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import ConfigDict, WithJsonSchema, model_validator

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.errors import PathRefused, WorkspaceError
from agent.prompts import render
from agent.tools.base import Arguments, FunctionTool, lines_of, plain_path, similar_paths
from agent.tools.fence import numbered, plain_name
from agent.tools.file_range import FileRange, file_ranges

MAX_CHARACTERS = 48_000
"""Of one call, all files together: about 14,000 tokens. Less would cost a turn where several files
are read at once; what a session has no room for is clipped when it comes in."""
MAX_LINE_CHARACTERS = 1_000
MAX_NAMES = 40
"""Of a folder that was asked for as if it were a file."""

FILES = {"type": "array", "items": {"type": "string"}, "minItems": 1}


class ReadArguments(Arguments):
    model_config = ConfigDict(frozen=True, extra="forbid")

    files: Annotated[tuple[FileRange, ...], WithJsonSchema(FILES)]

    @model_validator(mode="before")
    @classmethod
    def in_every_form(cls, value: Any) -> Any:  # noqa: ANN401 - JSON
        return {"files": file_ranges(value)} if isinstance(value, dict) else value


def read_tool(workspace: Workspace) -> Tool:
    return FunctionTool("read", "read", ReadArguments, partial(read, workspace))


async def read(workspace: Workspace, arguments: ReadArguments) -> ToolOutput:
    shown: list[str] = []
    room, failures = MAX_CHARACTERS, 0
    for wanted in arguments.files:
        try:
            part = show(wanted, workspace.read_text(wanted.path), room)
            room -= len(part)
        except WorkspaceError as error:
            failures += 1
            part = await explain(workspace, wanted.path, error)
        shown.append(part)
    return ToolOutput("\n".join(shown), is_error=failures == len(arguments.files))


def show(wanted: FileRange, text: str, room: int) -> str:
    """The lines asked for, as many as fit in `room` characters."""
    lines = lines_of(text)
    path = plain_name(wanted.path)
    start, end = wanted.start or 1, min(wanted.end or len(lines), len(lines))
    if start > max(end, 1):
        return render("tools/read#no_such_lines", path=path, start=start, total=len(lines))
    shown = fitting(lines[start - 1 : end], start, room)
    last = start + len(shown) - 1
    return render(
        "tools/read#file",
        path=path,
        lines=shown,
        start=start,
        last=last,
        end=end,
        total=len(lines),
    )


def fitting(lines: list[str], first: int, room: int) -> list[str]:
    """The lines with their numbers, as many as fit in `room` characters.

    Empty lines have none: it would be a tenth of what a file of code is charged.
    """
    shown: list[str] = []
    for number, line in enumerate(lines, start=first):
        shown.append(numbered(number, line, MAX_LINE_CHARACTERS) if line else "")
        room -= len(shown[-1]) + 1
        if room < 0:
            return shown[:-1]
    return shown


async def explain(workspace: Workspace, path: str, error: WorkspaceError) -> str:
    """Why a file cannot be shown, and what to look at in its place."""
    name = plain_name(path)
    if isinstance(error, PathRefused):
        return render("tools/read#refused", path=name, reason=str(error))
    if not workspace.exists(path):
        similar = await similar_paths(workspace, path)
        return render("tools/read#missing", path=name, similar=similar)
    state = os.stat(workspace.root / plain_path(workspace, path))
    if stat.S_ISDIR(state.st_mode):
        names = await names_in(workspace, path)
        shown, rest = names[:MAX_NAMES], len(names) - MAX_NAMES
        return render("tools/read#folder", path=name, names=shown, rest=rest)
    return render("tools/read#unreadable", path=name, reason=str(error), bytes=state.st_size)


async def names_in(workspace: Workspace, folder: str) -> list[str]:
    """The files right in a folder, and its folders with a slash, as git sees them."""
    top = PurePosixPath(plain_path(workspace, folder))
    below = [PurePosixPath(file) for file in await workspace.files()]
    parts = [file.relative_to(top).parts for file in below if file.is_relative_to(top)]
    names = {part[0] + "/" * (len(part) > 1) for part in parts if part}
    return [plain_name(name) for name in sorted(names)]
