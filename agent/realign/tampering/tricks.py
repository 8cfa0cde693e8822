"""Code that rigs a test run: what is new of it since a commit, in any language."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.realign.tampering.awareness import aware
from agent.realign.tampering.grammar import SCRIPTS
from agent.realign.tampering.other_tricks import go_tricks, script_tricks
from agent.realign.tampering.python_tricks import python_tricks
from agent.realign.tampering.tree import Change, Tree
from agent.realign.tampering.trick import Trick
from agent.survey.classify import is_test

START_UP = frozenset({"sitecustomize.py", "usercustomize.py"})
"""Files that Python loads before any program, a test runner among them."""


@dataclass(frozen=True)
class NewTrick:
    path: str
    trick: Trick


def new_tricks(change: Change) -> Iterator[NewTrick]:
    """Tricks that no changed file had before; one that only moved is not new."""
    had = Counter(trick.key for p in change.changed for trick in tricks_of(change.before, p))
    for path in change.changed:
        if path not in change.after.known:
            continue
        name = PurePosixPath(path).name
        if name in START_UP or name.endswith(".pth"):
            what = "is loaded by Python before any program, the test runner too"
            yield NewTrick(path, Trick("start-up", name, 1, what, name))
        for trick in tricks_of(change.after, path):
            if had[trick.key]:
                had[trick.key] -= 1
            else:
                yield NewTrick(path, trick)


def tricks_of(tree: Tree, path: str) -> list[Trick]:
    text = tree.text(path)
    if text is None:
        return []
    found: list[Trick] = []
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        found += python_tricks(tree, path, text)
    elif suffix in SCRIPTS:
        found += script_tricks(path, text)
    elif suffix == ".go":
        found += go_tricks(path, text)
    return found if is_test(path) else found + list(aware(path, text))
