"""The tool `run`: one shell command in the workspace."""

import shlex
from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from agent.domain.policy import Starts
from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.prompts import render
from agent.tools.base import (
    Arguments,
    FunctionTool,
    clip_line,
    lines_of,
    plain_path,
    refused,
    similar_paths,
)
from agent.tools.fence import harmless, plain_name

HEAD_CHARACTERS = 2_500
TAIL_CHARACTERS = 7_500
"""The end of an output says what failed."""
MAX_LINE_CHARACTERS = 1_000

OnOutput = Callable[[str], None]
Clip = Callable[[str], str]
"""Makes an output as short as it has to be, and says in it what is missing."""


def one_line(value: object) -> object:
    """A program and its arguments as a shell line."""
    return shlex.join(map(str, value)) if isinstance(value, list | tuple) else value


def as_text(value: object) -> object:
    """A number as it is written in a shell."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


Command = Annotated[
    str, BeforeValidator(one_line), Field(min_length=1), WithJsonSchema({"type": "string"})
]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Variables = Annotated[
    dict[VariableName, Annotated[str, BeforeValidator(as_text)]],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


class RunArguments(Arguments):
    command: Command
    folder: str = ""
    timeout_seconds: float | None = Field(default=None, gt=0)
    """Never more than the harness allows."""
    env: Variables = Field(default_factory=dict)


def run_tool(
    workspace: Workspace,
    timeout_seconds: float,
    clip: Clip | None = None,
    on_output: OnOutput | None = None,
) -> Tool:
    """`clip` shortens what a command prints; without it head and tail are kept. `on_output` is
    told what it prints while it runs."""
    act = partial(run, workspace, timeout_seconds, clip or clipped, on_output)
    return FunctionTool("run", "execute", RunArguments, act, lambda given: (Starts(given.command),))


async def run(
    workspace: Workspace,
    longest: float,
    clip: Clip,
    on_output: OnOutput | None,
    arguments: RunArguments,
) -> ToolOutput:
    folder = arguments.folder.strip() or "."
    if not (workspace.root / plain_path(workspace, folder)).is_dir():
        similar = await similar_paths(workspace, folder)
        return refused("run#no_folder", folder=plain_name(folder), similar=similar)
    limit = min(arguments.timeout_seconds or longest, longest)
    result = await workspace.run(
        arguments.command,
        timeout_seconds=limit,
        env=arguments.env,
        folder="" if folder == "." else folder,
        on_output=on_output,
    )
    text = render(
        "tools/run#result",
        exit_code=result.exit_code,
        seconds=limit,
        lines=lines_of(clip(plain_output(result.output))),
    )
    return ToolOutput(text, is_error=result.exit_code != 0)


def plain_output(output: str) -> str:
    """An output as a terminal would leave it standing, without what could close its fence."""
    return "\n".join(map(harmless, lines_of(output)))


def clipped(output: str) -> str:
    """The first and the last lines; the middle is one line that says how many are missing."""
    lines = [clip_line(line, MAX_LINE_CHARACTERS) for line in lines_of(output)]
    if sum(len(line) + 1 for line in lines) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return "\n".join(lines)
    head = lines[: fitting(lines, HEAD_CHARACTERS)]
    rest = lines[len(head) :]
    tail = rest[len(rest) - fitting(rest[::-1], TAIL_CHARACTERS) :]
    missing = len(rest) - len(tail)
    return "\n".join([*head, render("tools/run#lines_cut", count=missing), *tail])


def fitting(lines: list[str], room: int) -> int:
    """How many lines from the first on fit in `room` characters."""
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return count
    return len(lines)
