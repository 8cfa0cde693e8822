"""The tags of a tool call that stands in a text, and the manners of reading over them. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

TAG = re.compile(
    r"<(?P<closes>/?)(?P<kind>tool_call|parameter|function)(?:[=\s](?P<name>[^<>]*))?>"
)
TOOL_CALL_BEFORE = re.compile(r"<tool_call>\s*\Z")
LINE_ENDS = re.compile(r"(?:\s*</tool_call>)*+[ \t]*(?:\n|\Z)")
LOOK_BACK = 200
"""Characters before a tag."""
PAIRED = ("parameter", "function")
"""`<tool_call>` has no partner so often that it says nothing."""


@dataclass(frozen=True)
class Tag:
    start: int
    end: int
    kind: str
    name: str
    closes: bool
    is_apart: bool
    """Whether nothing else stands before an opening tag, or around a closing one, on its line."""


Span = tuple[int, int]
Reach = Callable[[Sequence[Tag], int, int, frozenset[str]], Iterator[Span]]
"""Where a value may end: tags, where the value and the text end, the names of parameters that are
still to come. Spans with both their ends, in order."""


def tags_of(text: str) -> list[Tag]:
    return [tag_at(text, found) for found in TAG.finditer(text)]


def tag_at(text: str, found: re.Match[str]) -> Tag:
    kind, closes = found["kind"], bool(found["closes"])
    before = text[max(0, found.start() - LOOK_BACK) : found.start()]
    if kind == "function" and not closes:
        before = TOOL_CALL_BEFORE.sub("", before)
    is_apart = not before.rpartition("\n")[2].strip()
    if closes and kind != "parameter":
        is_apart = is_apart and LINE_ENDS.match(text, found.end()) is not None
    name = (found["name"] or "").strip(' "')
    return Tag(found.start(), found.end(), kind, name, closes, is_apart)


def leaves_closers(text: str) -> bool:
    """Whether a closing tag stands in a text without its opening one."""
    depth: Counter[str] = Counter()
    for tag in tags_of(text):
        depth[tag.kind] += -1 if tag.closes else 1
        if tag.kind in PAIRED and depth[tag.kind] < 0:
            return True
    return False


def leaves_call_open(tags: Sequence[Tag]) -> bool:
    """Whether more calls begin than end."""
    return sum(-1 if tag.closes else 1 for tag in tags if tag.kind == "function") > 0


def untagged(tags: Sequence[Tag], start: int, end: int, coming: frozenset[str]) -> Iterator[Span]:
    """A value without any tag in it."""
    del coming
    yield start, next((tag.start for tag in tags if tag.start >= start), end)


def balanced(tags: Sequence[Tag], start: int, end: int, coming: frozenset[str]) -> Iterator[Span]:
    """A value in which each tag has its partner."""
    depth: Counter[str] = Counter()
    begin = start
    for tag in tags:
        if tag.start < start or tag.kind not in PAIRED:
            continue
        if not any(depth.values()):
            yield begin, tag.start
        if is_next(tag, coming) and not depth["function"]:
            return
        depth[tag.kind] += -1 if tag.closes else 1
        if depth[tag.kind] < 0:
            return
        begin = tag.end
    if not any(depth.values()):
        yield begin, end


def literal(tags: Sequence[Tag], start: int, end: int, coming: frozenset[str]) -> Iterator[Span]:
    """A value with any tags, but for those that look like the structure around it.

    That is a parameter still to come, a call that has no end, and one that follows another.
    """
    if leaves_call_open(tags):
        return
    depth, nested, ended, begin = 0, 0, False, start
    for tag in tags:
        if tag.start < start:
            continue
        if max(depth, nested) <= 0:
            yield begin, tag.start
        opens = tag.kind == "function" and not tag.closes
        if is_next(tag, coming) or (opens and ended and tag.is_apart):
            return
        if tag.kind == "function":
            step = -1 if tag.closes else 1
            depth += step
            nested = max(0, nested + step) if tag.is_apart else nested
        ended = ended or (tag.closes and tag.is_apart and tag.kind != "parameter")
        begin = tag.start
    if max(depth, nested) <= 0:
        yield begin, end


def is_next(tag: Tag, coming: frozenset[str]) -> bool:
    """Whether a tag looks like the beginning of a parameter that is still to come."""
    opens = tag.kind == "parameter" and not tag.closes
    return opens and tag.is_apart and tag.name in coming


NEXT = r"(?:<tool_call>|<function=|\Z)"
EXACT_ENDS = re.compile(r"(?<=\n)</parameter>(?=\n<parameter=[^<>\n]+>\n|\n</function>)")
EXACT_SURE_ENDS = re.compile(
    r"(?<=\n)</parameter>(?=\n<parameter=[^<>\n]+>\n|\n</function>(?:\n</tool_call>|\s*\Z))"
)
SURE_ENDS = re.compile(
    r"(?<=\n)</parameter>(?=\s*(?:<parameter=|</function>\s*</tool_call>))"
    r"|(?<=\n)(?<!</parameter>\n)(?=</function>\s*</tool_call>)"
)
ENDS = re.compile(
    r"</parameter>(?=\s*(?:<parameter=|</function>|</tool_call>))"
    r"|(?<=\n)</parameter>(?=\s*\Z)"
    r"|(?<!</parameter>\n)(?:(?=</function>\s*</tool_call>)"
    rf"|(?<=\n)(?=</function>\s*{NEXT})"
    r"|(?<=\n)(?=<parameter=\"?(?P<name>[\w.:-]+)\"?\s*>))"
)
LOOSE_ENDS = re.compile(ENDS.pattern + rf"|(?<=\n)(?=</tool_call>\s*{NEXT})")


@dataclass(frozen=True)
class Manner:
    """How strictly a text is read."""

    reach: Reach
    """What a value may hold."""
    ends: re.Pattern[str]
    """What closes a value: its own tag, or where that is missing what comes next."""
    is_exact: bool = False
    """Whether each tag stands on a line of its own, as the template writes it."""
    is_complete: bool = True
    """Whether a call has the parameters of its tool: all that are required, and no others."""


MANNERS = (
    Manner(balanced, EXACT_ENDS, is_exact=True),
    Manner(balanced, EXACT_ENDS, is_exact=True, is_complete=False),
    Manner(literal, EXACT_SURE_ENDS, is_exact=True),
    Manner(balanced, ENDS),
    Manner(untagged, LOOSE_ENDS),
    Manner(balanced, ENDS, is_complete=False),
    Manner(untagged, LOOSE_ENDS, is_complete=False),
    Manner(literal, SURE_ENDS),
)
