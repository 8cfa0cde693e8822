"""Where a run stands, in a few lines; loads no more than the journal needs."""

from typing import Any

from agent.domain.event import Entry
from agent.domain.finding import blockers
from agent.domain.state import RunState, fold
from agent.domain.todo import open_todos
from agent.domain.value import Value
from agent.errors import Outcome, UsageError
from agent.frontends.output import SCHEMA
from agent.frontends.text import REHEARSAL, count, shown


class Status(Value):
    run: str
    request: str
    rehearsal: bool
    """True when the replies come from a script."""
    branch: str
    phase: str
    """Empty before the first one."""
    tasks_done: int
    tasks_total: int
    task: str
    """The running task's id, empty when none runs."""
    todos_open: tuple[str, ...]
    open_findings: int
    """Errors of the last look at the branch, or at the plan where nobody has looked yet."""
    outcome: Outcome | None
    """None while the run goes on, or after it was killed."""
    message: str
    started_at: str
    last_event_at: str
    resume: str
    """The command that goes on with the run, empty when it is done."""


def status_of(entries: tuple[Entry, ...]) -> Status:
    """Raises UsageError when the journal has no beginning."""
    state = fold(entry.event for entry in entries)
    started, finished = state.started, state.finished
    if started is None:
        raise UsageError("this run never began; start one with: gardener run REQUEST")
    running = next((n for n, task in state.tasks.items() if task.status == "running"), "")
    findings = state.audits[-1].findings if state.audits else state.plan_findings
    done = finished is not None and finished.outcome == Outcome.DONE
    return Status(
        run=started.run_id,
        request=started.request,
        rehearsal=state.rehearsed,
        branch=started.branch,
        phase=state.phase or "",
        tasks_done=len(state.done),
        tasks_total=len(state.plan.tasks) if state.plan else 0,
        task=running,
        todos_open=tuple(t.content for t in open_todos(state.task(running).todos))
        if running
        else (),
        open_findings=len(blockers(findings)),
        outcome=finished.outcome if finished else None,
        message=message_of(state),
        started_at=entries[0].at.isoformat(),
        last_event_at=entries[-1].at.isoformat(),
        resume="" if done or state.discarded else f"gardener resume {started.run_id}",
    )


def message_of(state: RunState) -> str:
    ended = state.finished.message if state.finished else ""
    return f"{ended}; since then discarded" if ended and state.discarded else ended


def status_lines(status: Status) -> tuple[str, ...]:
    """What a person reads; `word: value`, one a line."""
    lines = [REHEARSAL] if status.rehearsal else []
    lines.append(f"run: {status.run}")
    lines.append(f"request: {shown(status.request, 100)}")
    if status.branch:
        lines.append(f"branch: {status.branch}")
    lines.append(f"phase: {status.phase or 'none yet'}")
    lines.append(f"tasks: {status.tasks_done} of {status.tasks_total} done")
    if status.task:
        todos = f", {count(len(status.todos_open), 'open todo')}" if status.todos_open else ""
        lines.append(f"running: {status.task}{todos}")
    lines.append(f"findings: {count(status.open_findings, 'error')}")
    lines.append(
        f"outcome: {status.outcome}: {shown(status.message, 500)}"
        if status.outcome
        else f"outcome: none yet, last event at {status.last_event_at}"
    )
    if status.resume:
        lines.append(f"go on with: {status.resume}")
    return tuple(lines)


def status_record(status: Status) -> dict[str, Any]:
    return {"schema": SCHEMA, "type": "status", **status.model_dump(mode="json")}
