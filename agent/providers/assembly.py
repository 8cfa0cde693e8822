"""Puts the pieces of a reply together, whatever habits its server has."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.domain.message import (
    AnyPart,
    Completion,
    Message,
    ReasoningPart,
    StopReason,
    TextPart,
    ToolCall,
    Usage,
)

Json = Mapping[str, Any]
STOP_REASONS: dict[str, StopReason] = {
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "content_filter": "refusal",
    "refusal": "refusal",
}
REASONING_FIELDS = ("reasoning_content", "reasoning")
CALL_FIELDS = frozenset({"index", "id", "type", "function"})


@dataclass
class OpenCall:
    """A call whose pieces are still coming."""

    call_id: str
    name: str
    pieces: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> str:
        return "".join(self.pieces) or "{}"

    @property
    def is_whole(self) -> bool:
        """Whether the arguments are an object already: nothing can follow it."""
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        try:
            json.loads(self.arguments)
        except ValueError:
            return False
        return True


class Assembler:
    """Takes the chunks of one reply, or a reply in one piece.

    Raises ValueError, with the reason, at what the dialect does not know.
    """

    def __init__(self, turn: int, model: str) -> None:
        """`model` is what the reply names itself when its server does not."""
        self.finish_reason = ""
        self._turn = turn
        self._model = model
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refused = False
        self._calls: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}
        self._usage = Usage()

    def feed(self, chunk: Json) -> str:
        """Takes one chunk; returns the text that it adds."""
        self._model = chunk.get("model") or self._model
        if usage := chunk.get("usage") or an_object(chunk, "x_groq").get("usage"):
            self._usage = read_usage(usage)
        choices = chunk.get("choices") or []
        if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
            raise ValueError("its choices are not a list of objects")
        return "".join([self._feed_choice(choice) for choice in choices[:1]])

    def _feed_choice(self, choice: Json) -> str:
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        delta = an_object(choice, "delta") or an_object(choice, "message")
        reasoning = [read_text(delta[name]) for name in REASONING_FIELDS if delta.get(name)]
        self._reasoning += reasoning[:1]
        refusal = read_text(delta.get("refusal"))
        self._refused = self._refused or bool(refusal)
        text = read_text(delta.get("content")) + refusal
        self._text.append(text)
        for entry in delta.get("tool_calls") or []:
            if not isinstance(entry, dict):
                raise ValueError("a tool call in it is not an object")
            self._feed_call(entry)
        return text

    def _feed_call(self, entry: Json) -> None:
        function = an_object(entry, "function")
        name = function.get("name") or ""
        call_id = entry.get("id") or ""
        index = entry.get("index")
        call = self._call_of(index if isinstance(index, int) else None, call_id, name)
        call.call_id = call.call_id or call_id
        call.name = call.name or name
        call.extra |= {k: v for k, v in entry.items() if k not in CALL_FIELDS and v is not None}
        arguments = function.get("arguments")
        if arguments is None or ((call_id or name) and call.is_whole):
            return
        call.pieces.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _call_of(self, index: int | None, call_id: str, name: str) -> OpenCall:
        """The call that a piece belongs to: an open one, or a new one."""
        known = self._without_index(call_id, name) if index is None else self._by_index.get(index)
        is_another = known and name and call_id and known.call_id and call_id != known.call_id
        if known is None or is_another:
            known = OpenCall(call_id, name)
            self._calls.append(known)
            if index is not None:
                self._by_index[index] = known
        return known

    def _without_index(self, call_id: str, name: str) -> OpenCall | None:
        if call_id:
            return next((call for call in self._calls if call.call_id == call_id), None)
        last = self._calls[-1] if self._calls else None
        if last and name and (last.is_whole or last.name not in ("", name)):
            return None
        return last

    def completion(self) -> Completion:
        """The whole reply.

        A reply whose server never counted carries a usage of zeros.
        """
        parts: list[AnyPart] = []
        if reasoning := "".join(self._reasoning):
            parts.append(ReasoningPart(text=reasoning))
        if text := "".join(self._text):
            parts.append(TextPart(text=text))
        calls = list(self._finished_calls())
        return Completion(
            message=Message(role="assistant", parts=(*parts, *calls)),
            stop_reason=self._stop_reason(bool(calls)),
            usage=self._usage,
            model=self._model,
        )

    def _stop_reason(self, has_calls: bool) -> StopReason:
        """Calls outweigh what the server says, but for a reply that was cut."""
        told = STOP_REASONS.get(self.finish_reason, "end_turn")
        if told == "max_tokens":
            return told
        if has_calls:
            return "tool_calls"
        return "refusal" if self._refused else told

    def _finished_calls(self) -> Iterator[ToolCall]:
        taken: dict[str, OpenCall] = {}
        for position, call in enumerate(self._calls):
            if not call.name:
                if not call.pieces:
                    continue
                raise ValueError("it calls a tool without naming it")
            call_id = call.call_id
            if twin := taken.get(call_id):
                if (twin.name, twin.arguments) == (call.name, call.arguments):
                    continue
                call_id = ""
            call_id = call_id or f"call_{self._turn}_{position}"
            taken[call_id] = call
            yield ToolCall(
                call_id=call_id,
                name=call.name,
                arguments=call.arguments,
                provider_data=call.extra or None,
            )


def an_object(parent: Json, name: str) -> Json:
    """The object under a name; empty where there is none."""
    value = parent.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"its {name} is not an object")
    return value


def read_text(content: object) -> str:
    """Text as a string, or as a list of parts that have some."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(part.get("text") or "" for part in content)
    raise ValueError("its content is not text")


def read_usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        raise ValueError("its usage is not an object")
    prompt_details = an_object(usage, "prompt_tokens_details")
    output_details = an_object(usage, "completion_tokens_details")
    return Usage(
        input_tokens=usage.get("prompt_tokens") or 0,
        output_tokens=usage.get("completion_tokens") or 0,
        cached_tokens=prompt_details.get("cached_tokens") or 0,
        reasoning_tokens=output_details.get("reasoning_tokens") or 0,
    )
