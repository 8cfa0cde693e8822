"""Reads the tool calls in one text. Nothing in a parameter is escaped, so a value may hold the
very tags around it: several manners of reading are tried, the likeliest first, and a reading is
taken only when it leaves no tag behind. Then every value is whole. Pure.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.domain.message import ToolSpec
from agent.providers.argument_repair import DECODER, read_object, repaired, typed
from agent.providers.call_tags import (
    LOOK_BACK,
    MANNERS,
    TOOL_CALL_BEFORE,
    leaves_closers,
    tags_of,
    untagged,
)
from agent.providers.quoting import unquoted

MOST_TAGS = 2_000
"""A text with more of them is left alone."""
OPENER = re.compile(
    r"(?:<tool_call>\s*)?<function=\s*\"?(?P<name>[\w.:-]+)\"?\s*>"
    r"(?=\s*(?:<(?:parameter=|/function>|/tool_call>|[a-z_/]*\Z)|\Z))"
    r"|<tool_call>\s*(?P<json>(?=\{))"
    r"|(?P<bare>(?=\{\s*\"(?:name|arguments)\"\s*:))"
)
BARE = re.compile(r"\s*\{\s*\"(?:name|arguments)\"\s*:")
IN_CODE = re.compile(r"(?:\A[ \t]*>|[\"'`=(\[{|,\\])[ \t]*\Z")
"""Behind one of these on its line, a tag is quoted or a part of a program."""
LINE_ENDS = re.compile(r"[ \t]*(?:\Z|\n|</?tool_call>|<function=)")
PARAMETER = re.compile(r"\s*<parameter=\s*\"?(?P<name>[\w.:-]+)\"?\s*>")
EXACT_PARAMETER = re.compile(r"\n<parameter=(?P<name>[\w.:-]+)>(?=\n)")
SURE_CALL_END = re.compile(r"\s*(?:<parameter=|</function>\s*(?:</tool_call>|\Z))")
CALL_END = re.compile(r"(?:\s*</function>)+(?:\s*</tool_call>)*(?:\s*</?[a-z_]*\Z)?")
EXACT_CALL_END = re.compile(r"\n</function>(?:\n</tool_call>)?(?:\s*</?[a-z_]*\Z)?")
TOOL_CALL_END = re.compile(r"\s*</tool_call>")
ANY_TAG = re.compile(r"</?(?:tool_call|parameter|function)[=>]")
WHOLE_CALL = re.compile(
    r"(?ms)^[ \t]*<(?:tool_call>|function[=\s]).*</(?:function|tool_call)>\s*\Z"
)
HALF_OPENER = re.compile(r"<tool_call>\s*(?:<[^<>]*)?\Z|<function=[^<>]*\Z")


@dataclass(frozen=True)
class WrittenCall:
    name: str
    arguments: str
    """As JSON."""
    last_value: tuple[int, int] | None = field(default=None, compare=False)
    """Where the last parameter stands in the text; None for a call in JSON, whose texts are
    escaped."""


Item = str | WrittenCall
Arguments = tuple[tuple[str, int, int], ...]
"""Names, and where their values stand."""
Ending = tuple[Arguments, tuple[Item, ...]]
"""Parameters up to the end of a call, and what follows it."""


class Reader:
    """Tries the readings of one text."""

    def __init__(self, text: str, tools: Sequence[ToolSpec], bare: bool) -> None:
        """With `bare` the whole text may be one JSON call without tags."""
        self._text = text
        self._tools = {tool.name: tool.parameters for tool in tools}
        self._bare = bare
        self._tags = tags_of(text)
        self._said: dict[int, str] = {}
        self._manner = MANNERS[0]
        self._known: dict[tuple[int, object], Any] = {}

    def items(self) -> tuple[Item, ...] | None:
        """The calls and the pieces of text beside them; None when no reading fits."""
        if len(self._tags) > MOST_TAGS or self.first_call() == len(self._text):
            return (self._text,)
        for manner in MANNERS:
            self._manner = manner
            self._known.clear()
            if items := self._in_text(0, 0):
                return items
        return None

    def first_call(self) -> int:
        """Where the first call of an offered tool begins, or might; else where the text ends."""
        at = 0
        while opener := self._next_opener(at, 0):
            if opener["name"] is None or opener["name"] in self._tools:
                return opener.start()
            at = opener.end()
        half = HALF_OPENER.search(self._unquoted(0)) if self._tools else None
        half = (BARE.match(self._text) if self._bare else None) or half
        return half.start() if half else len(self._text)

    def ends_inside_a_call(self) -> bool:
        """Whether a call of an offered tool begins that nothing closes."""
        begin = self.first_call()
        tags = [tag for tag in self._tags if tag.end > begin and tag.kind != "parameter"]
        depth = sum(-1 if tag.closes else 1 for tag in tags if tag.kind == "function")
        is_open = depth > 0 or not tags or not tags[-1].closes
        return is_open or HALF_OPENER.search(self._unquoted(0)) is not None

    def looks_like_calls(self) -> bool:
        """Whether the text ends with a call, of whatever tool, or has too many tags to be read."""
        is_long = len(self._tags) > MOST_TAGS and self._next_opener(0, 0) is not None
        is_call = is_long or WHOLE_CALL.search(self._unquoted(0)) is not None
        return is_call and bool(self._tools)

    def _unquoted(self, piece: int) -> str:
        """The text from a piece on, which begins outside of any quotation."""
        if piece not in self._said:
            self._said[piece] = unquoted(self._text[piece:])
        return self._said[piece]

    def _in_text(self, at: int, piece: int) -> tuple[Item, ...] | None:
        """The rest from `at`, of which the text from `piece` on is not placed yet."""
        key = (at, piece)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._read_text(at, piece)
        found: tuple[Item, ...] | None = self._known[key]
        return found

    def _read_text(self, at: int, piece: int) -> tuple[Item, ...] | None:
        opener = self._next_opener(at, piece)
        end = opener.start() if opener else len(self._text)
        if opener is None:
            half = HALF_OPENER.search(self._unquoted(piece))
            return None if half or self._is_torn(piece, end) else (self._text[piece:],)
        name = opener["name"]
        if name is None:
            return self._read_json(opener, piece)
        if name not in self._tools:
            return self._in_text(opener.end(), piece)
        found = None if self._is_torn(piece, end) else self._in_call(opener.end(), name)
        if found is None:
            return None
        arguments, rest = found
        return (self._text[piece:end], self._call(name, arguments), *rest)

    def _is_torn(self, piece: int, end: int) -> bool:
        """Whether a text beside calls holds what belongs into one.

        Before the first call a model may have spoken of calls, or tried one that does not exist.
        Behind a call every tag is suspect, quoted or not: it may be the end of a longer value.
        """
        if piece == 0:
            return leaves_closers(self._unquoted(0)[:end])
        return ANY_TAG.search(self._text, piece, end) is not None

    def _next_opener(self, at: int, piece: int) -> re.Match[str] | None:
        for opener in OPENER.finditer(self._text, at):
            start = opener.start()
            if self._is_spoken(start, piece):
                continue
            if opener["bare"] is None or self._is_bare_call(start):
                return opener
        return None

    def _is_spoken(self, at: int, piece: int) -> bool:
        """Whether what stands here is quoted, or a part of a line of code."""
        before = TOOL_CALL_BEFORE.sub("", self._text[max(piece, at - LOOK_BACK) : at])
        is_quoted = self._unquoted(piece)[at - piece] != self._text[at]
        return is_quoted or IN_CODE.search(before.rpartition("\n")[2]) is not None

    def _is_bare_call(self, at: int) -> bool:
        """Whether a JSON call without its opening tag stands here."""
        end = self._decoded(at)[1]
        alone = self._bare and not (self._text[:at] + self._text[end:]).strip()
        return end > at and (alone or TOOL_CALL_END.match(self._text, end) is not None)

    def _decoded(self, at: int) -> tuple[object, int]:
        try:
            return DECODER.raw_decode(self._text, at)
        except (ValueError, RecursionError):
            return None, at

    def _read_json(self, opener: re.Match[str], piece: int) -> tuple[Item, ...] | None:
        value, end = self._decoded(opener.end())
        if not isinstance(value, dict):
            return None
        name = value.get("name")
        arguments = value.get("arguments", value.get("parameters", {}))
        if isinstance(arguments, str):
            arguments = read_object(arguments)
        if name not in self._tools or not isinstance(arguments, dict):
            return self._in_text(end, piece)
        closer = TOOL_CALL_END.match(self._text, end)
        torn = self._is_torn(piece, opener.start())
        rest = None if torn else self._behind_call(closer.end() if closer else end)
        if rest is None:
            return None
        written_as = json.dumps(arguments, ensure_ascii=False)
        call = WrittenCall(name, repaired(written_as, self._tools[name]))
        return (self._text[piece : opener.start()], call, *rest)

    def _behind_call(self, at: int) -> tuple[Item, ...] | None:
        """What follows a call. With words on its last line it is only spoken of."""
        return self._in_text(at, at) if LINE_ENDS.match(self._text, at) else None

    def _in_call(self, at: int, name: str, seen: frozenset[str] = frozenset()) -> Ending | None:
        """The parameters from here on, and what follows the call."""
        key = (at, (name, seen))
        if key not in self._known:
            self._known[key] = self._read_call(at, name, seen)
        found: Ending | None = self._known[key]
        return found

    def _read_call(self, at: int, name: str, seen: frozenset[str]) -> Ending | None:
        is_complete = seen.issuperset(self._tools[name].get("required") or ())
        end = self._call_end(at)
        if end is None and is_complete and self._ends_behind_a_value(at):
            end = at
        if end is not None:
            fits = is_complete or not self._manner.is_complete
            rest = self._behind_call(end) if fits else None
            return None if rest is None else ((), rest)
        parameter = (EXACT_PARAMETER if self._manner.is_exact else PARAMETER).match(self._text, at)
        properties = frozenset(self._tools[name].get("properties") or ())
        # A parameter that comes twice is a part of the value before it.
        if parameter is None or (own := parameter["name"]) in seen:
            return None
        if self._manner.is_complete and own not in properties:
            return None
        start, seen = parameter.end(), seen | {own}
        for end, after in self._value_ends(start, properties - seen):
            if found := self._in_call(after, name, seen):
                return ((own, start, end), *found[0]), found[1]
        return None

    def _call_end(self, at: int) -> int | None:
        if self._manner.is_exact:
            found = EXACT_CALL_END.match(self._text, at)
        else:
            found = CALL_END.match(self._text, at) or TOOL_CALL_END.match(self._text, at)
        return found.end() if found else None

    def _ends_behind_a_value(self, at: int) -> bool:
        """Whether the text ends here with nothing missing but the call's own closer."""
        is_exact, text = self._manner.is_exact, self._text
        return not is_exact and not text[at:].strip() and text[:at].endswith("</parameter>")

    def _value_ends(self, start: int, coming: frozenset[str]) -> Iterator[tuple[int, int]]:
        """Where a value may end, and where reading goes on."""
        spans = self._manner.reach(self._tags, start, len(self._text), coming)
        span = next(spans, None)
        for found in self._manner.ends.finditer(self._text, start):
            while span and span[1] < found.start():
                span = next(spans, None)
            if span is None:
                return
            if span[0] <= found.start() and self._may_end(start, found, coming):
                yield found.start(), found.end()

    def _may_end(self, start: int, end: re.Match[str], coming: frozenset[str]) -> bool:
        """Whether a value is closed on a line of its own, or stands on one line as a whole.

        A closing tag in the middle of a line of code is a part of the code.
        """
        begins = end.groupdict().get("name")
        if begins is not None and begins not in coming:
            return False
        value = self._text[start : end.start()]
        if not end[0] and not value.strip():
            return False
        if "\n" not in value or value.endswith("\n"):
            return True
        is_plain = self._manner.reach is untagged and "\n" not in value.strip("\n")
        is_closed = end[0] and not IN_CODE.search(value)
        return bool(is_plain and is_closed and SURE_CALL_END.match(self._text, end.end()))

    def _call(self, name: str, arguments: Arguments) -> WrittenCall:
        schema = self._tools[name]
        properties = schema.get("properties") or {}
        values = {
            key: typed(trimmed(self._text[start:end]), properties.get(key) or {}, schema)
            for key, start, end in arguments
        }
        last_value = arguments[-1][1:] if arguments else None
        return WrittenCall(name, json.dumps(values, ensure_ascii=False), last_value)


def trimmed(value: str) -> str:
    """Without the line ends that the template puts around a value."""
    return value.removeprefix("\n").removesuffix("\n")
