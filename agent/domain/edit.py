"""Plan edits: what a gardener may do to a plan, each with its reason."""

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.domain.plan import Decision, EntryPoint, Requirement, Task
from agent.domain.value import Value


class Edit(Value):
    reason: str = Field(min_length=1)
    """Which risk or finding this answers."""


class AddTask(Edit):
    op: Literal["add_task"] = "add_task"
    task: Task
    before: str | None = None
    """Id of the task it goes in front of; at the end without it."""


class AddItem(Edit):
    """Adds a requirement, decision or entry point."""

    op: Literal["add_item"] = "add_item"
    requirement: Requirement | None = None
    decision: Decision | None = None
    entry_point: EntryPoint | None = None


class Change(Edit):
    """Replaces fields of the item with this id, and puts entries at the end of its lists."""

    op: Literal["change"] = "change"
    id: str
    fields: dict[str, Any] = Field(default_factory=dict)
    append: dict[str, list[Any]] = Field(default_factory=dict)
    """List fields, such as `checks`, to what is added to them."""


class Split(Edit):
    op: Literal["split"] = "split"
    id: str
    into: tuple[Task, ...] = Field(min_length=2)


class Merge(Edit):
    op: Literal["merge"] = "merge"
    ids: tuple[str, ...] = Field(min_length=2)
    into: Task


class Drop(Edit):
    """Removes a task, decision or entry point; a requirement cannot be dropped."""

    op: Literal["drop"] = "drop"
    id: str


class Reorder(Edit):
    op: Literal["reorder"] = "reorder"
    order: tuple[str, ...]
    """Every task id, once."""


AnyEdit = Annotated[
    AddTask | AddItem | Change | Split | Merge | Drop | Reorder, Field(discriminator="op")
]
