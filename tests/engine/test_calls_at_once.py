"""Calls of one reply that only look are made at once, and everything is told in their order."""

from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from talk import KEY, OPENING, call, context_of, reply, spec

from agent.domain.event import ToolFinished, ToolStarted
from agent.domain.message import ToolCall, ToolSpec
from agent.domain.ports import ToolKind, ToolOutput
from agent.engine.dispatch import Tools
from agent.engine.session import open_session, take_turn
from agent.errors import WorkspaceError
from agent.journal import Journal, read_entries

pytestmark = pytest.mark.anyio


@dataclass
class Meeting:
    """A tool whose calls end only when as many are under way as were asked to meet."""

    meets: int
    kind: ToolKind = "read"
    spec: ToolSpec = field(default_factory=lambda: spec("look"))
    order: list[str] = field(default_factory=list)
    full: anyio.Event = field(default_factory=anyio.Event)

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        name = str(arguments["at"])
        self.order.append(f"begin {name}")
        if len(self.order) == self.meets:
            self.full.set()
        await self.full.wait()
        for _ in range(int(arguments.get("slow", 0))):
            await anyio.lowlevel.checkpoint()
        if arguments.get("fails"):
            raise WorkspaceError("gone")
        self.order.append(f"end {name}")
        return ToolOutput(f"seen {name}")


@dataclass
class Change:
    order: list[str]
    kind: ToolKind = "edit"
    spec: ToolSpec = field(default_factory=lambda: spec("edit"))

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        self.order.append(f"edit {arguments['at']}")
        return ToolOutput("done")


def looks(*names: str) -> list[ToolCall]:
    return [call("look", {"at": name}, name) for name in names]


def told(journal: Journal) -> list[str]:
    events = [entry.event for entry in read_entries(journal.path)]
    return [
        f"started {event.call.call_id}"
        if isinstance(event, ToolStarted)
        else f"finished {event.result.call_id}: {event.result.text}"
        for event in events
        if isinstance(event, ToolStarted | ToolFinished)
    ]


async def test_calls_that_look_are_under_way_together_and_told_in_order(journal: Journal) -> None:
    slow = call("look", {"at": "a", "slow": 20}, "a")
    context, _, _ = context_of(journal, reply(slow, *looks("b", "c")))
    tool = Meeting(meets=3)
    with anyio.fail_after(5):
        await take_turn(context, open_session(context, KEY, OPENING), {"look": tool})
    assert tool.order == ["begin a", "begin b", "begin c", "end b", "end c", "end a"]
    assert told(journal) == [
        "started a",
        "started b",
        "started c",
        "finished a: seen a",
        "finished b: seen b",
        "finished c: seen c",
    ]


async def test_a_change_waits_for_the_looks_before_it_and_comes_before_those_behind(
    journal: Journal,
) -> None:
    edit = call("edit", {"at": "x"}, "x")
    context, _, _ = context_of(journal, reply(*looks("a", "b"), edit, *looks("c", "d")))
    tool = Meeting(meets=2)
    tools: Tools = {"look": tool, "edit": Change(tool.order)}
    with anyio.fail_after(5):
        await take_turn(context, open_session(context, KEY, OPENING), tools)
    place = tool.order.index("edit x")
    assert sorted(tool.order[:place]) == ["begin a", "begin b", "end a", "end b"]
    assert sorted(tool.order[place + 1 :]) == ["begin c", "begin d", "end c", "end d"]


async def test_one_that_fails_leaves_the_others_their_results(journal: Journal) -> None:
    bad = call("look", {"at": "b", "fails": True}, "b")
    context, _, _ = context_of(journal, reply(*looks("a"), bad, *looks("c")))
    with anyio.fail_after(5):
        await take_turn(context, open_session(context, KEY, OPENING), {"look": Meeting(meets=3)})
    assert told(journal)[3:] == ["finished a: seen a", "finished b: gone", "finished c: seen c"]


class BrokenError(Exception):
    pass


@dataclass
class Broken:
    kind: ToolKind = "read"
    spec: ToolSpec = field(default_factory=lambda: spec("look"))

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        raise BrokenError(arguments["at"])


async def test_a_tool_that_is_broken_is_told_as_it_is(journal: Journal) -> None:
    context, _, _ = context_of(journal, reply(*looks("a", "b")))
    with pytest.raises(BrokenError):
        await take_turn(context, open_session(context, KEY, OPENING), {"look": Broken()})


async def test_cancelled_looks_have_no_result_and_are_made_anew(journal: Journal) -> None:
    context, model, _ = context_of(journal, reply(*looks("a", "b")))
    session = open_session(context, KEY, OPENING)
    with anyio.move_on_after(0.05):
        await take_turn(context, session, {"look": Meeting(meets=3)})
    assert told(journal) == ["started a", "started b"]
    with anyio.fail_after(5):
        turn = await take_turn(context, session, {"look": Meeting(meets=2)})
    assert (turn.goes_on, len(model.requests)) == (True, 1)
    assert told(journal)[-2:] == ["finished a: seen a", "finished b: seen b"]
