"""The tool `run`: one shell command in the workspace."""

from functools import partial

from pydantic import Field

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.prompts import render
from agent.tools.base import Arguments, FunctionTool, clip_line, lines_of

HEAD_CHARACTERS = 2_500
TAIL_CHARACTERS = 7_500
"""The end of an output says what failed."""
MAX_LINE_CHARACTERS = 1_000


class RunArguments(Arguments):
    command: str = Field(min_length=1)
    timeout_seconds: int | None = Field(default=None, ge=1)
    """Never more than the harness allows."""


def run_tool(workspace: Workspace, timeout_seconds: float) -> Tool:
    return FunctionTool("run", "execute", RunArguments, partial(run, workspace, timeout_seconds))


async def run(workspace: Workspace, longest: float, arguments: RunArguments) -> ToolOutput:
    limit = min(arguments.timeout_seconds or longest, longest)
    result = await workspace.run(arguments.command, timeout_seconds=limit)
    text = render(
        "tools/run#result",
        exit_code=result.exit_code,
        seconds=limit,
        lines=clipped(result.output),
    )
    return ToolOutput(text, is_error=result.exit_code != 0)


def clipped(output: str) -> list[str]:
    """The lines of an output; the middle is one line that says how many are missing."""
    lines = [clip_line(line, MAX_LINE_CHARACTERS) for line in lines_of(output)]
    if sum(len(line) + 1 for line in lines) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return lines
    head = lines[: fitting(lines, HEAD_CHARACTERS)]
    rest = lines[len(head) :]
    tail = rest[len(rest) - fitting(rest[::-1], TAIL_CHARACTERS) :]
    missing = len(rest) - len(tail)
    return [*head, render("tools/run#lines_cut", count=missing), *tail]


def fitting(lines: list[str], room: int) -> int:
    """How many lines from the first on fit in `room` characters."""
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return count
    return len(lines)
