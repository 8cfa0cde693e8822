"""Finds and replaces text without minding how its lines end, and keeps the ends it finds. Pure."""

import re
from dataclasses import dataclass

BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Place:
    """Where a fragment stands in a text, as indexes into the text as it is."""

    start: int
    end: int


def bare(text: str) -> str:
    """The text with each CRLF as a line feed, as models write it."""
    return text.replace("\r\n", "\n")


def places_of(text: str, fragment: str) -> list[Place]:
    """Every place of a fragment, not overlapping.

    A line end in the fragment is any line end of the text. One at its very end may be missing at
    the end of the text.
    """
    pieces = [re.escape(piece) for piece in bare(fragment).split("\n")]
    expression = r"\r?\n".join(pieces)
    found = [Place(*match.span()) for match in re.finditer(expression, text)]
    if not found and len(pieces) > 1 and not pieces[-1]:
        expression = r"\r?\n".join(pieces[:-1]) + r"\Z"
        found = [Place(*match.span()) for match in re.finditer(expression, text)]
    return found


def replaced(text: str, places: list[Place], fragment: str, old: str) -> str:
    """The text with the fragment in all the places, with line ends as they are around it."""
    out, position = [], 0
    for place in places:
        fresh = bare(fragment)
        at_end = place.end == len(text) and not text.endswith("\n")
        if at_end and bare(old).endswith("\n"):
            fresh = fresh.removesuffix("\n")
        out += [text[position : place.start], with_ends(fresh, end_at(text, place))]
        position = place.end
    return "".join([*out, text[position:]])


def with_ends(text: str, end: str) -> str:
    return text if end == "\n" else bare(text).replace("\n", end)


def end_at(text: str, place: Place) -> str:
    """How the line ends that the place begins in; of the last line, how the one before does."""
    feed = text.find("\n", place.start)
    if feed < 0:
        feed = text.rfind("\n")
    return "\r\n" if feed > 0 and text[feed - 1] == "\r" else "\n"


def like(before: str, text: str) -> str:
    """A file's new text with the byte order mark and the CRLF line ends that it had throughout."""
    has_bare_ends = "\n" in bare(before) and before.count("\n") != before.count("\r\n")
    if "\r\n" in before and not has_bare_ends and "\r" not in text:
        text = with_ends(text, "\r\n")
    if before.startswith(BYTE_ORDER_MARK) and not text.startswith(BYTE_ORDER_MARK):
        text = BYTE_ORDER_MARK + text
    return text
