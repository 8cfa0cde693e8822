"""A check as one line of a plan file: ``command timeout=60 output=`3 passed`: `pytest -q` ``."""

import re

from pydantic import ValidationError

from agent.domain.check import CallsCheck, Check, CommandCheck
from agent.planning.markup import BARE_WORD, read_value, write_value, write_word

ATTRIBUTES: dict[str, dict[str, str]] = {
    "command": {"timeout": "timeout_seconds", "output": "output"},
    "calls": {
        "base_url": "base_url_env",
        "key": "key_env",
        "sends": "sends",
        "timeout": "timeout_seconds",
    },
}
PATTERNS = frozenset({"output", "sends"})
MODELS: dict[str, type[CommandCheck] | type[CallsCheck]] = {
    "command": CommandCheck,
    "calls": CallsCheck,
}
WORD = re.compile(r"[^\s:=`\"]+")
COLON = re.compile(r":(?=\s|$)")


def render_check(check: Check) -> str:
    parts: list[str] = [check.kind]
    for word, field in ATTRIBUTES[check.kind].items():
        value = getattr(check, field)
        if value == type(check).model_fields[field].default:
            continue
        text = write_value(value) if word in PATTERNS else write_word(str(value))
        parts.append(f"{word}={text}")
    return f"{' '.join(parts)}: {write_value(check.run)}"


def parse_check(text: str) -> Check:
    """Raises ValueError with one sentence: what is wrong, and how it is written."""
    kind, position = read_kind(text)
    values: dict[str, object] = {}
    while position is not None:
        position += len(text[position:]) - len(text[position:].lstrip())
        if colon := COLON.match(text, position):
            text, position = text[colon.end() :].strip(), None
        else:
            position = read_attribute(kind, text, position, values)
    values["run"] = read_run(text)
    try:
        return MODELS[kind].model_validate(values)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        words = {field: word for word, field in ATTRIBUTES[kind].items()}
        name = words.get(str(detail["loc"][0]), "the command") if detail["loc"] else "the check"
        raise ValueError(f"{name}: {detail['msg']}") from None


def read_kind(text: str) -> tuple[str, int | None]:
    """The kind and where its attributes begin; None when the line is only a command."""
    if text[:1] in {"`", '"'}:
        return "command", None
    word = WORD.match(text)
    if word is None:
        raise ValueError("a check is missing; write `- check: command: ` and a shell line")
    if word[0] not in ATTRIBUTES:
        raise ValueError(
            f"unknown kind of check {word[0]!r}; write `command: ` or `calls: ` "
            "before the shell line"
        )
    return word[0], word.end()


def read_attribute(kind: str, text: str, position: int, values: dict[str, object]) -> int:
    """Adds the attribute at `position` to `values`; returns where it ends."""
    known = ATTRIBUTES[kind]
    word = WORD.match(text, position)
    if word is None or text[word.end() : word.end() + 1] != "=":
        found = text[position : position + 20] or "the end of the line"
        raise ValueError(f"expected ': ' and the shell line, found {found!r}")
    if word[0] not in known:
        raise ValueError(f"unknown attribute {word[0]!r}; {kind} knows {', '.join(known)}")
    if known[word[0]] in values:
        raise ValueError(f"{word[0]} is given twice")
    value, end = read_attribute_value(word[0], text, word.end() + 1)
    if word[0] == "timeout" and not re.fullmatch(r"[0-9]{1,6}", value):
        raise ValueError(f"timeout is whole seconds, not {value!r}")
    values[known[word[0]]] = value
    return end


def read_attribute_value(word: str, text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] in {"`", '"'}:
        value, end = read_value(text, start)
    else:
        bare = BARE_WORD.match(text, start)
        value, end = (bare[0], bare.end()) if bare else ("", start)
        if bare is None:
            raise ValueError(f"{word} has no value; put it between backticks")
    if end < len(text) and not text[end].isspace() and not COLON.match(text, end):
        raise ValueError(f"the value of {word} stops at {text[end]!r}; put it between backticks")
    return value, end


def read_run(text: str) -> str:
    if not text:
        raise ValueError("the shell line is missing; put it between backticks after ': '")
    if text[0] not in {"`", '"'}:
        return text
    run, end = read_value(text, 0)
    if text[end:].strip():
        raise ValueError(
            f"text after the shell line: {text[end:].strip()[:20]!r}; "
            "put the whole shell line between backticks"
        )
    return run
