"""What a reply's headers say of the limits, in each provider's own form."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from agent.domain.readings import Unit
from agent.rehearsal.limit_books import Standing

Headers = tuple[tuple[str, str], ...]
ANTHROPIC_ROUNDING = 1_000


def limit_headers(style: str, standings: Sequence[Standing], now: float, scale: float) -> Headers:
    """`scale`: what a second of the limits is told as; the styles are those of the flavours."""
    match style:
        case "each_window":
            return each_window(standings)
        case "openai":
            return one_of_each(standings, scale, requests_window="minute")
        case "groq":
            return one_of_each(standings, scale, requests_window="day")
        case "anthropic":
            return anthropic(standings, now, scale)
        case _:
            return ()


def each_window(standings: Sequence[Standing]) -> Headers:
    """Cerebras: limit and remaining for each unit and window, and no reset."""
    found: dict[str, str] = {}
    for standing in standings:
        place = f"{standing.limit.unit}-{standing.limit.window}"
        found.setdefault(f"x-ratelimit-limit-{place}", str(standing.limit.amount))
        found.setdefault(f"x-ratelimit-remaining-{place}", str(standing.left))
    return tuple(found.items())


def one_of_each(standings: Sequence[Standing], scale: float, requests_window: str) -> Headers:
    """OpenAI and Groq: one limit for requests, one for tokens, and when each is whole again."""
    headers: list[tuple[str, str]] = []
    for unit, window in (("requests", requests_window), ("tokens", "minute")):
        standing = told(standings, unit, window)
        if standing:
            headers += [
                (f"x-ratelimit-limit-{unit}", str(standing.limit.amount)),
                (f"x-ratelimit-remaining-{unit}", str(standing.left)),
                (f"x-ratelimit-reset-{unit}", duration(standing.reset_seconds * scale)),
            ]
    return tuple(headers)


def anthropic(standings: Sequence[Standing], now: float, scale: float) -> Headers:
    """Anthropic: resets as instants, remaining tokens rounded to thousands."""
    headers: list[tuple[str, str]] = []
    for unit in ("requests", "tokens"):
        standing = told(standings, unit, "minute")
        if not standing:
            continue
        left = standing.left if unit == "requests" else rounded(standing.left)
        reset = instant(now + standing.reset_seconds * scale)
        for name in (unit,) if unit == "requests" else (unit, "input-tokens"):
            headers += [
                (f"anthropic-ratelimit-{name}-limit", str(standing.limit.amount)),
                (f"anthropic-ratelimit-{name}-remaining", str(left)),
                (f"anthropic-ratelimit-{name}-reset", reset),
            ]
    return tuple(headers)


def told(standings: Sequence[Standing], unit: Unit | str, window: str) -> Standing | None:
    """The limit that a header means which does not name its window; None when there is none."""
    return next((s for s in standings if (s.limit.unit, s.limit.window) == (unit, window)), None)


def duration(seconds: float) -> str:
    """As OpenAI and Groq write it: `644ms`, `4.77s`, `6m0s`, `1m26.4s`, `2h0m1s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    hundredths = math.ceil(seconds * 100)
    minutes, rest = divmod(hundredths, 6_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 100:g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def instant(seconds: float) -> str:
    """RFC 3339 in whole seconds, UTC."""
    return datetime.fromtimestamp(math.ceil(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rounded(tokens: int) -> int:
    return round(tokens / ANTHROPIC_ROUNDING) * ANTHROPIC_ROUNDING
