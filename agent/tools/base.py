"""What all tools share: arguments that are checked, a template that speaks to the model."""

import difflib
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from agent.domain.message import ToolSpec
from agent.domain.ports import ToolKind, ToolOutput, Workspace
from agent.prompts import render
from agent.tools.schema import parameters_of


class Arguments(BaseModel):
    """What a model sends; unknown fields are refused, since they would be ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True)
class FunctionTool(Generic[A]):
    """A tool made of an arguments model, a function, and the template `tools/<name>`."""

    name: str
    kind: ToolKind
    arguments: type[A]
    act: Callable[[A], Awaitable[ToolOutput]]

    @cached_property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name=self.name,
            description=render(f"tools/{self.name}#description"),
            parameters=parameters_of(self.arguments),
        )

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        return await self.act(self.arguments.model_validate(arguments))


def told(block: str, **values: object) -> ToolOutput:
    """A result in the words of a template's block, such as `write#done`."""
    return ToolOutput(render(f"tools/{block}", **values))


def refused(block: str, **values: object) -> ToolOutput:
    return ToolOutput(render(f"tools/{block}", **values), is_error=True)


def lines_of(text: str) -> list[str]:
    """Lines as editors count them; a line end at the end of the text begins no line."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def plain_path(workspace: Workspace, path: str) -> str:
    """The one spelling of a path: relative to the root, links followed.

    Raises PathRefused when it leaves the workspace.
    """
    workspace.exists(path)
    real = os.path.realpath(workspace.root / path)
    return PurePosixPath(os.path.relpath(real, os.path.realpath(workspace.root))).as_posix()


async def similar_paths(workspace: Workspace, path: str) -> list[str]:
    """Up to three files that a wrong path may have meant: first the ones with its file name."""
    files = await workspace.files()
    name = PurePosixPath(path).name
    same_name = [file for file in files if PurePosixPath(file).name == name]
    return list(dict.fromkeys([*same_name, *closest(path, files)]))[:3]


def closest(word: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)


def clip_line(line: str, limit: int) -> str:
    """A line cut at `limit` characters, ending in `…` when it was longer."""
    return line if len(line) <= limit else line[: limit - 1] + "…"
