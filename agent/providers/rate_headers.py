"""Reads what the headers of a reply say of limits. Pure: the time is the endpoint's own.

    x-ratelimit-{limit,remaining,reset}-{requests,tokens}[-{second,minute,hour,day}]
    anthropic-ratelimit-{requests,tokens,input-tokens}-{limit,remaining,reset}
    x-ratelimit-limit-tokens-[cache-adjusted-]prompt

Cerebras names the window, OpenAI counts by the minute, Groq counts requests by the day: that is
the profile's to say. A reset is `6m0s`, `644ms` or float seconds; Anthropic's is an instant, read
against the `date` of the reply. The last form is Fireworks', in tokens a second though the minute
is what it enforces. Others, such as Together's `x-ratelimit-limit` and OpenRouter's of the same
name, do not say what they count or over which window, and are passed over.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from agent.domain.profile import Profile
from agent.domain.readings import LimitReading, Unit, Window
from agent.providers.told import seconds_until

Headers = Mapping[str, str]
UNITS: tuple[Unit, ...] = ("requests", "tokens")
WINDOWS: tuple[Window, ...] = ("second", "minute", "hour", "day")
PLAIN = "x-ratelimit-{figure}-{place}"
ANTHROPIC = "anthropic-ratelimit-{place}-{figure}"
PER_SECOND = "x-ratelimit-limit-tokens-prompt"
UNCACHED_PER_SECOND = "x-ratelimit-limit-tokens-cache-adjusted-prompt"
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|[dhms]))+")
PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|[dhms])")
UNIT_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
}


def readings(headers: Headers, profile: Profile) -> tuple[LimitReading, ...]:
    """One reading for each limit that the headers tell of; header names in any case."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    return tuple(found for found in read(lower, profile) if found is not None)


def read(headers: Headers, profile: Profile) -> Iterator[LimitReading | None]:
    for unit in UNITS:
        window: Window = profile.requests_window if unit == "requests" else "minute"
        yield one(headers, PLAIN, unit, unit, window)
        for window in WINDOWS:
            yield one(headers, PLAIN, f"{unit}-{window}", unit, window)
    yield one(headers, ANTHROPIC, "requests", "requests", "minute")
    yield tighter(
        one(headers, ANTHROPIC, "tokens", "tokens", "minute"),
        one(headers, ANTHROPIC, "input-tokens", "tokens", "minute"),
    )
    yield prompt_rate(headers, profile)


def prompt_rate(headers: Headers, profile: Profile) -> LimitReading | None:
    """A minute of prompt tokens, with or without the cached ones as the profile counts them."""
    name = PER_SECOND if profile.cached_tokens_count else UNCACHED_PER_SECOND
    rate = whole_number(headers.get(name))
    return None if rate is None else LimitReading(unit="tokens", window="minute", limit=60 * rate)


def one(headers: Headers, form: str, place: str, unit: Unit, window: Window) -> LimitReading | None:
    """One limit; None when the headers tell neither its size nor what remains."""
    limit = whole_number(headers.get(form.format(figure="limit", place=place)))
    remaining = whole_number(headers.get(form.format(figure="remaining", place=place)))
    if limit is None and remaining is None:
        return None
    if limit is not None and remaining is not None:
        remaining = min(limit, remaining)
    reset = headers.get(form.format(figure="reset", place=place))
    return LimitReading(
        unit=unit,
        window=window,
        limit=limit,
        remaining=remaining,
        reset_seconds=reset_seconds(reset, headers),
    )


def tighter(one: LimitReading | None, other: LimitReading | None) -> LimitReading | None:
    """The reading that leaves less; where only one is there, that one."""
    told = [each for each in (one, other) if each is not None]
    return min(told, key=left, default=None)


def left(reading: LimitReading) -> float:
    return math.inf if reading.remaining is None else reading.remaining


def whole_number(text: str | None) -> int | None:
    """Some endpoints write counts as floats."""
    found = re.fullmatch(r"(\d{1,18})(?:\.\d*)?", text or "")
    return int(found[1]) if found else None


def reset_seconds(text: str | None, headers: Headers) -> float | None:
    if not text:
        return None
    if re.fullmatch(r"\d{1,18}(\.\d+)?", text):
        return float(text)
    if DURATION.fullmatch(text):
        return round(sum(float(n) * UNIT_SECONDS[unit] for n, unit in PIECE.findall(text)), 6)
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        return None
    return seconds_until(until if until.tzinfo else until.replace(tzinfo=UTC), headers)
