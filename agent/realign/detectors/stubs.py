"""Functions without a body: what was to be written is not there."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from agent.domain.finding import Finding
from agent.realign.detectors.functions import (
    ClassFamily,
    Function,
    functions,
    parameters,
    used_names,
)
from agent.realign.detectors.subject import Subject, finding
from agent.realign.detectors.words import WORK_VERBS, words
from agent.survey.imports import last_name

RULE = "stub-body"
REMEDY = "Write the body so that it does what its name and callers expect, or remove it."
EMPTY_BY_DESIGN = frozenset(
    {"group", "callback", "fixture", "hookspec", "hookimpl", "singledispatch"}
)
"""Decorators under which an empty body is the usual form."""
EMPTY_NAME = re.compile(
    r"(^|_)(noop|no_op|nop|do_nothing|nothing|null|dummy|quiet|silent|ignore|discard)(_|$)"
    r"|^_*(pytest|on|before|after|pre|post|visit)_|^__(?!call__)"
)
"""Names that promise nothing, hooks, and Python's own methods."""
EMPTY_METHOD = frozenset({"close", "aclose", "flush"})
NULL_CLASS = re.compile(r"^_*(Null|Noop|NoOp|Silent|Quiet|Dummy)")
BASE_CLASS = re.compile(r"^_*(Abstract|Base)|(Base|Interface|Mixin|Abstract)$")
SAYS_WHY = re.compile(
    r"nothing to |do(es)? nothing|no-?op\b|not needed|intentional|on purpose|deliberate"
    r"|only exists|\b(has|have) no\b|do(es)? not have|overrid|subclass|\bhook|called (when|once"
    r"|after|before|whenever|every|at)\b",
    re.IGNORECASE,
)
UNSUPPORTED = re.compile(
    r"support|cannot|can't|meaningless|read-only|(not|un) ?available|no legitimate", re.IGNORECASE
)
UNFINISHED = re.compile(
    r"^\W*TODO\b|\b(TODO|FIXME|TBD):"
    r"|(?i:\bnot (yet )?implemented|\bunimplemented|\bcoming soon|\bto be implemented"
    r"|\bimplement (this|me|later)|\bplaceholder|\bfor now\b|\breal implementation)"
)
NOTHING_TYPES = frozenset({"None", "NoReturn", "Never", "object", "Any", "Optional"})


def stub_bodies(subject: Subject) -> list[Finding]:
    family = ClassFamily(subject.sources)
    return [
        report(subject, function, kind)
        for path, tree in subject.code()
        for function, kind in stubs_of(list(functions(path, tree)), family, subject)
    ]


def stubs_of(
    found: list[Function], family: ClassFamily, subject: Subject
) -> Iterator[tuple[Function, str]]:
    """The stubs with what makes them one; another definition of the name may have the body."""
    by_name: defaultdict[str, list[tuple[Function, str]]] = defaultdict(list)
    for function in found:
        kind = stub_kind(function, family, source_of(subject, function))
        by_name[function.name.partition("#")[0]].append((function, kind))
    for definitions in by_name.values():
        if all(kind for _, kind in definitions):
            yield from definitions


def source_of(subject: Subject, function: Function) -> str:
    """The text from the `def` on, comments and docstring included."""
    node = function.node
    return "\n".join(subject.sources.lines(function.path)[node.lineno - 1 : node.end_lineno])


def report(subject: Subject, function: Function, kind: str) -> Finding:
    return finding(
        RULE,
        function.path,
        function.name,
        message=f"{function.name} is a stub: {kind}.",
        evidence=subject.excerpt(function.path, function.node),
        remedy=REMEDY,
        line=function.node.lineno,
    )


def stub_kind(function: Function, family: ClassFamily, source: str) -> str:
    """What makes the function a stub, in a few words; empty when it is none."""
    if function.is_abstract or EMPTY_BY_DESIGN & function.decorators:
        return ""
    if function.owner is not None and family.is_overridden(function.owner, function.node.name):
        return ""
    match function.body:
        case [ast.Raise(exc=exc)] if exc is not None and last_name(exc) == "NotImplementedError":
            is_stub, kind = not may_refuse(function, family, exc), "only raises NotImplementedError"
        case [] | [ast.Pass()] | [ast.Expr(value=ast.Constant())]:
            is_stub, kind = not may_be_empty(function, family, source), "has no body"
        case [ast.Return(value=value)] if is_nothing(value):
            is_stub, kind = not may_return_nothing(function, family, source), "returns nothing"
        case body:
            is_stub, kind = says_unfinished(body), "only says that it is not implemented"
    return f"it {kind}" if is_stub else ""


def may_refuse(function: Function, family: ClassFamily, error: ast.expr) -> bool:
    """A base class for others, or a variant that cannot do what its base class offers."""
    owner = function.owner
    if owner is None:
        return False
    if BASE_CLASS.search(owner.name) or EMPTY_NAME.match(function.node.name):
        return True
    texts = [n.value for n in ast.walk(error) if isinstance(n, ast.Constant)]
    said = any(isinstance(text, str) and UNSUPPORTED.search(text) for text in texts)
    return said and family.overrides(owner, function.node.name)


def may_be_empty(function: Function, family: ClassFamily, source: str) -> bool:
    """Whether doing nothing can be what was wanted."""
    if promises_data(function):
        return False
    if function.nested or EMPTY_NAME.search(function.node.name) or says_why(source):
        return True
    owner = function.owner
    if owner is None:
        return False
    name = function.node.name
    return bool(
        name in EMPTY_METHOD
        or NULL_CLASS.match(owner.name)
        or family.overrides(owner, name)
        or family.is_declared(name)
    )


def may_return_nothing(function: Function, family: ClassFamily, source: str) -> bool:
    """Whether returning None or something empty can be what was wanted."""
    name = function.node.name
    if function.owner is not None and (
        NULL_CLASS.match(function.owner.name) or family.overrides(function.owner, name)
    ):
        return True
    if returns_none(function.body) and promises_data(function):
        return False
    wanted = parameters(function.node)
    unused = bool(wanted) and not used_names(function.body).intersection(wanted)
    works = bool(WORK_VERBS.intersection(words(name)[:1]))
    return not (unused and works) or says_why(source)


def says_why(source: str) -> bool:
    """Whether docstring or comment gives a reason, and not that the work is still to come."""
    return bool(SAYS_WHY.search(source)) and not UNFINISHED.search(source)


def says_unfinished(body: list[ast.stmt]) -> bool:
    """Whether all that the statements do is tell, return or raise a text such as `TODO: ...`."""
    for statement in body:
        match statement:
            case ast.Pass() | ast.Return(value=None | ast.Constant() | ast.Dict() | ast.List()):
                continue
            case ast.Expr(value=ast.Call(args=[ast.Constant(), *_])):
                continue
            case ast.Raise(exc=ast.Call(args=[ast.Constant(value=str())])):
                continue
            case _:
                return False
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and UNFINISHED.search(node.value)
        for statement in body
        for node in ast.walk(statement)
    )


def returns_none(body: list[ast.stmt]) -> bool:
    match body:
        case [ast.Return(value=None | ast.Constant(value=None))]:
            return True
        case _:
            return False


def promises_data(function: Function) -> bool:
    """Whether the annotation names a result that None and an empty body cannot be."""
    returns = function.node.returns
    if returns is None:
        return False
    if isinstance(returns, ast.Constant):
        return isinstance(returns.value, str) and "None" not in returns.value
    names = {last_name(node) for node in ast.walk(returns) if isinstance(node, ast.expr)}
    nothing = any(isinstance(n, ast.Constant) and n.value is None for n in ast.walk(returns))
    return not nothing and not names & NOTHING_TYPES


def is_nothing(value: ast.expr | None) -> bool:
    match value:
        case None | ast.Constant(value=None | ""):
            return True
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="list" | "dict" | "tuple" | "set"), args=[], keywords=[]):
            return True
        case _:
            return False
