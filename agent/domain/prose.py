"""Free text that stands between the structure of a plan file without being read as structure."""

import re
from typing import Annotated

from pydantic import AfterValidator

HEADING = re.compile(r"^#{1,3}(?: |$)")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


def headings(lines: list[str]) -> list[int]:
    """Indexes of the lines that are headings of level 1 to 3 outside fenced code.

    Raises ValueError when a fence is still open at the end.
    """
    found: list[int] = []
    fence = ""
    for index, line in enumerate(lines):
        match = FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif match and not ("`" in match[2] and match[1][0] == "`"):
            fence = match[1]
        elif HEADING.match(line):
            found.append(index)
    if fence:
        raise ValueError(f"a code fence opened with {fence} is not closed")
    return found


def checked_prose(text: str) -> str:
    lines = text.split("\n")
    if found := headings(lines):
        shown = lines[found[0]][:40]
        raise ValueError(f"{shown!r} reads as a heading of the plan; use #### or deeper in prose")
    if "\r" in text:
        raise ValueError("carriage returns are not allowed in prose")
    return text


def one_line(text: str) -> str:
    if not text or text != text.strip() or len(text.splitlines()) != 1:
        raise ValueError("must be one line, without space around it")
    return text


def optional_line(text: str) -> str:
    return one_line(text) if text else text


def repository_path(text: str) -> str:
    if "`" in one_line(text) or "," in text:
        raise ValueError("a path may not contain a backtick or a comma")
    return text


Prose = Annotated[str, AfterValidator(checked_prose)]
Line = Annotated[str, AfterValidator(one_line)]
OptionalLine = Annotated[str, AfterValidator(optional_line)]
PathText = Annotated[str, AfterValidator(repository_path)]
