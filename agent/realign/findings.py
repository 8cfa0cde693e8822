"""Findings out of checks, and how findings from several sources become one list."""

from collections.abc import Iterator, Mapping

from agent.domain.check import Check, CheckResult, red
from agent.domain.event import ChecksRan
from agent.domain.finding import Finding, finding_id
from agent.domain.plan import Plan, Requirement, Task

OUTPUT_LINES = 12
LINE_CHARACTERS = 160


def check_findings(
    plan: Plan,
    *,
    before: Mapping[str, ChecksRan],
    final: Mapping[str, ChecksRan],
    tasks: Mapping[str, ChecksRan],
) -> tuple[Finding, ...]:
    """What the checks say against the work, by subject: on the base, and on the final branch.

    With an empty `final` only the base speaks.
    """
    found = [*proving_nothing(plan, before, finished=bool(final))]
    if final:
        found += unproven(plan, final)
    reported = {check for item in plan.requirements for check in item.checks}
    for task in plan.tasks:
        for result in red(tasks[task.id].results if task.id in tasks else ()):
            if result.check not in reported:
                found.append(task_finding(task, result))
    return tuple(found)


def proving_nothing(
    plan: Plan, before: Mapping[str, ChecksRan], *, finished: bool
) -> Iterator[Finding]:
    """Requirements whose checks were all green before any work, or not all tried then."""
    for requirement in plan.requirements:
        ran = before.get(requirement.id)
        if ran is None or not ran.results:
            continue
        tried = {result.check for result in ran.results}
        untried = finished and not tried.issuperset(requirement.checks)
        if red(ran.results) and not untried:
            continue
        why = "changed after the work began" if untried else "are green before any work"
        yield Finding(
            id=finding_id("check-proves-nothing", "", requirement.id),
            rule="check-proves-nothing",
            severity="error",
            message=f"The checks of {requirement.id} {why}, so they prove nothing.",
            evidence="\n".join(f"{r.check.run}: {r.reason}" for r in ran.results),
            requirement=requirement.id,
            remedy=f"Give {requirement.id} a check that fails today and passes when it is true.",
        )


def unproven(plan: Plan, final: Mapping[str, ChecksRan]) -> Iterator[Finding]:
    """Requirements with a red check on the final branch, or with nothing that proves them."""
    for requirement in plan.requirements:
        ran = final.get(requirement.id)
        if ran is None or not ran.results:
            yield unchecked(requirement)
        else:
            yield from (requirement_finding(requirement, result) for result in red(ran.results))


def unchecked(requirement: Requirement) -> Finding:
    return Finding(
        id=finding_id("check-missing", "", requirement.id),
        rule="check-missing",
        severity="error",
        message=f"No check ran for {requirement.id}, so nothing proves it.",
        requirement=requirement.id,
        remedy=f"Give {requirement.id} a check that fails today and passes when it is true.",
    )


def requirement_finding(requirement: Requirement, result: CheckResult) -> Finding:
    return Finding(
        id=check_finding_id(requirement.id, result.check),
        rule="check-red",
        severity="error",
        message=f"A check of {requirement.id} is red: {result.reason}",
        evidence=evidence_of(result),
        requirement=requirement.id,
        remedy=f"Make it true for the user: {requirement.title}",
    )


def task_finding(task: Task, result: CheckResult) -> Finding:
    """It carries the task's first file, which leads it back to the task."""
    return Finding(
        id=check_finding_id(task.id, result.check),
        rule="check-red",
        severity="error",
        path=task.files[0] if task.files else "",
        message=f"A check of {task.id} was green and is red on the finished branch: "
        f"{result.reason}",
        evidence=evidence_of(result),
        requirement=task.serves[0] if task.serves else "",
        remedy="Find what broke it and mend that; the check itself stays as it is.",
    )


def check_finding_id(subject: str, check: Check) -> str:
    """The id of the finding that a red check of a requirement or task gives."""
    return finding_id("check-red", "", f"{subject}\0{check.kind}\0{check.run}")


def evidence_of(result: CheckResult) -> str:
    """The command and the end of what it printed."""
    tail = result.output.rstrip().splitlines()[-OUTPUT_LINES:]
    return "\n".join([f"$ {result.check.run}", *(line[:LINE_CHARACTERS] for line in tail)])


def merge_findings(*groups: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """All findings in the order given, each id once."""
    by_id: dict[str, Finding] = {}
    for group in groups:
        for finding in group:
            by_id.setdefault(finding.id, finding)
    return tuple(by_id.values())
