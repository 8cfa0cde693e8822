"""Hides secrets in what is stored and sent, each behind a mark that is always the same. Pure.

Known secrets are told by the variable that holds them; others by the shape that a vendor gives
its keys. A mark gives nothing away: a name, or some digits of a hash of what nobody can guess.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

LEAST_CHARACTERS = 8
"""A shorter value, and a mere word, is found in any text."""
LONGEST_WORD = 16
LEAST_CUT = 6
"""Characters of a secret that a cut has left, from which on they are hidden as well."""
CUT = "…"
OPAQUE = frozenset({"provider_data", "call_id", "type"})
"""Fields that must stay as they are: they are echoed, or tie a result to its call."""
MARK = re.compile(r"\[hidden:[A-Za-z0-9_.-]+\]")
BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|\Z)", re.DOTALL)
BLOCK_LINE = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{24,}(?![A-Za-z0-9+/=])")
LEAST_DIGITS, LEAST_DISTINCT = 2, 8
"""Of a real key; examples such as `sk-your-key-goes-here` have less."""

V = TypeVar("V")


class Shape(NamedTuple):
    """How a vendor's keys look: what they begin with, and the whole."""

    beginning: str
    whole: re.Pattern[str]


SHAPES = tuple(
    Shape(beginning, re.compile(re.escape(beginning) + rest))
    for beginning, rest in (
        ("sk-", r"[A-Za-z0-9_-]{20,}"),
        ("csk-", r"[a-z0-9]{32,}"),
        ("gsk_", r"[A-Za-z0-9]{32,}"),
        ("fw_", r"[A-Za-z0-9]{20,}"),
        ("hf_", r"[A-Za-z0-9]{30,}"),
        ("sk_live_", r"[A-Za-z0-9]{16,}"),
        ("rk_live_", r"[A-Za-z0-9]{16,}"),
        ("whsec_", r"[A-Za-z0-9]{24,}"),
        ("ghp_", r"[A-Za-z0-9]{36}"),
        ("gho_", r"[A-Za-z0-9]{36}"),
        ("ghu_", r"[A-Za-z0-9]{36}"),
        ("ghs_", r"[A-Za-z0-9]{36}"),
        ("github_pat_", r"[A-Za-z0-9_]{36,}"),
        ("glpat-", r"[A-Za-z0-9_-]{20,}"),
        ("npm_", r"[A-Za-z0-9]{36}"),
        ("pypi-AgE", r"[A-Za-z0-9_-]{50,}"),
        ("AKIA", r"[A-Z0-9]{16}"),
        ("ASIA", r"[A-Z0-9]{16}"),
        ("AIza", r"[A-Za-z0-9_-]{35}"),
        ("xoxb-", r"[A-Za-z0-9-]{20,}"),
        ("xoxp-", r"[A-Za-z0-9-]{20,}"),
        ("SG.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        ("eyJ", r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)
BLOCK_BEGINNING = "PRIVATE KEY-----"


@dataclass(frozen=True)
class Redactor:
    """Knows the values of secrets by their names."""

    known: Mapping[str, str]

    @cached_property
    def marks(self) -> dict[str, str]:
        """The mark of each known value, longest value first; of several names the first one's."""
        found: dict[str, str] = {}
        for name, value in sorted(self.known.items()):
            lines = value.splitlines()
            for number, line in enumerate(lines, start=1):
                label = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
                label += f".{number}" if len(lines) > 1 else ""
                if is_telling(line.strip()):
                    found.setdefault(line.strip(), f"[hidden:{label}]")
        return dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))

    @cached_property
    def _written(self) -> tuple[str, ...]:
        """Every known value as it may stand in JSON, and in JSON inside of JSON."""
        once = {value: json.dumps(value, ensure_ascii=False)[1:-1] for value in self.marks}
        twice = {json.dumps(text, ensure_ascii=False)[1:-1] for text in once.values()}
        return tuple({*once, *once.values(), *twice})

    def hide(self, text: str) -> str:
        """The text with a mark in place of each secret; hiding twice is hiding once."""
        for secret, mark in self._found(text):
            text = text.replace(secret, mark)
        return self._without_cut_ones(text) if CUT in text else text

    def secrets_in(self, text: str) -> dict[str, str]:
        """What is hidden in a text, by its marks."""
        return {mark: secret for secret, mark in self._found(text)}

    def _found(self, text: str) -> Iterator[tuple[str, str]]:
        for secret, mark in self.marks.items():
            if secret in text:
                text = text.replace(secret, mark)
                yield secret, mark
        yield from ((secret, mark_of(secret)) for secret in shaped(text))

    def _without_cut_ones(self, text: str) -> str:
        """What a cut has left of a known secret is hidden as well."""
        parts = text.split(CUT)
        for secret, mark in self.marks.items():
            sizes = range(len(secret) - 1, LEAST_CUT - 1, -1)
            for at, part in enumerate(parts):
                last = at == len(parts) - 1
                cut = 0 if last else next((n for n in sizes if part.endswith(secret[:n])), 0)
                part = f"{part[:-cut]}{mark}" if cut else part
                cut = next((n for n in sizes if part.startswith(secret[-n:])), 0) if at else 0
                parts[at] = f"{mark}{part[cut:]}" if cut else part
        return CUT.join(parts)

    def may_hide(self, written: str) -> bool:
        """Whether anything is hidden in a JSON text; quick, and never no where it is yes."""
        return (
            any(secret in written for secret in self._written)
            or any(shape.beginning in written for shape in SHAPES)
            or BLOCK_BEGINNING in written
            or (CUT in written and bool(self.marks))
        )

    def hide_in(self, value: V) -> V:
        """A value as it may be stored: every text in it without secrets."""
        return self._inside(value)  # type: ignore[no-any-return]

    def _inside(self, value: Any) -> Any:  # noqa: ANN401 - any field of any event
        match value:
            case str():
                return self.hide(value)
            case BaseModel():
                before = {name: getattr(value, name) for name in type(value).model_fields}
                after = {name: self._field(name, item) for name, item in before.items()}
                changed = {name: item for name, item in after.items() if item is not before[name]}
                return value.model_copy(update=changed) if changed else value
            case tuple() | list():
                items = [self._inside(item) for item in value]
                same = all(new is old for new, old in zip(items, value, strict=True))
                return value if same else type(value)(items)
            case dict():
                fields = {name: self._field(str(name), item) for name, item in value.items()}
                return value if all(fields[name] is value[name] for name in value) else fields
            case _:
                return value

    def _field(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any field of any event
        if name in OPAQUE:
            return value
        if name == "arguments" and isinstance(value, str):
            return self._arguments(value)
        return self._inside(value)

    def _arguments(self, text: str) -> str:
        """The arguments of a call stay JSON."""
        if not self.may_hide(text):
            return text
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self.hide(text)
        hidden = self._inside(value)
        return text if hidden == value else json.dumps(hidden, ensure_ascii=False)


def is_telling(value: str) -> bool:
    """Whether a value can be told from honest text."""
    is_word = value.isalpha() and value.islower() and len(value) < LONGEST_WORD
    return len(value) >= LEAST_CHARACTERS and not is_word and not MARK.search(value)


def shaped(text: str) -> list[str]:
    """What looks like a key, longest first."""
    found: dict[str, None] = {}
    for shape in SHAPES:
        if shape.beginning in text:
            found |= {m[0]: None for m in shape.whole.finditer(text) if is_key(m)}
    if BLOCK_BEGINNING in text:
        for block in BLOCK.finditer(text):
            found |= dict.fromkeys(BLOCK_LINE.findall(block[0]))
    return sorted(found, key=lambda key: (-len(key), key))


def is_key(found: re.Match[str]) -> bool:
    before = found.string[found.start() - 1 : found.start()]
    digits = sum(character.isdigit() for character in found[0])
    varied = digits >= LEAST_DIGITS and len(set(found[0])) >= LEAST_DISTINCT
    return varied and not (before.isalnum() or before == "_")


def mark_of(key: str) -> str:
    return f"[hidden:{hashlib.sha256(key.encode()).hexdigest()[:8]}]"


NOTHING_HIDDEN = Redactor({})
"""Hides what looks like a key, and knows none."""
