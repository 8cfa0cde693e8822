"""Findings out of what was weakened: one sentence, what shows it, and how to mend it."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from agent.domain.finding import Finding, Severity
from agent.realign.detectors.subject import finding
from agent.realign.tampering.check_scripts import EditedCheck
from agent.realign.tampering.compare import Losses
from agent.realign.tampering.exclusions import Excluded
from agent.realign.tampering.expected import KnownByHeart
from agent.realign.tampering.pipelines import Weaker
from agent.realign.tampering.setting_rules import Loosened
from agent.realign.tampering.shadows import Shadow
from agent.realign.tampering.snapshots import Rewritten
from agent.realign.tampering.suite import Test
from agent.realign.tampering.tree import Change
from agent.realign.tampering.tricks import NewTrick

SHOWN = 5
T = TypeVar("T")
UNLESS_WANTED = (
    "if it is really to go, a requirement must say that what it held is removed, and its task "
    "name the file under modifies."
)


def of_losses(lost: Losses, change: Change) -> Iterator[Finding]:
    for path, tests in by_path((test.path, test) for test in lost.removed):
        yield finding(
            "tests-removed",
            path,
            message=removed_message(path, tests, path in change.after.known),
            evidence=named_and_shown(tests),
            remedy=put_back(path, change),
        )
    for path, pairs in by_path((new.path, (old, new)) for old, new in lost.weakened):
        yield finding(
            "tests-weakened",
            path,
            message=f"{path} asserts less than it did, in {joined(map(counts, pairs))}.",
            evidence="\n".join(weaker(old, new) for old, new in pairs[:SHOWN]),
            remedy=put_back(path, change),
            line=pairs[0][1].line,
        )
    for path, tests in by_path((test.path, test) for test in lost.held):
        yield finding(
            "tests-held-back",
            path,
            message=f"Tests in {path} need not pass any more: {joined(map(with_why, tests))}.",
            evidence="\n".join(f"{test.name}: {test.held}" for test in tests[:SHOWN]),
            remedy="Let them run and pass: mend the code, not the test.",
            line=tests[0].line,
        )
    for test, looked_at, old, new in lost.altered:
        yield finding(
            "expectation-changed",
            test.path,
            test.name,
            message=f"{test.name} in {test.path} expects {new} of {looked_at} and expected {old}; "
            "no task names the file.",
            evidence=test.source,
            remedy=f"Put back what it expected (`git show {change.base}:{test.path}`), or let the "
            "task that changes the answer name the file under modifies.",
            line=test.line,
        )


def removed_message(path: str, tests: list[Test], is_there: bool) -> str:
    many = "a test" if len(tests) == 1 else f"{len(tests)} tests"
    if not is_there:
        return f"{path} is gone, and with it {many}."
    return f"{many.capitalize()} that {path} had can be found nowhere: {names(tests)}."


def names(tests: Iterable[Test]) -> str:
    return joined(test.name for test in tests)


def joined(items: Iterable[str]) -> str:
    listed = list(items)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def counts(pair: tuple[Test, Test]) -> str:
    """How many assertions a test has, and had; those of a value only where the others stay."""
    old, new = pair
    if old.total == new.total:
        return f"{new.name} ({new.strong} of a value, {old.strong} before)"
    left = "1 assertion" if new.total == 1 else f"{new.total} assertions"
    return f"{new.name} ({left}, {old.total} before)"


def with_why(test: Test) -> str:
    return f"{test.name} ({test.held})"


def named_and_shown(tests: list[Test]) -> str:
    """The names, and what the first one says."""
    return f"{names(tests)}\n{tests[0].source}"


def weaker(old: Test, new: Test) -> str:
    return f"{counts((old, new))}\n{old.source}"


def put_back(path: str, change: Change) -> str:
    return f"Put back what is lost (`git show {change.base}:{path}`); {UNLESS_WANTED}"


def undo(path: str, change: Change) -> str:
    """How a file of settings becomes what it was."""
    if not change.was_there(path):
        return f"Take it out of {path}; {UNLESS_WANTED}"
    return f"Put it back as it was (`git show {change.base}:{path}`); {UNLESS_WANTED}"


def by_path(pairs: Iterable[tuple[str, T]]) -> Iterator[tuple[str, list[T]]]:
    groups: dict[str, list[T]] = {}
    for path, item in pairs:
        groups.setdefault(path, []).append(item)
    yield from sorted(groups.items())


def of_setting(item: Loosened, change: Change) -> Finding:
    is_coverage = item.about == "coverage"
    return finding(
        "coverage-lowered" if is_coverage else "runner-narrowed",
        item.path,
        item.name,
        message=f"{item.name} in {item.path} {item.what}.",
        evidence=f"{item.name} {item.what}",
        remedy=undo(item.path, change),
        line=item.line,
    )


def of_exclusion(item: Excluded, severity: Severity) -> Finding:
    return finding(
        "coverage-lowered",
        item.path,
        "excluded",
        message=f"{item.path} has new code that is kept out of the measurement of coverage.",
        evidence="\n".join(text for _, text in item.lines[:SHOWN]),
        remedy="Take the marks out and test the code.",
        line=item.lines[0][0],
        severity=severity,
    )


def of_pipeline(item: Weaker, change: Change) -> Finding:
    return finding(
        "pipeline-weakened",
        item.path,
        item.anchor,
        message=item.message,
        evidence=item.evidence,
        remedy=undo(item.path, change),
    )


def of_trick(item: NewTrick) -> Finding:
    trick = item.trick
    return finding(
        "test-run-rigged",
        item.path,
        f"{trick.kind} {trick.name}",
        message=f"{item.path} {trick.what}.",
        evidence=trick.code[:400],
        remedy="Take it out: the tests must be tried on the code that users run, and their end "
        "must be told as it is.",
        line=trick.line,
    )


def of_shadow(item: Shadow) -> Finding:
    return finding(
        "module-shadowed",
        item.path,
        item.what,
        message=f"{item.path} {item.what}.",
        evidence=item.path,
        remedy="Give it another name or take it out, and use what it stands in front of.",
        line=1,
    )


def of_rewritten(item: Rewritten) -> Finding:
    count = len(item.entries)
    return finding(
        "snapshots-rewritten",
        item.path,
        message=f"{count} recorded {'answer was' if count == 1 else 'answers were'} replaced by "
        "what the code gives, and no task names the files.",
        evidence="\n".join(item.entries[:SHOWN]),
        remedy="Put the recordings back and mend the code, or let the task that changes the "
        "answers name the files under modifies.",
        severity="error" if item.is_mass else "warning",
    )


def of_answer(item: KnownByHeart) -> Finding:
    return finding(
        "answer-known-by-heart",
        item.path,
        item.name,
        message=f"{item.path} {item.what}.",
        evidence=item.code,
        remedy="Compute the answer from what is handed in, so that any other input works as well.",
        line=item.line,
    )


def of_check(item: EditedCheck, change: Change) -> Finding:
    return finding(
        "check-edited",
        item.path,
        item.what,
        message=f"The work changes {item.what} in {item.path}, which the check of {item.who} runs.",
        evidence=item.run,
        remedy=f"Put it back (`git show {change.base}:{item.path}`); the code has to pass the "
        "check as it was.",
    )
