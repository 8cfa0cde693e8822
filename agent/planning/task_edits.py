"""Edits of the tasks: where a task moves, splits or goes, the dependencies on it follow."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from agent import prompts
from agent.domain.edit import AddTask, Merge, Reorder, Split
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task

Item = Requirement | Decision | EntryPoint | Task


class EditRefused(Exception):
    """Why an edit does not fit the plan, in the words of `gardener/refused`."""

    def __init__(self, block: str, **values: object) -> None:
        super().__init__(prompts.render(f"gardener/refused#{block}", **values))


def add_task(plan: Plan, edit: AddTask) -> Plan:
    refuse_taken(plan, (edit.task,))
    position = len(plan.tasks) if edit.before is None else task_position(plan, edit.before)
    return with_tasks(plan, (*plan.tasks[:position], edit.task, *plan.tasks[position:]))


def split(plan: Plan, edit: Split) -> Plan:
    """Puts the parts in the task's place; who depended on it depends on all of them.

    A part that builds on no other part inherits what the task depended on.
    """
    position = task_position(plan, edit.id)
    old = plan.tasks[position]
    others = with_tasks(plan, (*plan.tasks[:position], *plan.tasks[position + 1 :]))
    refuse_taken(others, edit.into)
    part_ids = tuple(part.id for part in edit.into)
    parts = tuple(
        part
        if set(part.depends) & set(part_ids)
        else part.model_copy(update={"depends": unique((*old.depends, *part.depends))})
        for part in edit.into
    )
    if old.closes and not any(part.closes for part in parts):
        parts = (*parts[:-1], parts[-1].model_copy(update={"closes": old.closes}))
    rewired = tuple(replace_dependency(task, (edit.id,), part_ids) for task in others.tasks)
    return with_tasks(plan, (*rewired[:position], *parts, *rewired[position:]))


def merge(plan: Plan, edit: Merge) -> Plan:
    """Puts one task in place of several, behind everything it depends on."""
    if doubled := repeated(edit.ids):
        raise EditRefused("same_task", id=doubled[0])
    positions = [task_position(plan, task_id) for task_id in edit.ids]
    old = [plan.tasks[position] for position in sorted(positions)]
    rest = tuple(task for task in plan.tasks if task not in old)
    refuse_taken(with_tasks(plan, rest), (edit.into,))
    wanted = edit.into.depends or unique(name for task in old for name in task.depends)
    depends = tuple(name for name in wanted if name not in edit.ids and name != edit.into.id)
    closes = edit.into.closes or unique(name for task in old for name in task.closes)
    into = edit.into.model_copy(update={"depends": depends, "closes": closes})
    rewired = tuple(replace_dependency(task, edit.ids, (into.id,)) for task in rest)
    first = sum(1 for task in plan.tasks[: min(positions)] if task in rest)
    needed = [index + 1 for index, task in enumerate(rewired) if task.id in depends]
    position = max([first, *needed])
    return with_tasks(plan, (*rewired[:position], into, *rewired[position:]))


def drop_task(plan: Plan, task_id: str) -> Plan:
    """Removes a task; who depended on it depends on what it depended on."""
    position = task_position(plan, task_id)
    task = plan.tasks[position]
    rest = (*plan.tasks[:position], *plan.tasks[position + 1 :])
    rewired = (replace_dependency(other, (task_id,), task.depends) for other in rest)
    return with_tasks(plan, tuple(rewired))


def reorder(plan: Plan, edit: Reorder) -> Plan:
    known = [task.id for task in plan.tasks]
    missing = [task_id for task_id in known if task_id not in edit.order]
    unknown = [task_id for task_id in edit.order if task_id not in known]
    doubled = repeated(edit.order)
    if missing or unknown or doubled:
        raise EditRefused("not_every_task", missing=missing, unknown=unknown, doubled=doubled)
    if list(edit.order) == known:
        raise EditRefused("changes_nothing", id="the order")
    return with_tasks(plan, tuple(plan.tasks[task_position(plan, name)] for name in edit.order))


def with_tasks(plan: Plan, tasks: tuple[Task, ...]) -> Plan:
    return plan.model_copy(update={"tasks": tasks})


def task_position(plan: Plan, task_id: str) -> int:
    known = [task.id for task in plan.tasks]
    if task_id not in known:
        raise EditRefused("no_task", id=task_id, known=known)
    return known.index(task_id)


def all_ids(plan: Plan) -> list[str]:
    items: list[Sequence[Item]] = [
        plan.requirements,
        plan.decisions,
        plan.entry_points,
        plan.tasks,
    ]
    return [item.id for group in items for item in group]


def refuse_taken(plan: Plan, items: Sequence[Item]) -> None:
    taken = all_ids(plan)
    for item in items:
        if item.id in taken:
            raise EditRefused("taken", id=item.id, free=free_id(item.id, taken))
        taken.append(item.id)


def free_id(wanted: str, taken: list[str]) -> str:
    """The number behind the highest one of this kind."""
    letter, width = wanted[0], 2 if wanted[0] == "T" else 1
    numbers = [re.match(r"[A-Z](\d+)", name) for name in taken if name[0] == letter]
    highest = max((int(match[1]) for match in numbers if match), default=0)
    return f"{letter}{highest + 1:0{width}}"


def replace_dependency(task: Task, old: tuple[str, ...], new: tuple[str, ...]) -> Task:
    if not set(task.depends) & set(old):
        return task
    names: list[str] = []
    for name in task.depends:
        names += new if name in old else (name,)
    return task.model_copy(update={"depends": tuple(n for n in unique(names) if n != task.id)})


def unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
