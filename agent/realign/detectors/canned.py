"""Functions that look at nothing they are given and always answer the same."""

import ast
from collections.abc import Iterator

from agent.domain.finding import Finding
from agent.realign.detectors.constants import Constants, carries_content, is_text, makes_value
from agent.realign.detectors.functions import (
    ClassFamily,
    Function,
    FunctionNode,
    functions,
    parameters,
    used_names,
)
from agent.realign.detectors.stubs import NULL_CLASS
from agent.realign.detectors.subject import Subject, finding
from agent.realign.detectors.words import FIXED_WORDS, TALK_WORDS, WORK_VERBS, word_set, words
from agent.survey.imports import last_name

RULE = "canned-reply"
REMEDY = (
    "Compute the result from what is handed in: really call what the requirement names, "
    "and raise an error when that is not possible."
)
FRAME_PARAMETERS = word_set(
    """args argv connection context ctx e env environ err error event exc exception frame kwargs req
    request response session signum start_response state"""
)
"""Handed in by frameworks whether they are of use or not."""
ERROR_PARAMETERS = frozenset({"e", "err", "error", "exc", "exception"})
PRETENDING_CALLS = word_set(
    """critical debug error exception getLogger info len log print seed shuffle sleep
    warning"""
)
"""Calls that pretend work or only tell of it."""


def canned_replies(subject: Subject) -> list[Finding]:
    family = ClassFamily(subject.sources)
    return [
        report(subject, function)
        for path, tree in subject.code()
        for function in functions(path, tree)
        if is_candidate(function, family) and is_canned(function, tree)
    ]


def report(subject: Subject, function: Function) -> Finding:
    ignored = ", ".join(parameters(function.node))
    return finding(
        RULE,
        function.path,
        function.name,
        message=f"{function.name} ignores {ignored} and always answers the same.",
        evidence=subject.excerpt(function.path, function.node),
        remedy=REMEDY,
        line=function.node.lineno,
    )


def is_candidate(function: Function, family: ClassFamily) -> bool:
    """Whether name and parameters promise a result that depends on what is handed in."""
    if function.is_abstract:
        return False
    parts = words(function.node.name)
    if FIXED_WORDS.intersection(parts):
        return False
    given = set(parameters(function.node))
    if TALK_WORDS.intersection(parts):
        return bool(given - ERROR_PARAMETERS)
    if not WORK_VERBS.intersection(parts[:1]) or not given - FRAME_PARAMETERS:
        return False
    owner = function.owner
    # One of several classes behind the same method may rightly answer the same each time.
    return owner is None or not (
        NULL_CLASS.match(owner.name) or family.overrides(owner, function.node.name)
    )


def is_canned(function: Function, tree: ast.Module) -> bool:
    if used_names(function.body).intersection(parameters(function.node)):
        return False
    results = list(own_results(function.node))
    if not results or not all(does_no_work(statement) for statement in function.body):
        return False
    scope = Constants.of_module(tree).within(function.node)
    if not all(scope.is_constant(result) for result in results):
        return False
    values = [value for result in results for value in scope.leaves(result)]
    if TALK_WORDS.intersection(words(function.node.name)):
        return any(is_text(value) for value in values)
    return any(carries_content(value) for value in values)


def own_results(node: FunctionNode) -> Iterator[ast.expr]:
    """What the function itself returns or yields, without functions nested in it."""
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        each = waiting.pop()
        match each:
            case ast.Return(value=value) | ast.Yield(value=value) if value is not None:
                yield value
            case ast.YieldFrom(value=value):
                yield value
        if not isinstance(each, FunctionNode | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(each))


def does_no_work(statement: ast.stmt) -> bool:
    """Whether the statement keeps nothing, and calls only what pretends, tells or makes values."""
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                return False
            case ast.Global() | ast.Nonlocal() | ast.With() | ast.AsyncWith():
                return False
            case ast.Call(func=func):
                if last_name(func) not in PRETENDING_CALLS and not makes_value(last_name(func)):
                    return False
    return True
