"""The way up for a task that makes no progress:

first session -> fresh sessions with a note -> the gardener revises the task
-> the next models of the executor's ladder -> an honest stop
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from agent import prompts
from agent.context.brief import RED_TOKENS
from agent.context.clip import clip
from agent.domain.check import red
from agent.domain.event import Rung
from agent.domain.plan import Task
from agent.domain.state import TaskState, Tried
from agent.domain.todo import open_todos
from agent.engine.run_context import RunContext

Step = Rung | Literal["review"]
LAST_WORDS_CHARACTERS = 400
SHOWN_FILES = 20


def next_step(
    tried: Sequence[Tried],
    *,
    sessions: int,
    reviews: int,
    stronger: int,
    gave_up: bool = False,
) -> Step | None:
    """What to try next; None when nothing is left.

    `sessions` with the usual model and the task as it is, `reviews` by a gardener, `stronger`
    models of the ladder. A revised task gets one session of its own. Where the last session
    `gave_up`, another one would say the same of the same task.
    """
    if not tried:
        return "first"
    if tried[-1] == "reviewed":
        return "revised"
    looked = tried.count("reviewed") + tried.count("passed_over")
    if gave_up and looked < reviews and "stronger" not in tried:
        return "review"
    if tried.count("first") + tried.count("fresh") < sessions:
        return "fresh"
    if looked < reviews and "stronger" not in tried:
        return "review"
    if tried.count("stronger") < stronger:
        return "stronger"
    return None


def step_of(context: RunContext, task: Task) -> Step | None:
    """The step that the journal leaves to do: an attempt that was interrupted goes on."""
    state = context.state.task(task.id)
    if is_under_way(state) and state.rung:
        return state.rung
    return next_step(
        state.tried,
        sessions=context.limits.task_attempts,
        # findings of an audit say by themselves what to do
        reviews=0 if task.is_realignment else context.limits.task_reviews,
        stronger=len(context.models["executor"].stronger),
        gave_up=bool(state.failures) and state.failures[-1].gave_up,
    )


def is_under_way(state: TaskState) -> bool:
    """Whether the last attempt that began has not ended."""
    has_failed = bool(state.failures) and state.failures[-1].attempt == state.attempt
    return state.status == "running" and not has_failed


@contextmanager
def answered_by(context: RunContext, rung: Rung, state: TaskState) -> Iterator[None]:
    """Has a model of the ladder answer for the executor, as long as the begun attempt takes.

    In any other attempt a fallback may take the executor's place for good.
    """
    if rung != "stronger":
        yield
        return
    usual = context.models["executor"]
    context.models["executor"] = usual.stronger[state.tried.count("stronger") - 1]
    try:
        yield
    finally:
        context.models["executor"] = usual


def note_of(context: RunContext, task: Task, changed: tuple[str, ...]) -> str:
    """What whoever tries again should know of this attempt: facts, no excuses."""
    state = context.state.task(task.id)
    session = context.state.sessions.get(f"executor/{task.id}/{state.attempt}")
    said = [m.text.strip() for m in session.messages if m.role == "assistant"] if session else []
    words = next((text for text in reversed(said) if text), "")
    return prompts.render(
        "executor/attempt",
        changed=changed[:SHOWN_FILES],
        more=max(0, len(changed) - SHOWN_FILES),
        done=[todo.content for todo in state.todos if todo.status == "completed"],
        open=[todo.content for todo in open_todos(state.todos)],
        red=[(r, clip(r.output, RED_TOKENS).rstrip("\n")) for r in red(state.after or ())],
        words=" ".join(words.split())[:LAST_WORDS_CHARACTERS],
    )


def diagnosis(context: RunContext, task: Task) -> str:
    """Why a task could not be done, for a person who has to go on: what was tried, what is red
    and where the work lies."""
    state = context.state.task(task.id)
    failures = state.failures[-len(state.tried) :]
    lines = [failures[-1].reason]
    lines += [f"attempt {f.attempt}: {f.reason}; its files are in {f.checkpoint}" for f in failures]
    for result in red(state.after or ()):
        lines.append(f"red: `{result.check.run}`: {result.reason}")
    return "\n".join(lines)
