"""Realignment: findings become tasks, tasks are proven, and the branch is looked at again."""

from agent.domain.event import AuditFinished
from agent.domain.finding import blockers
from agent.domain.plan import Plan, Task, ready
from agent.engine.commits import adopt
from agent.engine.evidence import look
from agent.engine.run_context import RunContext
from agent.engine.task_loop import run_task
from agent.planning.edits import plan_diff
from agent.realign.tasks import progress, realignment_tasks


async def execute_tasks(context: RunContext) -> None:
    """Works off every task that can start, in the plan's order."""
    while tasks := ready(context.plan, context.state.done, context.state.settled):
        await run_task(context, tasks[0])


async def realign(context: RunContext) -> None:
    """Looks and mends until clean, until the passes are used up, or a pass closes nothing."""
    while True:
        number = len(context.state.audits)
        if number == 0 or context.state.look_again or is_worked_off(context, number):
            await look(context, number + 1)
            continue
        if not blockers(context.state.audits[-1].findings):
            return
        if not tasks_of_pass(context.plan, number) and (
            is_over(context, number) or not await adopt_realignment(context, number)
        ):
            return
        await execute_tasks(context)


def tasks_of_pass(plan: Plan, number: int) -> tuple[Task, ...]:
    return tuple(task for task in plan.tasks if task.id.endswith(f"r{number}"))


def is_worked_off(context: RunContext, number: int) -> bool:
    tasks = tasks_of_pass(context.plan, number)
    open_tasks = ready(context.plan, context.state.done, context.state.settled)
    return bool(tasks) and not any(task in open_tasks for task in tasks)


def is_over(context: RunContext, number: int) -> bool:
    """Whether no further pass may begin: the limit is reached, or the last one closed nothing."""
    passes_done = number - context.state.audits_before_resume - 1
    if passes_done >= context.limits.realign_passes:
        return True
    return passes_done > 0 and not closed_something(context.state.audits)


def closed_something(audits: list[AuditFinished]) -> bool:
    return progress(audits[-2].findings, audits[-1].findings)


async def adopt_realignment(context: RunContext, number: int) -> bool:
    """Appends tasks for what was found; False when no code could mend any of it."""
    plan = context.plan
    tasks = realignment_tasks(plan, context.state.audits[-1].findings, number)
    if not tasks:
        return False
    revised = plan.model_copy(update={"tasks": plan.tasks + tasks, "revision": plan.revision + 1})
    ids = ", ".join(task.id for task in tasks)
    reason = f"realignment pass {number}: {ids}"
    await adopt(context, revised, reason, plan_diff(plan, revised))
    return True
