"""The tests of a JavaScript or TypeScript file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.realign.detectors.words import word_set
from agent.realign.tampering.grammar import (
    first_line,
    last_line,
    root_of,
    source,
    squeezed,
    walk,
    words_in,
)
from agent.realign.tampering.script_asserts import chain, strengths_of
from agent.realign.tampering.suite import Strengths, Test, TestFile, excerpt, informative

if TYPE_CHECKING:
    from tree_sitter import Node

SUITES = word_set("describe context suite fdescribe xdescribe ddescribe xcontext")
TESTS = word_set("it test specify fit xit xtest xspecify")
MODIFIERS = word_set(
    """skip only todo failing fails each concurrent sequential skipIf runIf fixme slow serial
    parallel describe for shuffle"""
)
HELD = {
    "skip": "skipped",
    "todo": "skipped",
    "fixme": "skipped",
    "failing": "expected to fail",
    "fails": "expected to fail",
    "skipIf": "skipped under a condition",
    "runIf": "skipped under a condition",
}
FUNCTIONS = frozenset({"arrow_function", "function_expression", "function", "function_declaration"})
CONTROL = frozenset({"if_statement", "for_statement", "for_in_statement", "while_statement"})
COMMON = word_set(
    """describe context suite it test expect toBe toEqual toStrictEqual assert equal strictEqual
    deepEqual done t async await require toThrow resolves rejects not true false null undefined"""
)


@dataclass(frozen=True)
class Place:
    titles: tuple[str, ...] = ()
    held: str = ""
    focused: bool = False
    times: int = 1


@dataclass(frozen=True)
class Found:
    test: Test
    focused: bool


def script_tests(path: str, text: str) -> TestFile | None:
    """None when no grammar is installed."""
    root = root_of(path, text)
    if root is None:
        return None
    lines = text.split("\n")
    found = list(tests_under(root, Place(), path, lines))
    if any(each.focused for each in found):
        found = [each if each.focused else left_out(each) for each in found]
    tests = {each.test.name: each.test for each in found}
    helpers = {test.name: test for test in helpers_of(root, path, lines)}
    return TestFile(path, (*tests.values(), *helpers.values()), informative(words_in(root), COMMON))


def left_out(found: Found) -> Found:
    held = found.test.held or "left out, because only others are to run"
    return replace(found, test=replace(found.test, held=held))


def tests_under(node: Node, place: Place, path: str, lines: list[str]) -> Iterator[Found]:
    for child in node.named_children:
        if child.type == "call_expression" and (words := marks_of(child)):
            inner = entered(place, child, words)
            body = function_of(child)
            if words[0] in SUITES or "describe" in words:
                if body is not None:
                    yield from tests_under(body, inner, path, lines)
                continue
            yield Found(test_of(child, body, inner, path, lines), inner.focused)
        elif child.type == "if_statement":
            held = place.held or "defined under a condition"
            yield from tests_under(child, replace(place, held=held), path, lines)
        elif child.type == "call_expression" and chain(child)[-1:] == ("forEach",):
            yield from tests_under(child, replace(place, times=rounds_of(child)), path, lines)
        else:
            yield from tests_under(child, place, path, lines)


def marks_of(call: Node) -> tuple[str, ...]:
    """`it`, `it.skip`, `test.each` and so on, as words; empty when the call declares no test."""
    words = chain(call)
    if words[:1] in {("t",), ("Deno",), ("QUnit",)} and words[1:2] == ("test",):
        words = words[1:]
    if words[:1] == ("module",) or not words or words[0] not in SUITES | TESTS:
        return ()
    if not MODIFIERS.issuperset(words[1:]):
        return ()
    arguments = call.child_by_field_name("arguments")
    if arguments is None or not arguments.named_children or arguments.type == "template_string":
        return ()
    first = arguments.named_children[0]
    is_table = words[-1] == "each" and first.type == "array"
    is_declared = len(arguments.named_children) > 1 or "todo" in words
    return () if is_table or not is_declared else words


def entered(place: Place, call: Node, words: tuple[str, ...]) -> Place:
    arguments = call.child_by_field_name("arguments")
    assert arguments is not None, "a declaration of a test has arguments"
    held = next((HELD[word] for word in words if word in HELD), "")
    if words[0].startswith("x"):
        held = "skipped"
    held = held or held_by_options(arguments)
    return Place(
        titles=(*place.titles, squeezed(arguments.named_children[0]).strip("\"'`")),
        held=place.held or held,
        focused=place.focused or "only" in words or words[0] in {"fit", "fdescribe", "ddescribe"},
        times=place.times * cases_of(call),
    )


def held_by_options(arguments: Node) -> str:
    """`{ skip: true }`, as the runner of Node takes it."""
    for node in arguments.named_children:
        if node.type == "object":
            text = "".join(source(node).split())
            if any(f"{word}:{quote}" in text for word in ("skip", "todo") for quote in TRUTHY):
                return "skipped"
    return ""


TRUTHY = ("true", "'", '"', "1", "`")


def cases_of(call: Node) -> int:
    """The rows of `it.each([...])`."""
    callee = call.child_by_field_name("function")
    if callee is None or callee.type != "call_expression":
        return 1
    arguments = callee.child_by_field_name("arguments")
    if arguments is None or not arguments.named_children:
        return 1
    table = arguments.named_children[0]
    return len(table.named_children) if table.type == "array" else 1


def rounds_of(call: Node) -> int:
    """The elements of `[...].forEach(...)`."""
    array = next((node for node in walk(call) if node.type == "array"), None)
    callee = call.child_by_field_name("function")
    if array is None or callee is None or not source(callee).startswith("["):
        return 1
    return max(1, len(array.named_children))


def function_of(call: Node) -> Node | None:
    arguments = call.child_by_field_name("arguments")
    inside = arguments.named_children if arguments is not None else []
    return next((node for node in reversed(inside) if node.type in FUNCTIONS), None)


def test_of(call: Node, function: Node | None, place: Place, path: str, lines: list[str]) -> Test:
    body = function.child_by_field_name("body") if function is not None else None
    strengths, stopped = strengths_of(body) if body is not None else (Strengths(), "skipped")
    return Test(
        path=path,
        name=" > ".join(place.titles),
        line=first_line(call),
        strengths=strengths.times(place.times),
        words=informative(words_in(call), COMMON),
        held=place.held or stopped,
        source=excerpt(lines, first_line(call), last_line(call)),
    )


def helpers_of(root: Node, path: str, lines: list[str]) -> Iterator[Test]:
    """Functions of the file that assert for its tests."""
    for node in walk(root):
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if node.type != "function_declaration" or name is None or body is None:
            continue
        strengths, _ = strengths_of(body)
        if strengths.strong + strengths.weak and not holds_tests(body):
            yield Test(
                path=path,
                name=f"function {source(name)}",
                line=first_line(node),
                strengths=strengths,
                words=informative(words_in(node), COMMON),
                source=excerpt(lines, first_line(node), last_line(node)),
                is_helper=True,
            )


def holds_tests(body: Node) -> bool:
    return any(node.type == "call_expression" and marks_of(node) for node in walk(body))
