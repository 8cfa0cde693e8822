"""The tests of a Go file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.realign.detectors.words import word_set
from agent.realign.tampering.grammar import (
    first_line,
    is_literal,
    last_line,
    leaves,
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

TEST_NAME = re.compile(r"^(Test|Fuzz|Example)($|[^a-z])")
CONSTRAINT = re.compile(r"^//(?:go:build| \+build)\s+(.+)$", re.MULTILINE)
OTHER_SYSTEM = re.compile(
    r"_(aix|android|darwin|dragonfly|freebsd|illumos|ios|js|netbsd|openbsd|plan9|solaris|wasip1"
    r"|windows|386|arm|loong64|mips\w*|ppc64\w*|riscv64|s390x|wasm)_test\.go$"
)
FAILING = word_set("Error Errorf Fatal Fatalf Fail FailNow")
WEAK = word_set(
    """NotNil NoError Nil True False NotEmpty Error IsType Implements NotPanics NotZero Fail
    FailNow"""
)
SKIPPING = word_set("Skip Skipf SkipNow")
COMMON = word_set("t testing T Run Errorf Error Fatal Fatalf got want tt tc tests err nil name")
LOOSE = frozenset({"nil", "err", "false", "true"})


def go_tests(path: str, text: str) -> TestFile | None:
    root = root_of(path, text)
    if root is None:
        return None
    lines = text.split("\n")
    constraint = CONSTRAINT.search(text.partition("\npackage ")[0])
    held = f"only built with {constraint[1]}" if constraint else ""
    if system := OTHER_SYSTEM.search(path):
        held = f"only built for {system[1]}"
    found = [test_of(node, path, lines, held) for node in root.named_children]
    tests = {test.name: test for test in found if test is not None}
    return TestFile(path, tuple(tests.values()), informative(words_in(root), COMMON))


def test_of(node: Node, path: str, lines: list[str], held: str) -> Test | None:
    name = source(node.child_by_field_name("name"))
    body = node.child_by_field_name("body")
    if node.type not in {"function_declaration", "method_declaration"} or body is None:
        return None
    strengths, stopped = strengths_of(body)
    is_test = bool(TEST_NAME.match(name)) and name != "TestMain"
    if not is_test and not strengths.strong + strengths.weak:
        return None
    receiver = squeezed(node.child_by_field_name("receiver")).strip("()").split(" ")[-1]
    return Test(
        path=path,
        name=f"{receiver}.{name}" if receiver else name,
        line=first_line(node),
        strengths=strengths,
        words=informative(words_in(node), COMMON),
        held=(held or stopped) if is_test else "",
        source=excerpt(lines, first_line(node), last_line(node)),
        is_helper=not is_test,
    )


def strengths_of(body: Node) -> tuple[Strengths, str]:
    found, held = Strengths(), ""
    tables = {name: size for node in walk(body) for name, size in tables_of(node)}
    for node, times, condition in live(body, 1, "", tables):
        if node.type != "call_expression":
            continue
        found.calls += 1
        holder, name = callee(node)
        strength = strength_of(holder, name, condition, node)
        found.add(strength, times, leaves(node) + condition.count('"') // 2)
        found.expectations += expectations(holder, name, node)
        if name in SKIPPING and holder in {"t", "b", "f"}:
            held = held or ("skipped under a condition" if condition else "skipped")
        if (holder, name) == ("os", "Exit"):
            held = held or "cut off by the end of the process"
    for node in walk(body):
        if node.type == "if_statement":
            found.expectations += compared(node)
    return found, held


def live(
    node: Node, times: int, condition: str, tables: dict[str, int]
) -> Iterator[tuple[Node, int, str]]:
    """Nodes that can be reached, how often at least, and under which condition."""
    yield node, times, condition
    for child in node.named_children:
        if child.type == "if_statement":
            test = squeezed(child.child_by_field_name("condition"))
            if test not in {"false", "!true"}:
                part = child.child_by_field_name("consequence")
                yield from live(part, times, test or condition, tables) if part is not None else ()
            other = child.child_by_field_name("alternative")
            yield from live(other, times, test or condition, tables) if other is not None else ()
            start = child.child_by_field_name("initializer")
            yield from live(start, times, "", tables) if start is not None else ()
        elif child.type == "for_statement":
            yield from live(child, times * rounds(child, tables), condition, tables)
        else:
            yield from live(child, times, condition, tables)
        if child.type == "return_statement":
            return


def tables_of(node: Node) -> Iterator[tuple[str, int]]:
    """`tests := []struct{...}{...}` with the number of its rows."""
    if node.type not in {"short_var_declaration", "var_spec"}:
        return
    value = next((each for each in walk(node) if each.type == "composite_literal"), None)
    body = value.child_by_field_name("body") if value is not None else None
    if body is not None:
        name = source(node.child_by_field_name("left") or node.child_by_field_name("name"))
        yield name, len([each for each in body.named_children if each.type != "comment"])


def rounds(loop: Node, tables: dict[str, int]) -> int:
    clause = next((each for each in loop.named_children if each.type == "range_clause"), None)
    if clause is None:
        return 1
    right = clause.child_by_field_name("right")
    if right is not None and right.type == "composite_literal":
        body = right.child_by_field_name("body")
        return len(body.named_children) if body is not None else 1
    return tables.get(source(right), 1)


def callee(call: Node) -> tuple[str, str]:
    """`t.Errorf` as t and Errorf, `equal(...)` as "" and equal."""
    function = call.child_by_field_name("function")
    if function is not None and function.type == "selector_expression":
        operand = function.child_by_field_name("operand")
        return source(operand), source(function.child_by_field_name("field"))
    return "", source(function)


def strength_of(holder: str, name: str, condition: str, call: Node) -> Strength:
    if holder in {"t", "b", "f"} and name in FAILING:
        return "strong" if compares(condition) else "weak"
    if holder in {"assert", "require", "s", "suite", "is", "qt", "c"}:
        if holder in {"s", "c", "is"} and name not in WEAK and not HELPER.match(name):
            return "strong" if name in {"Equal", "Assert", "Check"} else "none"
        return "weak" if name in WEAK else "strong"
    return "strong" if not holder and HELPER.match(name) else "none"


def compares(condition: str) -> bool:
    """Whether a condition looks at a value, and not only at whether there was an error."""
    for side in re.findall(r"(?:!=|==|<=?|>=?)\s*([^\s&|]+)", condition):
        if side.strip("()") not in LOOSE:
            return True
    return "DeepEqual" in condition or "diff" in condition or "Contains" in condition


def compared(branch: Node) -> Iterator[tuple[str, str]]:
    """`if got := add(1, 2); got != 3`: what is looked at, and the literal it is held against."""
    condition = branch.child_by_field_name("condition")
    if condition is None or condition.type != "binary_expression":
        return
    left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
    if left is None or right is None or not is_literal(right) or source(right) in LOOSE:
        return
    start = squeezed(branch.child_by_field_name("initializer"))
    yield f"{start}; {squeezed(left)}", squeezed(right)


def expectations(holder: str, name: str, call: Node) -> Iterator[tuple[str, str]]:
    """`assert.Equal(t, want, got)`."""
    arguments = call.child_by_field_name("arguments")
    if holder not in {"assert", "require"} or name != "Equal" or arguments is None:
        return
    parts = arguments.named_children[1:3]
    if len(parts) == 2 and is_literal(parts[0]) and not is_literal(parts[1]):
        yield squeezed(parts[1]), squeezed(parts[0])
