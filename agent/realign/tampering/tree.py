"""One repository at two moments: as it was at a commit, and as it is now."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.survey.sources import Sources


class Tree(Sources):
    """The files of one moment; what is no file of that moment is not there."""

    def __init__(self, now: Sources, instead: Mapping[str, str | None]) -> None:
        """`instead` has the text that a file had then, None where it was not there."""
        kept = (path for path in now.files if path not in instead)
        had = (path for path, text in instead.items() if text is not None)
        super().__init__(now.root, tuple(sorted({*kept, *had})))
        self._now = now
        self._instead = instead
        self._nodes: dict[str, tuple[ast.AST, ...]] = {}

    def data(self, path: str) -> bytes | None:
        if path not in self.known:
            return None
        text = self._instead.get(path)
        return self._now.data(path) if text is None else text.encode()

    def nodes(self, path: str) -> tuple[ast.AST, ...]:
        """All of a Python file's syntax tree; nothing when it has none."""
        if path not in self._nodes:
            module = self.tree(path)
            self._nodes[path] = tuple(ast.walk(module)) if module is not None else ()
        return self._nodes[path]


@dataclass(frozen=True)
class Change:
    """What became of a repository since a commit."""

    before: Tree
    after: Tree
    changed: tuple[str, ...]
    """Files that differ, those that are new or gone among them, sorted."""
    base: str
    """The commit before, as people write it."""

    @property
    def fresh(self) -> tuple[str, ...]:
        return tuple(p for p in self.changed if p in self.after.known and not self.was_there(p))

    def was_there(self, path: str) -> bool:
        return path in self.before.known

    def both(self) -> Iterator[Tree]:
        yield from (self.before, self.after)


def change_since(now: Sources, earlier: Mapping[str, str | None], base: str) -> Change:
    """`earlier` has the text of every changed file at the commit, None for a new one."""
    return Change(
        before=Tree(now, dict(earlier)),
        after=Tree(now, {}),
        changed=tuple(sorted(earlier)),
        base=base[:12],
    )
