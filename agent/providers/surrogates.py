"""Characters that came in two halves. Pure.

Servers that count in UTF-16 may put the halves of one character into two pieces of a stream; each
is an escape of its own there, and no text that can be written.
"""

import json
from typing import Any


def is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def rejoined(text: str) -> str:
    """The text with its halves put together; one without its partner becomes U+FFFD."""
    if is_writable(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def rejoined_in(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A JSON value with all of its texts and names rejoined; itself when all are whole."""
    return value if is_writable(json.dumps(value, ensure_ascii=False)) else mended(value)


def mended(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return rejoined(value)
    if isinstance(value, list):
        return [mended(each) for each in value]
    if isinstance(value, dict):
        return {rejoined(name): mended(each) for name, each in value.items()}
    return value


def split_half(text: str) -> tuple[str, str]:
    """The text and a first half at its end that still waits for its partner."""
    return (text[:-1], text[-1]) if "\ud800" <= text[-1:] <= "\udbff" else (text, "")
