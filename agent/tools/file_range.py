"""Which lines of which files a call of `read` asks for."""

import re
from collections.abc import Mapping
from typing import Any

from agent.domain.value import Value

LINES = r"L?\d{1,9}(?:[-:]L?\d{0,9})?"
WITH_LINES = re.compile(rf"(?P<path>.+?)(?::|#(?=L))(?P<lines>{LINES}(?:,\s*{LINES})*)", re.DOTALL)
ONE_RANGE = re.compile(r"L?(?P<start>\d+)(?P<to>[-:]L?(?P<end>\d*))?")
PATH_WORDS = ("path", "file_path", "filename", "file")
START_WORDS = ("start", "start_line", "line_start", "from", "offset")
END_WORDS = ("end", "end_line", "line_end", "to")
LINES_BEFORE, LINES_AFTER = 10, 30
"""Shown around a line that is named alone, as in `path:120`."""


class FileRange(Value):
    """Lines `start` to `end` of a file, counted from 1, both shown; None is the file's own end."""

    path: str
    start: int | None = None
    end: int | None = None


def file_ranges(arguments: Mapping[str, Any]) -> tuple[FileRange, ...]:
    """What the arguments ask for, in order.

    A file is `path`, `path:10-40`, `path:10-40,60-80`, or an object with path, start and end; one
    alone may stand without the list. Raises ValueError saying what a file must look like.
    """
    files = arguments.get("files", arguments.get("paths"))
    rest = {
        name: value
        for name, value in arguments.items()
        if name not in ("files", "paths") and value is not None
    }
    if files is None:
        files, rest = [rest] if rest else [], {}
    elif not isinstance(files, list | tuple):
        files = [files]
    if rest and len(files) == 1 and isinstance(files[0], str):
        files, rest = [{"path": files[0], **rest}], {}
    if rest or not files:
        raise ValueError('give files only, such as ["a.py", "b.py:10-40"]')
    return tuple(found for item in files for found in ranges_of(item))


def ranges_of(item: object) -> tuple[FileRange, ...]:
    if isinstance(item, str):
        return in_text(item)
    if isinstance(item, FileRange):
        return (item,)
    if not isinstance(item, Mapping):
        raise ValueError(f'a file must be a text such as "b.py:10-40", not {item!r:.80}')
    known = {"path": PATH_WORDS, "start": START_WORDS, "end": END_WORDS, "lines": ("lines",)}
    given = {name: first(item, words) for name, words in known.items()}
    if unknown := item.keys() - {word for words in known.values() for word in words}:
        raise ValueError(f'unknown in a file: {", ".join(sorted(unknown))}; use "path:10-40"')
    if not isinstance(given["path"], str):
        raise ValueError("a file must have a path")
    if isinstance(given["lines"], str):
        return in_text(f"{given['path']}:{given['lines']}")
    start, end = line_number(given["start"]), line_number(given["end"])
    return (FileRange(path=given["path"], start=start, end=end),)


def line_number(value: object) -> int | None:
    """A line's number, also as text; what comes before the first line is the first."""
    if value is None:
        return None
    if isinstance(value, int | float | str) and re.fullmatch(r"\d{1,9}(\.0)?", str(value).strip()):
        return max(1, int(float(value)))
    raise ValueError(f"a line must be a number from 1 on, not {value!r:.80}")


def first(item: Mapping[str, Any], words: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    return next((item[word] for word in words if item.get(word) is not None), None)


def in_text(text: str) -> tuple[FileRange, ...]:
    named = WITH_LINES.fullmatch(text)
    if named is None:
        return (FileRange(path=text),)
    return tuple(one_range(named["path"], found) for found in ONE_RANGE.finditer(named["lines"]))


def one_range(path: str, found: re.Match[str]) -> FileRange:
    start = line_number(found["start"]) or 1
    if not found["to"]:
        return FileRange(path=path, start=max(1, start - LINES_BEFORE), end=start + LINES_AFTER)
    return FileRange(path=path, start=start, end=line_number(found["end"] or None))
