"""Makes text of files, names and commands safe to show between the harness's own words.

What stands in a fence is data. Lines with a number in front cannot pass for anything else; other
text could close its fence or begin like a message of the harness, so that is made impossible.
"""

import json
import re

ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\f"} | {
    0x7F: 0x2421
}
"""Control characters as visible signs, but for those that stand in honest files."""
OWN_WORDS = re.compile(
    r"<(?=\s*/?\s*(?:file|output|tool_call|tool_response|system|function"
    r"|request|repository|plan)\b)"
    r"|\[(?=\s*harness\b)"
    r"|<(?=\|)",
    re.IGNORECASE,
)
CLOSING_WORDS = re.compile(
    r"<(?=\s*/\s*(?:file|tool_call|tool_response|request|repository|plan)\b)"
    r"|^\s*\[(?=\s*harness\b)|<(?=\|)",
    re.IGNORECASE | re.MULTILINE,
)
PLAIN_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029<>\"]{1,300}")


def numbered(number: int, line: str, limit: int) -> str:
    """A line as `read` shows it: number, tab, text of at most `limit` characters."""
    return f"{number}\t{clip_line(visible(line), limit)}"


def visible(line: str) -> str:
    return line.translate(PICTURES)


def harmless(line: str) -> str:
    """A line that stands in a fence without a number.

    What a terminal would not show is gone: escape sequences, and text that a carriage return
    overwrites. Words that open or close a fence, or that begin a message, get a backslash.
    """
    shown = ESCAPE_SEQUENCE.sub("", line).rstrip("\r").rpartition("\r")[2]
    return OWN_WORDS.sub(lambda found: found[0] + "\\", visible(shown))


def fenced(text: str) -> str:
    """Text of several lines that stands in a fence, each line harmless."""
    return "\n".join(map(harmless, text.split("\n")))


def source(text: str) -> str:
    """What is shown verbatim, such as a file to be edited, but for what would close its fence."""
    return CLOSING_WORDS.sub(lambda found: found[0] + "\\", text)


def plain_name(path: str) -> str:
    """A file's name inside a sentence or a tag; one that is unlike a name is quoted."""
    if PLAIN_NAME.fullmatch(path) and not OWN_WORDS.search(path):
        return path
    return OWN_WORDS.sub(lambda found: found[0] + "\\", json.dumps(path[:300]))


def clip_line(line: str, limit: int) -> str:
    """A line cut at `limit` characters, ending in `…` when it was longer."""
    return line if len(line) <= limit else line[: limit - 1] + "…"
