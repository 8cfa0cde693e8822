"""Syntax trees of the languages that Python's own parser does not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agent.tools.grammar import LANGUAGES, parser

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx")
NAMES = frozenset(
    {
        "identifier",
        "property_identifier",
        "shorthand_property_identifier",
        "field_identifier",
        "type_identifier",
        "package_identifier",
    }
)
LITERALS = frozenset(
    {
        "string",
        "template_string",
        "number",
        "string_literal",
        "raw_string_literal",
        "interpreted_string_literal",
        "integer_literal",
        "int_literal",
        "float_literal",
        "char_literal",
        "rune_literal",
        "boolean_literal",
        "true",
        "false",
        "null",
        "nil",
        "regex",
    }
)
LARGEST_CHARACTERS = 250_000
"""Nobody writes longer files; a bundle that a tool wrote takes seconds to go through."""


def root_of(path: str, text: str) -> Node | None:
    """The tree of a file; None for a bundle, and when no grammar of its language is installed."""
    if len(text) > LARGEST_CHARACTERS:
        return None
    reader = parser_of(PurePosixPath(path).suffix)
    return None if reader is None else reader.parse(text.encode()).root_node


def parser_of(suffix: str) -> Parser | None:
    try:
        return parser(LANGUAGES[suffix])
    except (KeyError, ImportError):
        return None


def source(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node is not None else ""


def squeezed(node: Node | None) -> str:
    return " ".join(source(node).split())


def walk(node: Node) -> Iterator[Node]:
    """The node and all that is in it, from left to right."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(each.children))


def words_in(node: Node) -> Iterator[str]:
    for each in walk(node):
        if each.type in NAMES:
            yield source(each)
        elif each.type in LITERALS:
            yield squeezed(each)[:80]


def leaves(node: Node) -> int:
    return sum(each.type in LITERALS for each in walk(node))


def is_literal(node: Node) -> bool:
    """Whether nothing in it is a name: a literal, or literals put together."""
    named = (each for each in walk(node) if each.type in NAMES and not is_key(each))
    return leaves(node) > 0 and not any(named)


def is_key(node: Node) -> bool:
    """`total` in `{ total: 649 }`."""
    pair = node.parent
    return pair is not None and pair.type == "pair" and node.start_byte == pair.start_byte


def first_line(node: Node) -> int:
    return int(node.start_point[0]) + 1


def last_line(node: Node) -> int:
    return int(node.end_point[0]) + 1
