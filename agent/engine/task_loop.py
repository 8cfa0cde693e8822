"""One task: brief, executor session, checks, commit.

The model works and asks to be believed; the harness runs the checks and decides.
"""

from dataclasses import dataclass

from agent.domain.check import red
from agent.domain.event import AttemptFailed, ChecksRan, TaskFinished, TaskStarted
from agent.domain.plan import Task
from agent.engine.checks import run_checks
from agent.engine.commits import recorded_work, task_message
from agent.engine.executor import (
    executor_key,
    executor_opening,
    executor_tools_of,
    remind,
    tail_of,
)
from agent.engine.handover import hand_over
from agent.engine.proof import is_mended, open_items, unprovable
from agent.engine.run_context import RunContext
from agent.engine.session import open_session, take_turn, watch
from agent.errors import ContextOverflow
from agent.planning.planfile import render
from agent.tools.finish import GaveUp, Submitted


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: `failure` is empty when everything is closed."""

    failure: str = ""
    summary: str = ""


async def run_task(context: RunContext, task: Task) -> bool:
    """Works one task off; True when it is proven and committed.

    Goes on where the journal stops: a commit that was made is never made again, a session that
    was open is continued.
    """
    if work := await recorded_work(context, task):
        return finish(context, task, "done", work.summary, work.commit)
    for attempt in attempts_left(context, task):
        await begin(context, task, attempt)
        if reason := unprovable(context, task):
            return finish(context, task, "failed", reason)
        if await is_mended(context, task):
            return finish(context, task, "done", "an earlier task of this pass mended it")
        ending = await work_on(context, task, attempt)
        if not ending.failure:
            message = task_message(context, task, ending.summary)
            commit = await context.workspace.commit(message)
            return finish(context, task, "done", ending.summary, commit)
        await put_back(context, task, attempt, ending.failure)
    return finish(context, task, "failed", context.state.task(task.id).failures[-1].reason)


def attempts_left(context: RunContext, task: Task) -> range:
    """The attempts still to make, an interrupted one first."""
    state = context.state.task(task.id)
    failed = bool(state.failures) and state.failures[-1].attempt == state.attempt
    goes_on = state.status == "running" and not failed
    first = state.attempt if goes_on else state.attempt + 1
    return range(first, first + context.limits.task_attempts)


async def begin(context: RunContext, task: Task, attempt: int) -> None:
    """Starts an attempt on a clean tree, and once per task runs the checks before the work."""
    state = context.state.task(task.id)
    if state.attempt != attempt:
        if await context.workspace.is_dirty():
            await context.workspace.checkpoint(
                f"{context.started.run_id}/{task.id}-{attempt}-start"
            )
            await context.workspace.reset()
        commit = await context.workspace.head()
        context.tell(TaskStarted(task_id=task.id, attempt=attempt, commit=commit))
    if state.before is None:
        results = await run_checks(context.workspace, task.checks)
        await context.workspace.reset()
        context.tell(
            ChecksRan(subject=task.id, moment="before", commit=state.start_commit, results=results)
        )


async def work_on(context: RunContext, task: Task, attempt: int) -> Ending:
    """One executor session, until everything is closed or the attempt has failed."""
    key = executor_key(task, attempt)
    tools = executor_tools_of(context, task, attempt)
    session = context.state.session(key)
    if session is None:
        session = open_session(context, key, await executor_opening(context, task, tools))
    turns = context.limits.turns_per_session
    while session.replies < turns or session.unanswered:
        try:
            tail = tail_of(context, task, session)
            turn = await take_turn(context, session, tools, tail, can_hand_over=True)
            if turn.is_full:
                await hand_over(context, task, session, tools)
        except ContextOverflow as error:
            return Ending(failure=str(error))
        if isinstance(turn.value, GaveUp):
            return Ending(failure=f"the executor gave up: {turn.value.reason}")
        if turn.goes_on and not turn.ended:
            if stuck := watch(context, session):
                return Ending(failure=stuck)
            continue
        items = await what_is_open(context, task)
        if not items:
            summary = turn.value.summary if isinstance(turn.value, Submitted) else ""
            return Ending(summary=summary)
        if session.continued >= context.limits.continuations:
            return Ending(failure="the executor stopped with this open: " + "; ".join(items))
        remind(context, task, session, items)
    return Ending(failure=f"the executor did not finish within {turns} turns")


async def what_is_open(context: RunContext, task: Task) -> tuple[str, ...]:
    """Runs the task's checks on the tree as it is, and lists all that is not closed.

    First it takes back what only the harness may do: commits, branches, the plan file.
    """
    start = context.state.task(task.id).start_commit
    await context.workspace.settle(context.started.branch, start)
    context.workspace.write_text(context.plan_path, render(context.plan))
    results = await run_checks(context.workspace, task.checks)
    context.tell(ChecksRan(subject=task.id, moment="after", commit=start, results=results))
    return await open_items(context, task, red(results))


async def put_back(context: RunContext, task: Task, attempt: int, reason: str) -> None:
    """Keeps the files of a failed attempt under a ref and returns to the last commit."""
    name = f"{context.started.run_id}/{task.id}-{attempt}"
    checkpoint = await context.workspace.checkpoint(name)
    context.tell(
        AttemptFailed(task_id=task.id, attempt=attempt, reason=reason, checkpoint=checkpoint)
    )
    await context.workspace.reset()


def finish(context: RunContext, task: Task, status: str, summary: str, commit: str = "") -> bool:
    done = status == "done"
    context.tell(
        TaskFinished(
            task_id=task.id, status="done" if done else "failed", commit=commit, summary=summary
        )
    )
    return done
