"""A request that an endpoint finds too large is sent once more, as much smaller as it has to be."""

from dataclasses import replace
from typing import Any

import pytest
from talk import KEY, OPENING, call, context_of, pooled, reply

from agent.domain.event import ModelResponded, ToolFinished
from agent.domain.message import ToolResult
from agent.domain.ports import ToolKind
from agent.domain.profile import Profile
from agent.domain.session import begin
from agent.engine.fitting import turn_kind
from agent.engine.run_context import RunContext
from agent.engine.session import open_session, take_turn
from agent.errors import ContextOverflow
from agent.journal import Journal

pytestmark = pytest.mark.anyio


def tell_results(context: RunContext, count: int) -> None:
    """Old turns of the session, each with a result of about two thousand tokens."""
    for number in range(count):
        asked = reply(call("add", {"count": number}, f"c{number}"))
        context.tell(
            ModelResponded(
                session=KEY, completion=asked, estimated_tokens=1, reserved_tokens=1, seconds=0
            )
        )
        result = ToolResult(call_id=f"c{number}", text=f"{number} first\n" + "word " * 1500)
        context.tell(ToolFinished(session=KEY, result=result))


async def test_a_window_that_is_learned_bounds_the_reservation_of_the_second_try(
    journal: Journal,
) -> None:
    refused = ContextOverflow("too long", window_tokens=4_096)
    context, model, _ = context_of(journal, refused, reply(text="ok"))
    await take_turn(context, open_session(context, KEY, OPENING), {})
    first, second = model.requests
    assert (first.max_output_tokens, second.messages) == (8_192, first.messages)
    assert 3_500 < second.max_output_tokens < 4_096


async def test_an_overflow_without_a_figure_is_tried_with_half_the_reservation(
    journal: Journal,
) -> None:
    context, model, _ = context_of(journal, ContextOverflow("too long"), reply(text="ok"))
    await take_turn(context, open_session(context, KEY, OPENING), {})
    assert [request.max_output_tokens for request in model.requests] == [8_192, 4_096]


async def test_an_overflow_without_a_figure_is_tried_with_less_history_first(
    journal: Journal,
) -> None:
    context, model, _ = context_of(journal, ContextOverflow("too long"), reply(text="ok"))
    session = open_session(context, KEY, OPENING)
    tell_results(context, 10)
    await take_turn(context, session, {})
    sizes = [len(request.model_dump_json()) for request in model.requests]
    assert sizes[1] < sizes[0] / 1.5
    assert [request.max_output_tokens for request in model.requests] == [8_192, 8_192]


async def test_a_second_overflow_is_the_end(journal: Journal) -> None:
    context, model, _ = context_of(journal, *[ContextOverflow("too long")] * 2)
    with pytest.raises(ContextOverflow, match="too long"):
        await take_turn(context, open_session(context, KEY, OPENING), {})
    assert len(model.requests) == 2


async def test_a_request_that_cannot_be_made_smaller_is_not_sent_again(journal: Journal) -> None:
    context, model, _ = context_of(journal, ContextOverflow("too long"))
    least = Profile(name="p", base_url="http://x", model="m", max_output_tokens=256)
    context = replace(context, models={"executor": pooled(model, least)})
    with pytest.raises(ContextOverflow, match="too long"):
        await take_turn(context, open_session(context, KEY, OPENING), {})
    assert len(model.requests) == 1


async def test_history_that_was_shortened_leaves_room_for_a_whole_reply(journal: Journal) -> None:
    context, model, _ = context_of(journal, reply(text="ok"), window_tokens=24_000)
    session = open_session(context, KEY, OPENING)
    tell_results(context, 10)
    await take_turn(context, session, {})
    assert model.requests[0].max_output_tokens == 8_192


KINDS: dict[str, ToolKind] = {"read": "read", "edit": "edit", "run": "execute"}


class Of:
    def __init__(self, kind: ToolKind) -> None:
        self.kind = kind


def kind_after(*replies: tuple[str, int]) -> str:
    """What is expected after replies with one call each, of so many tokens."""
    session = begin(KEY, OPENING)
    for number, (name, _) in enumerate(replies):
        session.messages.append(reply(call(name, {}, f"c{number}")).message)
    tools: Any = {name: Of(kind) for name, kind in KINDS.items()}
    return turn_kind(session, tools, [0, 0, *(size for _, size in replies)])


def test_what_is_reserved_follows_what_a_session_does() -> None:
    read, small, large = ("read", 20), ("edit", 200), ("edit", 3_000)
    assert kind_after() == "write"
    assert kind_after(read) == kind_after(read, read) == "write"
    assert kind_after(read, read, read) == "look"
    assert kind_after(small) == kind_after(("run", 20)) == "look"
    assert kind_after(small, small, small, read) == "look"
    assert kind_after(small, small, large, read) == kind_after(small, small, read) == "write"
