"""Puts the events of the OpenAI Responses dialect together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

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
from agent.providers.triage import error_in
from agent.providers.whole_reply import Draft, Told, merged, whole_reply

Json = Mapping[str, Any]
DIALECT: Dialect = "openai_responses"
ADDED = "response.output_item.added"
ITEM_DONE = "response.output_item.done"
TEXT_DELTAS = ("response.output_text.delta", "response.refusal.delta")
ARGUMENTS_DELTA = "response.function_call_arguments.delta"
ARGUMENTS_DONE = "response.function_call_arguments.done"
ENDS = frozenset({"completed", "incomplete", "cancelled"})
IDLE = frozenset({"response.queued", "response.in_progress", "keepalive"})
ECHOED_OF_MESSAGE = ("phase",)
"""What newer models want back with the text that they wrote."""


@dataclass
class OpenItem:
    """An output item whose pieces are still coming."""

    place: int
    item: dict[str, Any]
    pieces: list[str] = field(default_factory=list)
    is_done: bool = False

    @property
    def name(self) -> str:
        """What tells it from the other items; empty where nothing does."""
        return identity(self.item)

    @property
    def arguments(self) -> str:
        found = self.item.get("arguments") or "".join(self.pieces) or "{}"
        return found if isinstance(found, str) else as_json(found)


class Thinker(NamedTuple):
    """Whose reasoning an endpoint takes back: it is sealed by model and organization."""

    model: str
    account: str = ""
    """A mark that tells accounts apart; empty where there is one."""

    def can_read(self, sealed: Json) -> bool:
        """Whether the reasoning is its own; that of old journals names no account."""
        is_account = sealed.get("account", self.account) == self.account
        return is_account and sealed.get("model") == self.model


class ResponsesAssembler:
    """Takes the events of one reply, or a response in one piece; the contract is Assembler's."""

    def __init__(self, request: ModelRequest, profile: Profile, account: str = "") -> None:
        self._request = request
        self._profile = profile
        self._thinker = Thinker(profile.model, account)
        self._model = profile.model
        self._items: list[OpenItem] = []
        self._usage = Usage()
        self._end: Json = {}
        self._is_guessed = False
        self._is_unplaced = False

    @property
    def failure(self) -> str:
        """Any other failure comes as an error object."""
        return "it cancelled the reply" if self._end.get("status") == "cancelled" else ""

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
        """A sign of life, or a piece with nothing in it."""
        return event.get("type") in IDLE or event.get("delta") == ""

    def feed(self, event: Json) -> str:
        if event.get("object") == "response":
            return self._feed_whole(event)
        kind = read_name(event.get("type"))
        if kind in (ADDED, ITEM_DONE):
            item = dict(an_object(event, "item"))
            return self._take(self._entry_of_item(event, item), item, is_done=kind == ITEM_DONE)
        if kind in TEXT_DELTAS:
            delta = read_text(event.get("delta"))
            self._entry_of_piece(event, "message").pieces.append(delta)
            return delta
        if kind == ARGUMENTS_DELTA:
            piece = read_text(event.get("delta"))
            self._entry_of_piece(event, "function_call").pieces.append(piece)
        elif kind == ARGUMENTS_DONE:
            if whole := read_text(event.get("arguments")):
                self._entry_of_piece(event, "function_call").pieces = [whole]
        elif kind.removeprefix("response.") in ENDS:
            status = {"status": kind.removeprefix("response.")}
            return self._feed_end({**status, **an_object(event, "response")})
        return ""

    def _feed_whole(self, response: Json) -> str:
        if response.get("status") not in ENDS:
            raise ValueError(f"its status is {response.get('status')!r}")
        return self._feed_end(response)

    def _feed_end(self, response: Json) -> str:
        """Takes the end; returns text in its list of items that no event has told."""
        self._end = response
        self._model = response.get("model") or self._model
        self._usage = merged(self._usage, read_usage(an_object(response, "usage")))
        output = objects(response.get("output"))
        if len(output) < len(self._items):
            listed = {identity(item): item for item in output}
            for entry in self._items:
                if item := listed.get(entry.name):
                    self._take(entry, dict(item), is_done=True)
        elif self._is_unplaced or len(output) > len(self._items) or not self._is_done:
            return self._take_list(output)
        return ""

    @property
    def _is_done(self) -> bool:
        return all(entry.is_done for entry in self._items)

    def _take_list(self, output: list[Json]) -> str:
        """Takes the list of all items, but for those that came whole before."""
        told = "".join(said(entry) for entry in self._items)
        known = {entry.name: entry for entry in self._items if entry.name and entry.is_done}
        self._items = [
            replace(known[name], place=place)
            if (name := identity(item)) in known
            else OpenItem(place, dict(item), is_done=True)
            for place, item in enumerate(output)
        ]
        return "".join(said(entry) for entry in self._items).removeprefix(told)

    def _take(self, entry: OpenItem, item: dict[str, Any], *, is_done: bool) -> str:
        """Puts an item in its place; returns its text where no piece of it has been told."""
        if not entry.is_done:
            entry.item, entry.is_done = item, is_done
        return said(entry) if is_done and not entry.pieces else ""

    def _entry_of_item(self, event: Json, item: Json) -> OpenItem:
        """The entry of an item: the one of its id, or an open one in its place."""
        index, name = read_index(event.get("output_index")), identity(item)
        here = [entry for entry in self._items if index is None or entry.place == index]
        for entry in here:
            if name and entry.name == name:
                return entry
        for entry in here if event.get("type") == ITEM_DONE else ():
            is_nameless = entry.item.get("type") == item.get("type") and not (name and entry.name)
            if not entry.is_done and (index is not None or is_nameless):
                return entry
        return self._new_entry(index, item)

    def _entry_of_piece(self, event: Json, kind: str) -> OpenItem:
        """The item that a piece belongs to; where that is not told, the last one of its kind."""
        index, name = read_index(event.get("output_index")), read_name(event.get("item_id"))
        fitting = [
            entry
            for entry in self._items
            if (entry.place == index if index is not None else entry.item.get("type") == kind)
        ]
        if index is None:
            named = [entry for entry in fitting if name and entry.name == name]
            self._is_guessed = self._is_guessed or (not named and len(fitting) > 1)
            fitting = named or fitting
        return fitting[-1] if fitting else self._new_entry(index, {"type": kind, "id": name})

    def _new_entry(self, index: int | None, item: Json) -> OpenItem:
        self._is_unplaced = self._is_unplaced or index is None
        last = max((entry.place for entry in self._items), default=-1)
        entry = OpenItem(last + 1 if index is None else index, dict(item))
        self._items.append(entry)
        return entry

    def completion(self) -> Completion:
        self._items.sort(key=lambda entry: entry.place)
        parts = [part for entry in self._items for part in self._parts(entry)]
        draft = Draft(tuple(parts), self._told(), self._usage, self._model, self._is_guessed)
        return whole_reply(draft, self._request, self._profile)

    def _told(self) -> Told:
        reason = an_object(self._end, "incomplete_details").get("reason")
        refused = any(is_refusal(entry.item) for entry in self._items)
        if refused or reason == "content_filter":
            return "refusal"
        is_cut = any(entry.item.get("status") == "incomplete" for entry in self._items)
        return "max_tokens" if is_cut or self._end.get("status") == "incomplete" else "end_turn"

    def _parts(self, entry: OpenItem) -> Iterator[AnyPart]:
        item = entry.item
        match item.get("type"):
            case "reasoning":
                origin = self._sealed(item) if entry.is_done else None
                yield ReasoningPart(text=thought(item), provider_data=origin)
            case "message":
                if text := said(entry):
                    echo = {name: item[name] for name in ECHOED_OF_MESSAGE if item.get(name)}
                    yield TextPart(text=text, provider_data=kept(DIALECT, echo))
            case "function_call":
                name = read_name(item.get("call_id"))
                yield ToolCall(
                    call_id=name or f"call_{self._request.turn}_{entry.place}",
                    name=read_name(item.get("name")),
                    arguments=entry.arguments,
                )

    def _sealed(self, item: Json) -> dict[str, Any] | None:
        """What returns to whoever thought it: only encrypted reasoning, only whole, without
        nulls."""
        if not item.get("encrypted_content"):
            return None
        whole = {name: value for name, value in item.items() if value is not None}
        return kept(DIALECT, {**self._thinker._asdict(), "item": whole})


def thought(item: Json) -> str:
    told = [*objects(item.get("summary")), *objects(item.get("content"))]
    return "\n\n".join(text for part in told if (text := read_text(part.get("text"))))


def said(entry: OpenItem) -> str:
    """The text of a message; of one that never ended, what had come of it."""
    if entry.item.get("type") != "message":
        return ""
    parts = objects(entry.item.get("content"))
    told = "".join(read_text(part.get("text")) + read_text(part.get("refusal")) for part in parts)
    return told or "".join(entry.pieces)


def identity(item: Json) -> str:
    return read_name(item.get("id")) or read_name(item.get("call_id"))


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
