"""What a session's calls did: what each one looked at, changed or ran."""

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.context.parts import Part, parts_of
from agent.domain.message import ToolCall, ToolResult
from agent.domain.ports import ToolKind
from agent.domain.session import SessionState

PATH_WORDS = ("path", "file_path", "filename", "file")
Kinds = Mapping[str, ToolKind]
"""By the tool's name."""


@dataclass(frozen=True)
class Made:
    """A call and its result."""

    at: int
    """Where the result stands in the session's messages."""
    number: int
    """Of the result in its session, from 1: what it is called when it is asked for again."""
    reply: int
    """Which reply asked for it, counted from 0."""
    call: ToolCall
    result: ToolResult
    kind: ToolKind | None
    parts: tuple[Part, ...]
    """The files that it shows."""
    changed: frozenset[str]
    """Paths that it names and that it may have changed."""

    @property
    def failed(self) -> bool:
        return self.result.is_error

    def repeats(self, other: "Made") -> bool:
        """Whether it is the same call as the other, of a tool that only looks or runs."""
        return (
            self.kind in ("execute", "search", "read")
            and self.call.name == other.call.name
            and self.call.arguments == other.call.arguments
        )


@dataclass
class History:
    """The calls of one session that have their result, in order; grows with it."""

    made: list[Made] = field(default_factory=list)
    _taken: int = 0
    """Messages seen so far."""
    _replies: int = 0
    _calls: dict[str, ToolCall] = field(default_factory=dict)
    """Of the last reply."""
    _handovers: int = 0

    def take(self, session: SessionState, kinds: Kinds) -> None:
        """Takes in what the session's messages have beyond those already seen."""
        if session.handovers != self._handovers:
            self.made, self._taken, self._replies, self._calls = [], 0, 0, {}
            self._handovers = session.handovers
        for at in range(self._taken, len(session.messages)):
            message = session.messages[at]
            if message.role == "assistant":
                self._replies += 1
                self._calls = {call.call_id: call for call in message.tool_calls}
            for part in message.parts:
                if isinstance(part, ToolResult) and part.call_id in self._calls:
                    call = self._calls[part.call_id]
                    self.made.append(self._record(at, call, part, kinds.get(call.name)))
        self._taken = len(session.messages)

    def _record(self, at: int, call: ToolCall, result: ToolResult, kind: ToolKind | None) -> Made:
        return Made(
            at=at,
            number=len(self.made) + 1,
            reply=self._replies - 1,
            call=call,
            result=result,
            kind=kind,
            parts=parts_of(result.text) if kind == "read" else (),
            changed=frozenset(paths_in(call)) if kind == "edit" else frozenset(),
        )


def paths_in(call: ToolCall) -> Iterator[str]:
    """Every path that the arguments name, in its plain spelling."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return
    for path in named(arguments):
        yield posixpath.normpath(path)


def named(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for key, item in value.items():
            if key in PATH_WORDS and isinstance(item, str):
                yield item
            elif isinstance(item, dict | list):
                yield from named(item)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                yield from named(item)
