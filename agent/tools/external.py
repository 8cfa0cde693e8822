"""Tools of external MCP servers, as far as a person allows them by name.

What a server says is nobody's word: descriptions are cut and cannot pass for the harness, results
are bounded and fenced, and whatever a server does, the answer to a call is a result.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.domain.message import ToolSpec
from agent.domain.ports import ToolKind, ToolOutput
from agent.prompts import render
from agent.tools.fence import clip_line, harmless

MAX_CHARACTERS = 12_000
"""Of a result: about 3,500 tokens."""
MAX_LINE_CHARACTERS = 1_000
DESCRIPTION_CHARACTERS = 400
FIELD_CHARACTERS = 160
"""Of the description of one field."""
DROPPED = frozenset({"title", "$schema", "examples", "$id", "$comment"})
DEEPEST = 8


@dataclass(frozen=True)
class ServerPlace:
    """Where a server is, and what may be asked of it."""

    name: str
    tools: tuple[str, ...]
    timeout_seconds: float
    command: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    url: str = ""
    token: str = ""


@dataclass(frozen=True)
class Said:
    """What a server answered to a call; `pieces` are its parts as text."""

    pieces: tuple[str, ...]
    is_error: bool = False


class NoAnswer(Exception):
    """A server is not there, hangs, or says what cannot be understood; the text says which."""


class Asked(Protocol):
    """Whoever can ask a server."""

    async def ask(self, tool: str, arguments: dict[str, Any]) -> Said:
        """Raises NoAnswer, and nothing else."""
        ...


@dataclass(frozen=True)
class Offer:
    """A tool as its server describes it."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ExternalTool:
    """Implements `domain.ports.Tool`."""

    server: str
    offer: Offer
    asked: Asked

    @property
    def spec(self) -> ToolSpec:
        words = clip_line(" ".join(self.offer.description.split()), DESCRIPTION_CHARACTERS)
        return ToolSpec(
            name=f"{self.server}__{self.offer.name}",
            description=render("tools/external#description", description=words, server=self.server),
            parameters=plain_schema(self.offer.parameters),
        )

    @property
    def kind(self) -> ToolKind:
        return "execute"

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        try:
            said = await self.asked.ask(self.offer.name, arguments)
        except NoAnswer as error:
            text = render("tools/external#no_answer", server=self.server, reason=str(error))
            return ToolOutput(text, is_error=True)
        return ToolOutput(result_text(self.server, said), is_error=said.is_error)


def result_text(server: str, said: Said) -> str:
    whole = "\n".join(said.pieces)
    shown = whole[:MAX_CHARACTERS]
    lines = [clip_line(harmless(line), MAX_LINE_CHARACTERS) for line in shown.split("\n")]
    missing = len(whole) - len(shown)
    return render(
        "tools/external#result", server=server, lines=lines, missing=missing, failed=said.is_error
    )


def plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a call's arguments; one that is none, or too deep, becomes one of anything."""
    plain = plain_part(schema, DEEPEST)
    if not isinstance(plain, dict) or plain.get("type") != "object":
        return {"type": "object", "properties": {}}
    return {"properties": {}, **plain}


def plain_part(part: Any, depth: int) -> Any:  # noqa: ANN401 - JSON
    if depth == 0:
        return {}
    if isinstance(part, Mapping):
        return {
            name: short(value) if name == "description" else plain_part(value, depth - 1)
            for name, value in part.items()
            if name not in DROPPED or not isinstance(value, str | list)
        }
    if isinstance(part, list | tuple):
        return [plain_part(item, depth) for item in part[:100]]
    return part


def short(value: Any) -> Any:  # noqa: ANN401 - a field may be named so as well
    if not isinstance(value, str):
        return plain_part(value, DEEPEST // 2)
    return clip_line(harmless(" ".join(value.split())), FIELD_CHARACTERS)
