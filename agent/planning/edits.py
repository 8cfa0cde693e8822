"""Applies a gardener's edits to a plan; an edit that does not fit is refused, the others hold."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from agent.domain.edit import (
    AddItem,
    AddTask,
    AnyEdit,
    Change,
    Drop,
    Merge,
    Reorder,
    Split,
)
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement
from agent.planning.planfile import render
from agent.planning.task_edits import (
    EditRefused,
    Item,
    add_task,
    all_ids,
    drop_task,
    merge,
    refuse_taken,
    reorder,
    split,
)


@dataclass(frozen=True)
class Applied:
    plan: Plan
    """One revision further when an edit was applied, else the plan as it was."""
    applied: tuple[AnyEdit, ...]
    refused: tuple[str, ...]
    """One sentence for each edit that could not be applied."""


def apply_edits(plan: Plan, edits: Iterable[AnyEdit]) -> Applied:
    """Applies the edits in their order; each sees what the ones before it did."""
    applied: list[AnyEdit] = []
    refused: list[str] = []
    new = plan
    for edit in edits:
        try:
            new = apply_edit(new, edit)
        except EditRefused as error:
            refused.append(f"{edit.op} {subject(edit)}: {error}")
        else:
            applied.append(edit)
    if applied:
        new = new.model_copy(update={"revision": plan.revision + 1})
    return Applied(new, tuple(applied), tuple(refused))


def plan_diff(old: Plan, new: Plan) -> str:
    """A unified diff of the two plan files."""
    return "\n".join(
        difflib.unified_diff(
            render(old).split("\n"),
            render(new).split("\n"),
            f"{old.name}.md revision {old.revision}",
            f"{new.name}.md revision {new.revision}",
            lineterm="",
        )
    )


def apply_edit(plan: Plan, edit: AnyEdit) -> Plan:
    match edit:
        case AddTask():
            return add_task(plan, edit)
        case AddItem():
            return add_item(plan, edit)
        case Change():
            return change(plan, edit)
        case Split():
            return split(plan, edit)
        case Merge():
            return merge(plan, edit)
        case Drop():
            return drop(plan, edit)
        case Reorder():
            return reorder(plan, edit)


def subject(edit: AnyEdit) -> str:
    """The ids an edit speaks of."""
    match edit:
        case AddTask():
            return edit.task.id
        case AddItem():
            return ", ".join(item.id for item in added_items(edit)) or "nothing"
        case Change() | Split() | Drop():
            return edit.id
        case Merge():
            return ", ".join(edit.ids)
        case Reorder():
            return "tasks"


def add_item(plan: Plan, edit: AddItem) -> Plan:
    items = added_items(edit)
    if len(items) != 1:
        raise EditRefused("empty_item")
    refuse_taken(plan, items)
    match items[0]:
        case Requirement() as requirement:
            return plan.model_copy(update={"requirements": (*plan.requirements, requirement)})
        case Decision() as decision:
            return plan.model_copy(update={"decisions": (*plan.decisions, decision)})
        case EntryPoint() as entry_point:
            return plan.model_copy(update={"entry_points": (*plan.entry_points, entry_point)})
    raise AssertionError("a task is added with add_task")


def added_items(edit: AddItem) -> tuple[Item, ...]:
    items = (edit.requirement, edit.decision, edit.entry_point)
    return tuple(item for item in items if item is not None)


def change(plan: Plan, edit: Change) -> Plan:
    for group in ("requirements", "decisions", "entry_points", "tasks"):
        items: tuple[Item, ...] = getattr(plan, group)
        for index, item in enumerate(items):
            if item.id == edit.id:
                new = changed_item(item, edit)
                return plan.model_copy(update={group: (*items[:index], new, *items[index + 1 :])})
    raise EditRefused("unknown_id", id=edit.id, known=all_ids(plan))


def changed_item(item: Item, edit: Change) -> Item:
    """The item with the edit's fields.

    Raises EditRefused when they do not fit, or when nothing would be different.
    """
    known = list(type(item).model_fields)
    for field in (*edit.fields, *edit.append):
        if field not in known:
            raise EditRefused("unknown_field", id=item.id, field=field, known=known)
    if isinstance(item, Requirement) and edit.fields.get("title", item.title) != item.title:
        raise EditRefused("requirement_title", id=item.id)
    if edit.fields.get("id", item.id) != item.id:
        raise EditRefused("keeps_id", id=item.id)
    values = {**item.model_dump(), **edit.fields}
    for field, more in edit.append.items():
        if not isinstance(values[field], list | tuple):
            raise EditRefused("no_list", id=item.id, field=field)
        values[field] = [*values[field], *more]
    try:
        new = type(item).model_validate(values)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        field = ".".join(map(str, detail["loc"]))
        raise EditRefused("invalid", field=field, reason=detail["msg"]) from None
    if new == item:
        raise EditRefused("changes_nothing", id=item.id)
    return new


def drop(plan: Plan, edit: Drop) -> Plan:
    if plan.requirement(edit.id):
        raise EditRefused("requirement_stays")
    if plan.task(edit.id):
        return drop_task(plan, edit.id)
    decisions = tuple(item for item in plan.decisions if item.id != edit.id)
    entry_points = tuple(item for item in plan.entry_points if item.id != edit.id)
    new = plan.model_copy(update={"decisions": decisions, "entry_points": entry_points})
    if new == plan:
        raise EditRefused("unknown_id", id=edit.id, known=all_ids(plan))
    return new
