"""Finds what a model meant when the text it wants to replace is not in the file."""

import re
from dataclasses import dataclass
from typing import Literal

from agent.tools.base import clip_line, closest, lines_of

NUMBERED = re.compile(r"^ *\d+\t", re.MULTILINE)
MAX_LINES = 12
MAX_LINE_CHARACTERS = 200
MAX_ANCHORS = 3

Cause = Literal["line_numbers", "already_there", "whitespace", "similar", "nothing"]


@dataclass(frozen=True)
class NearMiss:
    cause: Cause
    start: int = 0
    lines: tuple[str, ...] = ()
    """What the file has from line `start` on."""


def find_near_miss(text: str, old: str, new: str) -> NearMiss:
    wanted = old.strip("\r\n")
    if NUMBERED.match(wanted) and NUMBERED.sub("", wanted) in text:
        return NearMiss("line_numbers")
    lines, pieces = lines_of(text), lines_of(wanted) or [""]
    if (start := _same_words(lines, pieces)) is not None:
        return _shown("whitespace", lines, start, len(pieces))
    if new.strip() and new in text:
        return NearMiss("already_there")
    if (start := _similar(lines, pieces)) is not None:
        return _shown("similar", lines, start, len(pieces))
    return NearMiss("nothing")


def _shown(cause: Cause, lines: list[str], start: int, count: int) -> NearMiss:
    chosen = lines[start : start + min(count, MAX_LINES)]
    return NearMiss(cause, start + 1, tuple(clip_line(li, MAX_LINE_CHARACTERS) for li in chosen))


def _same_words(lines: list[str], pieces: list[str]) -> int | None:
    """Where the lines stand when only their white space is different."""
    words = [line.split() for line in lines]
    wanted = [piece.split() for piece in pieces]
    if not any(wanted):
        return None
    last = len(words) - len(wanted)
    return next((i for i in range(last + 1) if words[i : i + len(wanted)] == wanted), None)


def _similar(lines: list[str], pieces: list[str]) -> int | None:
    """Where the lines probably stand, judged by the longest of them that is like a line."""
    known: dict[str, int] = {}
    for number, line in enumerate(lines):
        known.setdefault(line.strip(), number)
    by_length = sorted(enumerate(pieces), key=lambda item: -len(item[1].strip()))
    for offset, piece in by_length[:MAX_ANCHORS]:
        if piece.strip() and (found := closest(piece.strip(), known)):
            return max(0, known[found[0]] - offset)
    return None
