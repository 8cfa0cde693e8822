"""The tool `list`: the tree of files, as git sees it."""

from collections import Counter
from functools import partial
from pathlib import PurePosixPath

from pydantic import Field

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.tools.base import Arguments, FunctionTool, plain_path, refused, similar_paths, told

MAX_ENTRIES = 300


class ListArguments(Arguments):
    path: str = Field(default=".", min_length=1)
    depth: int = Field(default=3, ge=1, le=20)


def list_tool(workspace: Workspace) -> Tool:
    return FunctionTool("list", "read", ListArguments, partial(list_files, workspace))


async def list_files(workspace: Workspace, arguments: ListArguments) -> ToolOutput:
    folder = PurePosixPath(plain_path(workspace, arguments.path))
    files = await workspace.files()
    if folder.as_posix() in files:
        return told("list#is_file", path=folder.as_posix())
    below = [file for file in files if PurePosixPath(file).is_relative_to(folder)]
    if not below:
        if workspace.exists(arguments.path):
            return told("list#empty", path=arguments.path, similar=[])
        similar = await similar_paths(workspace, arguments.path)
        return refused("list#empty", path=arguments.path, similar=similar)
    entries = tree(below, folder, arguments.depth)
    return told(
        "list#tree",
        entries=entries[:MAX_ENTRIES],
        rest=len(entries) - MAX_ENTRIES,
        count=len(below),
    )


def tree(files: list[str], folder: PurePosixPath, depth: int) -> list[tuple[str, int]]:
    """Files down to `depth` levels below `folder`, and folders there with their file count."""
    shown: dict[str, None] = {}
    counts: Counter[str] = Counter()
    level = len(folder.parts) + depth
    for file in files:
        parts = PurePosixPath(file).parts
        if len(parts) <= level:
            shown[file] = None
        else:
            bottom = "/".join(parts[:level]) + "/"
            shown[bottom] = None
            counts[bottom] += 1
    return [(name, counts[name]) for name in shown]
