"""Faults of syntax as a compiler or a grammar sees them."""

import ast
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from agent.tools.base import lines_of

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
}
"""The module of each grammar, and the function in it that hands it out."""
LANGUAGES = {
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".rs": "rust",
}
"""By a file's suffix; without Python, which has a parser of its own."""
CLOSERS = {"(": ")", "[": "]", "{": "}"}
NEWER_NODES = frozenset({"type_alias_statement", "type_parameter"})
NEWER_MESSAGES = ("f-string", "multiple exception types")
"""What the compiler of an older Python says of code that is right in a newer one."""

Kind = Literal["told", "missing", "unclosed", "unexpected"]


@dataclass(frozen=True)
class Problem:
    line: int
    """From 1."""
    text: str
    """That line."""
    kind: Kind
    what: str = ""
    """The parser's words, or the sign that is missing or never closed."""

    @property
    def likeness(self) -> tuple[str, str, str]:
        """Equal for a fault that only moved to another line."""
        return self.kind, self.what, self.text.strip()


def at_line(text: str, line: int, what: str, kind: Kind = "told") -> Problem:
    lines = lines_of(text) or [""]
    line = min(max(line, 1), len(lines))
    return Problem(line, lines[line - 1], kind, what)


def python_problems(text: str) -> list[Problem]:
    """The first fault that the running Python's compiler finds, if any.

    Code for a newer Python is judged by the grammar alone.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(text, "file", "exec", dont_inherit=True)
    except SyntaxError as error:
        if may_be_newer(text, error):
            return grammar_problems("python", text)
        return [at_line(text, error.lineno or 1, error.msg)]
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return [at_line(text, 1, str(error) or type(error).__name__)]
    return []


def may_be_newer(text: str, error: SyntaxError) -> bool:
    if isinstance(error, IndentationError) or is_parsed(text):
        return False
    root = parser("python").parse(text.encode()).root_node
    if root.has_error:
        return False
    return error.msg.startswith(NEWER_MESSAGES) or any(
        node.type in NEWER_NODES for node in nodes(root)
    )


def is_parsed(text: str) -> bool:
    """Whether only the meaning is wrong, such as a `return` outside a function."""
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(text)
    except SyntaxError:
        return False
    return True


def grammar_problems(language: str, text: str) -> list[Problem]:
    root = parser(language).parse(text.encode()).root_node
    found = []
    for node in nodes(root, only_faulty=True):
        line = node.start_point.row + 1
        if node.is_missing:
            found.append(at_line(text, line, node.type, "missing"))
        elif node.is_error:
            opener = unclosed(node)
            if opener is not None:
                line = opener.start_point.row + 1
                found.append(at_line(text, line, opener.type, "unclosed"))
            else:
                found.append(at_line(text, line, "", "unexpected"))
    return found


@cache
def parser(language: str) -> "Parser":
    # imported on first use: a run that changes no source needs no grammar
    from tree_sitter import Language, Parser

    module, function = GRAMMARS[language]
    return Parser(Language(getattr(import_module(module), function)()))


def nodes(root: "Node", *, only_faulty: bool = False) -> "list[Node]":
    """All nodes in the order of the text; or those with a fault in them, down to the fault."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if only_faulty and not (node.has_error or node.is_missing):
            continue
        found.append(node)
        if not (only_faulty and node.is_error):
            waiting.extend(reversed(node.children))
    return found


def unclosed(error: "Node") -> "Node | None":
    """The last bracket that opens in a faulty stretch and does not close there."""
    open_brackets: list[Node] = []
    for node in error.children:
        if node.type in CLOSERS:
            open_brackets.append(node)
        elif open_brackets and node.type == CLOSERS[open_brackets[-1].type]:
            open_brackets.pop()
    return open_brackets[-1] if open_brackets else None
