"""The tool `write`: creates a file or replaces it whole."""

from functools import partial

from agent.domain.policy import Change
from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.errors import WorkspaceError
from agent.tools.base import Arguments, FunctionTool, lines_of, plain_path, refused, told
from agent.tools.change import is_protected, left_out, syntax_words
from agent.tools.fence import plain_name
from agent.tools.line_ends import like


class WriteArguments(Arguments):
    path: str
    content: str


def write_tool(workspace: Workspace, protected: frozenset[str]) -> Tool:
    def changes(arguments: WriteArguments) -> tuple[Change, ...]:
        return (Change(plain_path(workspace, arguments.path)),)

    act = partial(write, workspace, protected)
    return FunctionTool("write", "edit", WriteArguments, act, changes)


async def write(
    workspace: Workspace, protected: frozenset[str], arguments: WriteArguments
) -> ToolOutput:
    path = arguments.path
    if is_protected(workspace, path, protected):
        return refused("write#protected", path=plain_name(path))
    before = text_before(workspace, path)
    if line := left_out(arguments.content, before or ""):
        return refused("write#left_out", path=plain_name(path), line=line)
    content = arguments.content if before is None else like(before, arguments.content)
    existed = workspace.exists(path)
    workspace.write_text(path, content)
    return told(
        "write#done",
        path=plain_name(path),
        existed=existed,
        is_same=content == before,
        lines=len(lines_of(content)),
        syntax=syntax_words(path, before, content),
    )


def text_before(workspace: Workspace, path: str) -> str | None:
    """The text that is replaced; None where there is none."""
    try:
        return workspace.read_text(path) if workspace.exists(path) else None
    except WorkspaceError:
        return None
