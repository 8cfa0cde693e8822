"""Finds what a text only quotes: code blocks and code spans in Markdown. Pure."""

import re

FENCE = re.compile(r"[ \t>]*(?P<mark>`{3,}|~{3,})(?P<info>.*)")
SPAN = re.compile(r"(?<!`)(?P<mark>`{1,2})(?!`).+?(?<!`)(?P=mark)(?!`)")
ONE_BLOCK = re.compile(
    r"\s*(?P<mark>```+|~~~+)[^\n`]*\n(?P<inner>.*)\n[ \t]*(?P=mark)\s*", re.DOTALL
)


def unquoted(text: str) -> str:
    """The text with blanks for all that is quoted, each character in its place.

    A block that is not closed reaches to the end of the text.
    """
    lines: list[str] = []
    mark = ""
    for line in text.split("\n"):
        fence = FENCE.match(line)
        if mark:
            closes = fence and fence["mark"].startswith(mark) and not fence["info"].strip()
            mark = "" if closes else mark
            lines.append(" " * len(line))
        elif fence and "`" not in fence["info"]:
            mark = fence["mark"]
            lines.append(" " * len(line))
        else:
            lines.append(SPAN.sub(lambda span: " " * len(span[0]), line))
    return "\n".join(lines)


def inside_block(text: str) -> str | None:
    """What a text holds that is one code block and nothing else; None when it is not."""
    found = ONE_BLOCK.fullmatch(text)
    return found["inner"] if found else None
