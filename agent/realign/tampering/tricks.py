"""Code that rigs a test run: what is new of it since a commit, in any language."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.realign.tampering.grammar import SCRIPTS
from agent.realign.tampering.other_tricks import go_tricks, script_tricks
from agent.realign.tampering.python_tricks import python_tricks
from agent.realign.tampering.tree import Change, Tree
from agent.realign.tampering.trick import Trick
from agent.survey.classify import is_test

MODULE = re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;", re.MULTILINE)
START_UP = frozenset({"sitecustomize.py", "usercustomize.py"})
"""Files that Python loads before any program, a test runner among them."""

ASKS_IN_PYTHON = re.compile(
    r"PYTEST_(CURRENT_TEST|VERSION|XDIST_WORKER)"
    r"|[\"'](_?pytest|unittest|nose2?)[\"']\s*(not )?in\s+(sys\.(modules|argv)|str\(|repr\()"
    r"|sys\.modules\.get\([\"'](_?pytest|unittest)"
    r"|[\"'](_?pytest|unittest)\S*[\"']\s*in\s+.*(argv|stack|frame|filename)"
    r"|raise\s+(unittest\.)?SkipTest\b|\bpytest\.(skip|xfail|exit)\("
    r"|\bsys\.argv\[0\].*(pytest|unittest)"
)
ASKS_IN_SCRIPTS = re.compile(
    r"process\.env\.(JEST_WORKER_ID|VITEST\w*|NODE_TEST_CONTEXT)\b|import\.meta\.env\.VITEST"
    r"|typeof\s+(jest|vi|describe|it|expect|test)\s*[!=]==?|\bglobalThis\.(jest|vitest|expect)\b"
)
ASKS_IN_GO = re.compile(
    r"\btesting\.Testing\(\)|flag\.Lookup\(\"test\.|HasSuffix\(os\.Args\[0\], *\"\.test"
)
ASKS_IN_RUST = re.compile(r"\bif\s+!?cfg!\(test\)")
RECORDING_KEY = re.compile(r"[\"']recording-endpoint[\"']")
"""The key that a check of calls gives to the program."""
COMMENT = re.compile(r"^\s*(#|//|\*|/\*)")
BUILD_FILES = frozenset({"conftest.py", "noxfile.py", "setup.py"})


@dataclass(frozen=True)
class NewTrick:
    path: str
    trick: Trick


def new_tricks(change: Change) -> Iterator[NewTrick]:
    """Tricks that no changed file had before; one that only moved is not new."""
    yield from undeclared(change)
    now = {p: tricks_of(change.after, p) for p in change.changed if p in change.after.known}
    earlier = change.changed if any(now.values()) else ()
    had = Counter(trick.key for path in earlier for trick in tricks_of(change.before, path))
    for path, tricks in now.items():
        name = PurePosixPath(path).name
        if name in START_UP or name.endswith(".pth"):
            what = "is loaded by Python before any program, the test runner too"
            yield NewTrick(path, Trick("start-up", name, 1, what, name))
        for trick in tricks:
            if had[trick.key]:
                had[trick.key] -= 1
            else:
                yield NewTrick(path, trick)


def undeclared(change: Change) -> Iterator[NewTrick]:
    """Files with tests that Rust no longer builds, because nothing says `mod` of them."""
    for path in change.changed:
        if path.endswith(".rs") and path in change.after.known:
            old, new = (set(MODULE.findall(tree.text(path) or "")) for tree in change.both())
            for name in sorted(old - new):
                folder = path.rpartition("/")[0]
                for file in (f"{folder}/{name}.rs", f"{folder}/{name}/mod.rs"):
                    if "#[test]" in (change.after.text(file) or ""):
                        what = f"no longer declares {file}, so the tests in it are not built"
                        yield NewTrick(path, Trick("selection", name, 1, what, f"mod {name};"))


def tricks_of(tree: Tree, path: str) -> list[Trick]:
    text = tree.text(path)
    if text is None:
        return []
    found: list[Trick] = []
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        found += python_tricks(tree, path)
    elif suffix in SCRIPTS:
        found += script_tricks(path, text)
    elif suffix == ".go":
        found += go_tricks(path, text)
    return found if is_test(path) else found + list(aware(path, text))


def aware(path: str, text: str) -> Iterator[Trick]:
    """Product code that asks whether it is being tested."""
    pure = PurePosixPath(path)
    pattern = {".py": ASKS_IN_PYTHON, ".go": ASKS_IN_GO, ".rs": ASKS_IN_RUST}.get(pure.suffix)
    if pattern is None and pure.suffix in SCRIPTS:
        pattern = ASKS_IN_SCRIPTS
    if pattern is None or pure.name in BUILD_FILES:
        return
    if not pattern.search(text) and not RECORDING_KEY.search(text):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        found = pattern.search(line) or RECORDING_KEY.search(line)
        if found and not COMMENT.match(line):
            what = "asks whether it is being tested, so it may do something else for users"
            yield Trick("aware", found[0], number, what, line.strip())
