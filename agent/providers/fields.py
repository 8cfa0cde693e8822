"""Reads the fields of a reply. Each raises ValueError, with the reason, at what it cannot take."""

import json
from collections.abc import Mapping
from typing import Any


def an_object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name; empty where there is none."""
    value = parent.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"its {name} is not an object")
    return value


def count(usage: Mapping[str, Any], name: str) -> int:
    """A count of tokens; 0 where it is missing. Raises ValueError when it is none."""
    value = usage.get(name) or 0
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not is_whole or value < 0:
        raise ValueError(f"its {name} is not a count")
    return int(value)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_name(value: object) -> str:
    """A name or id; some servers number their calls."""
    if value is None:
        return ""
    if isinstance(value, str | int):
        return str(value)
    raise ValueError("a name in it is not text")


def read_text(content: object) -> str:
    """Text as a string, or as a list of parts that have some."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(read_text(part.get("text")) for part in content)
    raise ValueError("its content is not text")


def read_index(value: object) -> int | None:
    """A place in a list; None where there is none."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) else None
