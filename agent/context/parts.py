"""The files that a result of `read` shows, one part each."""

import posixpath
import re
from dataclasses import dataclass

HEADER = re.compile(r'<file path="([^"]+)"(?: lines="(\d+)-(\d+)" of="\d+")?>')
FOOTER = "</file>"
NUMBER = re.compile(r"^\d+\t", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    path: str
    start: int
    """First line of the file that is shown."""
    end: int | None
    """Last line shown; None when the whole file is."""
    first: int
    """Where the part begins, in lines of the result counted from 0."""
    last: int
    text: str

    @property
    def plain(self) -> str:
        """The file's own text, without the numbers in front."""
        return NUMBER.sub("", "\n".join(self.text.split("\n")[1:-1]))

    def covers(self, other: "Part") -> bool:
        """Whether it shows at least the lines of the file that the other shows."""
        if self.path != other.path or self.start > other.start:
            return False
        return self.end is None or (other.end is not None and other.end <= self.end)


def parts_of(text: str) -> tuple[Part, ...]:
    """In order; lines of files have a number in front, so none of them can pass for a fence."""
    if "<file path=" not in text:
        return ()
    found: list[Part] = []
    lines = text.split("\n")
    begun: tuple[int, re.Match[str]] | None = None
    for at, line in enumerate(lines):
        if begun is None and (match := HEADER.fullmatch(line)):
            begun = at, match
        elif begun is not None and line == FOOTER:
            first, match = begun
            path, start, end = match.groups()
            found.append(
                Part(
                    path=posixpath.normpath(path),
                    start=int(start or 1),
                    end=int(end) if end else None,
                    first=first,
                    last=at,
                    text="\n".join(lines[first : at + 1]),
                )
            )
            begun = None
    return tuple(found)


def without_parts(text: str, parts: tuple[Part, ...], words: dict[int, str]) -> str:
    """The result with the numbered parts replaced by `words`."""
    lines: list[str | None] = list(text.split("\n"))
    for number, instead in words.items():
        part = parts[number]
        lines[part.first : part.last + 1] = [instead, *[None] * (part.last - part.first)]
    return "\n".join(line for line in lines if line is not None)
