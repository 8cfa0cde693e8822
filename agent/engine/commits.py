"""One commit per proven task, with trailers that tell what proves it."""

import re
from dataclasses import dataclass

from agent.domain.event import PlanAdopted
from agent.domain.plan import Plan, Task
from agent.engine.run_context import RunContext
from agent.planning.planfile import render

TRAILERS = re.compile(r"^(Run|Task|Plan): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Work:
    commit: str
    summary: str


def task_message(context: RunContext, task: Task, summary: str) -> str:
    """The commit message: title, the executor's handoff note, trailers."""
    state = context.state.task(task.id)
    before = {result.check: result.passed for result in state.before or ()}
    lines = [f"{task.id}: {task.title}", ""]
    if summary:
        lines += [summary.strip(), ""]
    lines += [f"Run: {context.started.run_id}", f"Plan: {context.plan.name}", f"Task: {task.id}"]
    lines += [f"Requirement: {name}" for name in task.serves]
    for result in state.after or ():
        was = "green" if before.get(result.check) else "red"
        lines.append(f"Check: {result.check.run} ({was} before, green after)")
    lines += [f"Closes: {finding}" for finding in task.closes]
    lines.append(f"Model: {context.models['executor'].profile.model}")
    lines.append(f"Tokens: {tokens_of(context, task)}")
    return "\n".join(lines) + "\n"


def tokens_of(context: RunContext, task: Task) -> int:
    """Input and output tokens of all replies in this task's sessions."""
    spent = context.state.task_tokens.get(task.id)
    return spent.input_tokens + spent.output_tokens if spent else 0


async def recorded_work(context: RunContext, task: Task) -> Work | None:
    """The task's commit, when a crash came between making it and writing it down."""
    if context.state.task(task.id).status != "running":
        return None
    head = await context.workspace.head()
    message = await context.workspace.message_of(head)
    found = dict(TRAILERS.findall(message))
    if found.get("Task") != task.id or found.get("Run") != context.started.run_id:
        return None
    body = message.split("\n\n")
    return Work(commit=head, summary="\n\n".join(body[1:-1]))


async def adopt(
    context: RunContext, plan: Plan, reason: str, diff: str = "", session: str = ""
) -> None:
    """Makes a plan the run's plan, and puts its file where people read it."""
    context.tell(PlanAdopted(plan=plan, reason=reason, diff=diff, session=session))
    await keep_plan_file(context)


async def keep_plan_file(context: RunContext) -> None:
    """Writes the plan file if it differs, and commits it where the run has its own branch.

    Called between tasks only, when nothing else is uncommitted.
    """
    text, workspace = render(context.plan), context.workspace
    branch = context.started.branch
    same = workspace.exists(context.plan_path) and workspace.read_text(context.plan_path) == text
    if not same:
        workspace.write_text(context.plan_path, text)
    if branch and await workspace.is_dirty():
        title = f"Plan {context.plan.name}, revision {context.plan.revision}"
        trailers = f"Run: {context.started.run_id}\nPlan: {context.plan.name}\n"
        await workspace.commit(f"{title}\n\n{trailers}")
