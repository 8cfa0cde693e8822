"""Functions that look at nothing they are given and return a literal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agent.realign.detectors.canned import FRAME_PARAMETERS
from agent.realign.detectors.functions import functions, parameters, used_names
from agent.realign.tampering.grammar import (
    first_line,
    is_literal,
    root_of,
    source,
    squeezed,
    walk,
)
from agent.realign.tampering.python_asserts import is_literal as is_python_literal
from agent.survey.sources import parse
from agent.tools.grammar import LANGUAGES

if TYPE_CHECKING:
    from tree_sitter import Node

DECLARATIONS = frozenset(
    {
        "function_declaration",
        "method_definition",
        "method_declaration",
        "function_item",
        "variable_declarator",
    }
)
RETURNS = frozenset({"return_statement", "return_expression"})
CONVERSION = re.compile(
    r"^(\"[^\"]*\")\.(?:to_string|to_owned|into)\(\)$|^String::from\((\"[^\"]*\")\)$"
)
CODE_CHARACTERS = 200


@dataclass(frozen=True)
class ConstantFunction:
    name: str
    line: int
    results: tuple[str, ...]
    """The literals, as they are written."""
    code: str


def constant_functions(path: str, text: str) -> Iterator[ConstantFunction]:
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        tree = parse(text.encode())
        if isinstance(tree, ast.Module):
            yield from of_python(path, tree)
    elif suffix in LANGUAGES:
        root = root_of(path, text)
        for node in walk(root) if root is not None else ():
            if node.type in DECLARATIONS and (found := of_node(node)):
                yield found


def of_python(path: str, tree: ast.Module) -> Iterator[ConstantFunction]:
    for function in functions(path, tree):
        given = set(parameters(function.node)) - FRAME_PARAMETERS
        if not given or used_names(function.body).intersection(given):
            continue
        returned = [n.value for n in ast.walk(function.node) if isinstance(n, ast.Return)]
        literals = [value for value in returned if value is not None and is_python_literal(value)]
        if literals and len(literals) == len(returned):
            code = ast.unparse(function.node)[:CODE_CHARACTERS]
            results = tuple(map(ast.unparse, literals))
            yield ConstantFunction(function.node.name, function.node.lineno, results, code)


def of_node(node: Node) -> ConstantFunction | None:
    function = node.child_by_field_name("value") or node
    given, body = function.child_by_field_name("parameters"), function.child_by_field_name("body")
    if given is None or body is None:
        return None
    names = {source(each) for each in walk(given) if each.type == "identifier"} - FRAME_PARAMETERS
    used = {source(each) for each in walk(body) if each.type == "identifier"}
    results = list(results_of(body))
    literals = tuple(literal_text(each) for each in results)
    if not names or names & used or not results or not all(literals):
        return None
    return ConstantFunction(
        name=source(node.child_by_field_name("name")),
        line=first_line(node),
        results=literals,
        code=squeezed(node)[:CODE_CHARACTERS],
    )


def results_of(body: Node) -> Iterator[Node]:
    """What is returned; an arrow function's or a Rust block's last expression too."""
    if "block" not in body.type:
        yield body
        return
    for each in walk(body):
        if each.type in RETURNS and each.named_children:
            value = each.named_children[0]
            yield value.named_children[0] if value.type == "expression_list" else value
    last = body.named_children[-1] if body.named_children else None
    if body.type == "block" and last is not None and is_tail(last):
        yield last


def is_tail(node: Node) -> bool:
    return not node.type.endswith(("statement", "declaration", "item", "comment"))


def literal_text(node: Node) -> str:
    """`"x".to_string()` and `String::from("x")` are the literal they hold; else empty."""
    text = CONVERSION.sub(lambda found: found[1] or found[2], squeezed(node))
    return text if is_literal(node) or text != squeezed(node) else ""
