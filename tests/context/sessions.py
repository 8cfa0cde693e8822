"""Sessions made of events, as a journal would have them."""

import json
import random
from dataclasses import dataclass, field

from agent.context.history import Kinds
from agent.domain.event import (
    MessageAdded,
    ModelResponded,
    SessionStarted,
    ToolFinished,
    TranscriptShortened,
)
from agent.domain.message import (
    Completion,
    Message,
    SessionKey,
    ToolCall,
    ToolResult,
    Usage,
    text_message,
)
from agent.domain.session import SessionEvent, SessionState, begin, hand_over, take_in

KEY = SessionKey(role="executor", subject="T01")
KINDS: Kinds = {
    "read": "read",
    "search": "search",
    "edit": "edit",
    "write": "edit",
    "run": "execute",
    "todo": "think",
}


@dataclass
class Talk:
    """A session that is spoken into existence."""

    opening: tuple[Message, ...] = (text_message("system", "work"), text_message("user", "brief"))
    state: SessionState = field(init=False)
    calls: int = 0

    def __post_init__(self) -> None:
        self.state = begin(KEY, self.opening)

    def tell(self, event: SessionEvent | SessionStarted) -> None:
        if isinstance(event, SessionStarted):
            hand_over(self.state, event.opening)
        else:
            take_in(self.state, event)

    def reply(self, *asked: tuple[str, object], counted: int = 0) -> tuple[ToolCall, ...]:
        calls = []
        for name, arguments in asked:
            self.calls += 1
            call_id = f"c{self.calls}"
            calls.append(ToolCall(call_id=call_id, name=name, arguments=json.dumps(arguments)))
        completion = Completion(
            message=Message(role="assistant", parts=tuple(calls)),
            stop_reason="tool_calls",
            usage=Usage(input_tokens=counted, output_tokens=20),
            model="m",
        )
        self.tell(
            ModelResponded(
                session=KEY, completion=completion, estimated_tokens=1, reserved_tokens=1, seconds=0
            )
        )
        return tuple(calls)

    def result(self, call: ToolCall, text: str, is_error: bool = False) -> None:
        result = ToolResult(call_id=call.call_id, text=text, is_error=is_error)
        self.tell(ToolFinished(session=KEY, result=result))

    def do(self, name: str, arguments: object, text: str, is_error: bool = False) -> str:
        (call,) = self.reply((name, arguments))
        self.result(call, text, is_error)
        return call.call_id

    def read(self, path: str, text: str) -> str:
        return self.do("read", {"files": [path]}, shown_file(path, text))

    def edit(self, path: str, is_error: bool = False) -> str:
        edits = [{"path": path, "old": "a", "new": "b"}]
        return self.do("edit", {"edits": edits}, f"{path}: 1 replacement", is_error)

    def say(self, text: str) -> None:
        self.tell(MessageAdded(session=KEY, message=text_message("user", text)))

    def shorten(self, event: TranscriptShortened) -> None:
        self.tell(event)


def shown_file(path: str, text: str, first: int = 1, of: int | None = None) -> str:
    lines = text.split("\n")
    numbered = "\n".join(f"{number}\t{line}" for number, line in enumerate(lines, start=first))
    span = f' lines="{first}-{first + len(lines) - 1}" of="{of}"' if of else ""
    return f'<file path="{path}"{span}>\n{numbered}\n</file>'


def code(seed: int, lines: int = 60) -> str:
    dice = random.Random(seed)
    return "\n".join(f"value_{seed}_{n} = {dice.randrange(1000)}" for n in range(lines))
