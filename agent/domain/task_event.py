"""What happened to a task: its attempts, its todos, its end."""

from typing import Literal

from agent.domain.todo import Todo
from agent.domain.value import Value

Rung = Literal["first", "fresh", "revised", "stronger"]
"""How an attempt at a task differs from the one before: a fresh session with its note, the task
as a gardener revised it, or the next model of the ladder."""


class TodosUpdated(Value):
    type: Literal["todos_updated"] = "todos_updated"
    task_id: str
    attempt: int
    todos: tuple[Todo, ...]


class TaskStarted(Value):
    """An attempt at a task began; `rung` says what is new about it."""

    type: Literal["task_started"] = "task_started"
    task_id: str
    attempt: int
    commit: str
    """The commit the task starts from."""
    rung: Rung = "first"


class TaskFinished(Value):
    type: Literal["task_finished"] = "task_finished"
    task_id: str
    status: Literal["done", "failed"]
    commit: str = ""
    summary: str = ""
    """The handoff note of a done task, the diagnosis of a failed one."""


class AttemptFailed(Value):
    """An attempt at a task ended without success; its files are kept under `checkpoint`."""

    type: Literal["attempt_failed"] = "attempt_failed"
    task_id: str
    attempt: int
    reason: str
    checkpoint: str = ""
    note: str = ""
    gave_up: bool = False
    """Whether the executor itself said that the task cannot be done as it is written."""
    """What the next attempt is told of this one."""


class TaskReviewed(Value):
    """A gardener looked at a task that nobody could do; `is_changed` when the plan is another."""

    type: Literal["task_reviewed"] = "task_reviewed"
    task_id: str
    is_changed: bool
    summary: str = ""
    refused: tuple[str, ...] = ()
