"""What manifests declare: dependencies, scripts, plugins."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any

from agent.survey.sources import Sources

Table = dict[str, Any]
REQUIREMENT_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
REQUIREMENTS_FILE = re.compile(r"^requirements[\w.-]*\.(txt|in)$")
GO_REQUIRE = re.compile(
    r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\S+(?!.*// indirect)", re.MULTILINE
)


def toml(sources: Sources, path: str) -> Table:
    """The file as a table; empty when it is missing or broken."""
    try:
        return tomllib.loads(sources.text(path) or "")
    except tomllib.TOMLDecodeError:
        return {}


def json_table(sources: Sources, path: str) -> Table:
    try:
        value = json.loads(sources.text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def table(value: object, *keys: str) -> Table:
    """The table under `keys`; empty when anything on the way is something else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def requirement_names(requirements: Iterable[str]) -> list[str]:
    """Names out of lines such as `httpx[http2]>=0.27; python_version < "3.13"`."""
    found = (REQUIREMENT_NAME.match(line) for line in requirements)
    return [match[1] for match in found if match]


def pyproject_runtime(data: Table) -> list[str]:
    """Names of the dependencies that the program needs to run."""
    names = requirement_names(strings(table(data, "project").get("dependencies")))
    poetry = table(data, "tool", "poetry", "dependencies")
    return names + [name for name in poetry if name != "python"]


def pyproject_all(sources: Sources, path: str) -> list[str]:
    data = toml(sources, path)
    names = pyproject_runtime(data)
    for extra in table(data, "project", "optional-dependencies").values():
        names += requirement_names(strings(extra))
    for group in table(data, "dependency-groups").values():
        names += requirement_names(strings(group))
    names += table(data, "tool", "poetry", "dev-dependencies")
    for name in table(data, "tool", "poetry", "group"):
        names += table(data, "tool", "poetry", "group", name, "dependencies")
    return names


def requirements_txt(sources: Sources, path: str) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in (sources.text(path) or "").splitlines())
    return requirement_names(line for line in lines if line and not line.startswith(("-", "git+")))


def package_json(sources: Sources, path: str) -> list[str]:
    data = json_table(sources, path)
    return [*table(data, "dependencies"), *table(data, "devDependencies")]


def go_mod(sources: Sources, path: str) -> list[str]:
    return GO_REQUIRE.findall(sources.text(path) or "")


def cargo_toml(sources: Sources, path: str) -> list[str]:
    data = toml(sources, path)
    return [
        name
        for kind in ("dependencies", "dev-dependencies", "build-dependencies")
        for name in table(data, kind)
    ]


READERS: dict[str, Callable[[Sources, str], list[str]]] = {
    "pyproject.toml": pyproject_all,
    "package.json": package_json,
    "go.mod": go_mod,
    "Cargo.toml": cargo_toml,
}


def dependencies(sources: Sources) -> dict[str, tuple[str, ...]]:
    """Manifest path to the names it declares, each once, as written."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sources.files:
        name = PurePosixPath(path).name
        reader = READERS.get(name)
        if reader is None and REQUIREMENTS_FILE.match(name):
            reader = requirements_txt
        if reader is not None and (names := reader(sources, path)):
            found[path] = tuple(dict.fromkeys(names))
    return found


def python_targets(data: Table) -> dict[str, str]:
    """Command to `package.module:function`, as pyproject's scripts declare it."""
    found: dict[str, str] = {}
    for scripts in (
        table(data, "project", "scripts"),
        table(data, "project", "gui-scripts"),
        table(data, "tool", "poetry", "scripts"),
    ):
        found.update({name: item for name, item in scripts.items() if isinstance(item, str)})
    return found


def plugin_targets(data: Table) -> tuple[str, ...]:
    """Objects that other programs load: pyproject's entry points and poetry's plugins."""
    groups = [
        *table(data, "project", "entry-points").values(),
        *table(data, "tool", "poetry", "plugins").values(),
    ]
    return tuple(
        item
        for group in groups
        if isinstance(group, dict)
        for item in group.values()
        if isinstance(item, str)
    )
