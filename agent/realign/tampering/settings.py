"""What the configuration of test runners and coverage says, whatever file it stands in."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agent.realign.tampering.grammar import first_line, root_of, source, squeezed
from agent.realign.tampering.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

SCRIPTED = re.compile(
    r"^(jest|vitest|vite|playwright|cypress|\.mocharc|ava)(\.config)?\.[cm]?[jt]s$"
)
PYTEST_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml")
"""Where pytest looks, in its order; the first that has a word for it is the only one it takes."""
MOCHA_FILES = frozenset({".mocharc.json", ".mocharc.yml", ".mocharc.yaml"})
NYC_FILES = frozenset({".nycrc", ".nycrc.json", ".c8rc.json"})


@dataclass(frozen=True)
class Setting:
    path: str
    values: tuple[str, ...]
    line: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.values)


Settings = dict[str, Setting]
"""By tool and name, such as `pytest.addopts` and `coverage.report.fail_under`."""


def settings_of(tree: Tree) -> Settings:
    """A file that cannot be read says nothing; what it said before is then missing."""
    found: Settings = {}
    for name, setting in (*pytest_settings(tree), *other_settings(tree)):
        found.setdefault(name, setting)
    return found


def is_settings_file(path: str) -> bool:
    name = PurePosixPath(path).name
    known = {*PYTEST_FILES, "setup.cfg", "tox.ini", ".coveragerc", "Cargo.toml", "package.json"}
    return name in known | MOCHA_FILES | NYC_FILES or bool(SCRIPTED.match(name))


def pytest_settings(tree: Tree) -> Iterator[tuple[str, Setting]]:
    for path in (*PYTEST_FILES, "tox.ini", "setup.cfg"):
        text = tree.text(path)
        if text is None:
            continue
        section = pytest_section(path, text)
        if section or path in {"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"}:
            lines = text.split("\n")
            for name, value in section.items():
                yield f"pytest.{name}", Setting(path, words_of(value), line_of(lines, name))
            return


def pytest_section(path: str, text: str) -> dict[str, object]:
    if path.endswith(".toml"):
        tool = table_at(toml_of(text), "pytest" if path != "pyproject.toml" else "tool.pytest")
        options = tool.get("ini_options")
        return options if isinstance(options, dict) else tool
    section = "tool:pytest" if path == "setup.cfg" else "pytest"
    return dict(ini_of(text).get(section, {}))


def other_settings(tree: Tree) -> Iterator[tuple[str, Setting]]:
    for path in tree.files:
        if is_settings_file(path):
            text = tree.text(path)
            reader = READERS.get(PurePosixPath(path).name, read_script)
            if text is not None:
                yield from reader(path, text)


def read_ini(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    for section, options in ini_of(text).items():
        area = section.partition(":")[2] if ":" in section else section
        is_coverage = section.startswith("coverage:") or path.endswith(".coveragerc")
        if is_coverage:
            for name, value in options.items():
                yield f"coverage.{area}.{name}", Setting(path, words_of(value, by_line=True))


def read_pyproject(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    for name, values in flat(table_at(toml_of(text), "tool.coverage"), "coverage"):
        yield name, Setting(path, values, line_of(text.split("\n"), name.rpartition(".")[2]))


def read_cargo(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    data = toml_of(text)
    for area in ("package", "lib", "bin", "test", "workspace"):
        value = data.get(area)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                label = f"{area}.{entry.get('name')}" if isinstance(value, list) else area
                for name, values in flat(entry, f"cargo.{path}.{label}"):
                    yield name, Setting(path, values)


def read_package(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    data = json_of(text)
    for tool in ("jest", "mocha", "nyc", "c8", "ava", "vitest"):
        for name, values in flat(table_at(data, tool), tool):
            yield name, Setting(path, values)


def read_mocha(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    for name, values in flat(yaml_of(text), "mocha"):
        yield name, Setting(path, values)


def read_nyc(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    for name, values in flat(json_of(text), "nyc"):
        yield name, Setting(path, values)


def read_nothing(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    """Files of pytest's own, of which only the first counts."""
    del path, text
    yield from ()


def read_script(path: str, text: str) -> Iterator[tuple[str, Setting]]:
    """`jest.config.js` and the like, by the literal objects in them."""
    tool = PurePosixPath(path).name.lstrip(".").partition(".")[0]
    tool = {"mocharc": "mocha", "vite": "vitest"}.get(tool, tool)
    root = root_of(path, text)
    if root is not None:
        for name, node in pairs_of(root, tool):
            yield (
                name.replace("vitest.test.", "vitest."),
                Setting(path, literal_values(node), first_line(node)),
            )


def pairs_of(root: Node, tool: str) -> Iterator[tuple[str, Node]]:
    """The values in nested objects, under their keys joined by dots."""
    waiting = [(root, tool)]
    while waiting:
        node, prefix = waiting.pop()
        inside = []
        for child in node.named_children:
            value = child.child_by_field_name("value") if child.type == "pair" else None
            key = source(child.child_by_field_name("key")).strip("\"'")
            if value is not None and value.type != "object":
                yield f"{prefix}.{key}", value
            inside.append((value or child, f"{prefix}.{key}" if value is not None else prefix))
        waiting.extend(reversed(inside))


def literal_values(node: Node) -> tuple[str, ...]:
    if node.type == "array":
        return tuple(squeezed(each).strip("\"'`") for each in node.named_children)
    return (squeezed(node).strip("\"'`"),)


def flat(value: object, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}")
    elif isinstance(value, list):
        yield name, tuple(map(str, value))
    elif value is not None:
        yield name, words_of(value, by_line=True)


def words_of(value: object, *, by_line: bool = False) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, value))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if by_line:
        return tuple(line.strip() for line in re.split(r"[\n,]", text) if line.strip())
    return tuple(WORD.findall(text))


WORD = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+")


def line_of(lines: list[str], name: str) -> int:
    found = re.compile(rf"^\s*[\"']?{re.escape(name)}[\"']?\s*[=:]")
    return next((n for n, line in enumerate(lines, start=1) if found.match(line)), 0)


def ini_of(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {
        name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()
    }


def toml_of(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def json_of(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def yaml_of(text: str) -> dict[str, object]:
    import yaml  # takes long, and most runs change no such file

    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def table_at(data: object, place: str) -> dict[str, object]:
    for key in place.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


Reader = Callable[[str, str], Iterator[tuple[str, Setting]]]
READERS: dict[str, Reader] = {
    "setup.cfg": read_ini,
    "tox.ini": read_ini,
    ".coveragerc": read_ini,
    "pyproject.toml": read_pyproject,
    "Cargo.toml": read_cargo,
    "package.json": read_package,
    **dict.fromkeys(MOCHA_FILES, read_mocha),
    **dict.fromkeys(NYC_FILES, read_nyc),
    **dict.fromkeys(
        ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"), lambda *_: iter(())
    ),
}
