"""The adapter for the Anthropic Messages dialect, over the official SDK.

Nothing is cached that is not marked: the request carries marks where later requests of the session
still have the same beginning. Thinking returns unchanged, to the model that thought it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from agent.domain.message import (
    AnyPart,
    Message,
    ModelRequest,
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from agent.domain.profile import Profile
from agent.providers.anthropic_assembly import DIALECT, AnthropicAssembler
from agent.providers.chat_messages import finished, read_arguments, wire_function
from agent.providers.client import DialectClient
from agent.providers.echo import echoed
from agent.providers.sdk import AnthropicConnection, Connection

if TYPE_CHECKING:
    import httpx2

Json = dict[str, Any]
MARK: Json = {"type": "ephemeral"}
MARKABLE = frozenset({"text", "tool_use", "tool_result"})
NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")


class AnthropicMessages(DialectClient):
    path: ClassVar[str] = "/v1/messages"
    models_path: ClassVar[str] = "/v1/models"

    def connect(self, http_client: "httpx2.AsyncClient | None") -> Connection:
        return AnthropicConnection(self._profile, self._key, http_client)

    def body(self, request: ModelRequest) -> Json:
        return request_body(request, self._profile)

    def assembler(self, request: ModelRequest) -> AnthropicAssembler:
        return AnthropicAssembler(request, self._profile)


@dataclass
class Turn:
    """A message on the wire: neighbours of one role are one message there."""

    role: str
    blocks: list[Json] = field(default_factory=list)
    stable: int = 0
    """How many of its blocks stand there in the next request too."""

    @property
    def wire(self) -> Json:
        return {"role": self.role, "content": self.blocks}


def request_body(request: ModelRequest, profile: Profile) -> Json:
    begin = next((n for n, m in enumerate(request.messages) if m.role != "system"), 0)
    system = [text_block(m.text) for m in request.messages[:begin] if m.text.strip()]
    tools = [wire_function(tool, profile, "input_schema") for tool in request.tools]
    turns = wire_turns(request.messages[begin:], profile)
    if "cache_control" not in (*profile.omit_fields, *profile.extra_body):
        mark(system or tools)
        mark_turns(turns)
    body: Json = {"model": profile.model, "max_tokens": request.max_output_tokens, "stream": True}
    if tools:
        body["tools"] = tools
    if system:
        body["system"] = system
    body["messages"] = [turn.wire for turn in turns]
    return finished(body, profile)


def wire_turns(messages: Sequence[Message], profile: Profile) -> list[Turn]:
    """User and assistant in turn; the results of a turn stand first in its user message."""
    # Whoever is not asked to think must not be shown thoughts either.
    thinker = "" if "thinking" in profile.omit_fields else profile.model
    turns: list[Turn] = []
    for position, message in enumerate(messages):
        role = "assistant" if message.role == "assistant" else "user"
        blocks = list(wire_blocks(message.parts, thinker))
        if not blocks:
            continue
        if not turns or turns[-1].role != role:
            turns.append(Turn(role))
        turn = turns[-1]
        turn.blocks += blocks
        # The last words of the user may be a tail that is written anew for each request.
        is_tail = message.role == "user" and 0 < position == len(messages) - 1
        turn.stable = turn.stable if is_tail else len(turn.blocks)
    for turn in turns:
        turn.blocks.sort(key=lambda block: block["type"] != "tool_result")
    return turns


def wire_blocks(parts: tuple[AnyPart, ...], model: str) -> Iterator[Json]:
    """The parts in their order; thinking that nothing follows is left out."""
    waiting: list[Json] = []
    for part in parts:
        if isinstance(part, ReasoningPart):
            waiting += thinking_blocks(part, model)
        elif not isinstance(part, TextPart) or part.text.strip():
            yield from waiting
            waiting = []
            yield wire_block(part)


def wire_block(part: TextPart | ToolCall | ToolResult) -> Json:
    match part:
        case TextPart():
            return text_block(part.text)
        case ToolCall():
            return {
                **echoed(part, DIALECT),
                "type": "tool_use",
                "id": wire_id(part.call_id),
                "name": part.name,
                "input": read_arguments(part.arguments) or {},
            }
        case ToolResult():
            result = {
                "type": "tool_result",
                "tool_use_id": wire_id(part.call_id),
                "content": part.text,
            }
            return {**result, "is_error": True} if part.is_error else result


def thinking_blocks(part: ReasoningPart, model: str) -> list[Json]:
    """The block as it came; none that another model thought: it is bound to model and session."""
    sealed = echoed(part, DIALECT)
    return [sealed["block"]] if sealed.get("model") == model and "block" in sealed else []


def text_block(text: str) -> Json:
    return {"type": "text", "text": text}


def wire_id(call_id: str) -> str:
    """An id of another provider may hold signs that are refused here."""
    return NOT_IN_ID.sub("_", call_id)


def mark_turns(turns: list[Turn]) -> None:
    """Marks the brief, where the last request ended, and the end of what is stable.

    With the one on system and tools that makes four, the most that are taken. A mark is found
    again over twenty blocks at most, hence the one at the last request's end.
    """
    users = [turn for turn in turns if turn.role == "user"]
    replies = [place for place, turn in enumerate(turns) if turn.role == "assistant"]
    before_reply = turns[: replies[-1]] if replies else []
    places = [users[:1], before_reply[-1:], [turn for turn in turns if turn.stable][-1:]]
    for place in places:
        for turn in place:
            mark(turn.blocks[: turn.stable])


def mark(blocks: list[Json]) -> None:
    """Puts the mark on the last block that may carry one."""
    for block in reversed(blocks):
        if block.get("type", "text") in MARKABLE:
            block["cache_control"] = MARK
            return
