"""What the doctor says, from what was seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from agent.domain.limits import Limit
from agent.domain.message import Completion, Message, TextPart, ToolCall, Usage
from agent.domain.profile import Profile
from agent.domain.readings import LimitReading
from agent.errors import (
    AuthError,
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    NoCredit,
    Outcome,
    ProviderError,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    Unavailable,
)
from agent.providers.doctor.checkup import Checkup, redacted
from agent.providers.doctor.diagnosis import diagnose
from agent.providers.doctor.recording import Exchange
from agent.providers.doctor.seen import Hearing, Overflow, Reply, Seen
from agent.providers.model_list import ModelList

MINUTE = Limit(unit="tokens", window="minute", amount=300_000, refill="fixed")
PROFILE = Profile(
    name="box",
    base_url="https://api.test/v1",
    model="m-1",
    key_env="TEST_KEY",
    limits=(MINUTE,),
    tokens_per_second=1_000,
)
READING = LimitReading(unit="tokens", window="minute", limit=300_000, remaining=299_000)
STREAM = {"content-type": "text/event-stream; charset=utf-8"}
TOOL_USAGE = Usage(input_tokens=90, output_tokens=20)
TEXT_USAGE = Usage(input_tokens=30, output_tokens=400)
TOOL_BODY = b'data: {"choices":[{"delta":{"tool_calls":[{}]}}]}\n\ndata: [DONE]\n'
TEXT_BODY = b'data: {"choices":[{"delta":{"content":"one"}}]}\n\ndata: {}\n\ndata: [DONE]\n'


def exchange(body: bytes, headers: Mapping[str, str] = STREAM) -> Exchange:
    return Exchange(
        sent_at=10.0,
        status=200,
        headers=dict(headers),
        head_at=10.1,
        first_at=10.2,
        last_at=10.7,
        pieces=2,
        size=len(body),
        body=bytearray(body),
    )


def tool_reply(
    name: str = "note",
    arguments: str = '{"number": 42, "word": "ready"}',
    body: bytes = TOOL_BODY,
    usage: Usage = TOOL_USAGE,
) -> Reply:
    call = ToolCall(call_id="c1", name=name, arguments=arguments)
    message = Message(role="assistant", parts=(call,))
    completion = Completion(
        message=message, stop_reason="tool_calls", usage=usage, model="m-1", readings=(READING,)
    )
    return Reply(completion, exchange(body))


def text_reply(
    text: str = "one, two",
    body: bytes = TEXT_BODY,
    headers: Mapping[str, str] = STREAM,
    usage: Usage = TEXT_USAGE,
) -> Reply:
    message = Message(role="assistant", parts=(TextPart(text=text),))
    completion = Completion(message=message, stop_reason="end_turn", usage=usage, model="m-1")
    return Reply(completion, exchange(body, headers), text_at=10.25)


def seen(fields: Mapping[str, Any] | None = None) -> Seen:
    good = Seen(
        profile=PROFILE,
        learned=PROFILE,
        key_sent=True,
        reached_seconds=0.12,
        models=ModelList(("m-1", "m-2"), 131_072, 40_960),
        skew_seconds=0.4,
        headers={"x-ratelimit-limit-tokens-minute"},
        tool=tool_reply(),
        text=text_reply(),
        overflow=Overflow(ContextOverflow("too long", 131_072), 400),
    )
    return replace(good, **(fields or {}))


def said(checkup: Checkup, name: str) -> tuple[str, bool | None]:
    return next((a.said, a.fine) for a in checkup.aspects if a.name == name)


def test_an_endpoint_that_is_as_its_profile_says() -> None:
    checkup = diagnose(seen())
    assert (checkup.outcome, checkup.findings, checkup.changes) == (Outcome.DONE, (), {})
    assert [(aspect.name, aspect.said, aspect.fine) for aspect in checkup.aspects] == [
        ("reachable", "yes, in 0.12 s", True),
        ("key", "accepted (TEST_KEY)", True),
        ("models", "2 listed, m-1 among them", True),
        ("window", "131,072 tokens by the list of models", True),
        ("request", "taken as it is", True),
        ("streaming", "yes, 3 events", True),
        ("tool calls", "streamed in one piece", True),
        ("usage", "counted in every reply", True),
        ("limits", "300,000 tokens/minute", True),
        ("overflow", "HTTP 400, names the window", True),
        ("first token", "after 0.25 s", True),
        ("speed", "800 tokens/s; the profile promises 1,000", True),
        ("clock", "0 s apart", True),
    ]


WHOLE = b'data: {"choices":[{"delta":{"tool_calls":[{}]}}]}\n\n'
FRAGMENT = b'data: {"choices": [{"delta": {"tool_calls": [ {}]}}]}\n\n'
ENDS = b'data: {"choices":[{"finish_reason":"tool_calls"}]}\n\n'
NULL = b'data: {"choices":[{"delta":{"content":"<tool_call>","tool_calls":null}}]}\n\n'
MESSAGES = b'event: x\ndata: {"content_block":{"type":"tool_use"}}\n\n'
INPUT = b'data: {"delta":{"type": "input_json_delta"}}\n\n'
ITEM = b'data: {"item":{"type":"function_call"}}\n\n'
NAME = b"response.function_call_arguments.delta"
ARGUMENTS = b'event: %b\ndata: {"type":"%b"}\n\n' % (NAME, NAME)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (WHOLE + ENDS, ("streamed in one piece", True)),
        (WHOLE + FRAGMENT + FRAGMENT + ENDS, ("streamed in 3 pieces", True)),
        (NULL + ENDS, ("written as text", False)),
        (MESSAGES + INPUT + INPUT, ("streamed in 2 pieces", True)),
        (ITEM + ARGUMENTS, ("streamed in one piece", True)),
    ],
)
def test_how_a_tool_call_came(body: bytes, words: tuple[str, bool]) -> None:
    assert said(diagnose(seen({"tool": tool_reply(body=body)})), "tool calls") == words


def test_a_tool_call_that_is_not_streamed() -> None:
    reply = tool_reply(body=WHOLE[6:])
    whole = replace(reply, exchange=exchange(WHOLE[6:], {"content-type": "application/json"}))
    assert said(diagnose(seen({"tool": whole})), "tool calls") == ("whole, not streamed", True)


def overflow_of(
    error: ProviderError | None,
    status: int = 400,
    *,
    said_nothing: bool = False,
    input_tokens: int = 0,
) -> Overflow:
    return Overflow(error, status, said_nothing, input_tokens)


def cut_reply(reply: Reply, output_tokens: int) -> Reply:
    usage = Usage(input_tokens=30, output_tokens=output_tokens)
    told = {"stop_reason": "max_tokens", "usage": usage}
    return replace(reply, completion=reply.completion.model_copy(update=told))


CUT = tool_reply(arguments='{"number"')
UNLISTED = ModelList(("m-2", "x"))
DEVIATIONS: list[tuple[dict[str, Any], str, tuple[str, bool | None], str, dict[str, Any]]] = [
    (
        {"models": ModelList(("m-1",), 65_536), "overflow": None},
        "window",
        ("65,536 tokens by the list of models; the profile says 131,072", False),
        "error",
        {"window_tokens": 65_536},
    ),
    (
        {"models": None, "overflow": overflow_of(ContextOverflow("no", 40_000))},
        "window",
        ("40,000 tokens by the refusal of a longer request; the profile says 131,072", False),
        "error",
        {"window_tokens": 40_000},
    ),
    (
        {"models": ModelList(("m-1",), 262_144), "overflow": None},
        "window",
        ("262,144 tokens by the list of models; the profile says 131,072", None),
        "info",
        {},
    ),
    (
        {"models": UNLISTED},
        "models",
        ("2 listed, m-1 not among them", None),
        "info",
        {},
    ),
    (
        {"models": ModelList(("m-1",), None, 4_096)},
        "request",
        ("taken with max_output_tokens = 4096", False),
        "error",
        {"max_output_tokens": 4_096},
    ),
    (
        {"learned": PROFILE.model_copy(update={"omit_fields": ("seed",)})},
        "request",
        ('taken with omit_fields = ["seed"]', False),
        "error",
        {"omit_fields": ["seed"]},
    ),
    (
        {"text": text_reply(body=b"{}", headers={"content-type": "application/json"})},
        "streaming",
        ("no, replies come in one piece", False),
        "warning",
        {},
    ),
    ({"tool": text_reply()}, "tool calls", ("none came", False), "error", {}),
    (
        {"tool": cut_reply(CUT, 20)},
        "tool calls",
        ("the reply was cut before the call was whole, after 20 of 1,024 tokens", False),
        "error",
        {},
    ),
    (
        {"tool": cut_reply(CUT, 1_000)},
        "tool calls",
        ("the reply was cut before the call was whole", False),
        "error",
        {},
    ),
    (
        {"text": cut_reply(text_reply(), 400)},
        "streaming",
        ("yes, but a reply was cut after 400 of 1,024 tokens", False),
        "error",
        {},
    ),
    (
        {"tool": tool_reply(name="notes")},
        "tool calls",
        ("it calls 'notes', which no tool is named", False),
        "error",
        {},
    ),
    (
        {"tool": tool_reply(arguments='{"number": 42')},
        "tool calls",
        ("its arguments are not JSON", False),
        "error",
        {},
    ),
    (
        {"tool": tool_reply(arguments='{"number": "42", "word": "ready"}')},
        "tool calls",
        ("its arguments do not fit the tool's schema", False),
        "error",
        {},
    ),
    (
        {"tool": tool_reply(arguments='{"number": 42, "word": ["ready"]}')},
        "tool calls",
        ("its arguments do not fit the tool's schema", False),
        "error",
        {},
    ),
    (
        {"tool": tool_reply(body=b'data: {"content": "<tool_call>"}')},
        "tool calls",
        ("written as text", False),
        "warning",
        {"text_calls": True},
    ),
    (
        {"text": text_reply(usage=Usage())},
        "usage",
        ("missing in 1 of 2 replies", False),
        "warning",
        {},
    ),
    (
        {"profile": PROFILE.model_copy(update={"limits": ()})},
        "limits",
        ("300,000 tokens/minute", False),
        "warning",
        {"limits": [{**MINUTE.model_dump(), "refill": "bucket"}]},
    ),
    (
        {
            "profile": PROFILE.model_copy(
                update={"limits": (MINUTE.model_copy(update={"amount": 400_000}),)}
            )
        },
        "limits",
        ("300,000 tokens/minute", False),
        "warning",
        {"limits": [MINUTE.model_dump()]},
    ),
    (
        {"overflow": overflow_of(None, status=200, input_tokens=4_096)},
        "overflow",
        ("cut to 4,096 tokens without a word", False),
        "error",
        {"window_tokens": 4_096, "max_output_tokens": 1_024},
    ),
    (
        {"overflow": overflow_of(None, status=200, input_tokens=131_072)},
        "overflow",
        ("cut to the window without a word", None),
        "info",
        {},
    ),
    (
        {"overflow": overflow_of(None, status=200, input_tokens=160_000)},
        "overflow",
        ("none: 160,000 tokens were served", None),
        "info",
        {},
    ),
    (
        {"overflow": overflow_of(RequestRefused("who knows"), status=418)},
        "overflow",
        ("HTTP 418, in words that do not say so", False),
        "warning",
        {},
    ),
    (
        {"profile": PROFILE.model_copy(update={"tokens_per_second": 2_000})},
        "speed",
        ("800 tokens/s; the profile promises 2,000", False),
        "warning",
        {},
    ),
    ({"skew_seconds": -90.2}, "clock", ("90 s apart", False), "warning", {}),
]


@pytest.mark.parametrize(("fields", "aspect", "words", "severity", "changes"), DEVIATIONS)
def test_each_deviation_is_one_finding_with_its_change(
    fields: dict[str, Any],
    aspect: str,
    words: tuple[str, bool | None],
    severity: str,
    changes: dict[str, Any],
) -> None:
    checkup = diagnose(seen(fields))
    assert said(checkup, aspect) == words
    rule = f"doctor-{aspect.replace(' ', '-')}"
    assert [(f.rule, f.severity) for f in checkup.findings if f.rule == rule] == [(rule, severity)]
    assert checkup.changes == changes
    expected = Outcome.DONE if severity == "info" else Outcome.FINDINGS
    assert checkup.outcome == expected
    assert all(f.remedy and f.message and "\n" not in f.message for f in checkup.findings)


@pytest.mark.parametrize(
    ("overflow", "words"),
    [
        (None, ("not tried", None)),
        (overflow_of(ContextOverflow("no")), ("HTTP 400, does not name the window", True)),
        (
            overflow_of(ContextOverflow("no"), said_nothing=True),
            ("HTTP 400 without a word", True),
        ),
        (
            overflow_of(RateLimited("slow", 60)),
            ("refused for its rate before its length was looked at", None),
        ),
        (
            overflow_of(RequestTooLarge("no", 30_000)),
            ("refused for its rate before its length was looked at", None),
        ),
        (overflow_of(None, status=200), ("served, and not counted", None)),
        (overflow_of(Unavailable("late"), status=0), ("not known, no whole answer came", None)),
        (
            overflow_of(MalformedReply("odd"), status=200),
            ("not known, no whole answer came", None),
        ),
    ],
)
def test_the_shape_of_an_overflow(
    overflow: Overflow | None, words: tuple[str, bool | None]
) -> None:
    checkup = diagnose(seen({"overflow": overflow}))
    assert (said(checkup, "overflow"), checkup.findings) == (words, ())


@pytest.mark.parametrize(
    ("error", "rule", "outcome"),
    [
        (AuthError("the key is refused; copy it again"), "doctor-key", Outcome.USAGE),
        (Unavailable("nothing came; try later"), "doctor-served", Outcome.LIMIT),
        (RateLimited("it is full; wait", 60), "doctor-limits", Outcome.LIMIT),
        (DayLimitReached("the day is full; wait"), "doctor-limits", Outcome.LIMIT),
        (RequestTooLarge("too much; shrink"), "doctor-limits", Outcome.FINDINGS),
        (ContextOverflow("too long; shrink"), "doctor-window", Outcome.FINDINGS),
    ],
)
def test_what_keeps_the_checkup_from_going_on_comes_first(
    error: ProviderError, rule: str, outcome: Outcome
) -> None:
    checkup = diagnose(seen({"blocked": error, "tool": None, "text": None, "overflow": None}))
    first = checkup.findings[0]
    assert (first.rule, first.severity) == (rule, "error")
    message, remedy = str(error).split("; ")
    assert first.message == f"{message.capitalize()}."
    assert first.remedy == f"{remedy.capitalize()}."
    assert checkup.outcome == outcome


def test_an_endpoint_that_never_answered_is_known_in_nothing() -> None:
    error = Unavailable("nothing came; try later")
    checkup = diagnose(Seen(PROFILE, PROFILE, blocked=error))
    assert {aspect.fine for aspect in checkup.aspects} == {None}


def test_what_was_tried_again_is_told_once_and_is_no_deviation() -> None:
    trouble = Unavailable("HTTP 500; try later")
    checkup = diagnose(seen({"troubles": [trouble, trouble]}))
    assert [(f.rule, f.severity) for f in checkup.findings] == [("doctor-served", "info")]
    assert checkup.outcome == Outcome.DONE


def test_what_was_tried_again_needs_no_help() -> None:
    trouble = RateLimited("it is full; wait a minute, then run `gardener resume`", 60)
    (finding,) = diagnose(seen({"troubles": [trouble]})).findings
    assert finding.remedy.startswith("Nothing is to be done: the next try was served")


def test_advice_for_a_run_becomes_advice_for_a_checkup() -> None:
    error = Unavailable("it is down; check OPENAI_BASE_URL, then run `gardener resume`")
    checkup = diagnose(seen({"blocked": error}))
    assert checkup.findings[0].remedy == "Check its address, then run `gardener doctor`."


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ("accepted (TEST_KEY)", True)),
        ({"key_sent": False}, ("none is asked for", True)),
        ({"blocked": AuthError("no")}, ("refused (TEST_KEY)", False)),
        (
            {"blocked": AuthError("no"), "key_sent": False},
            ("none was sent, one is asked for (TEST_KEY)", False),
        ),
        ({"blocked": NoCredit("no")}, ("its account cannot pay (TEST_KEY)", False)),
        ({"blocked": Unavailable("no")}, ("not known", None)),
    ],
)
def test_what_became_of_the_key(fields: dict[str, Any], words: tuple[str, bool | None]) -> None:
    without = {"tool": None, "text": None, "overflow": None} if "blocked" in fields else {}
    assert said(diagnose(seen({**fields, **without})), "key") == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"models": None}, "the endpoint has no list"),
        ({"models": ModelList(())}, "none listed"),
        (
            {"models": None, "list_error": Unavailable("it failed (HTTP 500); run it again")},
            "it failed (HTTP 500)",
        ),
    ],
)
def test_a_list_of_models_that_is_not_there(fields: dict[str, Any], words: str) -> None:
    assert said(diagnose(seen(fields)), "models") == (words, None)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (("m-1",), "https://api.test/v1 lists the model 'm-1' and does not serve it."),
        (("m-2",), "There is no m-1."),
    ],
)
def test_a_model_that_is_not_served_is_told_once(listed: tuple[str, ...], message: str) -> None:
    gone = {"blocked": ModelUnknown("there is no m-1; name another"), "models": ModelList(listed)}
    checkup = diagnose(seen({**gone, "tool": None, "text": None, "overflow": None}))
    assert [finding.message for finding in checkup.findings] == [message]
    assert said(checkup, "models")[1] is (listed == ("m-1",))


def test_the_limits_that_a_refusal_tells_are_shown_and_change_nothing() -> None:
    full = {"blocked": RateLimited("full; wait"), "refused_readings": (READING,)}
    checkup = diagnose(seen({**full, "tool": None, "text": None, "overflow": None}))
    assert said(checkup, "limits") == ("300,000 tokens/minute, by a refusal", None)
    assert checkup.changes == {}


def test_text_that_was_not_finished_in_time_has_a_speed() -> None:
    slow = Hearing(characters=1_000, began_at=10.0, ended_at=35.0)
    checkup = diagnose(seen({"text": None, "unfinished": slow}))
    assert said(checkup, "speed") == ("about 10 tokens/s; the profile promises 1,000", False)
    assert said(checkup, "streaming")[1] is True


def test_a_key_that_an_endpoint_repeats_is_not_shown() -> None:
    key = "sk-0123456789"
    told = {"blocked": AuthError(f"no such key {key}; copy it"), "list_error": AuthError(key)}
    checkup = redacted(diagnose(seen({**told, "models": None, "tool": None})), key)
    assert key not in repr((checkup.aspects, checkup.findings))
    assert checkup.findings[0].message == "No such key [key]."


def test_a_short_reply_has_no_speed() -> None:
    checkup = diagnose(seen({"text": text_reply(usage=Usage(input_tokens=1, output_tokens=3))}))
    assert said(checkup, "speed") == ("too short to be measured", None)


def test_the_time_of_a_rehearsal_is_no_fault_of_this_machine_s_clock() -> None:
    checkup = diagnose(seen({"rehearsed": True, "skew_seconds": 90.2}))
    assert said(checkup, "clock") == ("90 s apart, as a rehearsal's own time may be", None)
    assert checkup.outcome is Outcome.DONE
