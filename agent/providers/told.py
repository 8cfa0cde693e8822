"""What the words and headers of a refusal tell: seconds, windows, caps, fields. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LASTING_SECONDS = 60.0
"""Some endpoints send this one figure with every 429, whatever limit is reached."""
WINDOWS = (
    r"maximum (?:context|prompt|input) length (?:is|of)\W+([\d,]+)",
    r"([\d,]+) maximum context length",
    r"context length of (?:only )?([\d,]+)",
    r"context window (?:is|of)\W+([\d,]+)",
    r"available context size \(([\d,]+)",
    r"\bn_ctx\W+([\d,]+)",
    r"context limit: [\d,]+ \+ [\d,]+ > ([\d,]+)",
    r"tokens > ([\d,]+) maximum",
    r"range of input length should be \[\d+, ([\d,]+)\]",
    r"\+ \W*max_new_tokens\W* must be <= ([\d,]+)",
    r"maximum number of tokens allowed \(([\d,]+)\)",
    r"exceeds the limit of ([\d,]+)",
    r"while limit is ([\d,]+)",
    r"exceeded model token limit: ([\d,]+)",
    r"max size: ([\d,]+) tokens",
)
CAPS = (
    r"at most ([\d,]+) completion tokens",
    r"max_tokens: [\d,]+ > ([\d,]+)",
    r"max_(?:completion_|new_)?tokens\b.{0,60}? must be (?:less than or equal to|<=)\W+([\d,]+)",
    r"range of max_tokens (?:should be|is) \[\d+, ([\d,]+)\]",
    r"above maximum value\W+expected a value <= ([\d,]+)",
)
ADMITTED = r"\blimit:?\W+([\d,]+)\b.{0,80}\brequested:?\W+([\d,]+)"
FIELDS = (
    r"property '([^']+)' is unsupported",
    r"not permitted, field: '([^']+)'",
    r"(?:unknown|unsupported) (?:parameter|value): '([^']+)'",
    r"unrecognized request argument supplied: (\w+)",
    r"([\w.\[\]]+): extra inputs are not permitted",
    r"mixed values for '(strict)'",
    r"\bloc\W+[\[(]([^\])]+)[\])]\W.*?extra inputs are not permitted",
)
UNNAMED = (
    (
        r"invalid_encrypted_content|encrypted content .{0,200}could not be verified",
        "encrypted_content",
    ),
    (r"invalid `?signature`? in `?thinking`? block", "thinking"),
    (r"expected `thinking` or `redacted_thinking`, but found", "thinking"),
)
"""What is meant by words that do not say which field to leave out."""
FIELD_CODES = ("unknown_parameter", "unsupported_parameter", "unsupported_value")
NEEDED = frozenset(
    {
        *("arguments", "content", "function", "id", "input", "messages", "model", "name"),
        *("parameters", "role", "stream", "system", "tool_call_id", "tool_calls", "tools", "type"),
    }
)
"""Fields without which a request says nothing; a refusal of one is not mended by leaving it out."""
WAITS = r"(?:try again|retry) in (?:about )?((?:\d+(?:\.\d+)?\s*(?:ms|[dhms])[a-z]*\s*)+)"
WAIT_AFTER = r"(?:retry|try again) after ([\d.]+) ?s"
PIECE = r"(\d+(?:\.\d+)?)\s*(ms|milli|[dhms])"
UNIT_SECONDS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
RESET_INSTANT = r"x-ratelimit-reset\W+(\d{13})\b"
"""Milliseconds since 1970, as OpenRouter puts it into its error's metadata."""
REGAIN = r"regain access on (\d{4}-\d\d-\d\d) at (\d\d:\d\d) utc"


def wait_seconds(headers: Mapping[str, str], words: str) -> float | None:
    """The endpoint's own figure: from a header, else from its words (`try again in 1m26.4s`)."""
    if (milliseconds := number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    after = headers.get("retry-after")
    if (seconds := number(after)) is not None:
        return seconds
    until = instant(after)
    return seconds_until(until, headers) if until else worded_seconds(words)


def reset_seconds(headers: Mapping[str, str], words: str) -> float | None:
    """Seconds to the reset of an hour's or day's limit, None where only a stock figure is told."""
    if (worded := worded_seconds(words)) is not None:
        return worded
    if found := re.search(RESET_INSTANT, words):
        return seconds_until(datetime.fromtimestamp(int(found[1]) / 1000, UTC), headers)
    if found := re.search(REGAIN, words):
        until = datetime.fromisoformat(f"{found[1]}T{found[2]}:00+00:00")
        return seconds_until(until, headers)
    told = wait_seconds(headers, words)
    return told if told is not None and told > LASTING_SECONDS else None


def worded_seconds(words: str) -> float | None:
    if found := re.search(WAITS, words):
        pieces = re.findall(PIECE, found[1])
        return round(sum(float(amount) * UNIT_SECONDS[unit] for amount, unit in pieces), 3)
    found = re.search(WAIT_AFTER, words)
    return number(found[1]) if found else None


def number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d+(\.\d+)?", text.strip()) else None


def instant(text: str | None) -> datetime | None:
    """An HTTP date; None where the text is something else."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def seconds_until(until: datetime, headers: Mapping[str, str]) -> float | None:
    """Measured against the endpoint's own clock; None when it does not tell its time."""
    now = instant(headers.get("date"))
    return max(0.0, (until - now).total_seconds()) if now else None


def window_tokens(words: str) -> int | None:
    """The window that a refusal names, input and output together unless it says otherwise."""
    return first_figure(WINDOWS, words)


def output_cap(words: str) -> int | None:
    return first_figure(CAPS, words)


def exceeded_limit(words: str) -> int | None:
    """The limit that the request alone exceeds: `Limit 12000, Requested 14137`."""
    found = re.search(ADMITTED, words)
    limit, requested = (figure(text) for text in found.groups()) if found else (0, 0)
    return limit if requested > limit else None


def first_figure(patterns: tuple[str, ...], words: str) -> int | None:
    found = next((hit for pattern in patterns if (hit := re.search(pattern, words))), None)
    return figure(found[1]) if found else None


def figure(text: str) -> int:
    return int(text.replace(",", "") or 0)


def refused_fields(message: str, param: str, words: str) -> tuple[str, ...]:
    """The last names in the paths of fields that the endpoint does not take.

    None that every request needs: leaving it out mends nothing.
    """
    paths = [path for each in FIELDS for path in re.findall(each, message, re.IGNORECASE)]
    if not paths and any(code in words for code in FIELD_CODES):
        paths = [param]
    last = (names[-1] for path in paths if (names := re.findall(r"[A-Za-z_]\w*", path)))
    meant = (name for each, name in UNNAMED if re.search(each, words))
    return tuple(dict.fromkeys(name for name in (*last, *meant) if name not in NEEDED))
