"""Names the differences between two texts that only white space keeps apart. Pure."""

from dataclasses import dataclass
from typing import Literal

MOST = 3

Kind = Literal[
    "tabs_in_file", "spaces_in_file", "indented", "ends_in_file", "ends_in_old", "inside", "lines"
]


@dataclass(frozen=True)
class Difference:
    kind: Kind
    line: int = 0
    """Of the file, from 1."""
    in_file: int = 0
    """Columns of indentation."""
    in_old: int = 0


def differences(lines: list[str], pieces: list[str], start: int) -> tuple[Difference, ...]:
    """What keeps the file's lines, the first of them number `start`, from being the pieces.

    One difference of each kind, at most three.
    """
    held = [(number, line) for number, line in enumerate(lines, start=start) if line.strip()]
    wanted = [piece for piece in pieces if piece.strip()]
    if len(held) != len(wanted):
        return (Difference("lines", start),)
    found: dict[Kind, Difference] = {}
    for index, ((number, line), piece) in enumerate(zip(held, wanted, strict=True)):
        edges = (index == 0, index == len(held) - 1)
        for difference in in_line(number, line, piece, *edges):
            found.setdefault(difference.kind, difference)
    if not found and len(lines) != len(pieces):
        return (Difference("lines", start),)
    return tuple(found.values())[:MOST]


def in_line(number: int, line: str, piece: str, is_first: bool, is_last: bool) -> list[Difference]:
    """The first piece may begin inside its line, and the last may end inside it."""
    found = []
    if piece.strip() not in line:
        found.append(Difference("inside", number))
    ahead, wanted = lead(line), lead(piece)
    if ahead != wanted and not (is_first and ahead.endswith(wanted)):
        found.append(indentation(number, ahead, wanted))
    behind, ending = tail(line), tail(piece)
    if behind != ending and not (is_last and behind.startswith(ending)):
        found.append(Difference("ends_in_file" if behind else "ends_in_old", number))
    return found


def indentation(number: int, ahead: str, wanted: str) -> Difference:
    if "\t" in ahead and "\t" not in wanted and wanted:
        return Difference("tabs_in_file", number)
    if "\t" in wanted and "\t" not in ahead and ahead:
        return Difference("spaces_in_file", number)
    return Difference("indented", number, len(ahead), len(wanted))


def lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def tail(line: str) -> str:
    return line[len(line.rstrip()) :]
