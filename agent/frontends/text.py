"""Small pieces of wording that every front end shares."""

import math
import re

REHEARSAL = "rehearsal: replies are scripted"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def shown(text: str, limit: int = 160) -> str:
    """One safe line: a model's words may hold terminal codes, line ends and essays."""
    line = " ".join(CONTROL.sub(" ", text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def short(commit: str) -> str:
    return commit[:10]


def duration(seconds: float) -> str:
    """`42 s`, `7 min 05 s`, `1 h 20 min`."""
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"
