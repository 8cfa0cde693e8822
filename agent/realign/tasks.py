"""Turns findings into realignment tasks."""

from collections.abc import Iterable

from agent import prompts
from agent.domain.check import Check
from agent.domain.finding import Finding
from agent.domain.plan import Plan, Task
from agent.domain.prose import repository_path
from agent.realign.findings import check_finding_id

FINDINGS_PER_TASK = 8
"""A task that gets more loses sight of them; the rest waits for the next pass."""
NOT_MENDED_BY_CODE = frozenset({"judge-abstained", "check-proves-nothing", "check-missing"})
"""The plan or the judge is at fault, and no executor can change either."""
EVIDENCE_LINES = 14


def realignment_tasks(plan: Plan, findings: tuple[Finding, ...], number: int) -> tuple[Task, ...]:
    """Tasks that mend errors and warnings, one for each task of the plan that is at fault.

    `number` is the pass, and ends the ids: `T05r1`. Empty when no code could mend any finding.
    """
    groups = grouped(plan, [f for f in findings if is_mendable(f)])
    return tuple(
        realignment_task(plan, task, tuple(groups[task.id][:FINDINGS_PER_TASK]), number)
        for task in plan.tasks
        if task.id in groups
    )


def is_mendable(finding: Finding) -> bool:
    return finding.severity != "info" and finding.rule not in NOT_MENDED_BY_CODE


def grouped(plan: Plan, findings: list[Finding]) -> dict[str, list[Finding]]:
    """Findings by the id of the task at fault, errors first.

    One that names no file is most likely what another one with a place looks like from outside,
    so it joins a task that is at fault already and serves its requirement.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: (not f.path, f.severity != "error")):
        base = None if finding.path else joined(plan, finding, groups)
        if base := base or task_at_fault(plan, finding):
            groups.setdefault(base.id, []).append(finding)
    return {
        name: sorted(group, key=lambda f: f.severity != "error") for name, group in groups.items()
    }


def joined(plan: Plan, finding: Finding, groups: dict[str, list[Finding]]) -> Task | None:
    """The last task among those at fault that serves the finding's requirement."""
    hurt = finding.requirement
    for task in reversed(plan.tasks):
        group = groups.get(task.id, [])
        if hurt and group and (hurt in task.serves or any(f.requirement == hurt for f in group)):
            return task
    return None


def task_at_fault(plan: Plan, finding: Finding) -> Task | None:
    """The task a finding belongs to, never a realignment task: that leads back to its own base.

    First the task that creates the finding's file, then the last that modifies it, then the last
    that serves its requirement, then the last of all.
    """
    bases = [task for task in plan.tasks if not task.is_realignment]
    creating = [task for task in plan.tasks if finding.path and finding.path in task.creates]
    modifying = [task for task in plan.tasks if finding.path and finding.path in task.modifies]
    serving = [task for task in bases if finding.requirement in task.serves]
    for candidates in (creating[:1], modifying[-1:], serving[-1:], bases[-1:]):
        for task in candidates:
            return plan.task(base_id(task.id))
    return None


def base_id(task_id: str) -> str:
    return task_id.partition("r")[0]


def realignment_task(plan: Plan, base: Task, findings: tuple[Finding, ...], number: int) -> Task:
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    hurt = {finding.requirement for finding in findings}
    missing = tuple(f.path for f in findings if f.rule == "entry-point-missing")
    return Task(
        id=f"{base.id}r{number}",
        title=f"Mend {count} of {base.id}: {base.title}",
        serves=tuple(r.id for r in plan.requirements if r.id in hurt) or base.serves,
        creates=usable(missing),
        modifies=usable(path for path in touched(base, findings) if path not in missing),
        depends=(base.id,),
        wiring=base.wiring,
        checks=checks_of(plan, base, findings),
        closes=tuple(finding.id for finding in findings),
        brief=brief_of(findings),
    )


def touched(base: Task, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Files the findings name; the base task's own where a finding says what, but not where."""
    named = [finding.path for finding in findings if finding.path]
    vague = any(not f.path or f.rule.startswith(("check-", "judge-")) for f in findings)
    return (*named, *base.files) if vague else tuple(named)


def usable(paths: Iterable[str]) -> tuple[str, ...]:
    """Each path once, without those that a plan file cannot hold."""
    return tuple(path for path in dict.fromkeys(paths) if is_plan_path(path))


def is_plan_path(path: str) -> bool:
    try:
        return bool(repository_path(path))
    except ValueError:
        return False


def checks_of(plan: Plan, base: Task, findings: tuple[Finding, ...]) -> tuple[Check, ...]:
    """The red checks behind the findings, then the base task's own, which must stay green."""
    closed = {finding.id for finding in findings}
    of_requirements = [
        check
        for requirement in plan.requirements
        for check in requirement.checks
        if check_finding_id(requirement.id, check) in closed
    ]
    of_tasks = [
        check
        for task in plan.tasks
        for check in task.checks
        if check_finding_id(task.id, check) in closed
    ]
    return tuple(dict.fromkeys([*of_requirements, *of_tasks, *base.checks]))


def brief_of(findings: tuple[Finding, ...]) -> str:
    shown = [
        {
            "id": finding.id,
            "place": place_of(finding),
            "requirement": finding.requirement,
            "message": one_line(finding.message),
            "evidence": indented(finding.evidence),
            "remedy": one_line(finding.remedy),
        }
        for finding in findings
    ]
    return prompts.render("realign/brief", findings=shown)


def place_of(finding: Finding) -> str:
    if not finding.path or finding.rule == "check-red":
        return ""
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def one_line(text: str) -> str:
    return " ".join(text.split())


def indented(text: str) -> str:
    """As a block of code: nothing in it can be read as a heading or fence of the plan file."""
    lines = text.splitlines()
    shown = lines if len(lines) <= EVIDENCE_LINES else [*lines[:EVIDENCE_LINES], "..."]
    return "\n".join(f"    {line}".rstrip() for line in shown)


def progress(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> bool:
    """Whether a pass closed something: an error that stood before is gone."""
    still = {finding.id for finding in after}
    return any(f.severity == "error" and f.id not in still for f in before)
