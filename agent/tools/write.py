"""The tool `write`: creates a file or replaces it whole."""

from functools import partial

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.tools.base import Arguments, FunctionTool, lines_of, plain_path, refused, told
from agent.tools.syntax import syntax_problem


class WriteArguments(Arguments):
    path: str
    content: str


def write_tool(workspace: Workspace, protected: frozenset[str]) -> Tool:
    return FunctionTool("write", "edit", WriteArguments, partial(write, workspace, protected))


async def write(
    workspace: Workspace, protected: frozenset[str], arguments: WriteArguments
) -> ToolOutput:
    path = arguments.path
    if is_protected(workspace, path, protected):
        return refused("write#protected", path=path)
    existed = workspace.exists(path)
    workspace.write_text(path, arguments.content)
    return told(
        "write#done",
        path=path,
        existed=existed,
        lines=len(lines_of(arguments.content)),
        problem=syntax_problem(path, arguments.content),
    )


def is_protected(workspace: Workspace, path: str, protected: frozenset[str]) -> bool:
    """Whether `path`, however it is spelled or linked, is one of the protected files.

    Raises PathRefused when it leaves the workspace.
    """
    return plain_path(workspace, path) in {plain_path(workspace, name) for name in protected}
