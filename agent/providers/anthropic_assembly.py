"""Puts the events of the Anthropic Messages dialect together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.domain.message import (
    AnyPart,
    Completion,
    ModelRequest,
    ReasoningPart,
    TextPart,
    ToolCall,
    Usage,
)
from agent.domain.profile import Dialect, Profile
from agent.providers.echo import kept
from agent.providers.fields import (
    an_object,
    as_json,
    count,
    read_index,
    read_name,
    read_text,
)
from agent.providers.whole_reply import Draft, Told, merged, whole_reply

Json = Mapping[str, Any]
DIALECT: Dialect = "anthropic_messages"
TOLD: dict[str, Told] = {
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "refusal": "refusal",
}
THOUGHTS = frozenset({"thinking", "redacted_thinking"})
BLOCK_OF = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}
CALL_FIELDS = frozenset({"type", "id", "name", "input"})


@dataclass
class OpenBlock:
    """A content block whose pieces are still coming."""

    block: dict[str, Any]
    pieces: list[str] = field(default_factory=list)
    """Of its text, its thought or its arguments."""
    signature: list[str] = field(default_factory=list)


class AnthropicAssembler:
    """Takes the events of one reply, or a message in one piece; the contract is Assembler's."""

    failure = ""
    """A failure always comes as an error object."""

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._request = request
        self._profile = profile
        self._model = profile.model
        self._blocks: dict[int, OpenBlock] = {}
        self._usage = Usage()
        self._stop_reason = ""
        self._closed = False
        self._is_guessed = False

    @property
    def is_whole(self) -> bool:
        return bool(self._stop_reason)

    @property
    def is_closed(self) -> bool:
        return self._closed

    def trouble(self, event: Json) -> Json | None:
        return event if event.get("type") == "error" or event.get("error") else None

    def is_idle(self, event: Json) -> bool:
        """A sign of life, or a piece with nothing in it."""
        delta = an_object(event, "delta")
        is_empty = not any(delta[name] for name in delta if name != "type")
        return event.get("type") == "ping" or (bool(delta) and is_empty)

    def feed(self, event: Json) -> str:
        match event.get("type"):
            case "message_start":
                self._feed_head(an_object(event, "message"))
            case "content_block_start":
                block = dict(an_object(event, "content_block"))
                index = read_index(event.get("index"))
                place = len(self._blocks) if index is None else index
                self._blocks[place] = OpenBlock(block)
                return self._begin(block)
            case "content_block_delta":
                return self._feed_delta(event)
            case "message_delta":
                self._feed_head({**an_object(event, "delta"), "usage": event.get("usage")})
            case "message_stop":
                self._closed = True
            case "message":
                return self._feed_whole(event)
        return ""

    def _feed_head(self, message: Json) -> None:
        self._model = message.get("model") or self._model
        self._stop_reason = read_name(message.get("stop_reason")) or self._stop_reason
        self._usage = merged(self._usage, read_usage(an_object(message, "usage")))

    @staticmethod
    def _begin(block: Json) -> str:
        return read_text(block.get("text")) if block.get("type") == "text" else ""

    def _feed_delta(self, event: Json) -> str:
        delta = an_object(event, "delta")
        open_block = self._block_of(event, read_name(delta.get("type")))
        if open_block is None:
            raise ValueError("it goes on with a block that never began")
        match delta.get("type"):
            case "text_delta":
                text = read_text(delta.get("text"))
                open_block.pieces.append(text)
                return text
            case "thinking_delta":
                open_block.pieces.append(read_text(delta.get("thinking")))
            case "input_json_delta":
                piece = delta.get("partial_json")
                open_block.pieces.append(
                    as_json(piece) if isinstance(piece, dict) else read_text(piece)
                )
            case "signature_delta":
                open_block.signature.append(read_text(delta.get("signature")))
        return ""

    def _block_of(self, event: Json, kind: str) -> OpenBlock | None:
        """The block that a piece belongs to; without an index the last one of its kind."""
        index = read_index(event.get("index"))
        if index is not None:
            return self._blocks.get(index)
        blocks = list(self._blocks.values())
        fitting = [each for each in blocks if each.block.get("type") == BLOCK_OF.get(kind)]
        self._is_guessed = self._is_guessed or len(fitting) > 1
        return next(reversed(fitting or blocks), None)

    def _feed_whole(self, message: Json) -> str:
        content = message.get("content")
        if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
            raise ValueError("its content is not a list of objects")
        self._blocks = {place: OpenBlock(dict(block)) for place, block in enumerate(content)}
        self._feed_head(message)
        self._closed = True
        return "".join(self._begin(block) for block in content)

    def completion(self) -> Completion:
        blocks = sorted(self._blocks.items())
        parts = [part for place, block in blocks for part in self._parts(place, block)]
        told = TOLD.get(self._stop_reason, "end_turn")
        draft = Draft(tuple(parts), told, self._usage, self._model, self._is_guessed)
        return whole_reply(draft, self._request, self._profile)

    def _parts(self, place: int, entry: OpenBlock) -> Iterator[AnyPart]:
        block, pieces = entry.block, "".join(entry.pieces)
        kind = block.get("type")
        if kind == "text":
            if text := self._begin(block) + pieces:
                yield TextPart(text=text)
        elif kind == "tool_use":
            given = block.get("input")
            extra = {name: block[name] for name in block if name not in CALL_FIELDS}
            yield ToolCall(
                call_id=read_name(block.get("id")) or f"call_{self._request.turn}_{place}",
                name=read_name(block.get("name")),
                arguments=pieces or as_json(given or {}),
                provider_data=kept(DIALECT, extra),
            )
        elif kind in THOUGHTS:
            text = read_text(block.get("thinking")) + pieces
            whole = whole_thought(block, text, "".join(entry.signature))
            sealed = {"model": self._profile.model, "block": whole}
            yield ReasoningPart(text=text, provider_data=kept(DIALECT, sealed))


def whole_thought(block: Json, text: str, signature: str) -> dict[str, Any]:
    """The block as the endpoint would have sent it in one piece; some do not sign theirs."""
    whole = dict(block)
    if block.get("type") == "thinking":
        whole["thinking"] = text
        signed = read_text(block.get("signature")) + signature
        whole |= {"signature": signed} if signed or "signature" in block else {}
    return whole


def read_usage(usage: Json) -> Usage:
    """Input that was read from the cache or written to it is input too."""
    read = count(usage, "cache_read_input_tokens")
    written = count(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=count(usage, "input_tokens") + written + read,
        output_tokens=count(usage, "output_tokens"),
        cached_tokens=read,
        reasoning_tokens=count(an_object(usage, "output_tokens_details"), "thinking_tokens"),
    )
