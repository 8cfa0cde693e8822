"""The commands a repository suggests for test, build, lint and install."""

import configparser
import re
from collections.abc import Iterator

from agent.survey.classify import has_test_cases
from agent.survey.manifests import dependencies, json_table, requirement_names, table, toml
from agent.survey.sources import Sources

KINDS = ("test", "build", "lint", "install")
MAKE_TARGET = re.compile(r"^([A-Za-z][\w-]*)\s*:(?!=)", re.MULTILINE)
PYTEST_FILES = frozenset({"pytest.ini", ".pytest.ini", "conftest.py", "tests/conftest.py"})
LINTERS = {"ruff": "ruff check .", "flake8": "flake8", "pylint": "pylint ."}


def commands(sources: Sources) -> dict[str, str]:
    """The first suggestion for each kind; a Makefile speaks before the tools it calls."""
    found: dict[str, str] = {}
    for suggestions in (
        make_commands(sources),
        tox_commands(sources),
        python_commands(sources),
        node_commands(sources),
        compiled_commands(sources),
    ):
        for kind, command in suggestions:
            found.setdefault(kind, command)
    return {kind: found[kind] for kind in KINDS if kind in found}


def make_commands(sources: Sources) -> Iterator[tuple[str, str]]:
    targets = set(MAKE_TARGET.findall(sources.text("Makefile") or ""))
    for kind in KINDS:
        if kind in targets:
            yield kind, f"make {kind}"
    if "check" in targets:
        yield "test", "make check"


def tox_commands(sources: Sources) -> Iterator[tuple[str, str]]:
    if "tox.ini" not in sources.known:
        return
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        settings.read_string(sources.text("tox.ini") or "")
    except configparser.Error:
        return
    if settings.has_section("tox") or settings.has_option("testenv", "commands"):
        yield "test", "tox"


def python_commands(sources: Sources) -> Iterator[tuple[str, str]]:
    declared = declared_names(sources)
    if any(path.endswith(".py") and has_test_cases(path) for path in sources.files):
        runner = "pytest" if uses_pytest(sources, declared) else "unittest"
        yield "test", f"python3 -m {runner}"
    elif "pytest" in declared:
        yield "test", "python3 -m pytest"
    for tool, command in LINTERS.items():
        if tool in declared or table(toml(sources, "pyproject.toml"), "tool", tool):
            yield "lint", command
    if table(toml(sources, "pyproject.toml"), "build-system"):
        yield "build", "python3 -m build"
    if {"pyproject.toml", "setup.py"} & sources.known:
        yield "install", "python3 -m pip install -e ."
    elif "requirements.txt" in sources.known:
        yield "install", "python3 -m pip install -r requirements.txt"


def declared_names(sources: Sources) -> frozenset[str]:
    """Every name a Python manifest declares or its build needs, lower-case."""
    names = [
        name
        for path, found in dependencies(sources).items()
        if path.endswith((".txt", ".in", ".toml"))
        for name in found
    ]
    build = table(toml(sources, "pyproject.toml"), "build-system").get("requires")
    names += requirement_names(build if isinstance(build, list) else [])
    return frozenset(name.lower() for name in names)


def uses_pytest(sources: Sources, declared: frozenset[str]) -> bool:
    configured = table(toml(sources, "pyproject.toml"), "tool", "pytest")
    return bool(
        configured
        or "pytest" in declared
        or PYTEST_FILES & sources.known
        or any("[tool:pytest]" in (sources.text(path) or "") for path in ("setup.cfg",))
        or "[pytest]" in (sources.text("tox.ini") or "")
    )


def node_commands(sources: Sources) -> Iterator[tuple[str, str]]:
    if "package.json" not in sources.known:
        return
    scripts = table(json_table(sources, "package.json"), "scripts")
    if isinstance(test := scripts.get("test"), str) and "no test specified" not in test:
        yield "test", "npm test"
    for kind in ("build", "lint"):
        if isinstance(scripts.get(kind), str):
            yield kind, f"npm run {kind}"
    yield "install", "npm ci" if "package-lock.json" in sources.known else "npm install"


def compiled_commands(sources: Sources) -> Iterator[tuple[str, str]]:
    if "Cargo.toml" in sources.known:
        yield from (("test", "cargo test"), ("build", "cargo build"), ("lint", "cargo clippy"))
    if "go.mod" in sources.known:
        yield from (
            ("test", "go test ./..."),
            ("build", "go build ./..."),
            ("lint", "go vet ./..."),
        )
