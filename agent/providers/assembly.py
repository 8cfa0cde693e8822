"""Puts the pieces of a reply in the chat dialect together, whatever habits its server has."""

import json
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
from agent.domain.profile import Profile
from agent.providers.chat_messages import DIALECT
from agent.providers.echo import kept
from agent.providers.triage import error_in
from agent.providers.whole_reply import Draft, Told, an_object, count, merged, whole_reply

Json = Mapping[str, Any]
TOLD: dict[str, Told] = {
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
        except (ValueError, RecursionError):
            return False
        return True


class ChatAssembler:
    """Takes the chunks of one reply; the contract is Assembler's."""

    is_closed = False
    """Never before `[DONE]`: the usage may follow the finish reason."""

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._request = request
        self._profile = profile
        self._model = profile.model
        self._finish_reason = ""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._reasoning_field = ""
        self._refused = False
        self._saw_delta = False
        self._calls: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}
        self._usage = Usage()

    @property
    def is_whole(self) -> bool:
        return bool(self._finish_reason)

    @property
    def failure(self) -> str:
        return "it ended the reply with an error" if self._finish_reason == "error" else ""

    def trouble(self, event: Json) -> Json | None:
        return event if error_in(event) is not None else None

    def is_idle(self, event: Json) -> bool:
        """A chunk without choices, unless it counts."""
        return not event.get("choices") and not event.get("usage")

    def feed(self, event: Json) -> str:
        self._model = event.get("model") or self._model
        for usage in (event.get("usage"), an_object(event, "x_groq").get("usage")):
            if usage:
                self._usage = merged(self._usage, read_usage(usage))
        choices = event.get("choices") or []
        if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
            raise ValueError("its choices are not a list of objects")
        return "".join([self._feed_choice(choice) for choice in choices[:1]])

    def _feed_choice(self, choice: Json) -> str:
        self._finish_reason = read_name(choice.get("finish_reason")) or self._finish_reason
        delta = an_object(choice, "delta")
        self._saw_delta = self._saw_delta or bool(delta)
        told = delta or an_object(choice, "message")
        is_summary = self._saw_delta and not delta
        name = next((name for name in REASONING_FIELDS if told.get(name)), "")
        if name:
            self._add(self._reasoning, read_text(told[name]), is_summary)
            self._reasoning_field = name
        refusal = read_text(told.get("refusal"))
        self._refused = self._refused or bool(refusal)
        text = self._add(self._text, read_text(told.get("content")) + refusal, is_summary)
        self._feed_calls(told.get("tool_calls") or [])
        return text

    @staticmethod
    def _add(pieces: list[str], text: str, is_summary: bool) -> str:
        """Adds what is new: a message behind deltas may say all of them again."""
        before = "".join(pieces) if is_summary else ""
        new = text.removeprefix(before)
        pieces.append(new)
        return new

    def _feed_calls(self, entries: object) -> None:
        if not isinstance(entries, list):
            raise ValueError("its tool calls are not a list")
        for entry in entries:
            if not isinstance(entry, dict):
                raise ValueError("a tool call in it is not an object")
            self._feed_call(entry)

    def _feed_call(self, entry: Json) -> None:
        function = an_object(entry, "function")
        name = read_name(function.get("name"))
        call_id = read_name(entry.get("id"))
        index = entry.get("index")
        call = self._call_of(index if isinstance(index, int) else None, call_id, name)
        call.call_id = call.call_id or call_id
        call.name = call.name or name
        call.extra |= {k: v for k, v in entry.items() if k not in CALL_FIELDS and v is not None}
        arguments = function.get("arguments")
        if arguments is None or ((call_id or name) and call.is_whole):
            return
        call.pieces.append(arguments if isinstance(arguments, str) else as_json(arguments))

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
        """A reply whose server never counted carries a usage of zeros."""
        parts: list[AnyPart] = []
        if reasoning := "".join(self._reasoning):
            origin = kept(DIALECT, {"field": self._reasoning_field})
            parts.append(ReasoningPart(text=reasoning, provider_data=origin))
        if text := "".join(self._text):
            parts.append(TextPart(text=text))
        draft = Draft(
            parts=(*parts, *self._finished_calls()),
            told=TOLD.get(self._finish_reason, "refusal" if self._refused else "end_turn"),
            usage=self._usage,
            model=self._model,
        )
        return whole_reply(draft, self._request, self._profile)

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
            call_id = call_id or f"call_{self._request.turn}_{position}"
            taken[call_id] = call
            yield ToolCall(
                call_id=call_id,
                name=call.name,
                arguments=call.arguments,
                provider_data=kept(DIALECT, call.extra),
            )


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_name(value: object) -> str:
    """A name or id; some servers number their calls."""
    if value is None:
        return ""
    if isinstance(value, str | int):
        return str(value)
    raise ValueError("a name in it is not text")


def read_text(content: object) -> str:
    """Text as a string, or as a list of parts that have some."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(read_text(part.get("text")) for part in content)
    raise ValueError("its content is not text")


def read_usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        raise ValueError("its usage is not an object")
    return Usage(
        input_tokens=count(usage, "prompt_tokens"),
        output_tokens=count(usage, "completion_tokens"),
        cached_tokens=count(an_object(usage, "prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=count(an_object(usage, "completion_tokens_details"), "reasoning_tokens"),
    )
