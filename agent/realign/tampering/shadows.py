"""New files that are loaded in the place of a library, of a runner, or of the file meant."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.realign.detectors.distributions import MODULES
from agent.realign.detectors.words import word_set
from agent.realign.tampering.settings import json_of, table_at
from agent.realign.tampering.tree import Change, Tree
from agent.survey.classify import has_test_cases
from agent.survey.imports import prefix
from agent.survey.manifests import dependencies

RUNNERS = word_set("pytest _pytest pluggy nose nose2 coverage hypothesis tox mock doctest unittest")
WELL_KNOWN = word_set(
    """aiohttp anthropic boto3 celery click django fastapi flask httpx jinja2 numpy openai pandas
    pydantic redis requests rich sqlalchemy starlette typer urllib3 uvicorn yaml"""
)
"""Libraries that a program may be asked to use: a file of their name is not them."""
USUAL_FOLDERS = frozenset({"test", "tests"})
COMPILED = (".pyc", ".pyo", ".pyd", ".so")
INSTALLED = re.compile(r"(^|/)(node_modules|site-packages|\.venv|venv)/")
REPLACED_IN_GO = re.compile(
    r"^\s*(?:replace\s+)?(\S+)(?:\s+v\S+)?\s*=>\s*(\.{1,2}/\S*)", re.MULTILINE
)


@dataclass(frozen=True)
class Shadow:
    path: str
    what: str
    """What it does, to follow the file's name in a sentence."""


def shadows(change: Change) -> Iterator[Shadow]:
    for path in change.changed:
        if path in change.after.known and INSTALLED.search(path):
            yield Shadow(path, "changes an installed package")
    fresh = [path for path in change.fresh if not INSTALLED.search(path)]
    for path in fresh:
        if path.endswith(COMPILED):
            yield Shadow(path, "is compiled code, which Python may load instead of the source")
        if path.endswith(".py"):
            yield from twins(path, change.after)
    candidates = {path: name for path in fresh if (name := top_level(path, change.after))}
    taken = claimed(change) if candidates else frozenset()
    for path, name in candidates.items():
        if name in taken:
            yield Shadow(path, f"is loaded instead of the library {name}")
    yield from local_libraries(change)


def twins(path: str, tree: Tree) -> Iterator[Shadow]:
    """A folder with `__init__.py` beside a file of its name: Python loads the folder."""
    pure = PurePosixPath(path)
    if pure.name == "__init__.py":
        other = f"{pure.parent}.py"
        if other in tree.known:
            yield Shadow(path, f"is loaded instead of {other}")
    elif f"{path.removesuffix('.py')}/__init__.py" in tree.known:
        yield Shadow(path, f"is never loaded: {path.removesuffix('.py')}/ is instead")
    name = path.removeprefix("src/")
    other = name if path.startswith("src/") else f"src/{name}"
    if pure.name == "__init__.py" and name.count("/") == 1 and other in tree.known:
        yield Shadow(path, f"is a second package beside {other}")


def top_level(path: str, tree: Tree) -> str:
    """The name under which a file can be imported from anywhere; empty when it cannot."""
    if not path.endswith(".py"):
        return ""
    pure = PurePosixPath(path)
    if pure.name == "__init__.py":
        name, folder = pure.parent.name, pure.parent.parent
    else:
        name, folder = pure.stem, pure.parent
    return name if folder.as_posix() in import_roots(tree) else ""


def import_roots(tree: Tree) -> frozenset[str]:
    """Folders that are searched for modules: the root, `src`, and those of bare test files."""
    return frozenset(
        {".", "src"}
        | {
            folder.as_posix()
            for path in tree.files
            if path.endswith(".py") and has_test_cases(path)
            for folder in [PurePosixPath(path).parent]
            if f"{prefix(folder)}__init__.py" not in tree.known
        }
    )


def claimed(change: Change) -> frozenset[str]:
    """Names of libraries: of Python, of runners, those declared, and those imported so far."""
    declared = {
        module
        for tree in change.both()
        for names in dependencies(tree).values()
        for name in names
        for module in MODULES.get(name.lower(), (name.lower().replace("-", "_"),))
    }
    return (
        frozenset(sys.stdlib_module_names) | RUNNERS | WELL_KNOWN | declared | imported(change)
    ) - USUAL_FOLDERS


def imported(change: Change) -> frozenset[str]:
    """Names that the code imported before, and that no file of it had."""
    own = {PurePosixPath(path).stem for path in change.before.files if path.endswith(".py")}
    own |= {part for path in change.before.python for part in PurePosixPath(path).parts[:-1]}
    named = {
        name
        for path in change.before.python
        for name in IMPORT.findall(change.before.text(path) or "")
    }
    return frozenset(named - own)


IMPORT = re.compile(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", re.MULTILINE)


def local_libraries(change: Change) -> Iterator[Shadow]:
    """A manifest that takes a library from a folder of the repository, and did not before."""
    for path in change.changed:
        name = PurePosixPath(path).name
        if not change.was_there(path) or name not in {"package.json", "go.mod"}:
            continue
        old, new = (local_names(name, tree.text(path) or "") for tree in change.both())
        known = change.before.text(path) or ""
        for library in sorted(new - old):
            if library in known:
                yield Shadow(path, f"takes the library {library} from a folder of this repository")


def local_names(manifest: str, text: str) -> frozenset[str]:
    if manifest == "go.mod":
        return frozenset(name for name, _ in REPLACED_IN_GO.findall(text))
    data = json_of(text)
    return frozenset(
        name
        for kind in ("dependencies", "devDependencies", "overrides", "resolutions")
        for name, source in table_at(data, kind).items()
        if str(source).startswith(("file:", "link:", "portal:", "./", "../"))
    )
