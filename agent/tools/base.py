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
from agent.domain.policy import Deed
from agent.domain.ports import ToolKind, ToolOutput, Workspace
from agent.prompts import render
from agent.tools.arguments import meant
from agent.tools.fence import clip_line as clip_line
from agent.tools.fence import plain_name
from agent.tools.schema import parameters_of

LOOKED_THROUGH = 20_000
"""File names that a wrong one is compared with."""


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
    does: Callable[[A], tuple[Deed, ...]] = lambda _: ()
    """What a call would do that a policy may forbid."""

    @cached_property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name=self.name,
            description=render(f"tools/{self.name}#description"),
            parameters=parameters_of(self.arguments),
        )

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        return await self.act(self.fitting(arguments))

    def deeds(self, arguments: dict[str, Any]) -> tuple[Deed, ...]:
        return self.does(self.fitting(arguments))

    def fitting(self, arguments: dict[str, Any]) -> A:
        return self.arguments.model_validate(meant(arguments, self.spec.parameters))


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
    """Up to three files or folders that a wrong path may have meant, ready to be shown.

    First the ones with its last name, then those whose names are like it.
    """
    files = await workspace.files()
    folders = {parent.as_posix() for file in files for parent in PurePosixPath(file).parents}
    by_name: dict[str, list[str]] = {}
    for known in (*files, *sorted(folders - {"."})):
        by_name.setdefault(PurePosixPath(known).name, []).append(known)
    name = PurePosixPath(path).name
    names = [name, *closest(name, list(by_name)[:LOOKED_THROUGH])]
    found = [known for each in dict.fromkeys(names) for known in by_name.get(each, ())]
    near = sorted(found, key=lambda known: (names_differ(known, path), -shared_parts(known, path)))
    return [plain_name(known) for known in near[:3]]


def names_differ(path: str, other: str) -> bool:
    return PurePosixPath(path).name != PurePosixPath(other).name


def shared_parts(path: str, other: str) -> int:
    """How many folders two paths have in common."""
    return len({*PurePosixPath(path).parts[:-1]} & {*PurePosixPath(other).parts[:-1]})


def closest(word: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
