"""The signatures in a source file: what can be called from elsewhere, one line each."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

GRAMMARS = {
    ".py": ("tree_sitter_python", "language"),
    ".js": ("tree_sitter_javascript", "language"),
    ".jsx": ("tree_sitter_javascript", "language"),
    ".mjs": ("tree_sitter_javascript", "language"),
    ".ts": ("tree_sitter_typescript", "language_typescript"),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
    ".go": ("tree_sitter_go", "language"),
    ".rs": ("tree_sitter_rust", "language"),
}
"""By the file's suffix: the module of the grammar, and the function that hands it out."""
DEFINITION = re.compile(
    r"(function|class|method|interface|type|enum|struct|trait|impl|abstract_class)"
    r"(_(definition|declaration|item|alias_declaration|signature_item))?"
)
WRAPPERS = frozenset({"export_statement", "decorated_definition"})
FUNCTION_VALUES = frozenset({"arrow_function", "function_expression"})
MOST_FILES = 300
"""Whose signatures are kept: each task of a run looks at mostly the same files."""
MOST_LINES = 24
LONGEST_LINE = 120
LARGEST_FILE_CHARACTERS = 400_000
PRIVATE = re.compile(r"(async def|def|class) _(?!_init__)")


@lru_cache(maxsize=MOST_FILES)
def signatures(path: str, text: str) -> tuple[str, ...]:
    """The file's functions, classes and their methods; empty for a language without a grammar."""
    parser = parser_for(PurePosixPath(path).suffix)
    if parser is None or len(text) > LARGEST_FILE_CHARACTERS:
        return ()
    source = text.encode(errors="replace")
    found = []
    for depth, node in definitions(parser.parse(source).root_node, 0):
        line = " " * depth + line_of(node, source)
        if not PRIVATE.match(line.lstrip()):
            found.append(line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 3] + "...")
        if len(found) == MOST_LINES:
            break
    return tuple(found)


@cache
def parser_for(suffix: str) -> "Parser | None":
    """Grammars are loaded when a file first needs one; None when it is not installed."""
    if suffix not in GRAMMARS:
        return None
    module, function = GRAMMARS[suffix]
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(getattr(import_module(module), function)()))
    except ImportError:
        return None


def definitions(parent: "Node", depth: int) -> "Iterator[tuple[int, Node]]":
    """What a module defines, and right in it what a class does."""
    for node in parent.named_children:
        if node.type in WRAPPERS:
            yield from definitions(node, depth)
        elif is_definition(node):
            yield depth, node
            body = node.child_by_field_name("body")
            if depth == 0 and body is not None and not node.type.startswith("function"):
                yield from definitions(body, depth + 1)


def is_definition(node: "Node") -> bool:
    if node.type == "lexical_declaration":
        return any(
            (value := child.child_by_field_name("value")) is not None
            and value.type in FUNCTION_VALUES
            for child in node.named_children
        )
    return DEFINITION.fullmatch(node.type) is not None


def line_of(node: "Node", source: bytes) -> str:
    """The definition up to its body, on one line."""
    end = body_of(node)
    if end is None:
        words = source[node.start_byte : node.end_byte].split(b"\n")[0]
    else:
        words = source[node.start_byte : end.start_byte]
    line = " ".join(words.decode(errors="replace").split())
    return line.rstrip(" :{;").removesuffix("=>").rstrip()


def body_of(node: "Node") -> "Node | None":
    if node.type != "lexical_declaration":
        return node.child_by_field_name("body")
    value = node.named_children[0].child_by_field_name("value")
    return value.child_by_field_name("body") if value is not None else None
