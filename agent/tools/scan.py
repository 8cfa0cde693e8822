"""Looks for patterns in files; a program of its own, since a pattern may run for ever.

It reads one question as JSON from its input and writes the answer as JSON. Only the standard
library is imported, so that it starts in some hundredths of a second and can be killed at any
time.
"""

import json
import os
import re
import sys
from typing import Any

LARGEST_BYTES = 5_000_000
"""Larger files are counted and not searched."""
BINARY_AFTER_BYTES = 8_000
"""A file with a NUL byte before this is binary, as git judges."""
BEFORE_CHARACTERS = 60
"""Kept before a match in a line that is cut."""


def scan(question: dict[str, Any]) -> dict[str, Any]:
    """Lines of `files` below `root` that match one of `patterns`, at most `most` for each.

    Every matching line is counted; those shown come with `context` lines around them.
    """
    fits = [re.compile(pattern) for pattern in question["patterns"]]
    room = [question["most"]] * len(fits)
    lines, files = [0] * len(fits), [0] * len(fits)
    shown, skipped = [], 0
    root = os.path.realpath(question["root"])
    for name in question["files"]:
        text = text_of(root, name)
        skipped += text is None
        if not text:
            continue
        all_lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
        matching: dict[int, int] = {}
        chosen: set[int] = set()
        for index, fit in enumerate(fits):
            found = {n: m.start() for n, line in enumerate(all_lines) if (m := fit.search(line))}
            lines[index] += len(found)
            files[index] += bool(found)
            chosen.update(list(found)[: room[index]])
            room[index] -= min(room[index], len(found))
            matching = found | matching
        if chosen:
            numbers = around(chosen, question["context"], len(all_lines))
            excerpts = [
                (n + 1, cut(all_lines[n], matching.get(n, 0), question["width"]), n in matching)
                for n in numbers
            ]
            shown.append({"path": name, "lines": excerpts})
    return {"lines": lines, "files": files, "shown": shown, "skipped": skipped}


def text_of(root: str, name: str) -> str | None:
    """The file's text, nothing of a binary file or a link; None when it is too large."""
    path = os.path.join(root, name)
    folder = os.path.realpath(os.path.dirname(path))
    if os.path.islink(path) or not os.path.isfile(path) or not is_below(root, folder):
        return ""
    try:
        if os.path.getsize(path) > LARGEST_BYTES:
            return None
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return ""
    if b"\0" in data[:BINARY_AFTER_BYTES]:
        return ""
    return data.decode("utf-8-sig", errors="replace")


def is_below(root: str, folder: str) -> bool:
    return folder == root or folder.startswith(root.rstrip(os.sep) + os.sep)


def around(chosen: set[int], context: int, count: int) -> list[int]:
    """The chosen lines and `context` lines on each side of them."""
    near = (range(max(0, n - context), min(count, n + context + 1)) for n in chosen)
    return sorted({number for numbers in near for number in numbers})


def cut(line: str, at: int, width: int) -> str:
    """At most `width` characters of a line, those around position `at`."""
    if len(line) <= width:
        return line.rstrip()
    start = max(0, min(at - BEFORE_CHARACTERS, len(line) - width))
    end = start + width
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")


if __name__ == "__main__":
    json.dump(scan(json.load(sys.stdin)), sys.stdout)
