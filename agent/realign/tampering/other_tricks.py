"""JavaScript, TypeScript and Go code that rigs a test run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.realign.detectors.words import word_set
from agent.realign.tampering.grammar import first_line, root_of, source, squeezed, walk
from agent.realign.tampering.trick import Trick
from agent.survey.classify import is_test

if TYPE_CHECKING:
    from tree_sitter import Node

SET_UP = re.compile(
    r"(^|/)[\w.-]*(jest|vitest|mocha|test)?[\w.-]*set-?up[\w.-]*\.[cm]?[jt]sx?$", re.IGNORECASE
)
RUNNER_NAMES = word_set("expect it test describe assert jest vi")
GLOBALS = word_set("global globalThis window")
FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "function_declaration", "method_definition"}
)


def script_tricks(path: str, text: str) -> Iterator[Trick]:
    root = root_of(path, text)
    if root is None:
        return
    in_tests = is_test(path) or bool(SET_UP.search(path))
    for node in walk(root):
        called = callee(node) if node.type == "call_expression" else ""
        if called == "process.exit":
            if in_tests or (ends_well(node) and not inside_function(node)):
                yield found("ending", node, "ends the process, whatever the tests say")
        elif node.type == "assignment_expression" and in_tests:
            target = squeezed(node.child_by_field_name("left"))
            if target == "process.exitCode":
                yield found("outcome", node, "sets the exit code of the test run")
            elif replaces_runner(target):
                yield found("runner", node, f"replaces {target} of the test runner")
        elif called == "jest.retryTimes":
            yield found("outcome", node, "lets failed tests try again")


def callee(call: Node) -> str:
    """`process.exit`; empty where what is called is longer."""
    function = call.child_by_field_name("function")
    holder = function.child_by_field_name("object") if function is not None else None
    return source(function) if holder is not None and holder.type == "identifier" else ""


def ends_well(call: Node) -> bool:
    arguments = squeezed(call.child_by_field_name("arguments")).strip("() ")
    return arguments in {"", "0"}


def inside_function(node: Node) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.type in FUNCTIONS:
            return True
        parent = parent.parent
    return False


def replaces_runner(target: str) -> bool:
    """`globalThis.expect`, `expect.prototype.x`, `assert.strictEqual`."""
    parts = target.split(".")
    if parts[0] in GLOBALS:
        return len(parts) > 1 and parts[1] in RUNNER_NAMES
    return len(parts) > 1 and parts[0] in RUNNER_NAMES - {"jest", "vi"}


def go_tricks(path: str, text: str) -> Iterator[Trick]:
    """A `TestMain` that does not hand on how the tests ended, and exits at load."""
    root = root_of(path, text)
    if root is None or not path.endswith("_test.go"):
        return
    for node in root.named_children:
        name = source(node.child_by_field_name("name"))
        body = squeezed(node.child_by_field_name("body"))
        if node.type != "function_declaration":
            continue
        if name == "TestMain" and not hands_on(body):
            yield found("outcome", node, "does not hand on how the tests ended, in TestMain")
        elif name == "init" and "os.Exit(" in body:
            yield found("ending", node, "ends the process when it is loaded")


def hands_on(body: str) -> bool:
    """`os.Exit(m.Run())`, `code := m.Run(); ...; os.Exit(code)`, or just `m.Run()`."""
    if not re.search(r"\bm\w*\.Run\(\)", body):
        return False
    exits = re.findall(r"os\.Exit\(([^()]*(?:\(\))?)\)", body)
    named = re.search(r"(\w+)\s*:?=\s*m\w*\.Run\(\)", body)
    return all(
        "Run()" in value or (named is not None and value == named[1]) or value not in {"0", ""}
        for value in exits
    )


def found(kind: str, node: Node, what: str) -> Trick:
    kinds = {"ending": "ending", "outcome": "outcome", "runner": "runner"}
    code = squeezed(node)
    return Trick(kinds[kind], code[:60], first_line(node), what, code[:400])  # type: ignore[arg-type]
