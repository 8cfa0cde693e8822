"""The tool `list`: the tree of files, as git sees it."""

from collections import Counter
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field, StringConstraints

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.prompts import render
from agent.tools.base import Arguments, FunctionTool, similar_paths
from agent.tools.choose import Choice, choose
from agent.tools.fence import plain_name

MAX_ENTRIES = 300
"""Of one call, all paths together: about 3,000 tokens."""

Path = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class ListArguments(Arguments):
    paths: tuple[Path, ...] = Field(default=(".",), min_length=1)
    depth: int = Field(default=3, ge=1, le=20)


def list_tool(workspace: Workspace) -> Tool:
    return FunctionTool("list", "read", ListArguments, partial(list_files, workspace))


async def list_files(workspace: Workspace, arguments: ListArguments) -> ToolOutput:
    files = await workspace.files()
    shown: list[str] = []
    room, failures = MAX_ENTRIES, 0
    for path in dict.fromkeys(arguments.paths):
        choice = choose(workspace, files, path)
        if not choice.files and not (choice.is_glob or workspace.exists(path)):
            failures += 1
            similar = await similar_paths(workspace, path)
            shown.append(render("tools/list#missing", path=plain_name(path), similar=similar))
            continue
        entries = entries_of(choice, arguments.depth)
        shown.append(told_of(choice, entries, room))
        room = max(0, room - len(entries))
    return ToolOutput("\n".join(shown), is_error=failures == len(shown))


def told_of(choice: Choice, entries: list[tuple[str, int]], room: int) -> str:
    return render(
        "tools/list#tree",
        path=plain_name(choice.path),
        is_file=choice.is_file,
        entries=[(plain_name(name), below) for name, below in entries[:room]],
        rest=len(entries) - room,
    )


def entries_of(choice: Choice, depth: int) -> list[tuple[str, int]]:
    """A glob's files; else files down to `depth` levels below the folder, and the folders there
    with their number of files."""
    if choice.is_glob:
        return [(file, 0) for file in choice.files]
    shown: dict[str, None] = {}
    counts: Counter[str] = Counter()
    level = len(PurePosixPath(choice.path).parts) + depth
    for file in choice.files:
        parts = PurePosixPath(file).parts
        if len(parts) <= level:
            shown[file] = None
        else:
            bottom = "/".join(parts[:level]) + "/"
            shown[bottom] = None
            counts[bottom] += 1
    return [(name, counts[name]) for name in shown]
