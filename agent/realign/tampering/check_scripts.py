"""Scripts that a check of the plan runs, and that the work has changed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from agent.domain.check import Check
from agent.realign.tampering.permission import Permission
from agent.realign.tampering.settings import json_of, table_at
from agent.realign.tampering.suites import tests_of
from agent.realign.tampering.tree import Change, Tree
from agent.survey.classify import is_test

WORD = re.compile(r"[^\s\"'|&;<>()]+")
SCRIPT = re.compile(
    r"\.(sh|bash|bats|feature|robot)$|^(checks?|ci|scripts?|hack|acceptance|verify|e2e|spec)/"
    r"|(^|[/_-])(verify|check|accept|smoke|probe)[\w-]*\.\w+$"
)


@dataclass(frozen=True)
class EditedCheck:
    path: str
    who: str
    run: str
    what: str
    """What of the file changed: the file itself, a target, a script."""


def edited_checks(
    change: Change, checks: Iterable[tuple[str, Check]], allowed: Permission
) -> Iterator[EditedCheck]:
    """Files named in a check's command that were there at the base and no task names."""
    for who, check in checks:
        for path, what in scripts_of(check.run, change):
            if path in change.changed and change.was_there(path) and not allowed.names(path):
                yield EditedCheck(path, who, check.run, what)


def scripts_of(run: str, change: Change) -> Iterator[tuple[str, str]]:
    words = [word.removeprefix("./") for word in WORD.findall(run)]
    for word in words:
        if word in change.before.known and is_script(word, change.before):
            yield word, "the script"
    for command, name in pairwise(words):
        if command == "make" and target(change.before, name) != target(change.after, name):
            yield "Makefile", f"the target {name}"
    if words[:1] and words[0] in {"npm", "pnpm", "yarn"}:
        for name in {"test" if word == "t" else word for word in words[1:]}:
            old, new = (script(tree, name) for tree in change.both())
            if old and old != new:
                yield "package.json", f"the script {name}"


def is_script(path: str, tree: Tree) -> bool:
    """Whether a file is there to check: no suite, which is compared, and no product."""
    if tests_of(path, tree.text(path)).tests:
        return False
    return is_test(path) or bool(SCRIPT.search(path))


def target(tree: Tree, name: str) -> str:
    text = tree.text("Makefile") or ""
    found = re.search(rf"^{re.escape(name)}\s*:.*\n(?:[\t ]+.*\n?)*", text, re.MULTILINE)
    return found[0] if found else ""


def script(tree: Tree, name: str) -> str:
    return str(table_at(json_of(tree.text("package.json") or ""), "scripts").get(name, ""))
