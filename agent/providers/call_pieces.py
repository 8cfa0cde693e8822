"""Puts the pieces of tool calls in the chat dialect together, wherever they say they belong."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.domain.message import ModelRequest, ToolCall
from agent.providers.chat_messages import DIALECT
from agent.providers.echo import kept
from agent.providers.fields import an_object, as_json, read_index, read_name

Json = Mapping[str, Any]
CALL_FIELDS = frozenset({"index", "id", "type", "function", "name", "arguments"})


@dataclass
class OpenCall:
    """A call whose pieces are still coming."""

    call_id: str
    index: int | None
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    is_named_again: bool = False
    """Whether its name came once more behind whole arguments."""
    may_be_twin: bool = False
    """Whether nothing but its name and arguments tells it from the call before."""
    _known: tuple[int, bool] = (0, False)

    @property
    def arguments(self) -> str:
        return "".join(self.pieces) or "{}"

    @property
    def is_whole(self) -> bool:
        """Whether the arguments are complete already: nothing can follow them."""
        if self._known[0] != len(self.pieces):
            could_be = self.pieces[-1].rstrip().endswith(("}", '"'))
            self._known = (len(self.pieces), could_be and is_complete(self.arguments))
        return self._known[1]

    def ends_before(self, call_id: str, name: str, arguments: str) -> bool:
        """Whether a piece that comes in its place is of another call."""
        if not self.is_whole or (call_id and call_id == self.call_id):
            return False
        if name and name != self.name:
            return True
        is_new = begins(arguments) and arguments.strip() != self.arguments.strip()
        return is_new and bool(name or self.is_named_again)


class CallPieces:
    """The calls of one reply. Raises ValueError, with the reason, at what cannot be told apart."""

    def __init__(self, request: ModelRequest) -> None:
        self._turn = request.turn
        self._tools = tuple(tool.name for tool in request.tools)
        self._calls: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}
        self.is_guessed = False
        """Whether a piece did not say which of several calls it belongs to."""

    def feed(self, entries: object, *, is_summary: bool) -> None:
        """Takes a list of pieces; a summary says again what came before in pieces."""
        if not isinstance(entries, list):
            raise ValueError("its tool calls are not a list")
        told = list(self._calls) if is_summary else []
        for entry in entries:
            if not isinstance(entry, dict):
                raise ValueError("a tool call in it is not an object")
            self._feed_entry(entry, told)

    def _feed_entry(self, entry: Json, told: list[OpenCall]) -> None:
        function = an_object(entry, "function") or entry
        name, call_id = read_name(function.get("name")), read_name(entry.get("id"))
        given = function.get("arguments")
        arguments = given if isinstance(given, str) else "" if given is None else as_json(given)
        known = again(told, call_id, name)
        if known and (known.is_whole or is_complete(arguments)):
            told.remove(known)
            known.pieces = known.pieces if known.is_whole else [arguments]
            return
        call = self._call_of(read_index(entry.get("index")), call_id, name, arguments)
        call.call_id = call.call_id or call_id
        call.extra |= {k: v for k, v in entry.items() if k not in CALL_FIELDS and v is not None}
        self._take_name(call, name)
        # Behind whole arguments there are words, or the same once more.
        is_more = begins(arguments) and not (call_id or name)
        if arguments and (is_more or not call.is_whole):
            call.pieces.append(arguments)

    def _take_name(self, call: OpenCall, name: str) -> None:
        """A name comes once, or in each piece, or itself in pieces."""
        if not call.name:
            call.name = name
        elif name and self._is_half_name(call, name):
            call.name += name
        elif name and call.is_whole:
            call.is_named_again = True

    def _call_of(self, index: int | None, call_id: str, name: str, arguments: str) -> OpenCall:
        """The call that a piece belongs to: an open one, or a new one."""
        if index is None:
            known = self._without_index(call_id, name, arguments)
        else:
            known = self._with_index(index, call_id)
        if known and not known.ends_before(call_id, name, arguments):
            if not call_id and not name:
                self.is_guessed = self.is_guessed or self._is_doubtful(known, index)
            return known
        call = OpenCall(call_id, index, may_be_twin=known is not None and not call_id)
        if known and not name:
            call.name = known.name
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        return call

    def _with_index(self, index: int, call_id: str) -> OpenCall | None:
        known = self._by_index.get(index)
        if not (known and call_id and known.call_id and known.call_id != call_id):
            return known
        same = (call for call in self._calls if call.call_id == call_id and call.index == index)
        return next(same, None)

    def _without_index(self, call_id: str, name: str, arguments: str) -> OpenCall | None:
        if call_id:
            return next((call for call in self._calls if call.call_id == call_id), None)
        last = self._calls[-1] if self._calls else None
        if last is None or not name or self._is_half_name(last, name):
            return last
        if last.name == name and arguments.strip() and not begins(arguments):
            return last
        fitting = [call for call in self._calls if call.name in ("", name) and not call.is_whole]
        self.is_guessed = self.is_guessed or len(fitting) > 1
        return fitting[-1] if fitting else None

    def _is_half_name(self, call: OpenCall, name: str) -> bool:
        """Whether a call's name goes on: what it has is no tool's, and begins one with more."""
        longer = call.name + name
        is_half = not call.pieces and call.name not in self._tools
        return is_half and any(tool.startswith(longer) for tool in self._tools)

    def _is_doubtful(self, call: OpenCall, index: int | None) -> bool:
        """Whether a piece that only continues something might continue another call."""
        near = [each for each in self._calls if index is None or each.index == index]
        return any(not each.is_whole for each in near if each is not call) or call.is_whole

    def finished(self) -> Iterator[ToolCall]:
        """The calls, each once and each with an id of its own."""
        indexes = {call.index for call in self._calls}
        if None not in indexes and len(indexes) == len(self._calls):
            self._calls.sort(key=lambda call: call.index or 0)
        taken: dict[str, OpenCall] = {}
        for position, call in enumerate(self._calls):
            if not call.name:
                if not call.pieces:
                    continue
                raise ValueError("it calls a tool without naming it")
            twins = [taken[call.call_id]] if call.call_id in taken else []
            twins += self._calls[:position][-1:] if call.may_be_twin else []
            if any((each.name, each.arguments) == (call.name, call.arguments) for each in twins):
                continue
            call_id = call.call_id if call.call_id not in taken else ""
            call_id = call_id or f"call_{self._turn}_{position}"
            taken[call_id] = call
            yield ToolCall(
                call_id=call_id,
                name=call.name,
                arguments=call.arguments,
                provider_data=kept(DIALECT, call.extra),
            )


def begins(arguments: str) -> bool:
    """Whether an object begins there, or the text of one."""
    return arguments.lstrip().startswith(("{", '"'))


def is_complete(arguments: str) -> bool:
    """Whether they are an object, or the text of one."""
    try:
        return isinstance(json.loads(arguments), dict | str)
    except (ValueError, RecursionError):
        return False


def again(told: list[OpenCall], call_id: str, name: str) -> OpenCall | None:
    """The call that a summary names once more."""
    named = (call for call in told if call.name == name and not (call_id and call.call_id))
    return next((call for call in told if call_id and call.call_id == call_id), next(named, None))
