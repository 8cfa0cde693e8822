"""Declared dependencies that no code imports."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from agent.domain.finding import Finding
from agent.realign.detectors.distributions import NOT_IMPORTED, module_names
from agent.realign.detectors.subject import Subject, finding
from agent.realign.detectors.unreachable import CONFIGURATION
from agent.survey.classify import is_test
from agent.survey.manifests import (
    REQUIREMENTS_FILE,
    pyproject_runtime,
    python_targets,
    requirements_txt,
    table,
    toml,
)

RULE = "dependency-unused"
REMEDY = "Use it where the plan says, or take it out of the manifest."
DEVELOPMENT = re.compile(r"dev|test|lint|doc|typ|ci|build|constraint")
WORD = re.compile(r"[A-Za-z0-9][\w.-]*")


def unused_dependencies(subject: Subject) -> list[Finding]:
    return [
        item
        for path in subject.sources.files
        if path in subject.changed
        for item in unused_in(subject, path, runtime_names(subject, path))
    ]


def runtime_names(subject: Subject, path: str) -> list[str]:
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return pyproject_runtime(toml(subject.sources, path))
    if REQUIREMENTS_FILE.match(name) and not DEVELOPMENT.search(name.removeprefix("requirements")):
        return requirements_txt(subject.sources, path)
    return []


def unused_in(subject: Subject, path: str, names: list[str]) -> Iterator[Finding]:
    if not names:
        return
    by_code, by_tests = imported(subject, tests=False), imported(subject, tests=True)
    spoken = by_name(subject, path)
    for name in dict.fromkeys(names):
        modules = module_names(name)
        if NOT_IMPORTED.match(normal(name)) or matches(modules, by_code):
            continue
        if spoken.intersection({normal(name), *modules}):
            continue
        yield report(subject, path, name, only_tests=matches(modules, by_tests))


def report(subject: Subject, path: str, name: str, *, only_tests: bool) -> Finding:
    where = "only tests import" if only_tests else "no file imports"
    declared = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    lines = subject.sources.lines(path)
    line = next((n for n, text in enumerate(lines, start=1) if declared.search(text)), 0)
    shown = lines[line - 1].strip()[:80] if line else name
    return finding(
        RULE,
        path,
        normal(name),
        message=f"The dependency {name} is declared, but {where} it.",
        evidence=f"{shown} (looked for: import {', '.join(sorted(module_names(name)))})",
        remedy=REMEDY,
        line=line,
        severity="warning",
    )


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(subject: Subject, *, tests: bool) -> frozenset[str]:
    """Dotted names that code, or tests, import from elsewhere, in lower case."""
    return frozenset(
        dotted.lower()
        for path, names in subject.graph.external.items()
        if is_test(path) == tests
        for dotted in names
    )


def matches(modules: frozenset[str], dotted: frozenset[str]) -> bool:
    return any(
        found == module or found.startswith(f"{module}.") for module in modules for found in dotted
    )


def by_name(subject: Subject, manifest: str) -> frozenset[str]:
    """Words that start or load something by name: in configuration, in strings without spaces."""
    found: set[str] = set()
    for path in subject.sources.files:
        if path != manifest and CONFIGURATION.search(path) and not REQUIREMENTS_FILE.match(path):
            if PurePosixPath(path).name not in LISTS_DEPENDENCIES:
                found.update(map(normal, WORD.findall(subject.sources.text(path) or "")))
        elif path.endswith(".py") and not is_test(path):
            found.update(strings_of(subject.sources.tree(path)))
    data = toml(subject.sources, manifest) if manifest.endswith(".toml") else {}
    found.update(map(normal, table(data, "tool")))
    for target in python_targets(data).values():
        found.update(map(normal, WORD.findall(target.partition(":")[0])))
        found.add(normal(target.partition(".")[0]))
    return frozenset(found)


LISTS_DEPENDENCIES = frozenset(
    {"pyproject.toml", "setup.cfg", "poetry.lock", "uv.lock", "pdm.lock", "environment.yml"}
)
"""Naming a dependency there is declaring it once more."""


def strings_of(tree: ast.Module | None) -> Iterator[str]:
    """Words of strings such as `rest_framework` or `postgresql+psycopg://host`."""
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if text and len(text) < 200 and not any(map(str.isspace, text)):
                for word in WORD.findall(text):
                    yield normal(word)
                    yield word.lower().replace("-", "_").partition(".")[0]
