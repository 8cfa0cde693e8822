"""Recorded expectations that were rewritten: snapshots, approved output, golden files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.realign.tampering.permission import Permission
from agent.realign.tampering.tree import Change, Tree

RECORDED = re.compile(
    r"(^|/)(__snapshots__|snapshots?|__image_snapshots__|golden|goldens|approvals|cassettes)/"
    r"|\.(snap|ambr|approved\.\w+|golden|gold|snap\.\w+)$",
    re.IGNORECASE,
)
ENTRY = re.compile(r"^(?:exports\[`(.+?)`\] = |# name: (.+)$)", re.MULTILINE)
MASS = 3
"""So many rewritten recordings are no longer a side effect of one change."""


@dataclass(frozen=True)
class Rewritten:
    path: str
    """The first file."""
    entries: tuple[str, ...]
    """Rewritten recordings, as file or file and name."""

    @property
    def is_mass(self) -> bool:
        return len(self.entries) >= MASS


def rewritten_snapshots(change: Change, permission: Permission) -> Iterator[Rewritten]:
    """Recordings of then that say something else now, in files that no task names."""
    named = [p for p in change.changed if permission.named is not None and permission.names(p)]
    paths = [p for p in change.changed if RECORDED.search(p) and p not in named]
    entries = []
    for path in paths:
        if path in permission.young or not change.was_there(path) or path.endswith(".py"):
            continue
        old, new = (recordings(tree, path) for tree in change.both())
        # a recording that is gone is made anew by the next run, from whatever the code gives
        entries += [f"{path} {name}".strip() for name in old if old[name] != new.get(name)]
    if entries:
        yield Rewritten(paths[0], tuple(entries))


def recordings(tree: Tree, path: str) -> dict[str, str]:
    """Name to text; one without a name for a file that holds a single one."""
    text = tree.text(path)
    if text is None:
        return {}
    if PurePosixPath(path).suffix not in {".snap", ".ambr"}:
        return {"": text}
    starts = list(ENTRY.finditer(text))
    if not starts:
        return {"": text}
    ends = [each.start() for each in starts[1:]] + [len(text)]
    return {
        (each[1] or each[2]).strip(): text[each.end() : end]
        for each, end in zip(starts, ends, strict=True)
    }
