"""The whole run, as the data flows:

    request -> survey -> plan -> lint -> garden -> tasks (brief, executor, checks, commit)
            -> checks, audit and judge -> findings -> realignment tasks -> ... -> outcome

With a plan that is given, the survey waits until the work is looked at. Every arrow is an event in
the journal, and every step asks the journal what is left to do. So a run that is resumed and a run
that begins take the same way.
"""

import anyio

from agent.domain.event import Phase, PhaseStarted, RunFinished, Warned
from agent.domain.finding import Finding, blockers
from agent.engine.commits import keep_plan_file
from agent.engine.fresh import set_up
from agent.engine.hand_edit import adopt_hand_edit
from agent.engine.plan_phase import examine, garden_plan, make_plan
from agent.engine.realignment import execute_tasks, realign
from agent.engine.run_context import RunContext
from agent.engine.surveying import survey
from agent.errors import GardenerError, NeedsPerson, Outcome


async def run(context: RunContext) -> RunFinished:
    """Runs, or goes on with, the phases asked for, and ends with an outcome.

    Never raises a GardenerError: it becomes the outcome, with the journal kept for a resume.
    """
    try:
        await take_phases(context)
        finished = conclude(context)
    except GardenerError as error:
        finished = RunFinished(outcome=error.outcome, message=str(error))
    except anyio.get_cancelled_exc_class():
        context.tell(RunFinished(outcome=Outcome.CANCELLED, message="stopped; nothing is lost"))
        raise
    context.tell(finished)
    return finished


async def take_phases(context: RunContext) -> None:
    phases = context.state.phases
    await adopt_hand_edit(context)
    if not context.state.tasks and {"plan", "garden"}.intersection(phases):
        await survey(context)
    if context.started.branch:
        await set_up(context, context.workspace)
    if not context.state.tasks:
        await settle_plan(context)
    if "execute" in phases:
        await admit(context)
        foretell(context)
        enter(context, "execute")
        await execute_tasks(context)
    if "realign" in phases and all_tasks_done(context):
        enter(context, "realign")
        await realign(context)


async def settle_plan(context: RunContext) -> None:
    """Planning ends where execution begins: a plan in work is no longer gardened."""
    if "plan" in context.state.phases:
        enter(context, "plan")
        await make_plan(context)
        await examine(context)
    if "garden" in context.state.phases:
        enter(context, "garden")
        await garden_plan(context)


def enter(context: RunContext, phase: Phase) -> None:
    if context.state.phase != phase:
        context.tell(PhaseStarted(phase=phase))


async def admit(context: RunContext) -> None:
    """Lets a plan into execution: without errors, its file in place, approved where asked.

    Raises NeedsPerson when the plan has errors left or nobody approves it.
    """
    if context.state.tasks:
        return
    await keep_plan_file(context)
    if errors := blockers(await examine(context)):
        raise NeedsPerson(
            f"{counted(errors)} left in the plan, first: {errors[0].message} "
            f"Edit {context.started.worktree}/{context.plan_path}, then resume"
        )
    question = f"Execute plan {context.plan.name} with {len(context.plan.tasks)} tasks?"
    if context.ask_approval and not await context.approver.approve(question):
        raise NeedsPerson("the plan was not approved; edit it, then resume")


def foretell(context: RunContext) -> None:
    """Warns before tokens are spent on what today's limits cannot carry."""
    left = [task.size_tokens for task in context.plan.tasks if task.id not in context.state.done]
    if left and (warning := context.foresee(left)):
        context.tell(Warned(message=warning))


def all_tasks_done(context: RunContext) -> bool:
    """Whether the plan's own tasks are done; realignment tasks answer for themselves."""
    own = {task.id for task in context.plan.tasks if not task.is_realignment}
    return bool(own) and own <= context.state.done


def conclude(context: RunContext) -> RunFinished:
    """What the phases that ran amount to: only a look without errors means done."""
    state, phases = context.state, context.state.phases
    if "execute" in phases and not all_tasks_done(context):
        return stuck(context)
    if "realign" in phases and state.audits:
        errors = blockers(state.audits[-1].findings)
        if not errors:
            return RunFinished(outcome=Outcome.DONE, message="every requirement is proven")
        message = f"{counted(errors)} left, first: {errors[0].message}"
        return RunFinished(outcome=Outcome.FINDINGS, message=message)
    if "execute" in phases:
        return RunFinished(
            outcome=Outcome.UNFINISHED,
            message="every task is committed; the requirements are not proven until "
            f"`gardener realign {context.started.run_id}` has looked",
        )
    errors = blockers(state.plan_findings)
    if errors:
        message = f"{counted(errors)} left in the plan, first: {errors[0].message}"
        return RunFinished(outcome=Outcome.FINDINGS, message=message)
    return RunFinished(outcome=Outcome.DONE, message=f"the plan stands in {context.plan_path}")


def counted(errors: tuple[Finding, ...]) -> str:
    return "1 error is" if len(errors) == 1 else f"{len(errors)} errors are"


def stuck(context: RunContext) -> RunFinished:
    """Names the first task that failed and why; tasks behind it were never started."""
    plan, tasks = context.plan, context.state.tasks
    failed = [t for t in plan.tasks if t.id in tasks and tasks[t.id].status == "failed"]
    if not failed:
        left = ", ".join(t.id for t in plan.tasks if t.id not in context.state.done)
        return RunFinished(outcome=Outcome.STUCK, message=f"no task can start; open are {left}")
    first = failed[0]
    reason = tasks[first.id].summary.partition("\n")[0]
    return RunFinished(outcome=Outcome.STUCK, message=f"{first.id} could not be proven: {reason}")
