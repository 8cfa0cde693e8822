"""Finds tool calls that a model wrote as text: Qwen's XML and Hermes JSON. Pure.

    <tool_call>                                  <tool_call>
    <function=write>                             {"name": "write", "arguments": {...}}
    <parameter=path>                             </tool_call>
    a.py
    </parameter>
    </function>
    </tool_call>

What is quoted in code blocks stays text. So does a call of a tool that nobody offered, one that no
reading fits, and one of which it is not sure what it is; of those the reply says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.domain.message import ToolSpec
from agent.providers.call_doubts import are_doubtful
from agent.providers.call_reader import Item, Reader, WrittenCall
from agent.providers.quoting import inside_block

THOUGHT = re.compile(r"\s*<think>(?P<thought>.*?)</think>", re.DOTALL)
THOUGHT_ENDS = "</think>"


@dataclass(frozen=True)
class Written:
    """A text, read."""

    text: str
    """What is left of it beside the calls."""
    calls: tuple[WrittenCall, ...] = ()
    is_cut: bool = False
    """Whether a call begins that does not end; then there are no calls."""
    is_unclear: bool = False
    """Whether something in it may be a call, and is not made; then there are no calls."""


def written_calls(text: str, tools: Sequence[ToolSpec], *, bare: bool = False) -> Written:
    """The calls in a text of a reply that ended by itself.

    Calls inside a thought count only when nothing follows the thought. `bare` is for a model that
    is known to write calls as text: its whole text may be one JSON call without tags, or one code
    block with calls.
    """
    thought = THOUGHT.match(text)
    if thought is None:
        return read_calls(text, tools, bare)
    if text.rstrip().endswith(THOUGHT_ENDS):
        inside = text[thought.start("thought") : text.rindex(THOUGHT_ENDS)]
        found = read_calls(inside, tools, bare)
        return replace(found, text=f"<think>{found.text}</think>" if found.calls else text)
    before, behind = text[: thought.end()], text[thought.end() :]
    found = read_calls(behind, tools, bare)
    return replace(found, text=before + found.text)


def read_calls(text: str, tools: Sequence[ToolSpec], bare: bool) -> Written:
    found = read(text, tools, bare)
    if bare and not found.calls and (inside := inside_block(text)) is not None:
        found = read(inside, tools, bare)
        return found if found.calls else replace(found, text=text)
    return found


def read(text: str, tools: Sequence[ToolSpec], bare: bool) -> Written:
    reader = Reader(text, tools, bare)
    items = reader.items()
    if items is None:
        is_cut = reader.ends_inside_a_call()
        return Written(text, is_cut=is_cut, is_unclear=not is_cut)
    found = written(items, text)
    if found.calls:
        return Written(text, is_unclear=True) if are_doubtful(items, text) else found
    return replace(found, is_unclear=reader.looks_like_calls())


def before_calls(text: str, tools: Sequence[ToolSpec], *, bare: bool = False) -> str:
    """The text of a cut reply as far as the first call in it, whether that is whole or not."""
    begin = Reader(text, tools, bare).first_call()
    return text if begin == len(text) else text[:begin].rstrip()


def written(items: tuple[Item, ...], text: str) -> Written:
    calls = tuple(item for item in items if isinstance(item, WrittenCall))
    if not calls:
        return Written(text)
    pieces = [item.strip() for item in items if isinstance(item, str)]
    return Written("\n\n".join(piece for piece in pieces if piece), calls)
