"""The rules of the house, as tests: layers, sizes, and what start-up may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "agent"
MODULES = sorted(PACKAGE.rglob("*.py"))
LAYERS = [
    {"__main__"},
    {"frontends"},
    {"wiring"},
    {"engine"},
    {"planning", "realign"},
    {
        "context",
        "providers",
        "limits",
        "tools",
        "workspace",
        "survey",
        "journal",
        "config",
        "rehearsal",
    },
    {"prompts"},
    {"domain"},
    {"errors"},
]
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}
MODULE_LINES = 300
FUNCTION_LINES = 50
HEAVY = {"openai", "anthropic", "mcp", "acp", "git", "tiktoken", "pydantic", "jinja2", "rich"}
NOT_FOR_A_RUN = (HEAVY - {"pydantic", "jinja2"}) | {
    "agent.rehearsal.server",
    "agent.rehearsal.wire",
    "http.server",
    "httpx2",
    "tree_sitter",
    "yaml",
}
"""What a run may load when it first needs it, and not to be started."""


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Names of the modules of this package that a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            assert node.module
            names.add(node.module)
            if node.module == "agent":
                names.update(f"agent.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name.split(".")[1] for name in names if name.startswith("agent.")}


def of_package(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=of_package)
def test_imports_point_downwards(path: Path) -> None:
    home = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if home == "__init__":
        return
    wrong = [
        name for name in imported(parsed(path)) - {home, "__version__"} if RANK[name] <= RANK[home]
    ]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=of_package)
def test_modules_and_functions_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert (lines <= MODULE_LINES, long) == (True, [])


@pytest.mark.parametrize("path", MODULES, ids=of_package)
def test_modules_say_what_lives_in_them(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    graph = {path: set(module_imports(path)) for path in MODULES}
    seen: dict[Path, int] = {}

    def visit(path: Path, trail: tuple[Path, ...]) -> None:
        assert path not in trail, " -> ".join(map(of_package, (*trail, path)))
        if path in seen:
            return
        for target in graph[path]:
            visit(target, (*trail, path))
        seen[path] = 1

    for path in MODULES:
        visit(path, ())


def module_imports(path: Path) -> list[Path]:
    """The files of this package that a module imports when it is loaded."""
    found: list[Path] = []
    for node in parsed(path).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("agent"):
            base = PACKAGE.parent.joinpath(*node.module.split("."))
            inner = [base / f"{alias.name}.py" for alias in node.names]
            hits = [file for file in inner if file.exists()]
            found += hits or [file for file in [base.with_suffix(".py")] if file.exists()]
    return found


def test_start_up_loads_nothing_heavy() -> None:
    assert loaded_by("agent.frontends.cli", HEAVY) == "[]"


def test_a_run_loads_by_and_by_what_it_may_never_need() -> None:
    assert loaded_by("agent.frontends.commands_run", NOT_FOR_A_RUN) == "[]"


def loaded_by(module: str, names: set[str]) -> str:
    """Those of `names` that a fresh interpreter has loaded after importing the module."""
    code = f"import sys, {module}; print(sorted(set({sorted(names)!r}) & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return answer.stdout.strip()
