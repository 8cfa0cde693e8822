"""Python code that rigs a test run: ends it, decides its outcome, or picks what is tested."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from agent.realign.detectors.functions import FunctionNode
from agent.realign.detectors.words import word_set
from agent.realign.tampering.python_hooks import hook_tricks
from agent.realign.tampering.python_patches import patch_tricks
from agent.realign.tampering.tree import Tree
from agent.realign.tampering.trick import Trick
from agent.survey.classify import is_test
from agent.survey.entry_points import is_main_guard
from agent.survey.imports import last_name

Nodes = tuple[ast.AST, ...]
ENDINGS = frozenset({"exit", "quit", "abort", "_exit", "SystemExit"})
STARTED_ALONE = frozenset({"__main__.py", "setup.py", "manage.py", "noxfile.py"})
RUNNER_METHODS = word_set(
    """run __call__ debug fail assertEqual assertTrue assertFalse assertRaises assertIs
    assertIsNone assertIn assertNotEqual assertIsNotNone assertListEqual assertDictEqual
    _callTestMethod _callSetUp defaultTestResult addFailure addError addSubTest wasSuccessful"""
)
"""What a class of tests inherits, and what decides whether a test has failed."""
TEST_BASES = word_set(
    "TestCase IsolatedAsyncioTestCase TestResult TextTestResult TestSuite TextTestRunner"
)


def python_tricks(tree: Tree, path: str) -> Iterator[Trick]:
    module, nodes = tree.tree(path), tree.nodes(path)
    if module is None:
        return
    in_tests = is_test(path)
    yield from import_endings(module, path, in_tests)
    yield from hard_exits(nodes, path, in_tests)
    yield from hook_tricks(nodes)
    yield from patch_tricks(module, nodes, tree, path)
    yield from runner_overrides(nodes)
    if not in_tests:
        yield from equal_to_all(nodes)
    yield from loaders(module)


def import_endings(module: ast.Module, path: str, in_tests: bool) -> Iterator[Trick]:
    """The process ends when the module is loaded, and a runner that loads it ends with it."""
    if PurePosixPath(path).name in STARTED_ALONE:
        return
    for node in loaded(module.body):
        match node:
            case ast.Call(func=func, args=args) if is_ending(func) and (in_tests or quiet(args)):
                yield ending(node, "ends the process when it is loaded")
            case ast.Raise(exc=ast.Name(id="SystemExit")):
                yield ending(node, "ends the process when it is loaded")


def loaded(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """What runs when a module is imported, without functions and what stands under main."""
    waiting: list[ast.AST] = [node for node in body if not is_main_guard(node)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, FunctionNode | ast.Lambda):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def is_ending(func: ast.expr) -> bool:
    """`sys.exit`, `exit`, `os._exit`, `SystemExit`; not the `exit` of a parser or a context."""
    name = last_name(func)
    if isinstance(func, ast.Attribute):
        return name in ENDINGS and last_name(func.value) in {"sys", "os", "pytest", "builtins"}
    return name in ENDINGS


def quiet(args: list[ast.expr]) -> bool:
    """Whether the process ends as if all were well."""
    match args:
        case []:
            return True
        case [ast.Constant(value=value), *_]:
            return not value or value is False
        case _:
            return False


def hard_exits(nodes: Nodes, path: str, in_tests: bool) -> Iterator[Trick]:
    """`os._exit` passes by everything, a runner's report of failures too; a fork's child may."""
    forks = any(
        isinstance(node, ast.Attribute) and node.attr in {"fork", "forkpty"} for node in nodes
    )
    if forks or (PurePosixPath(path).name in STARTED_ALONE and not in_tests):
        return
    failing = {id(n.func) for n in nodes if isinstance(n, ast.Call) and not quiet(n.args)}
    for node in nodes:
        # a program may end itself at once, as on a second signal, as long as it says that it failed
        if is_hard_exit(node) and (in_tests or id(node) not in failing):
            yield ending(node, "ends the process past everything that would report a failure")


def is_hard_exit(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.expr() as holder, attr="_exit"):
            return last_name(holder) == "os"
        case ast.ImportFrom(module="os", names=names):
            return any(alias.name == "_exit" for alias in names)
        case _:
            return False


def ending(node: ast.AST, what: str) -> Trick:
    code = ast.unparse(node)
    return Trick("ending", code[:60], getattr(node, "lineno", 1), what, code)


def runner_overrides(nodes: Nodes) -> Iterator[Trick]:
    """A class of tests whose own methods decide whether a test has failed."""
    for node in nodes:
        if not isinstance(node, ast.ClassDef) or not is_runner_class(node):
            continue
        for item in node.body:
            name = assigned_name(item)
            if name in RUNNER_METHODS | {"failureException"} and not calls_super(item):
                what = f"replaces {name} of the test runner in {node.name}"
                yield Trick("runner", f"{node.name}.{name}", item.lineno, what, ast.unparse(item))


def equal_to_all(nodes: Nodes) -> Iterator[Trick]:
    """A value of the product that passes every assertion of equality."""
    for node in nodes:
        if isinstance(node, FunctionNode) and node.name == "__eq__":
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
            if returned and all(is_true(value) for value in returned):
                what = "is equal to everything, so any test that compares it passes"
                yield Trick("subject", "__eq__", node.lineno, what, ast.unparse(node))


def is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def is_runner_class(node: ast.ClassDef) -> bool:
    bases = set(map(last_name, node.bases))
    return bool(bases & TEST_BASES) or any("Test" in base for base in bases)


def assigned_name(item: ast.stmt) -> str:
    match item:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""


def calls_super(item: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Call) and last_name(node.func) == "super" for node in ast.walk(item)
    )


def loaders(module: ast.Module) -> Iterator[Trick]:
    """`load_tests` that gives back something else than the tests it was handed, or found."""
    for node in module.body:
        if not isinstance(node, FunctionNode) or node.name not in {"load_tests", "__dir__"}:
            continue
        handed = {argument.arg for argument in node.args.args[1:]}
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        calls = {last_name(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
        finds = any(name == "discover" or name.startswith("loadTests") for name in calls)
        if node.name == "__dir__" or not (used & handed or finds):
            what = "chooses by itself which of its tests are loaded"
            yield Trick("selection", node.name, node.lineno, what, ast.unparse(node))
