"""The import graph of the Python files in a checkout."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent.survey.sources import Sources

PROJECT_FILES = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
PACKAGE_WALKERS = frozenset({"iter_modules", "walk_packages"})


@dataclass(frozen=True)
class ImportGraph:
    """Who imports whom; paths are files of the checkout, names are dotted."""

    modules: Mapping[str, tuple[str, ...]]
    """Module name to the files that may stand behind it."""
    imports: Mapping[str, frozenset[str]]
    """File to the files that importing it loads."""
    external: Mapping[str, frozenset[str]]
    """File to the dotted names it imports from elsewhere."""

    def importers(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(p for p, loaded in self.imports.items() if path in loaded))

    def named(self, target: str) -> tuple[str, ...]:
        """The files behind `package.module`, `package.module:attribute` or `….attribute`."""
        name, colon, _ = target.partition(":")
        name = name.strip()
        if colon or name in self.modules:
            return self.modules.get(name, ())
        return self.modules.get(name.rpartition(".")[0], ())


def import_graph(root: Path, files: tuple[str, ...]) -> ImportGraph:
    return graph_of(Sources(root, files))


def graph_of(sources: Sources) -> ImportGraph:
    modules = module_names(sources)
    imports: dict[str, frozenset[str]] = {}
    external: dict[str, frozenset[str]] = {}
    for path in sources.python:
        resolver = Resolver(path, modules, sources.known)
        for node in sources.nodes(path):
            resolver.take(node)
        imports[path] = frozenset({*resolver.local, *own_packages(path, sources.known)} - {path})
        external[path] = frozenset(resolver.external)
    return ImportGraph(modules, imports, external)


def reachable(graph: ImportGraph, entry_files: Iterable[str]) -> frozenset[str]:
    """The Python files that are loaded when one of the entry files starts."""
    seen: set[str] = set()
    waiting = [path for path in entry_files if path in graph.imports]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(graph.imports[path] - seen)
    return frozenset(seen)


def module_names(sources: Sources) -> dict[str, tuple[str, ...]]:
    """Every name under which a file can be imported, whatever folder is on the path."""
    bases = import_roots(sources)
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for path in sources.python:
        for base in bases:
            if path.startswith(base) and (name := module_name(path[len(base) :])):
                found[name][path] = None
    return {name: tuple(paths) for name, paths in found.items()}


def import_roots(sources: Sources) -> tuple[str, ...]:
    """Folders whose files are importable by name, as prefixes of paths."""
    folders = {""}
    for path in sources.files:
        pure = PurePosixPath(path)
        if pure.name in PROJECT_FILES:
            folders.add(prefix(pure.parent))
        if pure.name == "__init__.py" and f"{prefix(pure.parent.parent)}__init__.py" not in (
            sources.known
        ):
            folders.add(prefix(pure.parent.parent))
    return tuple(sorted(folders | {f"{folder}src/" for folder in folders}))


def prefix(folder: PurePosixPath) -> str:
    return "" if folder == PurePosixPath() else f"{folder.as_posix()}/"


def module_name(path: str) -> str:
    """The dotted name of a path; empty when a part of it cannot be in a name."""
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def own_packages(path: str, known: frozenset[str]) -> Iterator[str]:
    """The `__init__.py` files that Python loads before the file itself."""
    for folder in PurePosixPath(path).parents:
        if (init := f"{prefix(folder)}__init__.py") in known:
            yield init


class Resolver:
    """Collects what one file imports."""

    def __init__(
        self, path: str, modules: Mapping[str, tuple[str, ...]], known: frozenset[str]
    ) -> None:
        self.local: set[str] = set()
        self.external: set[str] = set()
        self._folder = PurePosixPath(path).parent
        self._modules = modules
        self._known = known

    def take(self, node: ast.AST) -> None:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    self.absolute(alias.name)
            case ast.ImportFrom(module=module, names=names, level=0):
                self.from_absolute(module or "", [alias.name for alias in names])
            case ast.ImportFrom(module=module, names=names, level=level):
                self.relative(level, module or "", [alias.name for alias in names])
            case ast.Call(func=func, args=[first, *_]):
                self.call(last_name(func), first)
            case ast.Constant(value=str(text)):
                self.mention(text)

    def absolute(self, name: str) -> None:
        """`import a.b.c` loads a, a.b and a.b.c.

        A neighbour of the same name may be meant or not, so the name counts as external too.
        """
        parts = name.split(".")
        names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
        for each in names:
            self.local.update(self.files_named(each))
        if not any(each in self._modules for each in names):
            self.external.add(name)

    def from_absolute(self, module: str, names: list[str]) -> None:
        self.absolute(module)
        for name in names:
            submodule = f"{module}.{name}"
            self.local.update(self.files_named(submodule))
            if module in self.external and submodule not in self._modules and name != "*":
                self.external.add(submodule)

    def relative(self, level: int, module: str, names: list[str]) -> None:
        folder = self._folder
        for _ in range(level - 1):
            folder = folder.parent
        base = folder.joinpath(*module.split(".")) if module else folder
        self.local.update(self.at(base))
        for name in names:
            self.local.update(self.at(base / name))

    def files_named(self, name: str) -> tuple[str, ...]:
        """A script finds its neighbours by name, so they count as well."""
        beside = self.at(self._folder.joinpath(*name.split(".")))
        return self._modules.get(name, ()) or beside

    def at(self, place: PurePosixPath) -> tuple[str, ...]:
        candidates = (f"{place.as_posix()}.py", f"{prefix(place)}__init__.py")
        return tuple(path for path in candidates if path in self._known)

    def call(self, function: str, first: ast.expr) -> None:
        if function in {"import_module", "__import__"}:
            self.dynamic(first)
        elif function in PACKAGE_WALKERS:
            self.walk_package(first)

    def dynamic(self, first: ast.expr) -> None:
        match first:
            case ast.Constant(value=str(name)) if name.startswith("."):
                level = len(name) - len(name.lstrip("."))
                self.relative(level, name[level:], [])
            case ast.Constant(value=str(name)):
                self.absolute(name)
            case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if "." in start[1:]:
                package = start.rpartition(".")[0] + "."
                for name, paths in self._modules.items():
                    if name.startswith(package):
                        self.local.update(paths)

    def walk_package(self, place: ast.expr) -> None:
        """`iter_modules(__path__)` and `iter_modules(plugins.__path__)` load a whole folder."""
        match place:
            case ast.Name(id="__path__"):
                folders = {prefix(self._folder)}
            case ast.Attribute(value=package, attr="__path__"):
                ending = f"{last_name(package)}/__init__.py"
                found = (path for path in self.local if path.endswith(ending))
                folders = {path.removesuffix("__init__.py") for path in found}
            case _:
                return
        self.local.update(
            path for path in self._known if path.endswith(".py") and path.startswith(tuple(folders))
        )

    def mention(self, text: str) -> None:
        """A dotted name in a string, as frameworks take it: `shop.urls`, `shop.main:app`."""
        if (
            "." in text
            and len(text) < 200
            and text.replace(".", "").replace(":", "").isidentifier()
        ):
            name = text.partition(":")[0]
            while "." in name:
                if found := self._modules.get(name):
                    self.local.update(found)
                    return
                name = name.rpartition(".")[0]


def last_name(node: ast.expr) -> str:
    """`b` of `a.b`, of `b`, of `a.b[...]` and of `a.b(...)`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value) | ast.Call(func=value):
            return last_name(value)
        case _:
            return ""
