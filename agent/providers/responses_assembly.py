"""Puts the events of the OpenAI Responses dialect together."""

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
from agent.providers.assembly import as_json, read_name, read_text
from agent.providers.echo import kept
from agent.providers.triage import error_in
from agent.providers.whole_reply import Draft, Told, an_object, count, merged, whole_reply

Json = Mapping[str, Any]
DIALECT: Dialect = "openai_responses"
ADDED = "response.output_item.added"
ITEM_DONE = "response.output_item.done"
TEXT_DELTAS = ("response.output_text.delta", "response.refusal.delta")
ARGUMENTS_DELTA = "response.function_call_arguments.delta"
ENDS = frozenset({"completed", "incomplete", "cancelled"})
IDLE = frozenset({"response.queued", "response.in_progress", "keepalive"})
ECHOED_OF_MESSAGE = ("phase",)
"""What newer models want back with the text that they wrote."""


@dataclass
class OpenItem:
    """An output item whose pieces are still coming."""

    item: dict[str, Any]
    pieces: list[str] = field(default_factory=list)
    is_done: bool = False


class ResponsesAssembler:
    """Takes the events of one reply, or a response in one piece; the contract is Assembler's."""

    failure = ""
    """A failure always comes as an error object."""

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._request = request
        self._profile = profile
        self._model = profile.model
        self._items: dict[int, OpenItem] = {}
        self._usage = Usage()
        self._end: Json = {}

    @property
    def is_whole(self) -> bool:
        return bool(self._end)

    @property
    def is_closed(self) -> bool:
        return bool(self._end)

    def trouble(self, event: Json) -> Json | None:
        response = event.get("response")
        if isinstance(response, dict) and response.get("status") == "failed":
            return {"error": response.get("error") or "the response failed"}
        if event.get("object") == "response":
            return {"error": event["error"]} if event.get("error") else None
        return event if error_in(event) is not None else None

    def is_idle(self, event: Json) -> bool:
        return event.get("type") in IDLE

    def feed(self, event: Json) -> str:
        if event.get("object") == "response":
            return self._feed_whole(event)
        kind = read_name(event.get("type"))
        index = event.get("output_index")
        place = index if isinstance(index, int) else max(self._items, default=0)
        if kind in (ADDED, ITEM_DONE):
            self._feed_item(place, an_object(event, "item"), is_done=kind == ITEM_DONE)
        elif kind in TEXT_DELTAS or kind == ARGUMENTS_DELTA:
            delta = read_text(event.get("delta"))
            item_kind = "function_call" if kind == ARGUMENTS_DELTA else "message"
            self._items.setdefault(place, OpenItem({"type": item_kind})).pieces.append(delta)
            return delta if kind in TEXT_DELTAS else ""
        elif kind.removeprefix("response.") in ENDS:
            self._feed_end(an_object(event, "response"))
        return ""

    def _feed_whole(self, response: Json) -> str:
        if response.get("status") not in ENDS:
            raise ValueError(f"its status is {response.get('status')!r}")
        self._feed_end(response)
        told = (said(entry.item, entry.pieces) for _, entry in sorted(self._items.items()))
        return "".join(told)

    def _feed_item(self, place: int, item: Json, *, is_done: bool) -> None:
        entry = self._items.setdefault(place, OpenItem({}))
        if not entry.is_done:
            entry.item, entry.is_done = dict(item), is_done

    def _feed_end(self, response: Json) -> None:
        self._end = response
        self._model = response.get("model") or self._model
        self._usage = merged(self._usage, read_usage(an_object(response, "usage")))
        if not any(entry.is_done for entry in self._items.values()):
            for place, item in enumerate(objects(response.get("output"))):
                self._feed_item(place, item, is_done=True)

    def completion(self) -> Completion:
        items = sorted(self._items.items())
        parts = [part for place, entry in items for part in self._parts(place, entry)]
        draft = Draft(tuple(parts), self._told(), self._usage, self._model)
        return whole_reply(draft, self._request, self._profile)

    def _told(self) -> Told:
        if self._end.get("status") == "incomplete":
            reason = an_object(self._end, "incomplete_details").get("reason")
            return "refusal" if reason == "content_filter" else "max_tokens"
        refused = any(is_refusal(entry.item) for entry in self._items.values())
        return "refusal" if refused else "end_turn"

    def _parts(self, place: int, entry: OpenItem) -> Iterator[AnyPart]:
        item = entry.item
        match item.get("type"):
            case "reasoning":
                yield ReasoningPart(text=thought(item), provider_data=self._sealed(item))
            case "message":
                if text := said(item, entry.pieces):
                    echo = {name: item[name] for name in ECHOED_OF_MESSAGE if item.get(name)}
                    yield TextPart(text=text, provider_data=kept(DIALECT, echo))
            case "function_call":
                arguments = item.get("arguments") or "".join(entry.pieces) or "{}"
                yield ToolCall(
                    call_id=read_name(item.get("call_id")) or f"call_{self._request.turn}_{place}",
                    name=read_name(item.get("name")),
                    arguments=arguments if isinstance(arguments, str) else as_json(arguments),
                )

    def _sealed(self, item: Json) -> dict[str, Any] | None:
        """What returns to the same model: only encrypted reasoning, only whole, without nulls."""
        if not item.get("encrypted_content"):
            return None
        whole = {name: value for name, value in item.items() if value is not None}
        return kept(DIALECT, {"model": self._profile.model, "item": whole})


def thought(item: Json) -> str:
    told = [*objects(item.get("summary")), *objects(item.get("content"))]
    return "\n\n".join(text for part in told if (text := read_text(part.get("text"))))


def said(item: Json, pieces: list[str]) -> str:
    """The text of a message; of one that never ended, what had come of it."""
    if item.get("type") != "message":
        return ""
    parts = objects(item.get("content"))
    told = "".join(read_text(part.get("text")) + read_text(part.get("refusal")) for part in parts)
    return told or "".join(pieces)


def is_refusal(item: Json) -> bool:
    return item.get("type") == "message" and any(
        part.get("type") == "refusal" for part in objects(item.get("content"))
    )


def objects(value: object) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError("its output is not a list of objects")
    return value


def read_usage(usage: Json) -> Usage:
    return Usage(
        input_tokens=count(usage, "input_tokens"),
        output_tokens=count(usage, "output_tokens"),
        cached_tokens=count(an_object(usage, "input_tokens_details"), "cached_tokens"),
        reasoning_tokens=count(an_object(usage, "output_tokens_details"), "reasoning_tokens"),
    )
