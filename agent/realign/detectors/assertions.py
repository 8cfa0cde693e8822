"""Tests that cannot fail: they assert nothing, or only what is always true."""

import ast
from collections.abc import Iterator

from agent.domain.finding import Finding
from agent.realign.detectors.functions import Function, FunctionNode, functions
from agent.realign.detectors.subject import Subject, finding
from agent.realign.detectors.words import word_set
from agent.survey.classify import has_test_cases, is_test
from agent.survey.imports import last_name

RULE = "test-without-assertion"
REMEDY = "Assert what the code under test must do, so that the test fails when it does not."
ASSERTING_CALLS = word_set(
    """fail fail_after raises warns deprecated_call expect check_call check_output raise_for_status
    fnmatch_lines no_fnmatch_line run_doctest benchmark"""
)
SWALLOWING = frozenset({"AssertionError", "Exception", "BaseException"})
SAME_VALUE = frozenset({"assertEqual", "assertIs", "assertEquals", "assertListEqual"})


def tests_without_assertion(subject: Subject) -> list[Finding]:
    helpers = asserting_helpers(subject)
    return [
        report(subject, function, problem)
        for path in subject.sources.python
        if path in subject.changed and has_test_cases(path)
        for function in functions(path, subject.sources.tree(path))
        if is_test_function(function) and (problem := problem_of(function, helpers))
    ]


def report(subject: Subject, function: Function, problem: str) -> Finding:
    return finding(
        RULE,
        function.path,
        function.name,
        message=f"{function.name} cannot fail: {problem}.",
        evidence=subject.excerpt(function.path, function.node),
        remedy=REMEDY,
        line=function.node.lineno,
    )


def is_test_function(function: Function) -> bool:
    node = function.node
    if not node.name.startswith("test") or "fixture" in function.decorators:
        return False
    place = function.name.rpartition(".")[0]
    if function.owner is None:
        # Runners take such a file for its classes; in it, a function is no test by its name.
        return not place and not function.path.endswith("tests.py")
    bases = set(map(last_name, function.owner.bases))
    return function.owner.name.startswith("Test") or any("Test" in base for base in bases)


def problem_of(function: Function, helpers: frozenset[str]) -> str:
    """Why the test cannot fail; empty when it can."""
    swallowed = frozenset(swallowed_nodes(function.node))
    real = vacuous = hidden = False
    for node in ast.walk(function.node):
        if not is_assertion(node, helpers):
            continue
        if node in swallowed:
            hidden = True
        elif is_vacuous(node):
            vacuous = True
        else:
            real = True
    if real or raises(function.node) or helpers.intersection(fixtures_of(function.node)):
        return ""
    if hidden:
        return "what it asserts is caught and passed over"
    return "it only asserts what is always true" if vacuous else "it asserts nothing"


def raises(node: FunctionNode) -> bool:
    """Whether the test itself raises, rather than a fake inside it."""
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Raise):
            return True
        if not isinstance(each, FunctionNode | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(each))
    return False


def fixtures_of(node: FunctionNode) -> set[str]:
    return {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}


def asserting_helpers(subject: Subject) -> frozenset[str]:
    """Names of the functions in the test files that assert, themselves or through others."""
    bodies: list[tuple[str, ast.AST]] = [
        (function.node.name, function.node)
        for path in subject.sources.python
        if is_test(path)
        for function in functions(path, subject.sources.tree(path))
        if not is_test_function(function)
    ]
    helpers: frozenset[str] = frozenset()
    while True:
        more = frozenset(
            name
            for name, body in bodies
            if name in helpers or any(is_real(node, helpers) for node in ast.walk(body))
        )
        if more == helpers:
            return helpers
        helpers = more


def is_real(node: ast.AST, helpers: frozenset[str]) -> bool:
    return is_assertion(node, helpers) and not is_vacuous(node)


def is_assertion(node: ast.AST, helpers: frozenset[str]) -> bool:
    match node:
        case ast.Assert():
            return True
        case ast.Raise(exc=exc):
            return exc is None or last_name(exc) == "AssertionError"
        case ast.Call(func=func, keywords=keywords):
            name = last_name(func)
            if name.startswith(("assert", "expect_")) or name in ASSERTING_CALLS:
                return True
            if name == "run" and any(is_check(keyword) for keyword in keywords):
                return True
            return name in helpers
        case _:
            return False


def is_check(keyword: ast.keyword) -> bool:
    """`subprocess.run(..., check=True)` raises when the command fails."""
    return keyword.arg == "check" and is_always_true(keyword.value)


def is_vacuous(node: ast.AST) -> bool:
    match node:
        case ast.Assert(test=test):
            return is_always_true(test)
        case ast.Call(func=func, args=args):
            name = last_name(func)
            if name == "assertTrue" and args:
                return is_always_true(args[0])
            if name in SAME_VALUE and len(args) >= 2:
                return is_same(args[0], args[1])
            if name in {"assertFalse", "assertIsNone"} and args:
                return isinstance(args[0], ast.Constant) and not args[0].value
            return False
        case _:
            return False


def is_always_true(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.JoinedStr() | ast.Lambda():
            return True
        case ast.Tuple(elts=[_, *_]):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(is_always_true, values))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(is_always_true, values))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return is_true_comparison(left, op, right)
        case _:
            return False


def is_true_comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool:
    match op:
        case ast.Eq() | ast.Is():
            return is_same(left, right)
        case ast.NotEq() | ast.IsNot():
            return (
                isinstance(left, ast.Constant)
                and isinstance(right, ast.Constant)
                and (left.value != right.value)
            )
        case ast.GtE():
            is_length = isinstance(left, ast.Call) and last_name(left.func) == "len"
            return is_length and isinstance(right, ast.Constant) and right.value == 0
        case _:
            return False


def is_same(left: ast.expr, right: ast.expr) -> bool:
    """Whether both sides are the same text and nothing in them can differ between two looks."""
    if any(isinstance(node, ast.Call | ast.Await | ast.Yield) for node in ast.walk(left)):
        return False
    return ast.dump(left) == ast.dump(right)


def swallowed_nodes(function: FunctionNode) -> Iterator[ast.AST]:
    """What stands in a `try` whose handler passes over a failed assertion."""
    for node in ast.walk(function):
        if isinstance(node, ast.Try) and any(map(passes_over, node.handlers)):
            for statement in node.body:
                yield from ast.walk(statement)


def passes_over(handler: ast.ExceptHandler) -> bool:
    caught = [handler.type] if not isinstance(handler.type, ast.Tuple) else handler.type.elts
    wide = any(each is None or last_name(each) in SWALLOWING for each in caught)
    return wide and not any(
        isinstance(node, ast.Raise) or is_assertion(node, frozenset())
        for item in handler.body
        for node in ast.walk(item)
    )
