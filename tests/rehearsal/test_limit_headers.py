import pytest

from agent.domain.limits import Limit
from agent.rehearsal.limit_books import Standing
from agent.rehearsal.limit_headers import duration, limit_headers

NOW = 1_767_323_045.0
"""2026-01-02T03:04:05Z."""
STANDINGS = (
    Standing(Limit(unit="requests", window="minute", amount=5), 4, 12.0),
    Standing(Limit(unit="requests", window="day", amount=2_400), 2_399, 36.0),
    Standing(Limit(unit="tokens", window="minute", amount=30_000), 29_976, 0.048),
    Standing(Limit(unit="tokens", window="day", amount=1_000_000), 999_976, 75_355.0),
)


@pytest.mark.parametrize(
    ("style", "headers"),
    [
        ("none", {}),
        (
            "each_window",
            {
                "x-ratelimit-limit-requests-minute": "5",
                "x-ratelimit-remaining-requests-minute": "4",
                "x-ratelimit-limit-requests-day": "2400",
                "x-ratelimit-remaining-requests-day": "2399",
                "x-ratelimit-limit-tokens-minute": "30000",
                "x-ratelimit-remaining-tokens-minute": "29976",
                "x-ratelimit-limit-tokens-day": "1000000",
                "x-ratelimit-remaining-tokens-day": "999976",
            },
        ),
        (
            "openai",
            {
                "x-ratelimit-limit-requests": "5",
                "x-ratelimit-remaining-requests": "4",
                "x-ratelimit-reset-requests": "12s",
                "x-ratelimit-limit-tokens": "30000",
                "x-ratelimit-remaining-tokens": "29976",
                "x-ratelimit-reset-tokens": "48ms",
            },
        ),
        (
            "groq",
            {
                "x-ratelimit-limit-requests": "2400",
                "x-ratelimit-remaining-requests": "2399",
                "x-ratelimit-reset-requests": "36s",
                "x-ratelimit-limit-tokens": "30000",
                "x-ratelimit-remaining-tokens": "29976",
                "x-ratelimit-reset-tokens": "48ms",
            },
        ),
        (
            "anthropic",
            {
                "anthropic-ratelimit-requests-limit": "5",
                "anthropic-ratelimit-requests-remaining": "4",
                "anthropic-ratelimit-requests-reset": "2026-01-02T03:04:17Z",
                "anthropic-ratelimit-tokens-limit": "30000",
                "anthropic-ratelimit-tokens-remaining": "30000",
                "anthropic-ratelimit-tokens-reset": "2026-01-02T03:04:06Z",
                "anthropic-ratelimit-input-tokens-limit": "30000",
                "anthropic-ratelimit-input-tokens-remaining": "30000",
                "anthropic-ratelimit-input-tokens-reset": "2026-01-02T03:04:06Z",
            },
        ),
    ],
)
def test_each_provider_tells_its_limits_its_own_way(style: str, headers: dict[str, str]) -> None:
    assert dict(limit_headers(style, STANDINGS, NOW, 1.0)) == headers


def test_an_endpoint_without_limits_tells_none() -> None:
    assert limit_headers("openai", (), NOW, 1.0) == ()


@pytest.mark.parametrize("style", ["openai", "groq", "anthropic"])
def test_no_limit_is_told_under_a_name_that_means_another_window(style: str) -> None:
    hour = Standing(Limit(unit="tokens", window="hour", amount=1_000_000), 9, 75_355.0)
    assert limit_headers(style, (hour,), NOW, 1.0) == ()


def test_a_scaled_time_is_told_as_clients_live_it() -> None:
    assert dict(limit_headers("openai", STANDINGS, NOW, 1 / 60))["x-ratelimit-reset-requests"] == (
        "200ms"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.6431, "644ms"),
        (4.77, "4.77s"),
        (60, "1m0s"),
        (86.4, "1m26.4s"),
        (360, "6m0s"),
        (7_201, "2h0m1s"),
        (59.999, "1m0s"),
    ],
)
def test_lengths_of_time_are_written_as_recorded(seconds: float, text: str) -> None:
    assert duration(seconds) == text
