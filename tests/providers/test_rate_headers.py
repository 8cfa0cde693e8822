import pytest

from agent.domain.profile import Profile
from agent.domain.readings import LimitReading, Unit, Window
from agent.providers.catalog import profile
from agent.providers.rate_headers import readings

PLAIN = Profile(name="test", base_url="http://127.0.0.1/v1", model="m")
DATE = {"date": "Sat, 21 Nov 2026 04:00:00 GMT"}


def of(unit: Unit, window: Window, **figures: float) -> LimitReading:
    return LimitReading.model_validate({"unit": unit, "window": window, **figures})


CEREBRAS = {
    "x-ratelimit-limit-requests-minute": "5",
    "x-ratelimit-remaining-requests-minute": "4",
    "x-ratelimit-limit-requests-hour": "150",
    "x-ratelimit-remaining-requests-hour": "149",
    "x-ratelimit-limit-requests-day": "2400",
    "x-ratelimit-remaining-requests-day": "2399",
    "x-ratelimit-reset-requests-day": "33011.382867097855",
    "x-ratelimit-limit-tokens-minute": "30000",
    "x-ratelimit-remaining-tokens-minute": "29976",
    "x-ratelimit-reset-tokens-minute": "11.382867097854614",
    # Recorded so: more remains than there is.
    "x-ratelimit-limit-tokens-hour": "1000000",
    "x-ratelimit-remaining-tokens-hour": "2999976",
    "x-ratelimit-limit-tokens-day": "1000000",
    "x-ratelimit-remaining-tokens-day": "999976",
}
OPENAI = {
    "X-RateLimit-Limit-Requests": "500",
    "X-RateLimit-Remaining-Requests": "499",
    "X-RateLimit-Reset-Requests": "120ms",
    "X-RateLimit-Limit-Tokens": "200000",
    "X-RateLimit-Remaining-Tokens": "199000",
    "X-RateLimit-Reset-Tokens": "6m0s",
}
GROQ = {
    "x-ratelimit-limit-requests": "14400",
    "x-ratelimit-remaining-requests": "14370",
    "x-ratelimit-reset-requests": "2m59.56s",
    "x-ratelimit-limit-tokens": "6000",
    "x-ratelimit-remaining-tokens": "5997",
    "x-ratelimit-reset-tokens": "644ms",
}
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


@pytest.mark.parametrize(
    ("name", "headers", "expected"),
    [
        (
            "cerebras",
            CEREBRAS,
            (
                of("requests", "minute", limit=5, remaining=4),
                of("requests", "hour", limit=150, remaining=149),
                of("requests", "day", limit=2400, remaining=2399, reset_seconds=33011.382867097855),
                of(
                    "tokens", "minute", limit=30_000, remaining=29_976,
                    reset_seconds=11.382867097854614,
                ),
                of("tokens", "hour", limit=1_000_000, remaining=1_000_000),
                of("tokens", "day", limit=1_000_000, remaining=999_976),
            ),
        ),
        (
            "openai",
            OPENAI,
            (
                of("requests", "minute", limit=500, remaining=499, reset_seconds=0.12),
                of("tokens", "minute", limit=200_000, remaining=199_000, reset_seconds=360.0),
            ),
        ),
        (
            "groq",
            GROQ,
            (
                of("requests", "day", limit=14_400, remaining=14_370, reset_seconds=179.56),
                of("tokens", "minute", limit=6_000, remaining=5_997, reset_seconds=0.644),
            ),
        ),
        (
            "anthropic",
            ANTHROPIC,
            (
                of("requests", "minute", limit=1_000, remaining=999, reset_seconds=1.0),
                of("tokens", "minute", limit=450_000, remaining=440_000, reset_seconds=2.0),
            ),
        ),
        # Prompt tokens a second: not a limit of ours.
        ("fireworks", {"x-ratelimit-limit-tokens-prompt": "60000"}, ()),
        ("openai", {}, ()),
        ("openai", {"x-ratelimit-limit-tokens": "", "x-ratelimit-remaining-tokens": "soon"}, ()),
    ],
    ids=["cerebras", "openai", "groq", "anthropic", "fireworks", "none", "not-counts"],
)  # fmt: skip
def test_each_providers_headers_become_readings(
    name: str, headers: dict[str, str], expected: tuple[LimitReading, ...]
) -> None:
    assert readings(headers, profile(name)) == expected


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
