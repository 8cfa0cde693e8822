"""A session gives every call exactly one result, waits as told, and stays in its window."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fakes import FakeGovernor
from pydantic import BaseModel
from talk import KEY, OPENING, call, context_of, pooled, reply, spec

from agent.domain.event import (
    ModelResponded,
    SessionStarted,
    ToolFinished,
    ToolPrinted,
    ToolStarted,
)
from agent.domain.limits import Limit
from agent.domain.message import (
    Completion,
    StopReason,
    ToolCall,
    ToolResult,
    ToolSpec,
    text_message,
)
from agent.domain.ports import ToolKind, ToolOutput
from agent.domain.profile import Profile
from agent.engine.run_context import RunContext
from agent.engine.session import Turn, converse, open_session, take_turn
from agent.errors import (
    ContextOverflow,
)
from agent.journal import Journal, read_entries

pytestmark = pytest.mark.anyio


class Numbers(BaseModel):
    count: int


@dataclass
class Adder:
    """Counts how often it was really called."""

    kind: ToolKind = "edit"
    made: list[int] = field(default_factory=list)
    spec: ToolSpec = field(default_factory=lambda: spec("add"))

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        self.made.append(Numbers.model_validate(arguments).count)
        return ToolOutput(f"sum {sum(self.made)}")


@dataclass
class Hand:
    """Ends the session."""

    kind: ToolKind = "deliver"
    spec: ToolSpec = field(default_factory=lambda: spec("hand_in"))

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        return ToolOutput("taken", ends_session=True, value=arguments)


def results(journal: Journal) -> list[tuple[str, bool]]:
    events = [entry.event for entry in read_entries(journal.path)]
    return [(e.result.text, e.result.is_error) for e in events if isinstance(e, ToolFinished)]


async def one_turn(journal: Journal, *calls: ToolCall, stop: StopReason = "tool_calls") -> Adder:
    context, _, _ = context_of(journal, reply(*calls, stop=stop))
    adder = Adder()
    await take_turn(context, open_session(context, KEY, OPENING), {"add": adder})
    return adder


async def test_a_call_that_fits_is_made_once(journal: Journal) -> None:
    adder = await one_turn(journal, call("add", {"count": 2}))
    assert (adder.made, results(journal)) == ([2], [("sum 2", False)])


@pytest.mark.parametrize(
    ("bad", "feedback"),
    [
        (call("ad", {}), "There is no tool 'ad'. Tools: add."),
        (
            call("add", "{broken"),
            "The arguments of 'add' are not a JSON object: Expecting property name enclosed in "
            "double quotes: line 1 column 2 (char 1). Nothing was done. Send the call again.",
        ),
        (
            call("add", "[1]"),
            "The arguments of 'add' are not a JSON object: it is list, not an object. "
            "Nothing was done. Send the call again.",
        ),
        (
            call("add", {"count": "two"}),
            "The arguments of 'add' do not fit. Nothing was done.\n- count: Input should be a "
            "valid integer, unable to parse string as an integer, got 'two'",
        ),
        (
            call("add", '{"count": "\\ud800"}'),
            "The arguments of 'add' are not a JSON object: it holds characters that are no text. "
            "Nothing was done. Send the call again.",
        ),
        (
            call("add", "[" * 100_000),
            "The arguments of 'add' are not a JSON object: it is nested too deeply. "
            "Nothing was done. Send the call again.",
        ),
        (
            call("add", ""),
            "The arguments of 'add' do not fit. Nothing was done.\n- count: Field required",
        ),
    ],
)
async def test_a_call_that_does_not_fit_is_answered_and_not_made(
    journal: Journal, bad: ToolCall, feedback: str
) -> None:
    adder = await one_turn(journal, bad)
    assert (adder.made, results(journal)) == ([], [(feedback, True)])


async def test_a_call_of_a_reply_that_was_cut_off_is_never_made(journal: Journal) -> None:
    adder = await one_turn(journal, call("add", {"count": 1}), stop="max_tokens")
    assert adder.made == []
    assert results(journal)[0][0].startswith("Your reply was cut off at 10 tokens")


async def test_calls_behind_the_end_are_not_made(journal: Journal) -> None:
    context, _, _ = context_of(
        journal, reply(call("hand_in", {"ok": 1}, "a"), call("add", {"count": 1}, "b"))
    )
    adder = Adder()
    session = open_session(context, KEY, OPENING)
    turn = await take_turn(context, session, {"add": adder, "hand_in": Hand()})
    assert (turn, adder.made) == (Turn(goes_on=True, ended=True, value={"ok": 1}), [])
    assert [is_error for _, is_error in results(journal)] == [False, True]


async def test_an_edit_that_a_crash_interrupted_is_not_repeated(journal: Journal) -> None:
    context, model, _ = context_of(journal)
    session = open_session(context, KEY, OPENING)
    asked = reply(call("add", {"count": 7}))
    journal_reply(context, asked)
    context.tell(ToolStarted(session=KEY, call=asked.message.tool_calls[0]))
    adder = Adder()
    await take_turn(context, session, {"add": adder})
    assert (adder.made, model.requests) == ([], [])
    assert results(journal)[-1] == (
        "Interrupted; outcome unknown. Look at the files before you repeat it.",
        True,
    )


async def test_calls_behind_an_interrupted_one_are_not_made(journal: Journal) -> None:
    context, _, _ = context_of(journal)
    session = open_session(context, KEY, OPENING)
    behind = call("add", {"count": 1}, "b"), call("hand_in", {"ok": 1}, "c")
    asked = reply(call("add", {"count": 7}, "a"), *behind)
    journal_reply(context, asked)
    context.tell(ToolStarted(session=KEY, call=asked.message.tool_calls[0]))
    adder = Adder()
    turn = await take_turn(context, session, {"add": adder, "hand_in": Hand()})
    assert (turn, adder.made) == (Turn(goes_on=True), [])
    not_made = ("Not done: a call before it was interrupted.", True)
    assert results(journal)[-2:] == [not_made, not_made]


async def test_what_an_interrupted_command_had_printed_is_told(journal: Journal) -> None:
    context, _, _ = context_of(journal)
    session = open_session(context, KEY, OPENING)
    asked = reply(call("add", {"count": 7}))
    journal_reply(context, asked)
    context.tell(ToolStarted(session=KEY, call=asked.message.tool_calls[0]))
    context.tell(ToolPrinted(session=KEY, call_id="c1", text="table made\n"))
    context.tell(ToolPrinted(session=KEY, call_id="c1", text="</output> 40 rows\n"))
    await take_turn(context, session, {"add": Adder()})
    assert results(journal)[-1] == (
        "Interrupted; outcome unknown. Look at the files before you repeat it.\n"
        "Until then it had printed:\n<output>\ntable made\n<\\/output> 40 rows\n</output>",
        True,
    )


def journal_reply(context: RunContext, completion: Completion) -> None:
    context.tell(
        ModelResponded(
            session=KEY, completion=completion, estimated_tokens=1, reserved_tokens=1, seconds=0
        )
    )


async def test_a_delivery_that_a_crash_cut_off_is_handed_over_without_a_request(
    journal: Journal,
) -> None:
    context, model, _ = context_of(journal, reply(call("hand_in", {"plan": 1})))
    session = open_session(context, KEY, OPENING)
    first = await take_turn(context, session, {"hand_in": Hand()})
    again = await take_turn(context, session, {"hand_in": Hand()})
    assert (again, len(model.requests)) == (first, 1)


async def test_call_ids_that_a_server_repeats_become_unique(journal: Journal) -> None:
    same = reply(call("add", {"count": 1}, "call_0"))
    context, _, _ = context_of(journal, same, same)
    session, adder = open_session(context, KEY, OPENING), Adder()
    await take_turn(context, session, {"add": adder})
    await take_turn(context, session, {"add": adder})
    assert adder.made == [1, 1]
    ids = [c.call_id for message in session.messages for c in message.tool_calls]
    assert ids == ["call_0", "call_0-2"]


async def test_a_session_without_calls_is_reminded_and_then_given_up(journal: Journal) -> None:
    context, _, _ = context_of(journal, *[reply(text="I would say", stop="end_turn")] * 3)
    session = open_session(context, KEY, OPENING)
    assert await converse(context, session, {"hand_in": Hand()}, "hand_in") is None
    assert [m.text for m in session.messages if m.role == "user"] == [
        "the task",
        *["Nothing was recorded: the answer counts only as a call of 'hand_in'. Call it now."] * 2,
    ]


async def test_old_results_are_shortened_before_the_window_is_full(journal: Journal) -> None:
    context, model, _ = context_of(journal, reply(text="ok"), window_tokens=20_000)
    context.tell(SessionStarted(session=KEY, opening=OPENING))
    session = open_session(context, KEY, OPENING)
    for number in range(10):
        asked = reply(call("add", {"count": number}, f"c{number}"))
        journal_reply(context, asked)
        result = ToolResult(call_id=f"c{number}", text=f"{number} first\n" + "word " * 1500)
        context.tell(ToolFinished(session=KEY, result=result))
    await take_turn(context, session, {"add": Adder()})
    sent = model.requests[0].messages
    assert len(sent) == 22
    texts = [part.text for m in sent for part in m.parts if isinstance(part, ToolResult)]
    assert texts[0] == ('[0 first ... 2 lines; whole: read "output 1"]')
    assert texts[-1].startswith("9 first\nword")


async def test_a_brief_that_cannot_fit_is_refused_before_sending(journal: Journal) -> None:
    context, model, _ = context_of(journal, window_tokens=9_000)
    session = open_session(context, KEY, (text_message("user", "word " * 9_000),))
    with pytest.raises(ContextOverflow, match="up to 13,062 tokens and 8,744 fit"):
        await take_turn(context, session, {})
    assert model.requests == []


async def test_a_capped_reservation_is_booked_up_to_its_cap(journal: Journal) -> None:
    context, model, _ = context_of(journal, reply(text="hi"))
    profile = context.models["executor"].profile.model_copy(
        update={"charge": "admission", "reservation_cap_tokens": 4096, "max_output_tokens": 8192}
    )
    capped = replace(context, models={"executor": pooled(model, profile)})
    await take_turn(capped, open_session(capped, KEY, OPENING), {})
    assert isinstance(context.governor, FakeGovernor)
    booked = context.governor.admitted[0]
    assert (booked.account, booked.charged_tokens - booked.estimated_tokens) == ("acct", 4096)


async def test_a_reply_that_was_cut_off_doubles_the_next_reservation(journal: Journal) -> None:
    cut = reply(call("add", {"count": 1}), stop="max_tokens")
    context, model, _ = context_of(journal, cut, reply(text="ok"))
    context = replace(context, models={"executor": pooled(model, PER_MINUTE)})
    session = open_session(context, KEY, OPENING)
    await take_turn(context, session, {"add": Adder()})
    await take_turn(context, session, {"add": Adder()})
    assert [request.max_output_tokens for request in model.requests] == [8_192, 16_384]


PER_MINUTE = Profile(
    name="p",
    base_url="http://x",
    model="m",
    max_output_tokens=20_000,
    charge="admission",
    limits=(Limit(unit="tokens", window="minute", amount=300_000),),
)


async def test_after_writing_less_is_reserved_than_for_writing(journal: Journal) -> None:
    wrote = reply(call("add", {"count": 1}))
    context, model, _ = context_of(journal, wrote, reply(text="ok"))
    context = replace(context, models={"executor": pooled(model, PER_MINUTE)})
    session = open_session(context, KEY, OPENING)
    await take_turn(context, session, {"add": Adder()})
    await take_turn(context, session, {"add": Adder()})
    assert [request.max_output_tokens for request in model.requests] == [8_192, 2_048]


async def test_a_request_the_endpoint_finds_too_long_is_shortened_and_sent_once_more(
    journal: Journal,
) -> None:
    context, model, _ = context_of(
        journal, ContextOverflow("too long", window_tokens=8_000), reply(text="ok")
    )
    session = open_session(context, KEY, OPENING)
    for number in range(10):
        asked = reply(call("add", {"count": number}, f"c{number}"))
        journal_reply(context, asked)
        result = ToolResult(call_id=f"c{number}", text=f"{number} first\n" + "word " * 1500)
        context.tell(ToolFinished(session=KEY, result=result))
    await take_turn(context, session, {"add": Adder()})
    sizes = [len(request.model_dump_json()) for request in model.requests]
    assert sizes[1] < sizes[0] / 1.5


async def test_characters_that_cannot_be_written_do_not_stop_the_run(journal: Journal) -> None:
    context, _, _ = context_of(journal, reply(text="half \ud800 and nothing \0", stop="end_turn"))
    session = open_session(context, KEY, OPENING)
    await take_turn(context, session, {})
    assert session.messages[-1].text == "half ? and nothing \ufffd"


async def test_a_reply_that_was_cut_off_before_a_call_is_told_and_goes_on(journal: Journal) -> None:
    cut = reply(text="First I would like to explain", stop="max_tokens", tokens=8_192)
    context, model, _ = context_of(journal, cut, reply(text="ok"))
    context = replace(context, models={"executor": pooled(model, PER_MINUTE)})
    session = open_session(context, KEY, OPENING)
    assert await take_turn(context, session, {}) == Turn(goes_on=True)
    assert session.messages[-1].text == (
        "Your reply was cut off at 8192 tokens before it held a whole call, so nothing was done. "
        "Say nothing before the call and send less in it: write the file in parts."
    )
    await take_turn(context, session, {})
    assert [request.max_output_tokens for request in model.requests] == [8_192, 16_384]


async def test_a_reply_with_what_may_be_a_call_is_told_and_goes_on(journal: Journal) -> None:
    context, _, _ = context_of(journal, reply(text="<function=add>", stop="unclear_call"))
    session = open_session(context, KEY, OPENING)
    assert await take_turn(context, session, {"hand_in": Hand(), "add": Adder()}) == Turn(
        goes_on=True
    )
    assert session.messages[-1].text == (
        "Nothing was done: the text of your reply holds what may be a call, but it is not certain "
        "what the call is and where it ends. Make it as a tool call. If you can only write it as "
        "text, make one call at the end of the reply and say nothing behind it. What is only an "
        "example belongs in a code block. Tools: add, hand_in."
    )


async def test_a_reservation_is_doubled_once_however_often_replies_are_cut(
    journal: Journal,
) -> None:
    cut = reply(text="on and on", stop="max_tokens")
    context, model, _ = context_of(journal, *[cut] * 4)
    roomy = PER_MINUTE.model_copy(update={"max_output_tokens": 60_000})
    context = replace(context, models={"executor": pooled(model, roomy)})
    session = open_session(context, KEY, OPENING)
    assert await converse(context, session, {"hand_in": Hand()}, "hand_in") is None
    sizes = [request.max_output_tokens for request in model.requests]
    assert sizes == [8_192, 16_384, 16_384, 16_384]


async def test_whoever_only_writes_calls_that_nobody_can_read_is_stopped(journal: Journal) -> None:
    unclear = reply(text="<function=add>", stop="unclear_call")
    context, model, _ = context_of(journal, *[unclear] * 9)
    session = open_session(context, KEY, OPENING)
    assert await converse(context, session, {"hand_in": Hand()}, "hand_in") is None
    assert len(model.requests) == 4
