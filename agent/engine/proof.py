"""What still stands between a task and its commit."""

from agent import prompts
from agent.domain.check import CheckResult, red
from agent.domain.finding import Finding
from agent.domain.plan import Task
from agent.domain.policy import Change
from agent.domain.todo import open_todos
from agent.engine.ruling import ruling_on
from agent.engine.run_context import RunContext
from agent.engine.suite_guard import still_standing, weakened_by
from agent.realign.findings import merge_findings

OUTPUT_LINES = 30


def unprovable(context: RunContext, task: Task) -> str:
    """Why no work could prove this task; empty when it can be proven.

    A check that is green before the work proves nothing; a task needs at least one that is red,
    or a finding to close.
    """
    before = context.state.task(task.id).before or ()
    if red(before) or closing(context, task):
        return ""
    if not before:
        return f"{task.id} has no check, so nothing could prove it; add one to the plan and resume"
    return (
        f"every check of {task.id} is green before the work, so none proves it; "
        "give it a check that fails today and resume"
    )


async def is_mended(context: RunContext, task: Task) -> bool:
    """Whether a realignment task has nothing left to close before it begins.

    Findings of a judge are never taken as closed by anything but the next judge.
    """
    findings = closing(context, task)
    if not findings or any(finding.rule.startswith("judge-") for finding in findings):
        return False
    if await context.workspace.is_dirty():
        return False
    before = context.state.task(task.id).before or ()
    return not red(before) and not await still_standing(context, findings)


async def open_items(
    context: RunContext, task: Task, red_checks: tuple[CheckResult, ...]
) -> tuple[str, ...]:
    """Open todos, red checks, findings that still stand and what the task has weakened of the
    tests, each in words for the model.
    """
    todos = open_todos(context.state.task(task.id).todos)
    items = [prompts.render("executor/open#todo", todo=todo) for todo in todos]
    items += [
        prompts.render("executor/open#check", result=result, output=last_lines(result.output))
        for result in red_checks
    ]
    changed = await context.workspace.is_dirty()
    standing = await still_standing(context, closing(context, task))
    weaker = [with_remedy(finding) for finding in await weakened_by(context, task)]
    found = merge_findings(tuple(weaker), standing)
    items += [prompts.render("executor/open#finding", finding=finding) for finding in found]
    items += [
        prompts.render("executor/open#outside", path=path, is_own=why == "own_file")
        for path, why in await overstepped(context, task)
    ]
    if not changed:
        items.append(prompts.render("executor/open#empty"))
    return tuple(items)


def with_remedy(finding: Finding) -> Finding:
    """Says how to mend it as well: unlike those of a realignment task, nobody was told yet."""
    return finding.model_copy(update={"message": f"{finding.message} {finding.remedy}"})


async def overstepped(context: RunContext, task: Task) -> tuple[tuple[str, str], ...]:
    """Files that were changed, by whatever command, and that the policy keeps from the task."""
    changed = await context.workspace.changed_files(context.state.task(task.id).start_commit)
    rulings = [(path, await ruling_on(context, task, Change(path))) for path in changed]
    return tuple((path, ruling.why) for path, ruling in rulings if ruling.verdict == "deny")


def closing(context: RunContext, task: Task) -> tuple[Finding, ...]:
    return tuple(f for f in map(context.state.finding, task.closes) if f is not None)


def last_lines(output: str) -> str:
    return "\n".join(output.rstrip().splitlines()[-OUTPUT_LINES:])
