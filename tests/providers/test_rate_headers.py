import pytest

from agent.domain.profile import Profile
from agent.domain.readings import LimitReading, Unit, Window
from agent.providers.catalog import profile
from agent.providers.rate_headers import readings

PLAIN = Profile(name="test", base_url="http://127.0.0.1/v1", model="m")
DATE = {"date": "Sat, 21 Nov 2026 04:00:00 GMT"}


def of(unit: Unit, window: Window, **figures: float) -> LimitReading:
    return LimitReading.model_validate({"unit": unit, "window": window, **figures})


# https://inference-docs.cerebras.ai/support/rate-limits
CEREBRAS_PAGE = {
    "x-ratelimit-limit-requests-day": "1000000000",
    "x-ratelimit-limit-tokens-minute": "1000000000",
    "x-ratelimit-remaining-requests-day": "999997455",
    "x-ratelimit-remaining-tokens-minute": "999998298",
    "x-ratelimit-reset-requests-day": "33011.382867097855",
    "x-ratelimit-reset-tokens-minute": "11.382867097854614",
}
# Recorded in July 2026 on a trial; the remaining tokens of the hour stood in another recording.
CEREBRAS_REPLY = {
    "x-ratelimit-limit-requests-minute": "5",
    "x-ratelimit-remaining-requests-minute": "4",
    "x-ratelimit-limit-requests-hour": "150",
    "x-ratelimit-remaining-requests-hour": "149",
    "x-ratelimit-limit-requests-day": "2400",
    "x-ratelimit-remaining-requests-day": "2399",
    "x-ratelimit-limit-tokens-minute": "30000",
    "x-ratelimit-remaining-tokens-minute": "29976",
    "x-ratelimit-limit-tokens-hour": "1000000",
    "x-ratelimit-remaining-tokens-hour": "2999976",
    "x-ratelimit-limit-tokens-day": "1000000",
    "x-ratelimit-remaining-tokens-day": "999976",
}
# https://platform.openai.com/docs/guides/rate-limits
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-reset-tokens": "6m0s",
}
# https://console.groq.com/docs/rate-limits
GROQ = {
    "retry-after": "2",
    "x-ratelimit-limit-requests": "14400",
    "x-ratelimit-limit-tokens": "18000",
    "x-ratelimit-remaining-requests": "14370",
    "x-ratelimit-remaining-tokens": "17997",
    "x-ratelimit-reset-requests": "2m59.56s",
    "x-ratelimit-reset-tokens": "7.66s",
}
# https://docs.fireworks.ai/serverless/rate-limits
FIREWORKS = {
    "X-Ratelimit-Limit-Tokens-Prompt": "60000",
    "X-Ratelimit-Limit-Tokens-Cache-Adjusted-Prompt": "15000",
    "X-Ratelimit-Limit-Tokens-Generated": "600",
}
# https://docs.together.ai/docs/serverless/rate-limits
TOGETHER = {
    "x-ratelimit-limit": "10",
    "x-ratelimit-remaining": "9",
    "x-ratelimit-reset": "1",
    "x-tokenlimit-limit": "3000",
    "x-tokenlimit-remaining": "2900",
}
# https://github.com/Gitlawb/openclaude/issues/936
OPENROUTER = {
    "X-RateLimit-Limit": "50",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": "1777420800000",
}
# https://platform.claude.com/docs/en/api/rate-limits
ANTHROPIC = {
    **DATE,
    "anthropic-ratelimit-requests-limit": "1000",
    "anthropic-ratelimit-requests-remaining": "999",
    "anthropic-ratelimit-requests-reset": "2026-11-21T04:00:01Z",
    "anthropic-ratelimit-input-tokens-limit": "450000",
    "anthropic-ratelimit-input-tokens-remaining": "440000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-21T04:00:02Z",
    "anthropic-ratelimit-output-tokens-limit": "90000",
    "anthropic-ratelimit-output-tokens-remaining": "80000",
    "anthropic-ratelimit-output-tokens-reset": "2026-11-21T04:00:07Z",
    "anthropic-ratelimit-tokens-limit": "540000",
    "anthropic-ratelimit-tokens-remaining": "520000",
    "anthropic-ratelimit-tokens-reset": "2026-11-21T04:00:07Z",
}
CASES = {
    "cerebras, as its page has them": (
        "cerebras",
        CEREBRAS_PAGE,
        of(
            "requests",
            "day",
            limit=1_000_000_000,
            remaining=999_997_455,
            reset_seconds=33011.382867097855,
        ),
        of(
            "tokens",
            "minute",
            limit=1_000_000_000,
            remaining=999_998_298,
            reset_seconds=11.382867097854614,
        ),
    ),
    "cerebras, as it sends them": (
        "cerebras-trial",
        CEREBRAS_REPLY,
        of("requests", "minute", limit=5, remaining=4),
        of("requests", "hour", limit=150, remaining=149),
        of("requests", "day", limit=2400, remaining=2399),
        of("tokens", "minute", limit=30_000, remaining=29_976),
        # More remains than there is.
        of("tokens", "hour", limit=1_000_000, remaining=1_000_000),
        of("tokens", "day", limit=1_000_000, remaining=999_976),
    ),
    "openai": (
        "openai",
        OPENAI,
        of("requests", "minute", limit=60, remaining=59, reset_seconds=1.0),
        of("tokens", "minute", limit=150_000, remaining=149_984, reset_seconds=360.0),
    ),
    "openai, in capitals": (
        "openai-responses",
        {name.title(): value for name, value in OPENAI.items()},
        of("requests", "minute", limit=60, remaining=59, reset_seconds=1.0),
        of("tokens", "minute", limit=150_000, remaining=149_984, reset_seconds=360.0),
    ),
    "groq counts requests by the day": (
        "groq",
        GROQ,
        of("requests", "day", limit=14_400, remaining=14_370, reset_seconds=179.56),
        of("tokens", "minute", limit=18_000, remaining=17_997, reset_seconds=7.66),
    ),
    "anthropic": (
        "anthropic",
        ANTHROPIC,
        of("requests", "minute", limit=1_000, remaining=999, reset_seconds=1.0),
        of("tokens", "minute", limit=450_000, remaining=440_000, reset_seconds=2.0),
    ),
    "fireworks tells a rate and holds the minute": (
        "fireworks",
        FIREWORKS,
        of("tokens", "minute", limit=900_000),
    ),
    "together": ("together", TOGETHER),
    "openrouter": ("openrouter", OPENROUTER),
    "none": ("vllm", {"content-type": "text/event-stream"}),
    "no counts": (
        "openai",
        {"x-ratelimit-limit-tokens": "", "x-ratelimit-remaining-tokens": "soon"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_providers_headers_become_readings(
    case: tuple[str, dict[str, str], *tuple[LimitReading, ...]],
) -> None:
    name, headers, *expected = case
    assert readings(headers, profile(name)) == tuple(expected)


def test_where_cached_tokens_count_the_rate_of_the_whole_prompt_holds() -> None:
    counting = profile("fireworks").model_copy(update={"cached_tokens_count": True})
    assert readings(FIREWORKS, counting) == (of("tokens", "minute", limit=3_600_000),)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("644ms", 0.644),
        ("1m26.4s", 86.4),
        ("2h0m1s", 7201.0),
        ("1d", 86_400.0),
        ("11.5", 11.5),
        ("0", 0.0),
        ("2026-11-21T04:01:00Z", 60.0),
        ("2026-11-21T06:01:00+02:00", 60.0),
        ("2026-11-21T03:00:00Z", 0.0),
        ("soon", None),
        ("-5", None),
        ("6m0s later", None),
        ("", None),
    ],
)
def test_a_reset_is_read_in_every_form(text: str, seconds: float | None) -> None:
    headers = {
        **DATE,
        "x-ratelimit-remaining-tokens": "1",
        "x-ratelimit-reset-tokens": text,
    }
    (found,) = readings(headers, PLAIN)
    assert found.reset_seconds == seconds


def test_an_instant_means_nothing_to_an_endpoint_that_does_not_tell_its_time() -> None:
    without = {name: value for name, value in ANTHROPIC.items() if name != "date"}
    assert [found.reset_seconds for found in readings(without, PLAIN)] == [None, None]


def test_output_tokens_alone_say_nothing_of_the_whole() -> None:
    only = {name: value for name, value in ANTHROPIC.items() if "output" in name}
    assert readings(only, PLAIN) == ()
