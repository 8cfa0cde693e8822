"""Patterns of a session that gets nowhere: pure readers of its transcript.

A reply brings news when one of its calls changed something in a new way, printed something new,
or looked at something new. Whoever repeats himself, goes back and forth between the same calls,
only fails or only talks brings none, however many tokens it takes.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from agent.domain.check import without_numbers
from agent.domain.message import Message, ToolCall, ToolResult
from agent.domain.ports import ToolKind
from agent.domain.session import SessionState

NUDGE_AT = 2
"""Replies in a row without news after which the model is told so, once per standstill."""
STOP_AT = 5
LOOKS_NUDGE_AT = 20
LOOKS_STOP_AT = 40
"""Replies in a row that only look. A large change takes some thirty files read one by one."""
MEMORY = 12
"""Replies back in which a call counts as made before."""
SPOILED_STOP_AT = 4
"""Replies in a row that were cut off by length, or whose calls could not be read."""
SAME_RED_NUDGE_AT = 6
"""Runs of a task's checks that failed in the same way while no todo was done. Only a nudge: a
change of many steps may turn nothing green before its last one."""
OUTPUT_CHARACTERS = 4_000
"""Of an output, its end: what decides whether it is new."""

Kinds = Mapping[str, ToolKind]
News = Literal["none", "look", "change"]
Standing = Literal["repeating", "failing", "alternating", "looking"]


@dataclass(frozen=True)
class Standstill:
    """Why a session gets nowhere."""

    kind: Standing
    replies: int
    """Replies in a row without what counts as news."""
    calls: tuple[str, ...]
    """The tools that they called, each once."""
    failure: str = ""
    """The first line of what the last call failed with."""

    @property
    def nudge_at(self) -> int:
        return LOOKS_NUDGE_AT if self.kind == "looking" else NUDGE_AT

    @property
    def stop_at(self) -> int:
        return LOOKS_STOP_AT if self.kind == "looking" else STOP_AT

    @property
    def sentence(self) -> str:
        """For whoever reads why the session was ended."""
        tools = ", ".join(self.calls)
        match self.kind:
            case "repeating":
                return f"the same calls ({tools}) were made {self.replies} times in vain"
            case "failing":
                return f"all calls of {self.replies} replies in a row failed: {self.failure}"
            case "alternating":
                return f"{self.replies} replies in a row only made calls of before ({tools})"
            case "looking":
                return f"{self.replies} replies in a row only looked at files"


@dataclass(frozen=True)
class Made:
    """One call of a reply, as far as it matters here."""

    name: str
    kind: ToolKind | None
    what: str
    """Name and arguments, whatever their order and spacing."""
    brought: str
    """The result, without what differs each time."""
    failed: bool
    text: str


Reply = tuple[Made, ...]


def standstill(session: SessionState, kinds: Kinds) -> Standstill | None:
    """What the last replies have in common when they brought no news; None when they did."""
    looking, idle = list[Reply](), list[Reply]()
    for reply, news in islice(newest_first(session, kinds), LOOKS_STOP_AT + MEMORY):
        if news == "change":
            break
        if news == "none" and len(idle) == len(looking):
            idle.append(reply)
        looking.append(reply)
    if idle:
        return described(idle[::-1])
    return Standstill("looking", len(looking), tool_names(looking[::-1])) if looking else None


def has_changed_since(session: SessionState, kinds: Kinds, reply: int) -> bool:
    """Whether a reply after that one, counted from 1, changed or printed something new."""
    count = max(0, min(session.replies - reply, LOOKS_STOP_AT))
    return any(news == "change" for _, news in islice(newest_first(session, kinds), count))


def newest_first(session: SessionState, kinds: Kinds) -> Iterator[tuple[Reply, News]]:
    """Each reply with what it brought; what nobody asks for is not read, since this runs each
    turn and mostly the first replies answer it."""
    replies = replies_backwards(session, kinds)
    known = deque(islice(replies, MEMORY + 1))
    while known:
        reply = known.popleft()
        yield reply, news_of(reply, known)
        known.extend(islice(replies, 1))


def described(idle: list[Reply]) -> Standstill | None:
    """None when no reply made a call: whoever stops is told what is open instead."""
    made = [call for reply in idle for call in reply]
    if not made:
        return None
    names, failure = tool_names(idle), made[-1].text.strip().partition("\n")[0][:120]
    if len({tuple(call.what for call in reply) for reply in idle}) == 1:
        return Standstill("repeating", len(idle) + 1, names, failure)
    if all(call.failed for call in made):
        return Standstill("failing", len(idle), names, failure)
    return Standstill("alternating", len(idle), names, failure)


def news_of(reply: Reply, before: Iterable[Reply]) -> News:
    known = {(call.what, call.brought) for other in before for call in other}
    done = {call.what for other in before for call in other if not call.failed}
    found: News = "none"
    for call in reply:
        if call.kind == "edit" and not call.failed and call.what not in done:
            return "change"
        if call.kind == "execute" and (call.what, call.brought) not in known:
            return "change"
        if call.kind not in ("edit", "execute", None) and (call.what, call.brought) not in known:
            found = "look"
    return found


def tool_names(replies: list[Reply]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.name for reply in replies for call in reply))


def replies_backwards(session: SessionState, kinds: Kinds) -> Iterator[Reply]:
    """The replies with what their calls brought, the newest first."""
    results: dict[str, ToolResult] = {}
    for message in reversed(session.messages):
        if message.role == "assistant":
            yield tuple(made_in(message, results, kinds))
            results = {}
        for part in message.parts:
            if isinstance(part, ToolResult):
                results[part.call_id] = part


def made_in(message: Message, results: Mapping[str, ToolResult], kinds: Kinds) -> Iterator[Made]:
    for call in message.tool_calls:
        result = results.get(call.call_id)
        text = result.text if result else ""
        kind = kinds.get(call.name)
        yield Made(
            name=call.name,
            kind=kind,
            what=what_is_asked(call),
            brought=digest(
                without_numbers(text[-OUTPUT_CHARACTERS:]) if kind == "execute" else text
            ),
            failed=result.is_error if result else False,
            text=text[:OUTPUT_CHARACTERS],
        )


def what_is_asked(call: ToolCall) -> str:
    try:
        arguments = json.dumps(json.loads(call.arguments or "{}"), sort_keys=True)
    except (ValueError, RecursionError):
        arguments = " ".join(call.arguments.split())
    return digest(f"{call.name} {arguments}")


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
