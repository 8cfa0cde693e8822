"""The endpoint over HTTP, in virtual time: limits, rules, windows, counters."""

from dataclasses import replace
from typing import Any

import pytest
from raw_http import body_of, events_of, exchange, headers_of, split, status_of

from agent.domain.limits import Limit
from agent.domain.profile import Profile
from agent.rehearsal.clock import VirtualTime
from agent.rehearsal.conditions import Conditions, conditions_of
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.flavours_more import FLAVOURS
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

START = 1_767_323_045.0
"""2026-01-02T03:04:05Z."""
CHAT = "/v1/chat/completions"
HI = [{"role": "user", "content": "hi"}]
"""Three tokens, as the server counts."""
TOKENS = Limit(unit="tokens", window="minute", amount=40_000)
CODE_PRO = Profile(
    name="cerebras-code-pro",
    base_url="",
    model="coder",
    limits=(
        Limit(unit="tokens", window="minute", amount=300_000),
        Limit(unit="tokens", window="day", amount=24_000_000, refill="fixed"),
    ),
    charge="admission",
    reservation_cap_tokens=16_384,
)
CEREBRAS = replace(conditions_of(CODE_PRO), tokens_per_second=0.0)


class Serving(RehearsalServer):
    """A server in virtual time, and short ways to ask it."""

    def __init__(self, conditions: Conditions, script: Script | None = None) -> None:
        self.time = VirtualTime(START)
        super().__init__(script, conditions, self.time)

    def ask(self, key: str = "k", path: str = CHAT, **fields: object) -> bytes:
        body = {"model": "rehearsal", "messages": HI, **fields}
        headers = {"Authorization": f"Bearer {key}", "anthropic-version": "2026-10-21"}
        return exchange(self.base_url, path, body, headers)


def test_the_reservation_is_charged_when_a_request_is_let_in() -> None:
    with Serving(CEREBRAS) as server:
        remaining = []
        for asked in (1, 512, 4_096, 16_384, 40_960):
            server.time.advance(60)
            headers = headers_of(server.ask(max_completion_tokens=asked))
            remaining.append(int(headers["x-ratelimit-remaining-tokens-minute"]))
        server.time.advance(60)
        unsaid = headers_of(server.ask())
    assert remaining == [300_000 - 3 - charge for charge in (1, 512, 4_096, 16_384, 16_384)]
    assert unsaid["x-ratelimit-remaining-tokens-minute"] == "283613"
    day = 24_000_000 - (1 + 512 + 4_096 + 3 * 16_384 + 6 * 3)
    assert unsaid["x-ratelimit-remaining-tokens-day"] == str(day)


def test_a_full_minute_refuses_as_cerebras_does() -> None:
    tight = replace(CEREBRAS, limits=(TOKENS,))
    with Serving(tight) as server:
        first = [server.ask(max_completion_tokens=16_384) for _ in range(3)]
        refused = first[2]
        server.time.advance(13)
        again = server.ask(max_completion_tokens=16_384)
        server.time.advance(1)
        more = server.ask(max_completion_tokens=16_384)
    assert [status_of(raw) for raw in (*first, again, more)] == [200, 200, 429, 429, 200]
    assert body_of(refused) == {
        "message": "Tokens per minute limit exceeded - too many tokens processed.",
        "type": "too_many_tokens_error",
        "param": "quota",
        "code": "token_quota_exceeded",
    }
    headers = headers_of(refused)
    assert headers["retry-after"] == "60"
    assert not [name for name in headers if name.startswith("x-ratelimit")]


@pytest.mark.parametrize(
    ("flavour", "headers", "message"),
    [
        (
            "openai",
            {
                "retry-after": "14",
                "x-ratelimit-limit-tokens": "40000",
                "x-ratelimit-remaining-tokens": "7226",
                "x-ratelimit-reset-tokens": "49.17s",
            },
            "Rate limit reached for rehearsal in organization org-rehearsal on tokens per minute "
            "(TPM): Limit 40000, Used 32774, Requested 16387. Please try again in 13.75s.",
        ),
        (
            "groq",
            {"retry-after": "14"},
            "Rate limit reached for model `rehearsal` in organization `org_rehearsal` service "
            "tier `on_demand` on tokens per minute (TPM): Limit 40000, Used 32774, Requested "
            "16387. Please try again in 13.75s.",
        ),
        (
            "vllm",
            {},
            "Rate limit reached for rehearsal in organization org-rehearsal on tokens per minute "
            "(TPM): Limit 40000, Used 32774, Requested 16387. Please try again in 13.75s.",
        ),
    ],
)
def test_a_full_minute_is_told_in_each_provider_s_words(
    flavour: str, headers: dict[str, str], message: str
) -> None:
    charging = Charging("admission", cap_tokens=16_384)
    conditions = Conditions(flavour=FLAVOURS[flavour], limits=(TOKENS,), charging=charging)
    with Serving(conditions) as server:
        *_, refused = [server.ask(max_tokens=16_384) for _ in range(3)]
    found = headers_of(refused)
    assert {name: found.get(name) for name in headers} == headers
    assert body_of(refused)["error"]["message"] == message


def test_a_request_over_the_whole_limit_is_told_to_shrink_where_a_provider_does() -> None:
    small = Limit(unit="tokens", window="minute", amount=12_000)
    charging = Charging("admission")
    for flavour, status in (("groq", 413), ("cerebras", 429)):
        conditions = Conditions(flavour=FLAVOURS[flavour], limits=(small,), charging=charging)
        with Serving(conditions) as server:
            refused = server.ask(max_completion_tokens=14_137)
        assert status_of(refused) == status
        if status == 413:
            message = body_of(refused)["error"]["message"]
            assert "Limit 12000, Requested 14140, please reduce your message size" in message


def test_a_messages_endpoint_tells_its_limits_as_instants() -> None:
    with Serving(Conditions(limits=(TOKENS,), charging=Charging("admission"))) as server:
        headers = headers_of(server.ask(path="/v1/messages", max_tokens=16_384))
        *_, refused = [server.ask(path="/v1/messages", max_tokens=16_384) for _ in range(2)]
    assert headers["anthropic-ratelimit-tokens-remaining"] == "24000"
    assert headers["anthropic-ratelimit-tokens-reset"] == "2026-01-02T03:04:30Z"
    assert body_of(refused)["error"] == {
        "type": "rate_limit_error",
        "message": "This request would exceed your organization's rate limit of 40000 tokens per "
        "minute.",
    }
    assert headers_of(refused)["retry-after"] == "14"


def test_requests_are_limited_by_the_second_too() -> None:
    limits = (Limit(unit="requests", window="second", amount=2, refill="fixed"),)
    with Serving(replace(CEREBRAS, limits=limits)) as server:
        statuses = [status_of(server.ask()) for _ in range(3)]
        refused = body_of(server.ask())
        server.time.advance(1)
        statuses.append(status_of(server.ask()))
    assert statuses == [200, 200, 429, 200]
    assert refused["message"] == "Requests per second limit exceeded - too many requests sent."
    assert refused["code"] == "request_quota_exceeded"


def test_what_was_used_is_booked_after_the_reply() -> None:
    limits = (Limit(unit="tokens", window="minute", amount=50, refill="fixed"),)
    with Serving(Conditions(limits=limits)) as server:
        statuses = [status_of(server.ask(max_tokens=9_000)) for _ in range(4)]
        totals = server.totals()
    used = 3 + totals["completion_tokens"] // totals["admitted"]
    assert statuses == [200, 200, 200, 429]
    assert totals["charged_tokens"] == 3 * used


def test_what_was_not_used_is_given_back_where_the_endpoint_does() -> None:
    conditions = replace(CEREBRAS, charging=replace(CEREBRAS.charging, refund=True))
    with Serving(conditions) as server:
        headers = headers_of(server.ask())
        charged = server.totals()["charged_tokens"]
    assert charged == 3 + server.totals()["completion_tokens"]
    assert headers["x-ratelimit-remaining-tokens-minute"] == str(300_000 - charged)


def test_keys_have_their_own_limits_and_are_not_told() -> None:
    limits = (Limit(unit="requests", window="minute", amount=1, refill="fixed"),)
    with Serving(Conditions(limits=limits)) as server:
        statuses = [status_of(server.ask(key)) for key in ("sk-one", "sk-two", "sk-one")]
        counters = server.counters()
        log = repr(server.requests)
    assert statuses == [200, 200, 429]
    assert [row["account"] for row in counters["rows"]] == ["account-1", "account-2"]
    assert "sk-" not in repr(counters) + log


def test_the_counters_tell_every_request_and_token() -> None:
    with Serving(replace(CEREBRAS, limits=(TOKENS,))) as server:
        for asked in (16_384, 16_384, 16_384):
            server.ask(max_completion_tokens=asked)
        server.ask(max_completion_tokens=100, stream=True)
        server.ask(model="gone")
        server.time.advance(60)
        server.ask(max_completion_tokens=100)
        counters = server.counters()
    each = counters["totals"]["completion_tokens"] // 4
    assert counters["totals"] == {
        "requests": 6,
        "admitted": 4,
        "refused": {"429 tokens/minute": 1, "404": 1},
        "faults": {},
        "charged_tokens": 4 * 3 + 2 * 16_384 + 2 * 100,
        "prompt_tokens": 12,
        "completion_tokens": 4 * each,
        "cached_tokens": 0,
        "told": 4,
        "told_prompt_tokens": 12,
        "told_completion_tokens": 4 * each,
        "told_cached_tokens": 0,
    }
    assert [(row["model"], row["minute"], row["requests"]) for row in counters["rows"]] == [
        ("gone", "2026-01-02T03:04Z", 1),
        ("rehearsal", "2026-01-02T03:04Z", 4),
        ("rehearsal", "2026-01-02T03:05Z", 1),
    ]
    assert counters["rows"][2] == {
        **counters["rows"][2],
        "refused": {},
        "charged_tokens": 103,
    }


def test_a_reply_that_is_lost_is_charged_and_not_told() -> None:
    faults = FaultPlan(("drop",), share=1.0)
    with Serving(replace(CEREBRAS, faults=faults)) as server:
        server.ask(stream=True, max_completion_tokens=100)
        server.ask(stream=True, max_completion_tokens=100)
        totals = server.totals()
    assert (totals["admitted"], totals["told"], totals["charged_tokens"]) == (2, 1, 206)
    assert totals["faults"] == {"drop": 1}


def test_cached_input_is_told_in_blocks_and_only_of_prompts_that_were_read() -> None:
    long = [{"role": "user", "content": "word " * 2_000}]
    conditions = replace(CEREBRAS, limits=(Limit(unit="requests", window="minute", amount=1),))
    with Serving(conditions) as server:
        server.ask(messages=HI)
        server.ask(messages=long)
        server.time.advance(60)
        first = body_of(server.ask(messages=long))["usage"]
        server.time.advance(60)
        second = body_of(server.ask(messages=long))["usage"]
    assert first["prompt_tokens_details"] == {"cached_tokens": 0}
    assert second["prompt_tokens"] == 2_780
    assert second["prompt_tokens_details"] == {"cached_tokens": 2_688}


def test_a_reply_longer_than_its_reservation_is_cut() -> None:
    call = ScriptedCall(tool="write", arguments={"text": "x" * 3_600})
    session = ScriptedSession(role="executor", replies=(ScriptedReply(say="I.", calls=(call,)),))
    script = Script(version=1, description="d", sessions=(session,))
    headers = {"X-Gardener-Session": "executor/T01/1; turn=0"}
    body = {"model": "rehearsal", "messages": HI, "max_tokens": 500}
    with Serving(replace(CEREBRAS, limits=()), script) as server:
        cut = body_of(exchange(server.base_url, CHAT, body, headers))
        later = {"X-Gardener-Session": "executor/T01/1; turn=1"}
        whole = body_of(exchange(server.base_url, CHAT, {**body, "max_tokens": 2_000}, later))
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 500
    arguments = cut["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert 1_700 < len(arguments) < 1_800
    assert whole["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("flavour", "status", "words"),
    [
        ("cerebras", 400, "Current length is 9003 while limit is 8192"),
        ("openai", 400, "Your input exceeds the context window of this model."),
        ("groq", 400, "Please reduce the length of the messages or completion."),
        ("openrouter", 400, "maximum context length is 8192 tokens. However, you requested about"),
        (
            "fireworks",
            400,
            "prompt is too long: 9003 tokens exceeds maximum context length of 8192",
        ),
        ("together", 422, "`inputs` tokens + `max_new_tokens` must be <= 8192"),
        ("dashscope", 400, "Range of input length should be [1, 8192]"),
        ("vllm", 400, "maximum context length is 8192 tokens. However, you requested 9003 tokens"),
        ("llamacpp", 400, "exceeds the available context size (8192 tokens)"),
        ("lmstudio", 400, "is greater than the context length"),
    ],
)
def test_a_request_over_the_window_is_refused_in_each_provider_s_words(
    flavour: str, status: int, words: str
) -> None:
    with Serving(Conditions(flavour=FLAVOURS[flavour], window_tokens=8_192)) as server:
        raw = server.ask(max_tokens=9_000)
    assert status_of(raw) == status
    body = body_of(raw)
    assert words in body.get("error", body)["message"]
    if flavour == "llamacpp":
        assert body["error"]["n_ctx"] == 8_192


def test_a_prompt_over_the_window_is_cut_in_silence_where_a_server_does() -> None:
    long = [{"role": "user", "content": "word " * 2_000}]
    with Serving(Conditions(flavour=FLAVOURS["ollama"], window_tokens=2_048)) as server:
        assert body_of(server.ask(messages=long))["usage"]["prompt_tokens"] == 2_048


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERED = {"role": "tool", "tool_call_id": "c1", "content": "x"}
LOOSE = {"type": "function", "function": {"name": "f"}}
STRICT = {"type": "function", "function": {"name": "g", "strict": True}}


@pytest.mark.parametrize(
    ("flavour", "fields", "words"),
    [
        ("cerebras", {"top_k": 20}, "body.top_k: property 'body.top_k' is unsupported"),
        (
            "cerebras",
            {"messages": [*HI, {"role": "assistant", "content": "x", "reasoning_content": "y"}]},
            "messages.1.assistant.reasoning_content: property",
        ),
        (
            "cerebras",
            {"messages": [*HI, {"role": "assistant", "content": "x", "tool_calls": None}]},
            "messages.1.assistant.tool_calls: property",
        ),
        (
            "fireworks",
            {"messages": [*HI, {"role": "assistant", "content": "x", "reasoning": "y"}]},
            "Extra inputs are not permitted, field: 'messages[1].reasoning'",
        ),
        ("openai", {"top_k": 20}, "Unknown parameter: 'top_k'."),
        ("cerebras", {"tools": [LOOSE, STRICT]}, "Tools with mixed values for 'strict'"),
        ("cerebras", {"tools": []}, "`tools` must not be an empty array"),
        ("cerebras", {"tool_choice": "auto"}, "'tool_choice' is only allowed when 'tools'"),
        ("cerebras", {"messages": [*HI, CALLED]}, "did not have response messages: c1"),
        ("cerebras", {"messages": [*HI, CALLED, *HI]}, "did not have response messages: c1"),
        ("cerebras", {"messages": [*HI, ANSWERED]}, "messages with role 'tool' must be"),
        (
            "cerebras",
            {"messages": [*HI, CALLED, ANSWERED, CALLED, ANSWERED]},
            "Duplicate tool_call id c1",
        ),
        ("cerebras", {"model": "gone"}, "Model gone does not exist or you do not have access"),
    ],
)
def test_what_the_provider_would_refuse_is_refused(
    flavour: str, fields: dict[str, Any], words: str
) -> None:
    with Serving(Conditions(flavour=FLAVOURS[flavour])) as server:
        raw = server.ask(**fields)
    assert status_of(raw) in (400, 404)
    body = body_of(raw)
    assert words in body.get("error", body)["message"]


@pytest.mark.parametrize("flavour", list(FLAVOURS))
def test_every_provider_s_manners_serve_a_session_with_a_call(flavour: str) -> None:
    history = [*HI, CALLED, ANSWERED]
    with Serving(Conditions(flavour=FLAVOURS[flavour], limits=(TOKENS,))) as server:
        called = events_of(server.ask(tools=[LOOSE], stream=True))
        whole = body_of(server.ask(tools=[LOOSE], messages=history))
    fragments = [
        entry["function"]
        for event in called
        for choice in event["choices"]
        for entry in choice["delta"].get("tool_calls", ())
    ]
    assert "".join(each.get("arguments", "") for each in fragments) == "{}"
    assert whole["choices"][0]["message"]["content"].startswith("This is a rehearsal")


def test_cerebras_streams_a_call_whole_and_its_usage_with_the_end() -> None:
    with Serving(CEREBRAS) as server:
        events = events_of(server.ask(tools=[LOOSE], stream=True))
    *_, called, last = events
    assert called["choices"][0] == {
        "index": 0,
        "delta": {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "call_1_0",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                }
            ]
        },
    }
    assert last["choices"][0]["finish_reason"] == "tool_calls"
    assert last["usage"]["prompt_tokens"] > 0


def test_a_reply_takes_the_time_that_its_model_would_take() -> None:
    conditions = replace(Conditions(), tokens_per_second=10.0, first_token_seconds=2.0)
    for streamed in (True, False):
        with Serving(conditions) as server:
            raw = server.ask(stream=streamed)
            tokens = server.totals()["completion_tokens"]
        assert server.time.now() - START == pytest.approx(2.0 + tokens / 10.0)
        assert split(raw)[2]


def test_the_clock_of_the_endpoint_is_in_its_headers() -> None:
    with Serving(Conditions()) as server:
        assert headers_of(server.ask())["date"] == "Fri, 02 Jan 2026 03:04:05 GMT"


def test_the_models_of_a_profile_are_served_and_no_others() -> None:
    with Serving(CEREBRAS) as server:
        assert [status_of(server.ask(model=name)) for name in ("coder", "gone")] == [200, 404]
    anything = conditions_of(CODE_PRO.model_copy(update={"model": ""}))
    with Serving(replace(anything, tokens_per_second=0)) as server:
        assert status_of(server.ask(model="whatever")) == 200
