"""Finds tool calls that a model wrote as text: Qwen's XML and Hermes JSON. Pure.

    <tool_call>                                  <tool_call>
    <function=write>                             {"name": "write", "arguments": {...}}
    <parameter=path>                             </tool_call>
    a.py
    </parameter>
    </function>
    </tool_call>

Nothing in a parameter is escaped, so its text may hold these very tags. A reading is taken only
when it leaves no closing tag behind without its opening one; then every value is whole. A call of
a tool that nobody offered stays text, and so does everything when no reading fits.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.domain.message import ToolSpec
from agent.providers.argument_repair import DECODER, read_object, repaired, typed

MOST_TAGS = 300
"""A text with more of them is left alone."""
OPENER = re.compile(
    r"(?:<tool_call>\s*)?<function=\s*\"?(?P<name>[\w.:-]+)\"?\s*>"
    r"(?=\s*(?:<(?:parameter=|/function>|/tool_call>|[a-z_/]*\Z)|\Z))"
    r"|<tool_call>\s*(?P<json>(?=\{))"
    r"|(?P<bare>(?=\{\s*\"(?:name|arguments)\"\s*:))"
)
PARAMETER = re.compile(r"\s*<parameter=\s*\"?(?P<name>[\w.:-]+)\"?\s*>")
VALUE_CLOSER = re.compile(r"</parameter>(?=\s*(?:<parameter=|</function>|\Z))")
WRONG_CLOSER = re.compile(
    r"</parameter>(?=\s*</tool_call>)"
    r"|(?=</function>\s*(?:</tool_call>|<tool_call>|<function=|\Z))"
    r"|(?=</tool_call>\s*(?:<tool_call>|<function=|\Z))"
    r"|(?<=\n)(?=<parameter=\"?(?P<name>[\w.:-]+)\"?\s*>)"
)
CALL_CLOSER = re.compile(r"(?:\s*</function>)+(?:\s*</tool_call>)*(?:\s*</?[a-z_]*\Z)?")
WRONG_CALL_CLOSER = re.compile(r"\s*</tool_call>")
JSON_CLOSER = re.compile(r"\s*</tool_call>")
TAG = re.compile(r"<(?P<closes>/?)(?P<kind>parameter|function)(?:=[^<>]*)?>")
ANY_TAG = re.compile(r"</?(?:tool_call|parameter|function)[=>]")
HALF_OPENER = re.compile(r"<tool_call>\s*(?:<[^<>]*)?\Z|<function=[^<>]*\Z")
ANY_CLOSER = re.compile(r"</function>|</tool_call>")
THOUGHT = re.compile(r"\s*<think>(?P<thought>.*?)</think>", re.DOTALL)


@dataclass(frozen=True)
class WrittenCall:
    name: str
    arguments: str
    """As JSON."""


@dataclass(frozen=True)
class Written:
    """A text, read."""

    text: str
    """What is left of it beside the calls."""
    calls: tuple[WrittenCall, ...] = ()
    is_cut: bool = False
    """Whether a call begins that does not end; then there are no calls."""


def written_calls(text: str, tools: Sequence[ToolSpec], *, bare: bool = False) -> Written:
    """The calls in a text of a reply that ended by itself.

    Calls inside a thought count only when nothing follows the thought. `bare` takes a text that is
    one JSON call and nothing else, without tags, for a call too.
    """
    thought = THOUGHT.match(text)
    if thought is None:
        return Reader(text, tools, bare).read()
    before, behind = text[: thought.end()], text[thought.end() :]
    if behind.strip():
        found = Reader(behind, tools, bare).read()
        return replace(found, text=before + found.text)
    found = Reader(thought["thought"], tools, bare).read()
    return replace(found, text=f"<think>{found.text}</think>" if found.calls else text)


Item = str | WrittenCall
Arguments = tuple[tuple[str, str], ...]
Ending = tuple[Arguments, tuple[Item, ...]]
"""Parameters up to the end of a call, and what follows it."""


class Reader:
    """Tries the readings of one text, the likeliest first."""

    def __init__(self, text: str, tools: Sequence[ToolSpec], bare: bool) -> None:
        self._text = text
        self._tools = {tool.name: tool for tool in tools}
        self._bare = bare
        self._lenient = False
        self._known: dict[tuple[int, object], Any] = {}

    def read(self) -> Written:
        if not self._tools or len(TAG.findall(self._text)) > MOST_TAGS:
            return Written(self._text)
        for lenient in (False, True):
            self._lenient = lenient
            self._known.clear()
            items = self._in_text(0, 0)
            if items is not None:
                return written(items, self._text)
        return Written(self._text, is_cut=self._ends_inside_a_call())

    def _in_text(self, at: int, piece: int) -> tuple[Item, ...] | None:
        """The rest from `at`, of which the text from `piece` on is not placed yet."""
        key = (at, piece)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._read_text(at, piece)
        found: tuple[Item, ...] | None = self._known[key]
        return found

    def _read_text(self, at: int, piece: int) -> tuple[Item, ...] | None:
        opener = self._next_opener(at)
        before = self._text[piece : opener.start() if opener else len(self._text)]
        if opener is None:
            half = HALF_OPENER.search(before)
            return None if half or self._is_torn(before) else (before,)
        name = opener["name"]
        if name is None:
            return self._read_json(opener, piece, before)
        if name not in self._tools:
            return self._in_text(opener.end(), piece)
        found = None if self._is_torn(before) else self._in_call(opener.end(), name)
        if found is None:
            return None
        arguments, rest = found
        return (before, self._call(name, arguments), *rest)

    def _is_torn(self, piece: str) -> bool:
        """Whether a text between calls holds what belongs into one."""
        return leaves_closers(piece) if self._lenient else ANY_TAG.search(piece) is not None

    def _next_opener(self, at: int) -> re.Match[str] | None:
        for opener in OPENER.finditer(self._text, at):
            if opener["bare"] is None or self._is_bare_call(opener.start()):
                return opener
        return None

    def _is_bare_call(self, at: int) -> bool:
        """Whether a JSON call without its opening tag stands here."""
        end = self._decoded(at)[1]
        alone = self._bare and not (self._text[:at] + self._text[end:]).strip()
        return end > at and (alone or JSON_CLOSER.match(self._text, end) is not None)

    def _decoded(self, at: int) -> tuple[object, int]:
        try:
            return DECODER.raw_decode(self._text, at)
        except (ValueError, RecursionError):
            return None, at

    def _read_json(self, opener: re.Match[str], piece: int, before: str) -> tuple[Item, ...] | None:
        value, end = self._decoded(opener.end())
        if not isinstance(value, dict):
            return None
        name = value.get("name")
        arguments = value.get("arguments", value.get("parameters", {}))
        if isinstance(arguments, str):
            arguments = read_object(arguments)
        if name not in self._tools or not isinstance(arguments, dict):
            return self._in_text(end, piece)
        closer = JSON_CLOSER.match(self._text, end)
        end = closer.end() if closer else end
        rest = None if self._is_torn(before) else self._in_text(end, end)
        if rest is None:
            return None
        written_as = json.dumps(arguments, ensure_ascii=False)
        call = WrittenCall(name, repaired(written_as, self._tools[name].parameters))
        return (before, call, *rest)

    def _in_call(self, at: int, name: str, seen: frozenset[str] = frozenset()) -> Ending | None:
        """The parameters from here on, and what follows the call."""
        key = (at, (name, seen))
        if key not in self._known:
            self._known[key] = self._read_call(at, name, seen)
        found: Ending | None = self._known[key]
        return found

    def _read_call(self, at: int, name: str, seen: frozenset[str]) -> Ending | None:
        closer = CALL_CLOSER.match(self._text, at)
        if closer is None and self._lenient:
            closer = WRONG_CALL_CLOSER.match(self._text, at)
        end = closer.end() if closer else at
        if closer or self._ends_behind_a_value(at, name, seen):
            rest = self._in_text(end, end)
            return None if rest is None else ((), rest)
        parameter = PARAMETER.match(self._text, at)
        # A parameter that comes twice is a part of the value before it.
        if parameter is None or parameter["name"] in seen:
            return None
        own, start = parameter["name"], parameter.end()
        for end, after in self._value_ends(start, name):
            if found := self._in_call(after, name, seen | {own}):
                return ((own, trimmed(self._text[start:end])), *found[0]), found[1]
        return None

    def _ends_behind_a_value(self, at: int, name: str, seen: frozenset[str]) -> bool:
        """Whether the text ends here with nothing missing but the call's own closer."""
        if self._text[at:].strip() or not self._text[:at].endswith("</parameter>"):
            return False
        return seen.issuperset(self._tools[name].parameters.get("required") or ())

    def _value_ends(self, start: int, tool: str) -> Iterator[tuple[int, int]]:
        """Where a value may end, and where reading goes on."""
        ends = {found.start(): found.end() for found in VALUE_CLOSER.finditer(self._text, start)}
        if self._lenient:
            known = self._tools[tool].parameters.get("properties") or {}
            for found in WRONG_CLOSER.finditer(self._text, start):
                if found["name"] is None or found["name"] in known:
                    ends.setdefault(found.start(), found.end())
        yield from sorted(ends.items())

    def _call(self, name: str, arguments: Arguments) -> WrittenCall:
        schema = self._tools[name].parameters
        properties = schema.get("properties") or {}
        values = {key: typed(value, properties.get(key) or {}, schema) for key, value in arguments}
        return WrittenCall(name, json.dumps(values, ensure_ascii=False))

    def _ends_inside_a_call(self) -> bool:
        """Whether the last call of a known tool has no end."""
        if HALF_OPENER.search(self._text):
            return True
        openers = [
            found
            for found in OPENER.finditer(self._text)
            if found["bare"] is None and (found["name"] is None or found["name"] in self._tools)
        ]
        return bool(openers) and ANY_CLOSER.search(self._text, openers[-1].end()) is None


def written(items: tuple[Item, ...], text: str) -> Written:
    calls = tuple(item for item in items if isinstance(item, WrittenCall))
    if not calls:
        return Written(text)
    pieces = [item.strip() for item in items if isinstance(item, str)]
    return Written("\n\n".join(piece for piece in pieces if piece), calls)


def leaves_closers(text: str) -> bool:
    """Whether a closing tag stands in a text without its opening one."""
    depth = {"parameter": 0, "function": 0}
    for tag in TAG.finditer(text):
        depth[tag["kind"]] += -1 if tag["closes"] else 1
        if depth[tag["kind"]] < 0:
            return True
    return False


def trimmed(value: str) -> str:
    """Without the line ends that the template puts around a value."""
    return value.removeprefix("\n").removesuffix("\n")
