"""Lint rules about files: where they lie, who makes them, and what reaches them."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from agent.domain.plan import Plan
from agent.planning.lint_rules import Hit, Subject, hurt

UNCALLED_SUFFIXES = frozenset(
    {".md", ".rst", ".txt", ".adoc", ".toml", ".cfg", ".ini", ".lock", ".yml", ".yaml", ".json"}
)
"""Documents and settings: nobody calls them."""
TEST_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__", "testdata", "fixtures"})
TEST_NAME = re.compile(r"^(test_.*|conftest\.py|.*_test\.\w+|.*\.(test|spec)\.\w+)$")


def is_called(path: str) -> bool:
    """Whether someone has to call what is in this file: it is code, and no test."""
    pure = PurePosixPath(path)
    if pure.suffix in UNCALLED_SUFFIXES or pure.name.startswith(".") or not pure.suffix:
        return False
    is_test = bool(TEST_FOLDERS & set(pure.parts[:-1])) or bool(TEST_NAME.match(pure.name))
    return not is_test and pure.name != "__init__.py"


def path_fault(path: str) -> str:
    """What keeps a path from naming a file in the repository; empty when nothing does."""
    parts = path.split("/")
    if path.startswith(("/", "~")) or re.match(r"^[A-Za-z]:", path):
        return "is not relative to the repository's root"
    if "\\" in path:
        return "has a backslash; write /"
    if ".." in parts:
        return "leaves the repository"
    if any(part.lower() == ".git" for part in parts):
        return "lies in .git"
    if path.endswith("/"):
        return "names a folder, not a file"
    if "" in parts or "." in parts:
        return f"is written {PurePosixPath(path)}"
    return ""


def paths_outside(subject: Subject) -> Iterator[Hit]:
    named = [(task.id, path, hurt(task)) for task in subject.plan.tasks for path in task.files]
    named += [(entry.id, entry.path, "") for entry in subject.plan.entry_points]
    for item, path, requirement in named:
        if fault := path_fault(path):
            yield Hit(item, f"{item} names the path {path!r}, which {fault}.", path, requirement)


def created_twice(subject: Subject) -> Iterator[Hit]:
    creators: dict[str, str] = {}
    for task in subject.plan.tasks:
        for path in task.creates:
            first = creators.setdefault(path, task.id)
            if first != task.id and not task.is_realignment:
                message = f"{task.id} creates {path}, which {first} creates already."
                yield Hit(task.id, message, path, hurt(task))


def created_exists(subject: Subject) -> Iterator[Hit]:
    for task in subject.plan.tasks:
        for path in task.creates:
            if path in subject.files:
                message = f"{task.id} creates {path}, which the repository has already."
                yield Hit(task.id, message, path, hurt(task))


def modified_missing(subject: Subject) -> Iterator[Hit]:
    known = set(subject.files)
    for task in subject.plan.tasks:
        known.update(task.creates)
        for path in task.modifies:
            if path not in known:
                message = (
                    f"{task.id} modifies {path}, which does not exist and which "
                    "no task before it creates."
                )
                yield Hit(task.id, message, path, hurt(task))


def entry_points_unwired(subject: Subject) -> Iterator[Hit]:
    """The start-up that everybody forgets: a command whose file nobody writes."""
    for entry in subject.plan.entry_points:
        if entry.path not in subject.files | touched(subject.plan):
            message = (
                f"{entry.id} is started with `{entry.command}`, but {entry.path} does not exist "
                "and no task creates it."
            )
            yield Hit(entry.id, message, entry.path)


def entry_points_untouched(subject: Subject) -> Iterator[Hit]:
    """New code beside an old entry point that nobody changes is likely to be unreachable."""
    plan = subject.plan
    if not any(is_called(path) for task in plan.tasks for path in task.creates):
        return
    paths = {entry.path for entry in plan.entry_points}
    if paths & touched(plan):
        return
    for entry in plan.entry_points:
        if entry.path in subject.files:
            message = f"The plan creates code, but no task changes {entry.path}, where {entry.id} "
            yield Hit(entry.id, message + "starts.", entry.path)


def tasks_without_wiring(subject: Subject) -> Iterator[Hit]:
    for task in subject.plan.tasks:
        code = [path for path in task.creates if is_called(path)]
        if code and not task.wiring:
            message = f"{task.id} creates {', '.join(code)} and does not say who calls it."
            yield Hit(task.id, message, requirement=hurt(task))


def touched(plan: Plan) -> frozenset[str]:
    return frozenset(path for task in plan.tasks for path in task.files)
