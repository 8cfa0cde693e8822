"""Lint rules about items and the references between them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.domain.check import Check
from agent.domain.finding import Severity
from agent.domain.plan import Plan, Requirement, Task
from agent.planning.shell_line import cannot_fail, prints_only


@dataclass(frozen=True)
class Subject:
    """What lint looks at."""

    plan: Plan
    files: frozenset[str]
    """Tracked files of the repository that the plan was made for."""
    size_budget_tokens: int


@dataclass(frozen=True)
class Hit:
    """One place where a rule is broken."""

    item: str
    """Id of the item, empty for the plan as a whole."""
    message: str
    evidence: str = ""
    requirement: str = ""


@dataclass(frozen=True)
class Rule:
    id: str
    severity: Severity
    remedy: str
    """One sentence: what would make it right."""
    find: Callable[[Subject], Iterator[Hit]]
    is_form: bool = False
    """True when a plan that breaks it is not well-formed: no gardener can work on it."""


def hurt(task: Task) -> str:
    """The requirement that a fault of this task hurts, where it serves one."""
    return task.serves[0] if task.serves else ""


def duplicate_ids(subject: Subject) -> Iterator[Hit]:
    plan = subject.plan
    groups = (plan.requirements, plan.decisions, plan.entry_points, plan.tasks)
    for name, count in Counter(item.id for group in groups for item in group).items():
        if count > 1:
            yield Hit(name, f"{name} is the id of {count} items.", name)


def unknown_requirements(subject: Subject) -> Iterator[Hit]:
    known = {requirement.id for requirement in subject.plan.requirements}
    for task in subject.plan.tasks:
        for name in task.serves:
            if name not in known:
                yield Hit(task.id, f"{task.id} serves {name}, which is no requirement.", name)


def unknown_tasks(subject: Subject) -> Iterator[Hit]:
    known = {task.id for task in subject.plan.tasks}
    for task in subject.plan.tasks:
        for name in task.depends:
            if name not in known:
                message = f"{task.id} depends on {name}, which is no task."
                yield Hit(task.id, message, name, hurt(task))


def dependency_cycles(subject: Subject) -> Iterator[Hit]:
    """Tasks that can never start: what is left when all that can start have been taken away."""
    left = {task.id: set(task.depends) for task in subject.plan.tasks}
    for depends in left.values():
        depends.intersection_update(left)
    while free := [name for name, depends in left.items() if not depends]:
        for name in free:
            del left[name]
        for depends in left.values():
            depends.difference_update(free)
    for name in left:
        waits = ", ".join(sorted(left[name]))
        yield Hit(name, f"{name} can never start: it waits for {waits}, in a circle.", waits)


def broken_patterns(subject: Subject) -> Iterator[Hit]:
    for item, check in all_checks(subject.plan):
        word = "output" if check.kind == "command" else "sends"
        pattern = check.output if check.kind == "command" else check.sends
        try:
            re.compile(pattern or "")
        except re.error as error:
            message = f"A check of {item.id} has a {word} pattern that is no regular expression"
            yield Hit(item.id, f"{message}: {error}.", pattern or "")


def requirements_without_task(subject: Subject) -> Iterator[Hit]:
    for requirement in subject.plan.requirements:
        if not subject.plan.serving(requirement.id):
            message = f"No task serves {requirement.id}: {requirement.title}"
            yield Hit(requirement.id, message, requirement=requirement.id)


def requirements_without_check(subject: Subject) -> Iterator[Hit]:
    for requirement in subject.plan.requirements:
        if not requirement.checks:
            message = f"Nothing proves {requirement.id}: it has no check."
            yield Hit(requirement.id, message, requirement=requirement.id)


def tasks_without_requirement(subject: Subject) -> Iterator[Hit]:
    for task in subject.plan.tasks:
        if not task.serves and not task.closes:
            yield Hit(task.id, f"{task.id} serves no requirement.")


def tasks_without_check(subject: Subject) -> Iterator[Hit]:
    for task in subject.plan.tasks:
        if not task.checks and not task.closes:
            message = f"{task.id} has no check, so it can never be proven done."
            yield Hit(task.id, message, requirement=hurt(task))


def checks_that_cannot_fail(subject: Subject) -> Iterator[Hit]:
    for item, check in all_checks(subject.plan):
        if check.kind != "command":
            continue
        is_empty = prints_only(check.run) if check.output else cannot_fail(check.run)
        if is_empty:
            message = f"A check of {item.id} passes whatever the program does."
            requirement = hurt(item) if isinstance(item, Task) else item.id
            yield Hit(item.id, message, check.run, requirement)


def forward_dependencies(subject: Subject) -> Iterator[Hit]:
    position = {task.id: index for index, task in enumerate(subject.plan.tasks)}
    for index, task in enumerate(subject.plan.tasks):
        for name in task.depends:
            if position.get(name, -1) > index:
                message = f"{task.id} depends on {name}, which comes after it."
                yield Hit(task.id, message, name, hurt(task))


def large_tasks(subject: Subject) -> Iterator[Hit]:
    for task in subject.plan.tasks:
        if task.size_tokens > subject.size_budget_tokens:
            message = (
                f"{task.id} is estimated at {task.size_tokens} tokens, "
                f"more than the {subject.size_budget_tokens} of one session."
            )
            yield Hit(task.id, message, requirement=hurt(task))


def no_entry_point(subject: Subject) -> Iterator[Hit]:
    if not subject.plan.entry_points:
        yield Hit("", "The plan does not say how a user starts the program: no entry point.")


def all_checks(plan: Plan) -> Iterator[tuple[Requirement | Task, Check]]:
    for requirement in plan.requirements:
        for check in requirement.checks:
            yield requirement, check
    for task in plan.tasks:
        for check in task.checks:
            yield task, check


def nothing_to_prove(subject: Subject) -> Iterator[Hit]:
    plan = subject.plan
    for items, word in ((plan.requirements, "requirement"), (plan.tasks, "task")):
        if not items:
            yield Hit("", f"The plan has no {word}, so there is nothing to prove.", word)


def closes_reserved(subject: Subject) -> Iterator[Hit]:
    for task in subject.plan.tasks:
        if task.closes and not task.is_realignment:
            yield Hit(task.id, f"{task.id} closes findings, which only realignment tasks do.")
