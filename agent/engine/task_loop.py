"""One task: brief, executor session, checks, commit.

The model works and asks to be believed; the harness runs the checks and decides.
"""

from dataclasses import dataclass

from agent.domain.check import CheckResult, red
from agent.domain.event import AttemptFailed, ChecksRan, Rung, TaskFinished, TaskStarted
from agent.domain.plan import Task
from agent.domain.session import SessionState
from agent.engine.checks import run_checks
from agent.engine.commits import recorded_work, task_message
from agent.engine.dispatch import Tools
from agent.engine.escalation import answered_by, diagnosis, is_under_way, note_of, step_of
from agent.engine.executor import (
    executor_key,
    executor_opening,
    executor_tools_of,
    remind,
    tail_of,
    tell_same_red,
)
from agent.engine.handover import hand_over
from agent.engine.proof import is_mended, open_items, unprovable
from agent.engine.run_context import RunContext
from agent.engine.session import Turn, open_session, reminders, take_turn, watch
from agent.engine.task_review import review_task
from agent.errors import ContextOverflow
from agent.planning.planfile import render
from agent.tools.finish import GaveUp, Submitted

EDITED_SECONDS, RAN_SECONDS = 30.0, 3.0
"""The longest that checks may take to run by themselves after an edit, after a command alone."""


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: `failure` is empty when everything is closed."""

    failure: str = ""
    summary: str = ""
    gave_up: bool = False


async def run_task(context: RunContext, task: Task) -> bool:
    """Works one task off; True when it is proven and committed.

    Goes on where the journal stops: a commit that was made is never made again, a session that
    was open is continued. What gets nowhere goes one step up, until no step is left.
    """
    if work := await recorded_work(context, task):
        return finish(context, task, "done", work.summary, work.commit)
    while step := step_of(context, task):
        if step == "review":
            await review_task(context, task)
            revised = context.plan.task(task.id)
            if revised is None or not context.state.done.issuperset(revised.depends):
                return False
            task = revised
            continue
        await begin(context, task, step)
        if reason := unprovable(context, task):
            return finish(context, task, "failed", reason)
        if await is_mended(context, task):
            return finish(context, task, "done", "an earlier task of this pass mended it")
        with answered_by(context, step, context.state.task(task.id)):
            ending = await work_on(context, task, context.state.task(task.id).attempt)
            if not ending.failure:
                message = task_message(context, task, ending.summary)
                commit = await context.workspace.commit(message)
                return finish(context, task, "done", ending.summary, commit)
            await put_back(context, task, ending)
    return finish(context, task, "failed", diagnosis(context, task))


async def begin(context: RunContext, task: Task, rung: Rung) -> None:
    """Starts an attempt on a clean tree, or goes on with the one that was interrupted.

    The checks run once before the work, and again when they were revised.
    """
    state = context.state.task(task.id)
    if not is_under_way(state):
        number = state.attempt + 1
        if await context.workspace.is_dirty():
            await context.workspace.checkpoint(f"{context.started.run_id}/{task.id}-{number}-start")
            await context.workspace.reset()
        commit = await context.workspace.head()
        context.tell(TaskStarted(task_id=task.id, attempt=number, commit=commit, rung=rung))
    if tuple(result.check for result in state.before or ()) != task.checks:
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
            tail = tail_of(context, task, session, tools)
            turn = await take_turn(context, session, tools, tail, can_hand_over=True)
            if turn.is_full:
                await hand_over(context, task, session, tools)
        except ContextOverflow as error:
            return Ending(failure=str(error))
        if isinstance(turn.value, GaveUp):
            return Ending(failure=f"the executor gave up: {turn.value.reason}", gave_up=True)
        if turn.goes_on and not turn.ended:
            await check_edits(context, task, session, turn)
            if stuck := watch(context, session, tools):
                return Ending(failure=stuck)
            continue
        items = await what_is_open(context, task)
        if not items:
            summary = turn.value.summary if isinstance(turn.value, Submitted) else ""
            return Ending(summary=summary)
        if not is_reminded(context, task, session, tools, items):
            return Ending(failure="the executor stopped with this open: " + "; ".join(items))
    return Ending(failure=f"the executor did not finish within {turns} turns")


def is_reminded(
    context: RunContext, task: Task, session: SessionState, tools: Tools, items: tuple[str, ...]
) -> bool:
    """Tells a session that stopped what is open; False when it was told often enough."""
    told = reminders(session, tools)
    if told < context.limits.continuations:
        remind(context, task, session, items, told + 1)
    return told < context.limits.continuations


async def check_edits(context: RunContext, task: Task, session: SessionState, turn: Turn) -> None:
    """Runs the task's checks after a batch of edits, without a turn to ask for them.

    Commands may change what they see as well. Checks that take long run only when the executor
    stops.
    """
    state = context.state.task(task.id)
    seconds = sum(result.seconds for result in state.after or state.before or ())
    longest = EDITED_SECONDS if turn.has_edited else RAN_SECONDS if turn.has_run else -1
    if seconds <= longest:
        await check_tree(context, task)
        tell_same_red(context, session, context.state.task(task.id).same_red + 1)


async def check_tree(context: RunContext, task: Task) -> tuple[CheckResult, ...]:
    start = context.state.task(task.id).start_commit
    results = await run_checks(context.workspace, task.checks)
    context.tell(ChecksRan(subject=task.id, moment="after", commit=start, results=results))
    return results


async def what_is_open(context: RunContext, task: Task) -> tuple[str, ...]:
    """Runs the task's checks on the tree as it is, and lists all that is not closed.

    First it takes back what only the harness may do: commits, branches, the plan file.
    """
    start = context.state.task(task.id).start_commit
    await context.workspace.settle(context.started.branch, start)
    context.workspace.write_text(context.plan_path, render(context.plan))
    return await open_items(context, task, red(await check_tree(context, task)))


async def put_back(context: RunContext, task: Task, ending: Ending) -> None:
    """Keeps the files of a failed attempt under a ref and returns to the last commit."""
    state = context.state.task(task.id)
    changed = await context.workspace.changed_files(state.start_commit)
    name = f"{context.started.run_id}/{task.id}-{state.attempt}"
    context.tell(
        AttemptFailed(
            task_id=task.id,
            attempt=state.attempt,
            reason=ending.failure,
            gave_up=ending.gave_up,
            checkpoint=await context.workspace.checkpoint(name),
            note=note_of(context, task, changed),
        )
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
