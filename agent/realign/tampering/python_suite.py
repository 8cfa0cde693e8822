"""The tests of a Python file."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agent.realign.detectors.functions import FunctionNode
from agent.realign.detectors.words import word_set
from agent.realign.tampering.python_asserts import is_false, rounds, strengths_of
from agent.realign.tampering.suite import Test, TestFile, excerpt, informative
from agent.survey.imports import last_name
from agent.survey.sources import parse

SKIPS = {
    "skip": "skipped",
    "SkipTest": "skipped",
    "skipTest": "skipped",
    "skipIf": "skipped under a condition",
    "skipif": "skipped under a condition",
    "skipUnless": "skipped under a condition",
    "importorskip": "skipped where a module is missing",
    "xfail": "expected to fail",
    "expectedFailure": "expected to fail",
    "exit": "cut off by the end of the process",
    "_exit": "cut off by the end of the process",
}
SET_UPS = word_set("setUp setUpClass asyncSetUp setup_method setup_class setup")
MODULE_SET_UPS = word_set("setUpModule setup_module")
GENERATED_CASES = 10
"""What a property over generated input counts for, in written cases."""
HOLDERS = frozenset({"pytest", "sys", "os", "unittest"})
TABLES = (ast.List, ast.Tuple, ast.Set, ast.Dict)
COMMON = word_set(
    """self cls pytest mark unittest TestCase raises assertRaises parametrize None True False
    fixture tmp_path capsys monkeypatch print len str int list dict range"""
)


@dataclass(frozen=True)
class Place:
    """What surrounds a test."""

    prefix: str = ""
    held: str = ""
    owner: str = ""
    is_collected: bool = True
    """Whether a runner takes the tests in it."""


@dataclass(frozen=True)
class Reader:
    """What is known of the file that a test stands in."""

    path: str
    lines: list[str]
    aliases: dict[str, str]
    """Names of marks that hold tests back, with why."""
    tables: dict[str, int]
    """Names of lists that stand in the module, with their length."""


def python_tests(path: str, text: str) -> TestFile:
    """A file that cannot be parsed has no tests: its runner cannot load it either."""
    tree = parse(text.encode())
    if not isinstance(tree, ast.Module):
        return TestFile(path)
    lines = text.replace("\r\n", "\n").split("\n")
    aliases = aliases_of(tree)
    gone = unbound(tree)
    held = held_by_block(tree.body, aliases)
    tests: dict[str, Test] = {}
    reader = Reader(path, lines, aliases, tables_of(tree))
    for function, place in functions_of(tree.body, Place(held=held), aliases):
        test = test_of(reader, function, place)
        if test is not None and not {place.owner, function.name} & gone:
            # the last definition of a name is the one that runs
            tests[test.name] = test
    return TestFile(path, tuple(tests.values()), informative(words_in(tree), COMMON))


def functions_of(
    body: list[ast.stmt], place: Place, aliases: dict[str, str]
) -> Iterator[tuple[FunctionNode, Place]]:
    """Functions and methods, with why what surrounds them holds them back."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node, place
            case ast.ClassDef(name=name, body=inner):
                held = place.held or held_by_decorators(node, aliases)
                held = held or held_by_block(inner, aliases) or held_by_set_up(inner, SET_UPS)
                inside = Place(f"{place.prefix}{name}.", held, name, is_collected(node))
                yield from functions_of(inner, inside, aliases)
            case ast.If(test=test, body=inner, orelse=orelse):
                why = "never defined" if is_false(test) else "defined under a condition"
                yield from functions_of(inner, replace(place, held=place.held or why), aliases)
                yield from functions_of(orelse, place, aliases)
            case ast.Try(body=inner, orelse=orelse) | ast.With(body=inner, items=[*orelse]):
                yield from functions_of(inner, place, aliases)


def is_collected(node: ast.ClassDef) -> bool:
    """Whether pytest takes the tests of a class; one with bases may be a unittest case."""
    makes_itself = any(isinstance(n, FunctionNode) and n.name == "__init__" for n in node.body)
    return bool(node.bases) or (node.name.startswith("Test") and not makes_itself)


def test_of(reader: Reader, node: FunctionNode, place: Place) -> Test | None:
    found = strengths_of(node.body, reader.tables)
    is_test = node.name.startswith("test") and place.is_collected
    if not is_test and not found.strong + found.weak:
        return None
    cases = cases_of(node, reader.tables)
    held = place.held or held_by_decorators(node, reader.aliases) or held_by_body(node.body)
    return Test(
        path=reader.path,
        name=place.prefix + node.name,
        line=node.lineno,
        strengths=found.times(cases),
        words=informative(words_in(node), COMMON),
        held=held if is_test else "",
        source=excerpt(reader.lines, node.lineno, node.end_lineno or node.lineno),
        is_helper=not is_test,
    )


def held_by_decorators(node: FunctionNode | ast.ClassDef, aliases: dict[str, str]) -> str:
    for decorator in node.decorator_list:
        if why := held_by(decorator, aliases):
            return why
    return ""


def held_by(mark: ast.expr, aliases: dict[str, str]) -> str:
    name = last_name(mark)
    return aliases.get(name) or SKIPS.get(name, "")


def aliases_of(tree: ast.Module) -> dict[str, str]:
    """Names under which a file knows the marks that hold tests back."""
    found: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call() | ast.Attribute() as mark
            ):
                if why := SKIPS.get(last_name(mark), ""):
                    found[name] = why
            case ast.ImportFrom(names=names):
                for alias in names:
                    if why := SKIPS.get(alias.name, ""):
                        found[alias.asname or alias.name] = why
    return found


def held_by_block(body: list[ast.stmt], aliases: dict[str, str]) -> str:
    """What the statements of a module or class say of all tests in it."""
    for node in body:
        if why := held_by_mark(node, aliases) or stopped_by(node):
            return why
    return held_by_set_up(body, MODULE_SET_UPS)


def held_by_mark(node: ast.stmt, aliases: dict[str, str]) -> str:
    match node:
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
            marks = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
            return next((why for mark in marks if (why := held_by(mark, aliases))), "")
        case ast.Assign(targets=[ast.Name(id="__test__")], value=ast.Constant(value=value)):
            return "" if value else "kept from the runner"
        case _:
            return ""


def held_by_set_up(body: list[ast.stmt], names: frozenset[str]) -> str:
    set_ups = (n for n in body if isinstance(n, FunctionNode) and n.name in names)
    return next((why for node in set_ups if (why := held_by_body(node.body))), "")


def held_by_body(body: list[ast.stmt]) -> str:
    """A call that skips, outright or under a condition."""
    for node in body:
        if why := stopped_by(node):
            return why
        if isinstance(node, ast.If) and not is_false(node.test):
            for inner in node.body:
                if stopped_by(inner):
                    return "skipped under a condition"
    return ""


def stopped_by(node: ast.stmt) -> str:
    """`pytest.skip(...)`, `self.skipTest(...)`, `raise SkipTest`, `x = importorskip(...)`."""
    match node:
        case ast.Expr(value=ast.Call(func=func)) if is_of_a_runner(func):
            return SKIPS.get(last_name(func), "")
        case ast.Assign(value=ast.Call(func=func)) if last_name(func) == "importorskip":
            return SKIPS["importorskip"]
        case ast.Raise(exc=ast.expr() as exc) if last_name(exc) == "SkipTest":
            return "skipped"
        case ast.Raise(exc=ast.expr() as exc) if "skip.Exception" in ast.unparse(exc):
            return "skipped"
        case _:
            return ""


def is_of_a_runner(func: ast.expr) -> bool:
    """`pytest.skip`, `self.skipTest`, `sys.exit`, `skip`; not the `skip` of a player."""
    if isinstance(func, ast.Attribute):
        return func.attr == "skipTest" or last_name(func.value) in HOLDERS
    return last_name(func) != "SkipTest"


def unbound(tree: ast.Module) -> frozenset[str]:
    """Names that the module takes away again: `del GreetTest`, `test_greets = None`."""
    found: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Delete(targets=targets):
                found.update(map(last_name, targets))
            case ast.Assign(targets=targets, value=ast.Constant() | ast.Lambda()):
                found.update(map(last_name, targets))
    return frozenset(found)


def cases_of(node: FunctionNode, tables: dict[str, int]) -> int:
    """How often a test runs, as far as its decorators write that down."""
    cases = 1
    for mark in node.decorator_list:
        match mark:
            case ast.Call(func=func, args=[_, ast.List(elts=elts) | ast.Tuple(elts=elts), *_]):
                if last_name(func) == "parametrize":
                    cases *= sum(not is_held_case(case) for case in elts)
            case ast.Call(func=func, args=[_, source, *_]) if last_name(func) == "parametrize":
                cases *= rounds(source, tables)
            case ast.Call(func=func) if last_name(func) == "given":
                cases *= GENERATED_CASES
    return cases


def tables_of(tree: ast.Module) -> dict[str, int]:
    return {
        target.id: rounds(node.value, {})
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, TABLES)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def is_held_case(case: ast.expr) -> bool:
    match case:
        case ast.Call(func=func, keywords=keywords) if last_name(func) == "param":
            marks = [word.value for word in keywords if word.arg == "marks"]
            inner = [mark for each in marks for mark in getattr(each, "elts", [each])]
            return any(last_name(mark) in SKIPS for mark in inner)
        case _:
            return False


def words_in(root: ast.AST) -> Iterable[str]:
    for node in ast.walk(root):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.Constant(value=value) if value is not None and not isinstance(value, bool):
                yield repr(value)[:80]
