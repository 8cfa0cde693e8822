"""Whether calls that were made out in a text may be something else; then none is made. Pure.

Nothing in a parameter is escaped. A value that holds the end of one call and the beginning of
another is, letter for letter, two calls; only what stands in the values can tell of it. A refused
call costs a turn, a wrong one a file.
"""

import re
from collections.abc import Sequence

from agent.providers.call_reader import Item, WrittenCall
from agent.providers.call_tags import PAIRED, Span, leaves_closers, tags_of

MARK = re.compile(r"<\|[^|<>\n]*\|>|</think>")
"""A mark of the model's own, such as the end of its turn or of a thought."""
TEMPLATE_END = re.compile(r"</parameter>\n</function>(?:\n</tool_call>|\s*\Z)")
PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))
BLOCKS = ('"""', "'''", "```")
QUOTES = ('"', "`")
"""What stands an even number of times in a text that is whole; apostrophes do not."""


def are_doubtful(items: Sequence[Item], text: str) -> bool:
    """Whether one of the calls may be a part of another one's value, or an example."""
    values = [item.last_value for item in items if isinstance(item, WrittenCall)]
    known = [value for value in values if value is not None]
    torn = any(ends_at_a_tag_of_its_own(value, text) for value in known)
    return (
        torn or is_example(items) or any(may_be_one(each, known[-1], text) for each in known[:-1])
    )


def is_example(items: Sequence[Item]) -> bool:
    """Whether words follow the last call: who means a call ends with it and waits for the result,
    who shows one speaks on."""
    last = max((n for n, item in enumerate(items) if isinstance(item, WrittenCall)), default=None)
    behind = items[last + 1 :] if last is not None else ()
    return any(MARK.sub("", item).strip() for item in behind if isinstance(item, str))


def ends_at_a_tag_of_its_own(value: Span, text: str) -> bool:
    """Whether a value holds closing tags without opening ones, and what ends it may be another of
    them: the call's own end is not as the template writes it."""
    return leaves_closers(text[slice(*value)]) and not TEMPLATE_END.match(text, value[1])


def may_be_one(value: Span, last: Span, text: str) -> bool:
    """Whether a value may reach on to the end of the last one: its tags or blocks have no partners,
    or its brackets or quotes have theirs only behind it."""
    own, whole = text[slice(*value)], text[value[0] : last[1]]
    if leaves_tags(own) or any(own.count(mark) % 2 for mark in BLOCKS):
        return True
    return any(
        torn and not left for torn, left in zip(imbalances(own), imbalances(whole), strict=True)
    )


def leaves_tags(text: str) -> bool:
    """Whether a tag on a line of its own has no partner there; those within a line are code."""
    depth = dict.fromkeys(PAIRED, 0)
    for tag in tags_of(text):
        if tag.is_apart and tag.kind in PAIRED:
            depth[tag.kind] += -1 if tag.closes else 1
            if depth[tag.kind] < 0:
                return True
    return any(depth.values())


def imbalances(text: str) -> list[int]:
    """Of each kind of bracket, how many more open than close; of each quote, whether one is odd."""
    brackets = [text.count(opens) - text.count(closes) for opens, closes in PAIRS]
    return brackets + [text.count(quote) % 2 for quote in QUOTES]
