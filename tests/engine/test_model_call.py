"""Every refusal is answered by its own action, and ends when that cannot help."""

import pytest
from fakes import FakeGovernor
from talk import KEY, OPENING, context_of, reply

from agent.domain.event import ModelRefused, ProfileMended, Throttled
from agent.domain.message import Usage
from agent.engine.run_context import Limits, RunContext
from agent.engine.session import open_session, take_turn
from agent.errors import (
    AuthError,
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    NoCredit,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    SchemaRejected,
    Unavailable,
    Unreachable,
)
from agent.journal import Journal, read_entries
from agent.limits.pool import Policy

pytestmark = pytest.mark.anyio
HOUR = 3600.0


async def turn(context: RunContext) -> None:
    await take_turn(context, open_session(context, KEY, OPENING), {})


def told(journal: Journal, *kinds: type) -> list[object]:
    events = [entry.event for entry in read_entries(journal.path)]
    return [event for event in events if isinstance(event, kinds)]


def accounts_of(context: RunContext) -> list[str]:
    assert isinstance(context.governor, FakeGovernor)
    return [booked.account for booked in context.governor.admitted]


async def test_a_minute_limit_is_waited_out_exactly(journal: Journal) -> None:
    context, _, clock = context_of(
        journal, RateLimited("too fast", 12.5), RateLimited("too fast"), reply(text="hi")
    )
    await turn(context)
    assert clock.slept == [12.5, 60.0]
    refused = ModelRefused(session=KEY, error="too fast", wait_seconds=0, again=True)
    pauses = [
        Throttled(session=KEY, seconds=seconds, reason="the endpoint asked for a pause")
        for seconds in (12.5, 60.0)
    ]
    assert told(journal, ModelRefused, Throttled) == [refused, pauses[0], refused, pauses[1]]
    assert journal.state.waited_seconds == 72.5


async def test_a_pause_beyond_the_longest_wait_ends_the_run(journal: Journal) -> None:
    context, model, _ = context_of(journal, RateLimited("busy", 76.0))
    with pytest.raises(RateLimited, match="busy"):
        await turn(context)
    assert len(model.requests) == 1


async def test_while_one_account_is_full_another_sends_at_once(journal: Journal) -> None:
    context, _, clock = context_of(
        journal, RateLimited("full"), reply(text="hi"), accounts=("one", "two")
    )
    await turn(context)
    assert (accounts_of(context), clock.slept) == (["one", "two"], [])


async def test_by_the_policy_to_wait_a_full_minute_is_waited_out(journal: Journal) -> None:
    context, _, clock = context_of(
        journal, RateLimited("full"), reply(text="hi"), accounts=("one", "two"), policy="wait"
    )
    await turn(context)
    assert (accounts_of(context), clock.slept) == (["one", "one"], [60.0])


@pytest.mark.parametrize("policy", ["switch", "wait"])
async def test_an_account_whose_day_is_used_up_is_left_for_another(
    journal: Journal, policy: Policy
) -> None:
    context, _, clock = context_of(
        journal,
        DayLimitReached("no more today", 6 * HOUR),
        reply(text="hi"),
        accounts=("one", "two"),
        policy=policy,
    )
    await turn(context)
    assert (accounts_of(context), clock.slept) == (["one", "two"], [])


async def test_by_the_policy_to_stop_no_other_account_is_used(journal: Journal) -> None:
    for error in (DayLimitReached("no more today", 6 * HOUR), NoCredit("it is empty")):
        context, model, _ = context_of(journal, error, accounts=("one", "two"), policy="stop")
        with pytest.raises(type(error)):
            await turn(context)
        assert len(model.requests) == 1


async def test_a_day_limit_stops_the_run_unless_it_is_to_be_slept_over(journal: Journal) -> None:
    error = DayLimitReached("no more today", 6 * HOUR)
    context, _, clock = context_of(journal, error)
    with pytest.raises(DayLimitReached, match="no more today"):
        await turn(context)
    assert clock.slept == []
    context, model, clock = context_of(
        journal, error, reply(text="hi"), limits=Limits(sleeps_over_day=True)
    )
    await turn(context)
    assert (clock.seconds, max(clock.slept), len(model.requests)) == (6 * HOUR, 60.0, 2)
    assert told(journal, ModelRefused)[-1] == ModelRefused(
        session=KEY, error="no more today", wait_seconds=6 * HOUR, again=True
    )


async def test_a_day_limit_without_a_reset_is_slept_over_until_midnight_utc(
    journal: Journal,
) -> None:
    context, _, clock = context_of(
        journal, DayLimitReached("gone"), reply(text="hi"), limits=Limits(sleeps_over_day=True)
    )
    await turn(context)
    assert clock.now().isoformat() == "2026-01-03T00:00:00+00:00"


async def test_a_month_is_not_slept_over(journal: Journal) -> None:
    context, model, _ = context_of(
        journal, DayLimitReached("next month", 26 * HOUR), limits=Limits(sleeps_over_day=True)
    )
    with pytest.raises(DayLimitReached):
        await turn(context)
    assert len(model.requests) == 1


async def test_a_broken_endpoint_is_given_up_after_the_attempts(journal: Journal) -> None:
    context, model, clock = context_of(journal, *[Unavailable("down")] * 5)
    with pytest.raises(Unavailable, match="down"):
        await turn(context)
    assert (len(model.requests), clock.slept) == (5, [1, 2, 4, 8])


async def test_a_broken_endpoint_is_not_asked_before_it_says(journal: Journal) -> None:
    context, _, clock = context_of(journal, Unavailable("overloaded", 20.0), reply(text="hi"))
    await turn(context)
    assert clock.slept == [20.0]


async def test_an_endpoint_that_is_away_for_an_hour_is_not_waited_for(journal: Journal) -> None:
    context, _, clock = context_of(journal, Unavailable("maintenance", HOUR))
    with pytest.raises(Unavailable, match="maintenance"):
        await turn(context)
    assert clock.slept == []


async def test_an_address_where_nobody_listens_is_tried_three_times(journal: Journal) -> None:
    context, model, _ = context_of(journal, *[Unreachable("refused")] * 3)
    with pytest.raises(Unreachable):
        await turn(context)
    assert len(model.requests) == 3


async def test_a_wrong_key_is_not_tried_again(journal: Journal) -> None:
    context, model, clock = context_of(journal, AuthError("wrong key"))
    with pytest.raises(AuthError):
        await turn(context)
    assert (len(model.requests), clock.slept) == (1, [])


@pytest.mark.parametrize("error", [NoCredit("one is empty"), QuotaExhausted("one is used up")])
async def test_an_account_that_cannot_serve_is_left_for_the_next_one(
    journal: Journal, error: ProviderError
) -> None:
    context, _, _ = context_of(journal, error, reply(text="ok"), accounts=("one", "two"))
    await turn(context)
    assert accounts_of(context) == ["one", "two"]


async def test_without_another_account_the_sentence_reaches_the_user(journal: Journal) -> None:
    context, _, _ = context_of(journal, NoCredit("it is empty"))
    with pytest.raises(NoCredit, match="it is empty"):
        await turn(context)


@pytest.mark.parametrize("error", [DayLimitReached("no more today"), AuthError("two is wrong")])
async def test_what_ends_a_run_tells_of_the_accounts_that_were_left_as_well(
    journal: Journal, error: ProviderError
) -> None:
    context, _, _ = context_of(journal, AuthError("one is wrong"), error, accounts=("one", "two"))
    with pytest.raises(type(error)) as raised:
        await turn(context)
    assert str(raised.value).endswith("; another account is left out: one is wrong")
    assert told(journal, ModelRefused)[0] == ModelRefused(
        session=KEY, error="one is wrong", wait_seconds=0, again=True
    )


async def test_a_refusal_that_no_other_account_would_help_tells_of_none(journal: Journal) -> None:
    context, _, _ = context_of(
        journal, AuthError("one is wrong"), RequestRefused("no"), accounts=("one", "two")
    )
    with pytest.raises(RequestRefused, match=r"^no$"):
        await turn(context)


async def test_a_field_that_the_endpoint_refuses_is_left_out_from_here_on(journal: Journal) -> None:
    context, model, clock = context_of(
        journal,
        SchemaRejected("no strict here", "strict"),
        SchemaRejected("no top_k here", "top_k"),
        reply(text="ok"),
    )
    own = {"strict_tools": "false", "sampling": {"top_k": 20.0, "top_p": 0.8}}
    context.models["executor"].profile = context.models["executor"].profile.model_copy(update=own)
    await turn(context)
    assert (len(model.requests), clock.slept) == (3, [])
    assert model.profile == context.models["executor"].profile
    assert told(journal, ProfileMended) == [
        ProfileMended(
            role="executor",
            profile="p",
            changes={"strict_tools": "omit"},
            reason="no strict here",
        ),
        ProfileMended(
            role="executor",
            profile="p",
            changes={"omit_fields": ["top_k"], "sampling": {"top_p": 0.8}},
            reason="no top_k here",
        ),
    ]


async def test_a_field_that_is_refused_once_it_is_left_out_ends_the_run(journal: Journal) -> None:
    context, model, _ = context_of(journal, *[SchemaRejected("no seed here", "seed")] * 2)
    with pytest.raises(SchemaRejected, match="no seed here"):
        await turn(context)
    assert len(model.requests) == 2


async def test_what_an_overflow_tells_of_the_window_is_remembered(journal: Journal) -> None:
    context, model, _ = context_of(
        journal,
        RequestTooLarge("at most 4096 completion tokens", 4_096, of_output=True),
        reply(text="ok"),
        reply(text="ok"),
    )
    await turn(context)
    await turn(context)
    sizes = [request.max_output_tokens for request in model.requests]
    assert (sizes[0] > 4_096, sizes[1:]) == (True, [4_096, 4_096])
    context, model, _ = context_of(journal, ContextOverflow("too long", 9_000), reply(text="ok"))
    await turn(context)
    assert context.models["executor"].profile.window_tokens == 9_000


async def test_a_reply_without_anything_in_it_is_booked_with_what_it_cost(journal: Journal) -> None:
    empty = MalformedReply("it says nothing", Usage(input_tokens=70, output_tokens=3))
    context, _, _ = context_of(journal, empty, MalformedReply("it is torn"), reply(text="hi"))
    await turn(context)
    assert isinstance(context.governor, FakeGovernor)
    assert context.governor.ended == [(1, "used 70"), (2, "failed, wait None"), (3, "used 100")]


async def test_each_attempt_is_booked_and_taken_off_as_the_endpoint_does(journal: Journal) -> None:
    context, _, _ = context_of(
        journal, RateLimited("full", 12.5), Unavailable("broke off"), reply(text="hi")
    )
    await turn(context)
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
