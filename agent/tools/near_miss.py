"""Finds what a model meant when the text it wants to replace is not in the file."""

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from typing import Literal

from agent.tools.base import closest, lines_of
from agent.tools.fence import numbered
from agent.tools.white_space import Difference, differences

NUMBERED = re.compile(r"^ *\d+\t", re.MULTILINE)
ESCAPE = re.compile(r"""\\([nt"'\\])""")
ESCAPED = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
WORD = re.compile(r"\w+")
MAX_LINES = 12
BEFORE_DIFFERENCE = 2
"""Lines shown before the first that is different."""
MAX_LINE_CHARACTERS = 200
MAX_ANCHORS = 3
MAX_PLACES = 50
"""Equal lines of a file that are looked at for one line of the wanted text."""
MAX_COMPARED = 500
SHORTEST_ANCHOR = 4
"""Shorter lines, such as brackets, stand everywhere."""

Cause = Literal[
    "line_numbers",
    "escaped",
    "changed_before",
    "already_there",
    "white_space",
    "similar",
    "nothing",
]


@dataclass(frozen=True)
class NearMiss:
    cause: Cause
    start: int = 0
    lines: tuple[str, ...] = ()
    """What the file has from line `start` on, with numbers."""
    differences: tuple[Difference, ...] = ()


def find_near_miss(text: str, before: str, old: str, new: str) -> NearMiss:
    """Why `old` is not in `text`, which was `before` when the call began; line ends are bare."""
    wanted = old.strip("\n")
    if NUMBERED.match(wanted) and NUMBERED.sub("", wanted) in text:
        return NearMiss("line_numbers")
    if any(other != wanted and other in text for other in unescaped(wanted)):
        return NearMiss("escaped")
    if old in before:
        return NearMiss("changed_before")
    lines = lines_of(text)
    if (place := same_but_for_white_space(text, wanted)) is not None:
        start, end = place
        found = differences(lines[start : end + 1], lines_of(wanted), start + 1)
        return shown("white_space", lines, start, end, found)
    if new.strip() and new in text:
        return NearMiss("already_there")
    pieces = lines_of(wanted) or [""]
    if (alike := most_alike(lines, pieces)) is not None:
        end = min(alike + len(pieces), len(lines)) - 1
        return shown("similar", lines, first_difference(lines, pieces, alike), end)
    return NearMiss("nothing")


def unescaped(text: str) -> tuple[str, ...]:
    """What is left when a text was escaped once too often, for JSON or for HTML."""
    return ESCAPE.sub(lambda found: ESCAPED[found[1]], text), html.unescape(text)


def shown(
    cause: Cause, lines: list[str], start: int, end: int, found: tuple[Difference, ...] = ()
) -> NearMiss:
    chosen = enumerate(lines[start : min(end + 1, start + MAX_LINES)], start=start + 1)
    excerpt = tuple(numbered(n, line, MAX_LINE_CHARACTERS) for n, line in chosen)
    return NearMiss(cause, start + 1, excerpt, found)


def same_but_for_white_space(text: str, wanted: str) -> tuple[int, int] | None:
    """First and last line, from 0, of the place that is the same without all white space."""
    squeezed = "".join(wanted.split())
    if not squeezed:
        return None
    at = "".join(text.split()).find(squeezed)
    if at < 0:
        return None
    first, last = at, at + len(squeezed) - 1
    start = end = seen = 0
    for number, line in enumerate(text.split("\n")):
        count = len("".join(line.split()))
        if seen <= first < seen + count:
            start = number
        if seen <= last < seen + count:
            end = number
            break
        seen += count
    return start, end


def most_alike(lines: list[str], pieces: list[str]) -> int | None:
    """Where the wanted lines probably begin: most of them have their like at that distance."""
    known: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        known.setdefault(line.strip(), []).append(number)
    votes: Counter[int] = Counter()
    for offset, piece in enumerate(pieces):
        if len(piece.strip()) >= SHORTEST_ANCHOR:
            for number in known.get(piece.strip(), ())[:MAX_PLACES]:
                votes[number - offset] += len(piece)
    if votes:
        return max(0, votes.most_common(1)[0][0])
    by_length = sorted(enumerate(pieces), key=lambda item: -len(item[1].strip()))
    for offset, piece in by_length[:MAX_ANCHORS]:
        if piece.strip() and (found := closest(piece.strip(), related(piece, known))):
            return max(0, known[found[0]][0] - offset)
    return None


def related(piece: str, lines: Iterable[str]) -> list[str]:
    """The lines with most words of the piece, since comparing letters takes long."""
    words = set(WORD.findall(piece))
    return nlargest(MAX_COMPARED, lines, key=lambda line: len(words & set(WORD.findall(line))))


def first_difference(lines: list[str], pieces: list[str], start: int) -> int:
    """The line to show from, so that a long text's first difference is seen."""
    alike = 0
    for line, piece in zip(lines[start:], pieces, strict=False):
        if line != piece:
            break
        alike += 1
    return start + max(0, alike - BEFORE_DIFFERENCE)
