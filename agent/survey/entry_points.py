"""The ways to start the program that a repository declares."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from agent.domain.survey import StartCommand
from agent.survey.classify import is_test
from agent.survey.imports import ImportGraph, prefix
from agent.survey.manifests import json_table, plugin_targets, python_targets, table, toml
from agent.survey.sources import Sources

PACKAGE_MAIN = re.compile(r"^package main\b", re.MULTILINE)
SETUP_FILES = frozenset({"setup.py", "noxfile.py", "conftest.py", "fabfile.py", "tasks.py"})


def entry_points(sources: Sources, graph: ImportGraph) -> tuple[StartCommand, ...]:
    """Declared scripts first, then what can be started by name."""
    found = [
        *declared_scripts(sources, graph),
        *python_mains(sources),
        *node_starts(sources),
        *compiled_mains(sources),
    ]
    by_path: dict[str, StartCommand] = {}
    for start in found:
        by_path.setdefault(start.path, start)
    return tuple(by_path.values())


def declared_scripts(sources: Sources, graph: ImportGraph) -> Iterator[StartCommand]:
    for path in named(sources, "pyproject.toml"):
        for command, target in python_targets(toml(sources, path)).items():
            for file in graph.named(target)[:1]:
                yield StartCommand(command=command, path=file)


def plugin_files(sources: Sources, graph: ImportGraph) -> frozenset[str]:
    """Files that other programs load because a manifest says so."""
    return frozenset(
        file
        for path in named(sources, "pyproject.toml")
        for target in plugin_targets(toml(sources, path))
        for file in graph.named(target)
    )


def python_mains(sources: Sources) -> Iterator[StartCommand]:
    scripts = []
    for path in sources.python:
        if is_test(path) or PurePosixPath(path).name in SETUP_FILES:
            continue
        if path.endswith("__main__.py"):
            yield StartCommand(command=module_command(path, sources), path=path)
        elif has_main_guard(sources.tree(path)):
            scripts.append(StartCommand(command=module_command(path, sources), path=path))
    yield from scripts


def module_command(path: str, sources: Sources) -> str:
    """`python3 -m package.module` inside a package, `python3 file.py` elsewhere."""
    pure = PurePosixPath(path)
    folder = pure.parent
    if f"{prefix(folder)}__init__.py" not in sources.known and pure.name != "__main__.py":
        return f"python3 {path}"
    parts = [*folder.parts, *([] if pure.stem == "__main__" else [pure.stem])]
    if parts and parts[0] == "src":
        parts = parts[1:]
    if parts and all(part.isidentifier() for part in parts):
        return f"python3 -m {'.'.join(parts)}"
    return f"python3 {path}"


def has_main_guard(tree: ast.Module | None) -> bool:
    return tree is not None and any(is_main_guard(node) for node in tree.body)


def is_main_guard(node: ast.stmt) -> bool:
    match node:
        case ast.If(test=ast.Compare(left=left, comparators=[right])):
            return {ast.dump(left), ast.dump(right)} == MAIN_GUARD
        case _:
            return False


MAIN_GUARD = {
    ast.dump(ast.Name(id="__name__", ctx=ast.Load())),
    ast.dump(ast.Constant(value="__main__")),
}


def node_starts(sources: Sources) -> Iterator[StartCommand]:
    for path in named(sources, "package.json"):
        data = json_table(sources, path)
        folder = prefix(PurePosixPath(path).parent)
        start = table(data, "scripts").get("start")
        main = data.get("main")
        if isinstance(start, str):
            words = [*start.split(), *([main] if isinstance(main, str) else [])]
            file = next((f for word in words if (f := inside(folder, word)) in sources.known), path)
            yield StartCommand(command="npm start", path=file)
        for name, target in node_commands(data).items():
            if (file := inside(folder, target)) in sources.known:
                yield StartCommand(command=name, path=file)


def node_commands(data: dict[str, object]) -> dict[str, str]:
    bins = data.get("bin")
    if isinstance(bins, str):
        bins = {str(data.get("name", "bin")): bins}
    found = table(bins)
    commands = {name: target for name, target in found.items() if isinstance(target, str)}
    main = data.get("main")
    return commands | ({f"node {main}": main} if isinstance(main, str) else {})


def inside(folder: str, target: str) -> str:
    return folder + target.removeprefix("./")


def compiled_mains(sources: Sources) -> Iterator[StartCommand]:
    for path in sources.files:
        pure = PurePosixPath(path)
        if pure.name == "main.go" and PACKAGE_MAIN.search(sources.text(path) or ""):
            folder = "." if pure.parent == PurePosixPath() else f"./{pure.parent}"
            yield StartCommand(command=f"go run {folder}", path=path)
        elif path.endswith("src/main.rs"):
            yield StartCommand(command="cargo run", path=path)
        elif pure.match("src/bin/*.rs"):
            yield StartCommand(command=f"cargo run --bin {pure.stem}", path=path)


def named(sources: Sources, name: str) -> list[str]:
    return [path for path in sources.files if PurePosixPath(path).name == name]
