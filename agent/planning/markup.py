"""How one value is written in a line of a plan file: bare, as a code span, or as a JSON string."""

import json
import re

BARE_WORD = re.compile(r"[A-Za-z0-9_.-]+")
BACKTICKS = re.compile(r"`+")


def code_span(text: str) -> str:
    """Markdown's code span: more backticks than the text holds, padded where that is needed."""
    ticks = "`" * (max(map(len, BACKTICKS.findall(text)), default=0) + 1)
    padded = text[0] == "`" or text[-1] == "`" or (text[0] == " " and text[-1] == " ")
    return f"{ticks} {text} {ticks}" if padded else f"{ticks}{text}{ticks}"


def write_value(text: str) -> str:
    """A code span; a JSON string for what cannot stand in one, such as a line break."""
    if text.isprintable() and text.strip():
        return code_span(text)
    return json.dumps(text)


def write_word(text: str) -> str:
    return text if BARE_WORD.fullmatch(text) else write_value(text)


def read_value(text: str, start: int) -> tuple[str, int]:
    """The code span or JSON string at `start`, and where it ends.

    Raises ValueError when it is not closed, or not JSON.
    """
    if text[start] == '"':
        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"not a JSON string ({error.msg.lower()}); backticks need no escapes"
            ) from None
        return str(value), end
    opening = BACKTICKS.match(text, start)
    assert opening is not None, "a value begins with a quote or a backtick"
    closing = re.compile(rf"(?<!`){opening[0]}(?!`)").search(text, opening.end())
    if closing is None:
        raise ValueError(f"the text after {opening[0]} is not closed with {opening[0]}")
    inner = text[opening.end() : closing.start()]
    if inner.strip() and inner[0] == " " and inner[-1] == " ":
        inner = inner[1:-1]
    return inner, closing.end()


def read_list(text: str) -> tuple[str, ...]:
    """Values between commas.

    Raises ValueError when one is empty or has text behind it.
    """
    found: list[str] = []
    position = 0
    while True:
        position += len(text[position:]) - len(text[position:].lstrip())
        if text[position : position + 1] in {"`", '"'}:
            value, end = read_value(text, position)
        else:
            end = text.find(",", position)
            end = len(text) if end < 0 else end
            value = text[position:end].strip()
            if not value:
                raise ValueError("a name is missing; leave the line out when there is none")
        found.append(value)
        rest = text[end:].lstrip()
        if not rest:
            return tuple(found)
        if rest[0] != ",":
            raise ValueError(f"expected a comma after {value!r}, found {rest[:20]!r}")
        position = len(text) - len(rest) + 1
