"""A session gives every call exactly one result, waits as told, and stays in its window."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeClock, FakeGovernor, FakeModel
from pydantic import BaseModel

from agent.domain.event import (
    ModelRefused,
    ModelResponded,
    RunStarted,
    SessionStarted,
    ToolFinished,
    ToolStarted,
)
from agent.domain.limits import Limit
from agent.domain.message import (
    Completion,
    Message,
    SessionKey,
    StopReason,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    text_message,
)
from agent.domain.ports import ToolKind, ToolOutput
from agent.domain.profile import Profile
from agent.engine.run_context import Limits, Model, RunContext
from agent.engine.session import Turn, converse, open_session, take_turn
from agent.errors import (
    AuthError,
    ContextOverflow,
    NoCredit,
    ProviderError,
    RateLimited,
    Unavailable,
)
from agent.journal import Journal, read_entries
from agent.limits.pool import Pool

pytestmark = pytest.mark.anyio
KEY = SessionKey(role="executor", subject="T01")
OPENING = (text_message("system", "work"), text_message("user", "the task"))


def spec(name: str) -> ToolSpec:
    return ToolSpec(name=name, description="a tool", parameters={"type": "object"})


STARTED = RunStarted(
    run_id="r1",
    request="do it",
    plan_name="do-it",
    phases=("execute",),
    repository="/repo",
    base_commit="abcdef1",
    branch="gardener/do-it",
    worktree="/tree",
    models={"executor": "m"},
    rehearsal=False,
    version="0",
)


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


def call(name: str, arguments: object, call_id: str = "c1") -> ToolCall:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(call_id=call_id, name=name, arguments=text)


def reply(
    *calls: ToolCall, text: str = "", stop: StopReason = "tool_calls", tokens: int = 10
) -> Completion:
    return Completion(
        message=Message(role="assistant", parts=(TextPart(text=text), *calls)),
        stop_reason=stop,
        usage=Usage(input_tokens=100, output_tokens=tokens),
        model="m",
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        yield journal


def context_of(
    journal: Journal, *replies: Completion | ProviderError, window_tokens: int = 131_072
) -> tuple[RunContext, FakeModel, FakeClock]:
    model, clock = FakeModel(replies), FakeClock()
    profile = Profile(name="p", base_url="http://x", model="m", window_tokens=window_tokens)
    context = RunContext(
        journal=journal,
        clock=clock,
        models={"executor": pooled(model, profile)},
        governor=FakeGovernor(),
        workspace=None,  # type: ignore[arg-type]
        approver=None,  # type: ignore[arg-type]
        limits=Limits(continuations=2),
    )
    return context, model, clock


def pooled(model: FakeModel, profile: Profile, *accounts: str) -> Model:
    names = accounts or ("acct",)
    return Model(profile, dict.fromkeys(names, model), Pool(names, FakeGovernor()))


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
    assert (turn, adder.made) == (Turn(made_calls=True, ended=True, value={"ok": 1}), [])
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


async def test_a_minute_limit_is_waited_out_exactly(journal: Journal) -> None:
    context, _, clock = context_of(
        journal, RateLimited("too fast", 12.5), RateLimited("too fast"), reply(text="hi")
    )
    await take_turn(context, open_session(context, KEY, OPENING), {})
    assert clock.slept == [12.5, 60.0]
    refusals = [e.event for e in read_entries(journal.path) if isinstance(e.event, ModelRefused)]
    assert [(r.error, r.wait_seconds) for r in refusals] == [("too fast", 12.5), ("too fast", 60.0)]
    assert journal.state.waited_seconds == 72.5


async def test_a_broken_endpoint_is_given_up_after_the_attempts(journal: Journal) -> None:
    context, model, clock = context_of(journal, *[Unavailable("down")] * 5)
    with pytest.raises(Unavailable, match="down"):
        await take_turn(context, open_session(context, KEY, OPENING), {})
    assert (len(model.requests), clock.slept) == (5, [1, 2, 4, 8])


async def test_a_wrong_key_is_not_tried_again(journal: Journal) -> None:
    context, model, clock = context_of(journal, AuthError("wrong key"))
    with pytest.raises(AuthError):
        await take_turn(context, open_session(context, KEY, OPENING), {})
    assert (len(model.requests), clock.slept) == (1, [])


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
    assert texts[0] == (
        "[done: 0 first ... 2 lines removed to save room; call again if you need them]"
    )
    assert texts[-1].startswith("9 first\nword")


async def test_a_brief_that_cannot_fit_is_refused_before_sending(journal: Journal) -> None:
    context, model, _ = context_of(journal, window_tokens=9_000)
    session = open_session(context, KEY, (text_message("user", "word " * 9_000),))
    with pytest.raises(ContextOverflow, match="and 7869 fit"):
        await take_turn(context, session, {})
    assert model.requests == []


async def test_each_attempt_is_booked_and_taken_off_as_the_endpoint_does(journal: Journal) -> None:
    context, _, _ = context_of(
        journal, RateLimited("full", 12.5), Unavailable("broke off"), reply(text="hi")
    )
    await take_turn(context, open_session(context, KEY, OPENING), {})
    governor = context.governor
    assert isinstance(governor, FakeGovernor)
    assert governor.ended == [
        (1, "failed, wait 12.5"),
        (2, "failed, wait None"),
        (3, "used 100"),
    ]
    booked = governor.admitted[0]
    assert (booked.run_id, booked.role, booked.subject) == ("r1", "executor", "T01")
    assert booked.charged_tokens == booked.estimated_tokens + booked.reserved_tokens


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


async def test_a_request_that_cannot_be_made_smaller_is_not_sent_again(journal: Journal) -> None:
    context, model, _ = context_of(journal, ContextOverflow("too long"))
    with pytest.raises(ContextOverflow, match="too long"):
        await take_turn(context, open_session(context, KEY, OPENING), {})
    assert len(model.requests) == 1


async def test_an_account_without_credit_is_left_for_the_next_one(journal: Journal) -> None:
    context, model, _ = context_of(journal, NoCredit("one is empty"), reply(text="ok"))
    profile = context.models["executor"].profile
    context = replace(context, models={"executor": pooled(model, profile, "one", "two")})
    await take_turn(context, open_session(context, KEY, OPENING), {})
    assert isinstance(context.governor, FakeGovernor)
    assert [booked.account for booked in context.governor.admitted] == ["one", "two"]


async def test_without_another_account_the_sentence_reaches_the_user(journal: Journal) -> None:
    context, _, _ = context_of(journal, NoCredit("it is empty"))
    with pytest.raises(NoCredit, match="it is empty"):
        await take_turn(context, open_session(context, KEY, OPENING), {})


async def test_characters_that_cannot_be_written_do_not_stop_the_run(journal: Journal) -> None:
    context, _, _ = context_of(journal, reply(text="half \ud800 and nothing \0", stop="end_turn"))
    session = open_session(context, KEY, OPENING)
    await take_turn(context, session, {})
    assert session.messages[-1].text == "half ? and nothing \ufffd"
