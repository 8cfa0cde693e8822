"""Lets `read` show again what a transcript leaves out of an earlier result."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent import prompts
from agent.context.outputs import lines_of
from agent.domain.message import ToolSpec
from agent.domain.ports import Tool, ToolKind, ToolOutput
from agent.domain.session import SessionState
from agent.tools.file_range import file_ranges

OUTPUT = re.compile(r"output (\d+)")
Session = Callable[[], SessionState | None]


@dataclass(frozen=True)
class OutputReader:
    """The tool `read`, and besides files it knows `output 12` and `output 12:40-80`."""

    files: Tool
    session: Session

    @property
    def spec(self) -> ToolSpec:
        return self.files.spec

    @property
    def kind(self) -> ToolKind:
        return self.files.kind

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        try:
            wanted = file_ranges(arguments)
        except ValueError:
            return await self.files.call(arguments)
        named = [(OUTPUT.fullmatch(each.path), each.start, each.end) for each in wanted]
        texts = [self.show(found[1], start, end) for found, start, end in named if found]
        if not texts:
            return await self.files.call(arguments)
        rest = [each for each in wanted if not OUTPUT.fullmatch(each.path)]
        if rest:
            plain = [each.model_dump(exclude_none=True) for each in rest]
            texts.append((await self.files.call({"files": plain})).text)
        return ToolOutput("\n".join(texts))

    def show(self, number: str, start: int | None, end: int | None) -> str:
        session = self.session()
        first = start or 1
        try:
            text = lines_of(session, number, first, end) if session else ""
        except LookupError as error:
            return str(error)
        lines = text.split("\n")
        return prompts.render(
            "session/feedback#output",
            number=number,
            lines=[f"{at}\t{line}" for at, line in enumerate(lines, start=first)],
        )


def with_outputs(tool: Tool, session: Session) -> Tool:
    return OutputReader(tool, session) if tool.spec.name == "read" else tool
