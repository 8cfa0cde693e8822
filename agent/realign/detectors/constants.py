"""Which expressions have the same value at every call."""

import ast
from collections.abc import Iterable, Iterator
from typing import Self

from agent.realign.detectors.functions import FunctionNode
from agent.realign.detectors.words import word_set
from agent.survey.imports import last_name

NEUTRAL_CALLS = word_set(
    """choice choices date datetime float int isoformat len monotonic now randint random round
    sample str strftime time today uniform utcnow uuid4"""
)
"""Vary, or convert, and still depend on nothing that was asked."""
CONTAINERS = frozenset({"dict", "list", "tuple", "set", "frozenset", "iter", "range", "jsonify"})
TEXT_METHODS = word_set(
    """capitalize copy dumps encode format get items join keys lower replace split splitlines strip
    title upper values"""
)
MUTATORS = word_set(
    """add append appendleft clear discard extend insert pop popleft remove setdefault
    update"""
)
DEPTH = 12


class Constants:
    """The names and attributes in one scope whose value is fixed in the code."""

    def __init__(self, names: dict[str, ast.expr], attributes: dict[str, ast.expr]) -> None:
        self._names = names
        self._attributes = attributes

    @classmethod
    def of_module(cls, tree: ast.Module) -> Self:
        names = assigned(tree.body)
        attributes: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(body=body):
                    merge(attributes, assigned(body))
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value
                ):
                    # What came in through a parameter is not fixed.
                    fixed = ast.Name(id="") if isinstance(value, ast.Name) else value
                    merge(attributes, {name: fixed})
        changing = frozenset(mutated(tree))
        return cls(
            {name: value for name, value in names.items() if name not in changing},
            {name: value for name, value in attributes.items() if name not in changing},
        )

    def within(self, function: FunctionNode) -> "Constants":
        """These names and the function's own; a parameter hides a name."""
        names = dict(self._names)
        local: dict[str, ast.expr] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.stmt):
                merge(local, assigned([node]))
            elif isinstance(node, ast.arg):
                names.pop(node.arg, None)
        return Constants(names | local, self._attributes)

    def is_constant(self, node: ast.expr, depth: int = 0) -> bool:
        if depth > DEPTH:
            return False
        match node:
            case ast.Constant():
                return True
            case ast.Call(func=func):
                return makes_value(last_name(func)) and all(
                    self.is_constant(part, depth + 1) for part in inputs_of(node)
                )
            case ast.Name() | ast.Attribute() if (value := self._value(node)) is not None:
                return self.is_constant(value, depth + 1)
            case ast.Attribute(value=ast.Name(), attr=name):
                return name.isupper()
            case _:
                return isinstance(node, COMPOSED) and all(
                    self.is_constant(part, depth + 1) for part in parts_of(node)
                )

    def leaves(self, node: ast.expr, depth: int = 0) -> Iterator[ast.Constant]:
        """The literals that an expression is made of, through names."""
        if depth > DEPTH:
            return
        match node:
            case ast.Constant():
                yield node
            case ast.Name() | ast.Attribute() if (value := self._value(node)) is not None:
                yield from self.leaves(value, depth + 1)
            case ast.Call():
                for part in inputs_of(node):
                    yield from self.leaves(part, depth + 1)
            case _:
                for part in parts_of(node):
                    yield from self.leaves(part, depth + 1)

    def _value(self, node: ast.Name | ast.Attribute) -> ast.expr | None:
        match node:
            case ast.Name(id=name):
                return self._names.get(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                return self._attributes.get(name)
            case _:
                return None


COMPOSED = (
    ast.JoinedStr,
    ast.FormattedValue,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.BinOp,
    ast.BoolOp,
    ast.UnaryOp,
    ast.IfExp,
    ast.Compare,
    ast.Slice,
    ast.Subscript,
    ast.Await,
    ast.Starred,
)


def assigned(statements: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Names with all that is assigned to them; a loop's name stands for what it goes through."""
    found: dict[str, ast.expr] = {}
    for node in statements:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
                | ast.For(target=ast.Name(id=name), iter=value)
                | ast.AsyncFor(target=ast.Name(id=name), iter=value)
            ):
                merge(found, {name: value})
    return found


def merge(known: dict[str, ast.expr], more: dict[str, ast.expr]) -> None:
    for name, value in more.items():
        before = known.get(name)
        known[name] = value if before is None else ast.Tuple(elts=[before, value])


def mutated(tree: ast.Module) -> Iterator[str]:
    """Names whose content is changed somewhere, such as a list that is a store."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=holder, attr=method)) if method in MUTATORS:
                yield last_name(holder)
            case ast.Subscript(value=holder, ctx=ast.Store() | ast.Del()):
                yield last_name(holder)
            case ast.Global(names=names):
                yield from names


def makes_value(function: str) -> bool:
    """Whether a function of this name makes a value out of its arguments and nothing else."""
    return (
        function in NEUTRAL_CALLS
        or function in CONTAINERS
        or function in TEXT_METHODS
        or function[:1].isupper()
    )


def inputs_of(call: ast.Call) -> list[ast.expr]:
    """The arguments, and what a method is called on unless that is a module."""
    inputs = [*call.args, *(keyword.value for keyword in call.keywords)]
    match call.func:
        case ast.Attribute(value=holder, attr=method) if method in TEXT_METHODS:
            module = isinstance(holder, ast.Name) and method == "dumps"
            return inputs if module else [holder, *inputs]
        case _:
            return inputs


def parts_of(node: ast.expr) -> list[ast.expr]:
    return [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]


def is_text(node: ast.Constant) -> bool:
    return isinstance(node.value, str) and bool(node.value)


def carries_content(node: ast.Constant) -> bool:
    """Text, True or a number that is no exit code: what could be taken for a result."""
    match node.value:
        case bool() as value:
            return value
        case int() | float() as value:
            return abs(value) > 2 or isinstance(value, float)
        case _:
            return is_text(node)
