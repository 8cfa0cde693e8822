"""The doctor against endpoints over real connections: good ones, and each fault."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from providers.doctor.conftest import Consulting, RunningClock, Unbooked, rehearsal

from agent.domain.finding import Finding
from agent.domain.limits import Limit
from agent.domain.message import ModelRequest
from agent.domain.profile import Profile
from agent.errors import (
    AuthError,
    MalformedReply,
    ModelUnknown,
    Outcome,
    RateLimited,
    RequestRefused,
    Unavailable,
    Unreachable,
)
from agent.providers.doctor.checkup import Checkup
from agent.providers.doctor.probes import OnWait
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.flavours_more import flavour_of
from agent.rehearsal.local_http import Answer, Received

pytestmark = pytest.mark.anyio
Serve = Callable[[Callable[[Received], Answer]], str]
JSON = "application/json"
EVENTS = "text/event-stream"
QUICK = 0.3


def fine(checkup: Checkup) -> dict[str, bool | None]:
    return {aspect.name: aspect.fine for aspect in checkup.aspects}


async def test_a_good_endpoint_is_as_its_profile_says(consulting: Consulting) -> None:
    with rehearsal(Conditions()) as server:
        checkup = await consulting.checkup(server.root_url)
    assert (checkup.outcome, checkup.findings, checkup.changes) == (Outcome.DONE, (), {})
    unknown = {name for name, is_fine in fine(checkup).items() if is_fine is None}
    assert unknown <= {"limits", "speed"}
    assert consulting.steps == [
        "the list of models",
        "a tool call",
        "some text",
        "more than the window holds",
    ]


@pytest.mark.parametrize("dialect", ["openai_responses", "anthropic_messages"])
async def test_every_dialect_is_examined(consulting: Consulting, dialect: str) -> None:
    with rehearsal(Conditions()) as server:
        checkup = await consulting.checkup(server.root_url, dialect=dialect)
    assert (checkup.outcome, checkup.findings, checkup.changes) == (Outcome.DONE, (), {})
    assert fine(checkup)["tool calls"] is True
    assert fine(checkup)["overflow"] is True


async def test_a_cheap_checkup_sends_nothing_over_the_window(consulting: Consulting) -> None:
    with rehearsal(Conditions()) as server:
        checkup = await consulting.checkup(server.root_url, cheap=True)
        assert len(server.requests) == 2
    assert fine(checkup)["overflow"] is None


async def test_a_smaller_window_is_found(consulting: Consulting) -> None:
    with rehearsal(Conditions(window_tokens=32_768)) as server:
        checkup = await consulting.checkup(server.root_url)
    assert checkup.changes == {"window_tokens": 32_768}
    assert checkup.outcome == Outcome.FINDINGS


async def test_limits_that_the_headers_tell_go_into_the_profile(consulting: Consulting) -> None:
    told = Limit(unit="tokens", window="minute", amount=500_000)
    declared = told.model_copy(update={"amount": 300_000, "refill": "fixed"})
    conditions = Conditions(flavour=flavour_of("cerebras"), limits=(told,), any_model=True)
    with rehearsal(conditions) as server:
        checkup = await consulting.checkup(server.root_url, limits=(declared,))
    assert checkup.changes == {"limits": [{**told.model_dump(), "refill": "fixed"}]}


def models(*names: str) -> Answer:
    body = json.dumps({"data": [{"id": name} for name in names]}).encode()
    return Answer(200, JSON, (body,))


def chat(answer: Callable[[dict[str, Any]], Answer]) -> Callable[[Received], Answer]:
    """An endpoint with a list of models and one way to answer."""

    def respond(received: Received) -> Answer:
        if received.method == "GET":
            return models("rehearsal")
        return answer(json.loads(received.body))

    return respond


async def test_nobody_listens(consulting: Consulting) -> None:
    checkup = await consulting.checkup("http://127.0.0.1:9")
    assert isinstance(checkup.blocked, Unreachable)
    assert set(fine(checkup).values()) == {None}
    assert checkup.outcome == Outcome.LIMIT


def refusal(status: int, message: str, **fields: str) -> Answer:
    body = json.dumps({"error": {"message": message, **fields}}).encode()
    return Answer(status, JSON, (body,))


@pytest.mark.parametrize(
    ("answer", "error", "outcome"),
    [
        (refusal(401, "bad key sk-1"), AuthError, Outcome.USAGE),
        (refusal(404, "no such model", code="model_not_found"), ModelUnknown, Outcome.USAGE),
        (refusal(400, "no"), RequestRefused, Outcome.USAGE),
        (refusal(500, "oh"), Unavailable, Outcome.LIMIT),
        (Answer(200, "text/html", (b"<html>hello</html>",)), MalformedReply, Outcome.LIMIT),
        (Answer(200, EVENTS, (b"data: {nonsense\n\n",)), MalformedReply, Outcome.LIMIT),
        (Answer(200, EVENTS, (b"",)), MalformedReply, Outcome.LIMIT),
    ],
)
async def test_an_endpoint_that_does_not_serve(
    consulting: Consulting, serve: Serve, answer: Answer, error: type, outcome: Outcome
) -> None:
    checkup = await consulting.checkup(serve(chat(lambda _: answer)))
    assert type(checkup.blocked) is error
    assert checkup.outcome == outcome
    assert "sk-1" not in checkup.findings[0].message


async def test_a_limit_is_waited_for_once_and_then_told(
    consulting: Consulting, serve: Serve
) -> None:
    full = Answer(429, JSON, (b"{}",), headers=(("Retry-After", "20"),))
    checkup = await consulting.checkup(serve(chat(lambda _: full)))
    assert isinstance(checkup.blocked, RateLimited)
    assert consulting.clock.slept == [20.0]
    assert consulting.pauses == ["again in 20 s, as the endpoint asks"]
    assert checkup.outcome == Outcome.LIMIT


def endless(piece: bytes, ended: threading.Event) -> Iterator[bytes]:
    while not ended.wait(0.01):
        yield piece


@pytest.mark.parametrize(
    "piece",
    [b": wait\n\n", b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n', b"x" * 65_536],
    ids=["comments", "words", "noise"],
)
async def test_a_reply_without_an_end_is_given_up(
    consulting: Consulting, serve: Serve, piece: bytes
) -> None:
    ended = threading.Event()
    stream = chat(lambda _: Answer(200, EVENTS, endless(piece, ended), streamed=True))
    try:
        checkup = await consulting.checkup(serve(stream), patience=QUICK)
    finally:
        ended.set()
    assert isinstance(checkup.blocked, Unavailable | MalformedReply)
    assert checkup.outcome == Outcome.LIMIT


async def test_text_that_is_written_slowly_is_no_trouble(
    consulting: Consulting, serve: Serve
) -> None:
    ended = threading.Event()
    words = b'data: {"choices":[{"delta":{"content":"one, two, three, four, five"}}]}\n\n'

    def slow(body: dict[str, Any]) -> Answer:
        if "tools" in body or is_long(body):
            return served(body)
        return Answer(200, EVENTS, endless(words, ended), streamed=True)

    try:
        seen = await consulting.see(serve(chat(slow)), patience=QUICK)
    finally:
        ended.set()
    assert (seen.blocked, seen.text, seen.troubles) == (None, None, [])
    assert seen.unfinished
    assert seen.unfinished.characters > 100
    assert seen.overflow


async def test_a_request_over_the_window_that_takes_too_long_is_not_known(
    consulting: Consulting, serve: Serve
) -> None:
    ended = threading.Event()

    def reading(body: dict[str, Any]) -> Answer:
        if is_long(body):
            ended.wait(20)
        return served(body)

    try:
        checkup = await consulting.checkup(serve(chat(reading)), patience=QUICK)
    finally:
        ended.set()
    assert (checkup.blocked, fine(checkup)["overflow"]) == (None, None)


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (b"", "did not begin to answer within 1 s"),
        (b": I am here\n\n", "began a reply, then sent nothing for"),
    ],
)
async def test_an_endpoint_that_is_late_is_told_by_what_it_did(
    serve: Serve, begin: bytes, words: str
) -> None:
    ended = threading.Event()

    def late(_: dict[str, Any]) -> Answer:
        def pieces() -> Iterator[bytes]:
            yield begin
            ended.wait(20)

        if not begin:
            ended.wait(20)
        return Answer(200, EVENTS, pieces(), streamed=True)

    try:
        checkup = await Consulting(RunningClock()).checkup(serve(chat(late)), patience=1.0)
    finally:
        ended.set()
    assert words in checkup.findings[0].message
    assert checkup.findings[0].remedy == "Give it longer with --timeout, or try at another hour."


async def test_an_endpoint_that_never_answers_anything(
    consulting: Consulting, serve: Serve
) -> None:
    ended = threading.Event()

    def silent(_: Received) -> Answer:
        ended.wait(20)
        return Answer(200, JSON, (b"{}",))

    url = serve(silent)
    try:
        checkup = await consulting.checkup(url, patience=QUICK)
    finally:
        ended.set()
    assert isinstance(checkup.blocked, Unavailable)
    assert fine(checkup)["reachable"] is None


TEXT = b'data: {"choices":[{"delta":{"content":"one, two"},"finish_reason":"stop"}]}\n\n'
CALL = b"""\
data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"note",\
"arguments":"{\\"number\\": 42, \\"word\\": \\"ready\\"}"}}]},"finish_reason":"tool_calls"}]}

data: [DONE]

"""


def is_long(body: dict[str, Any]) -> bool:
    return len(body["messages"][0]["content"]) > 10_000


def served(body: dict[str, Any]) -> Answer:
    if is_long(body):
        return refusal(400, "This model's maximum context length is 131072 tokens.")
    return Answer(200, EVENTS, (CALL if "tools" in body else TEXT,))


async def test_a_refused_field_is_left_out_and_noted(consulting: Consulting, serve: Serve) -> None:
    def picky(body: dict[str, Any]) -> Answer:
        if "max_completion_tokens" in body:
            return refusal(400, "Unknown parameter: 'max_completion_tokens'.")
        return served(body)

    checkup = await consulting.checkup(serve(chat(picky)))
    assert checkup.changes == {
        "max_output_field": "max_tokens",
        "omit_fields": ["max_completion_tokens"],
    }
    assert checkup.blocked is None


async def test_a_list_that_is_refused_does_not_end_the_checkup(
    consulting: Consulting, serve: Serve
) -> None:
    def no_list(received: Received) -> Answer:
        if received.method == "GET":
            return refusal(500, "oh")
        return served(json.loads(received.body))

    checkup = await consulting.checkup(serve(no_list))
    assert checkup.blocked is None
    assert fine(checkup)["models"] is None
    assert fine(checkup)["tool calls"] is True


async def test_a_prompt_that_is_cut_silently_is_found(consulting: Consulting, serve: Serve) -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":4096,"completion_tokens":2}}\n\n'

    def cutting(body: dict[str, Any]) -> Answer:
        return Answer(200, EVENTS, (usage, CALL if "tools" in body else TEXT))

    checkup = await consulting.checkup(serve(chat(cutting)), window_tokens=16_384)
    assert checkup.changes == {"window_tokens": 4_096, "max_output_tokens": 1_024}


async def test_a_clock_that_is_wrong_is_found(consulting: Consulting, serve: Serve) -> None:
    consulting.clock.seconds = 3_600.0
    checkup = await consulting.checkup(serve(chat(served)), cheap=True)
    said = next(aspect for aspect in checkup.aspects if aspect.name == "clock")
    assert (said.said, said.fine) == ("3600 s apart, as a rehearsal's own time may be", None)


class Full(Unbooked):
    """Other work has the account's limits for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def admit(self, profile: Profile, request: ModelRequest, on_wait: OnWait) -> int:
        on_wait(self._seconds, "60,000 tokens a minute are used up")
        return 0


async def test_a_wait_for_other_work_is_announced(serve: Serve) -> None:
    consulting = Consulting(till=Full(20.0))
    checkup = await consulting.checkup(serve(chat(served)), cheap=True)
    assert checkup.blocked is None
    assert "again in 20 s, because 60,000 tokens a minute are used up" in consulting.pauses


async def test_other_work_that_takes_too_long_is_told(serve: Serve) -> None:
    checkup = await Consulting(till=Full(90.0)).checkup(serve(chat(served)))
    assert isinstance(checkup.blocked, RateLimited)
    assert (checkup.findings[0].message, checkup.findings[0].remedy) == (
        "Other work keeps the limits of rehearsal full: 60,000 tokens a minute are used up.",
        "Try again in 90 s.",
    )


ACCOUNTS = ("KEY_2", "KEY_3", "SAME_2", "UNSET")


def by_key(answers: dict[str, Answer]) -> Callable[[Received], Answer]:
    """An endpoint that answers a key as it is told, and any other as it should."""

    def respond(received: Received) -> Answer:
        key = received.headers["authorization"].removeprefix("Bearer ")
        if received.method == "POST" and key in answers:
            return answers[key]
        return chat(served)(received)

    return respond


def keys_in(checkup: Checkup) -> dict[str, tuple[str, bool | None]]:
    return {a.name: (a.said, a.fine) for a in checkup.aspects if a.name.startswith("key")}


def of_keys(checkup: Checkup) -> list[Finding]:
    """Without what these endpoints leave out of their replies."""
    return [finding for finding in checkup.findings if finding.rule != "doctor-usage"]


async def test_every_account_is_tried_and_told_in_a_line_of_its_own(
    consulting: Consulting, serve: Serve
) -> None:
    url = serve(by_key({"sk-3": refusal(401, "bad key")}))
    checkup = await consulting.checkup(url, cheap=True, accounts=ACCOUNTS)
    assert keys_in(checkup) == {
        "key": ("accepted (TEST_KEY)", True),
        "key 2": ("accepted (KEY_2)", True),
        "key 3": ("refused (KEY_3)", False),
        "key 4": ("the same as KEY_2 (SAME_2)", False),
        "key 5": ("not set (UNSET)", False),
    }
    told = [(found.rule, found.severity) for found in of_keys(checkup)]
    assert told == [("doctor-key", "error"), ("doctor-key", "warning"), ("doctor-key", "warning")]
    assert "refuses the key in KEY_3" in checkup.findings[0].message
    assert consulting.steps[-2:] == ["the key in KEY_2", "the key in KEY_3"]


CREDIT = refusal(402, "no money", code="insufficient_quota")
GONE = refusal(404, "no such model", code="model_not_found")
BUSY = Answer(429, JSON, (b"{}",), headers=(("Retry-After", "20"),))


@pytest.mark.parametrize(
    ("answer", "said", "fine", "severity"),
    [
        (CREDIT, "its account cannot pay (KEY_2)", False, "error"),
        (GONE, "not for the model rehearsal (KEY_2)", False, "error"),
        (BUSY, "not known: its limit is reached (KEY_2)", None, "info"),
        (refusal(500, "oh"), "not known: no whole reply came (KEY_2)", None, "info"),
    ],
)
async def test_what_is_wrong_with_an_account_is_told(
    consulting: Consulting,
    serve: Serve,
    answer: Answer,
    said: str,
    fine: bool | None,
    severity: str,
) -> None:
    url = serve(by_key({"sk-2": answer}))
    checkup = await consulting.checkup(url, cheap=True, accounts=("KEY_2",))
    assert keys_in(checkup)["key 2"] == (said, fine)
    (finding,) = of_keys(checkup)
    assert finding.severity == severity
    assert "KEY_2" in finding.message
    assert checkup.blocked is None


async def test_two_refused_accounts_are_two_findings(consulting: Consulting, serve: Serve) -> None:
    bad = refusal(401, "bad key")
    url = serve(by_key({"sk-2": bad, "sk-3": bad}))
    checkup = await consulting.checkup(url, cheap=True, accounts=("KEY_2", "KEY_3"))
    assert len({finding.id for finding in of_keys(checkup)}) == 2


async def test_where_the_first_key_is_refused_the_others_are_tried_all_the_same(
    consulting: Consulting, serve: Serve
) -> None:
    url = serve(by_key({"sk-1": refusal(401, "bad key")}))
    checkup = await consulting.checkup(url, accounts=("KEY_2",))
    assert isinstance(checkup.blocked, AuthError)
    assert keys_in(checkup) == {
        "key": ("refused (TEST_KEY)", False),
        "key 2": ("accepted (KEY_2)", True),
    }


async def test_a_key_that_no_header_can_carry_is_not_said_to_be_refused(
    serve: Serve,
) -> None:
    checkup = await Consulting(key="sk 1").checkup(serve(chat(served)), accounts=("KEY_2 ",))
    assert keys_in(checkup) == {
        "key": ("cannot be sent (TEST_KEY)", False),
        "key 2": ("cannot be sent (KEY_2 )", False),
    }
    said = {aspect.name: aspect.said for aspect in checkup.aspects}
    assert (said["clock"], said["limits"]) == ("not tried", "not tried")


async def test_where_the_endpoint_is_down_no_further_key_is_tried(consulting: Consulting) -> None:
    checkup = await consulting.checkup("http://127.0.0.1:9", accounts=("KEY_2",))
    assert keys_in(checkup)["key 2"] == ("not tried (KEY_2)", None)
