"""The tests of a Rust file, those inside the code they test among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.realign.detectors.words import word_set
from agent.realign.tampering.grammar import (
    LITERALS,
    NAMES,
    first_line,
    last_line,
    root_of,
    source,
    squeezed,
    walk,
    words_in,
)
from agent.realign.tampering.suite import (
    HELPER,
    Strength,
    Strengths,
    Test,
    TestFile,
    excerpt,
    informative,
)

if TYPE_CHECKING:
    from tree_sitter import Node

TEST_MARK = re.compile(
    r"^#!?\[\s*([\w:]+::)?(test|rstest|test_case|quickcheck|wasm_bindgen_test)\b"
)
CASE_MARK = re.compile(r"^#\[\s*(case|test_case)\b")
CONDITION = re.compile(r"^#!?\[\s*cfg\((.+)\)\s*\]$")
USUAL_CONDITIONS = frozenset({"test"})
COMPARING = re.compile(r"[=!]=|[<>]=?|\.contains\b|\.starts_with\b|\bmatches!")
COMMON = word_set("assert assert_eq assert_ne super unwrap test tests cfg Ok Err Some None String")


def rust_tests(path: str, text: str) -> TestFile | None:
    root = root_of(path, text)
    if root is None:
        return None
    found = list(tests_under(root, "", "", path, text.split("\n")))
    tests = {test.name: test for test in found}
    return TestFile(path, tuple(tests.values()), informative(words_of_tests(root, found), COMMON))


def words_of_tests(root: Node, tests: list[Test]) -> Iterator[str]:
    """Words of the file's items that hold tests, with the marks in front of them."""
    marks: list[Node] = []
    for child in root.named_children:
        if child.type == "attribute_item":
            marks.append(child)
            continue
        if any(first_line(child) <= test.line <= last_line(child) for test in tests):
            yield from (word for part in (*marks, child) for word in words_in(part))
        marks = []


def tests_under(node: Node, prefix: str, held: str, path: str, lines: list[str]) -> Iterator[Test]:
    marks: list[str] = []
    for child in node.named_children:
        if child.type in {"attribute_item", "inner_attribute_item"}:
            marks.append(squeezed(child))
            if child.type == "inner_attribute_item":
                held = held or held_by(marks)
            continue
        name, body = source(child.child_by_field_name("name")), child.child_by_field_name("body")
        if child.type in {"mod_item", "impl_item"} and body is not None:
            inner = f"{prefix}{name}::" if name else prefix
            yield from tests_under(body, inner, held or held_by(marks), path, lines)
        elif child.type == "function_item" and body is not None:
            test = test_of(child, prefix + name, marks, held, path, lines)
            if test is not None:
                yield test
        elif child.type in {"line_comment", "block_comment"}:
            continue
        marks = []


def test_of(
    node: Node, name: str, marks: list[str], held: str, path: str, lines: list[str]
) -> Test | None:
    body = node.child_by_field_name("body")
    assert body is not None, "a function without a body is no item of this kind"
    is_test = any(map(TEST_MARK.match, marks))
    strengths = strengths_of(body)
    asserts = bool(strengths.strong + strengths.weak)
    if not is_test and not (asserts and HELPER.match(source(node.child_by_field_name("name")))):
        return None
    cases = max(1, sum(bool(CASE_MARK.match(mark)) for mark in marks))
    words = informative(words_in(node), COMMON)
    return Test(
        path=path,
        name=name,
        line=first_line(node),
        strengths=strengths.times(cases),
        words=words,
        held=(held or held_by(marks) or cut_off(body)) if is_test else "",
        source=excerpt(lines, first_line(node), last_line(node)),
        is_helper=not is_test,
    )


def held_by(marks: list[str]) -> str:
    for mark in marks:
        if re.match(r"^#!?\[\s*ignore\b", mark):
            return "skipped"
        if re.match(r"^#\[\s*should_panic\b", mark):
            return "expected to fail"
        condition = CONDITION.match(mark)
        if condition and condition[1].strip() not in USUAL_CONDITIONS:
            return f"only built with {condition[1].strip()}"
        if re.match(r"^#!?\[\s*cfg_attr\(.*\bignore\b", mark):
            return "skipped under a condition"
    return ""


def cut_off(body: Node) -> str:
    exits = "process::exit(" in source(body)
    return "cut off by the end of the process" if exits else ""


def strengths_of(body: Node) -> Strengths:
    found = Strengths()
    for node, times in live(body, 1):
        if node.type in {"call_expression", "macro_invocation"}:
            found.calls += 1
        if node.type == "macro_invocation":
            name = source(node.child_by_field_name("macro")).rpartition("::")[2]
            parts = arguments(node)
            strength = strength_of(name, parts)
            found.add(strength, times, sum(map(literals, parts)))
            found.expectations += expectations(name, parts)
        elif node.type == "call_expression":
            name = source(node.child_by_field_name("function")).rpartition("::")[2]
            found.add("strong" if HELPER.match(name) else "none", times, 0)
    return found


def live(node: Node, times: int) -> Iterator[tuple[Node, int]]:
    yield node, times
    for child in node.named_children:
        if child.type == "if_expression":
            if squeezed(child.child_by_field_name("condition")) != "false":
                yield from live(child, times)
        elif child.type == "for_expression":
            value = child.child_by_field_name("value")
            array = (
                next((n for n in walk(value) if n.type == "array_expression"), None)
                if (value is not None)
                else None
            )
            yield from live(child, times * (len(array.named_children) if array else 1))
        else:
            yield from live(child, times)
        if "return_expression" in {child.type, *(each.type for each in child.named_children[:1])}:
            return


def arguments(macro: Node) -> list[list[Node]]:
    """The parts between the commas of a macro's tokens."""
    tokens = next((node for node in macro.named_children if node.type == "token_tree"), None)
    parts: list[list[Node]] = [[]]
    for token in (tokens.children if tokens is not None else [])[1:-1]:
        if token.type == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def text_of(part: list[Node]) -> str:
    return " ".join(squeezed(node) for node in part)


def literals(part: list[Node]) -> int:
    return sum(each.type in LITERALS for node in part for each in walk(node))


def is_literal(part: list[Node]) -> bool:
    named = any(each.type in NAMES for node in part for each in walk(node))
    return literals(part) > 0 and not named


def strength_of(name: str, parts: list[list[Node]]) -> Strength:
    if name in {"assert_eq", "assert_ne"} and len(parts) >= 2:
        vacuous = text_of(parts[0]) == text_of(parts[1]) or all(map(is_literal, parts[:2]))
        return "none" if vacuous else "strong"
    if name in {"assert", "debug_assert"} and parts:
        if is_literal(parts[0]):
            return "none"
        return "strong" if COMPARING.search(text_of(parts[0])) else "weak"
    if name in {"panic", "unreachable"}:
        return "weak"
    return "strong" if HELPER.match(name) else "none"


def expectations(name: str, parts: list[list[Node]]) -> Iterator[tuple[str, str]]:
    if name == "assert_eq" and len(parts) >= 2:
        for looked_at, wanted in (parts[:2], parts[1::-1]):
            if is_literal(wanted) and not is_literal(looked_at):
                yield text_of(looked_at), text_of(wanted)
