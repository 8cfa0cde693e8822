"""A gardener's edits: those that fit are applied, the others are refused with one sentence."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from agent.domain.edit import AnyEdit
from agent.domain.plan import Decision, Plan, Task
from agent.planning.edits import Applied, apply_edits, plan_diff

EDITS: TypeAdapter[tuple[AnyEdit, ...]] = TypeAdapter(tuple[AnyEdit, ...])


def apply(plan: Plan, *edits: dict[str, Any]) -> Applied:
    return apply_edits(plan, EDITS.validate_python([{"reason": "r", **edit} for edit in edits]))


def task(task_id: str, *depends: str) -> dict[str, Any]:
    return {"id": task_id, "title": task_id, "depends": depends}


def graph(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {item.id: item.depends for item in plan.tasks}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            {"op": "add_task", "task": task("T04", "T03")},
            {"T01": (), "T02": ("T01",), "T03": ("T02",), "T04": ("T03",)},
        ),
        (
            {"op": "add_task", "task": task("T04"), "before": "T02"},
            {"T01": (), "T04": (), "T02": ("T01",), "T03": ("T02",)},
        ),
        (
            {"op": "split", "id": "T02", "into": [task("T02"), task("T04", "T02")]},
            {"T01": (), "T02": ("T01",), "T04": ("T02",), "T03": ("T02", "T04")},
        ),
        (
            {"op": "merge", "ids": ["T02", "T01"], "into": task("T01")},
            {"T01": (), "T03": ("T01",)},
        ),
        (
            {"op": "merge", "ids": ["T01", "T03"], "into": task("T04")},
            {"T02": ("T04",), "T04": ("T02",)},
        ),
        ({"op": "drop", "id": "T02"}, {"T01": (), "T03": ("T01",)}),
        (
            {"op": "reorder", "order": ["T03", "T01", "T02"]},
            {"T03": ("T02",), "T01": (), "T02": ("T01",)},
        ),
        (
            {"op": "change", "id": "T03", "fields": {"depends": ["T01"]}},
            {"T01": (), "T02": ("T01",), "T03": ("T01",)},
        ),
    ],
)
def test_dependencies_follow_the_tasks(
    plan: Plan, edit: dict[str, Any], expected: dict[str, tuple[str, ...]]
) -> None:
    result = apply(plan, edit)
    assert result.refused == ()
    assert list(graph(result.plan).items()) == list(expected.items())


def test_a_change_replaces_only_the_fields_it_names(plan: Plan) -> None:
    result = apply(plan, {"op": "change", "id": "T01", "fields": {"creates": ["a.py"]}})
    first = plan.tasks[0].model_copy(update={"creates": ("a.py",)})
    expected = plan.model_copy(update={"revision": 2, "tasks": (first, *plan.tasks[1:])})
    assert result.plan == expected


def test_requirements_decisions_and_entry_points_are_added_and_changed(plan: Plan) -> None:
    result = apply(
        plan,
        {"op": "add_item", "requirement": {"id": "R3", "title": "New"}},
        {"op": "add_item", "decision": {"id": "D2", "title": "New"}},
        {"op": "add_item", "entry_point": {"id": "E2", "command": "x", "path": "x.py"}},
        {"op": "change", "id": "D2", "fields": {"reason": "because"}},
        {"op": "drop", "id": "D1"},
        {"op": "drop", "id": "E1"},
    )
    assert [item.id for item in result.plan.requirements] == ["R1", "R2", "R3"]
    assert result.plan.decisions == (Decision(id="D2", title="New", reason="because"),)
    assert [item.id for item in result.plan.entry_points] == ["E2"]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            {"op": "change", "id": "T09", "fields": {"title": "x"}},
            "change T09: the plan has no T09; it has R1, R2, D1, E1, T01, T02, T03",
        ),
        (
            {"op": "change", "id": "T01", "fields": {"titel": "x"}},
            "change T01: T01 has no field 'titel'; it has id, title, serves, creates, modifies, "
            "depends, wiring, checks, size_tokens, closes, brief",
        ),
        (
            {"op": "change", "id": "T01", "fields": {"size_tokens": -1}},
            "change T01: size_tokens: Input should be greater than or equal to 0",
        ),
        (
            {"op": "change", "id": "T01", "fields": {"id": "T09"}},
            "change T01: an id cannot be changed; drop T01 and add the new one",
        ),
        (
            {"op": "change", "id": "T01", "fields": {"size_tokens": 3000}},
            "change T01: T01 already reads like this",
        ),
        ({"op": "drop", "id": "R1"}, "drop R1: a requirement cannot be dropped"),
        (
            {"op": "drop", "id": "T09"},
            "drop T09: the plan has no T09; it has R1, R2, D1, E1, T01, T02, T03",
        ),
        (
            {"op": "add_task", "task": task("T02")},
            "add_task T02: T02 is taken; the next free id is T04",
        ),
        (
            {"op": "add_task", "task": task("T04"), "before": "T09"},
            "add_task T04: T09 is not a task; the tasks are T01, T02, T03",
        ),
        (
            {"op": "add_item"},
            "add_item nothing: name exactly one of requirement, decision, entry_point",
        ),
        (
            {"op": "add_item", "decision": {"id": "D1", "title": "x"}},
            "add_item D1: D1 is taken; the next free id is D2",
        ),
        (
            {"op": "split", "id": "T02", "into": [task("T03"), task("T04")]},
            "split T02: T03 is taken; the next free id is T04",
        ),
        (
            {"op": "split", "id": "T02", "into": [task("T04"), task("T04")]},
            "split T02: T04 is taken; the next free id is T05",
        ),
        (
            {"op": "merge", "ids": ["T01", "T01"], "into": task("T04")},
            "merge T01, T01: a merge needs different tasks; T01 is named twice",
        ),
        (
            {"op": "merge", "ids": ["T01", "T02"], "into": task("T03")},
            "merge T01, T02: T03 is taken; the next free id is T04",
        ),
        (
            {"op": "reorder", "order": ["T01", "T01", "T09"]},
            "reorder tasks: the order must name every task exactly once; missing: T02, T03; "
            "not in the plan: T09; named twice: T01",
        ),
        (
            {"op": "reorder", "order": ["T01", "T02", "T03"]},
            "reorder tasks: the order already reads like this",
        ),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_the_others_hold(
    plan: Plan, edit: dict[str, Any], sentence: str
) -> None:
    good = {"op": "change", "id": "D1", "fields": {"title": "Another"}}
    alone, together = apply(plan, edit), apply(plan, edit, good)
    assert alone == Applied(plan, (), (sentence,))
    assert together.refused == (sentence,)
    assert together.plan.decisions[0].title == "Another"
    assert together.plan.revision == plan.revision + 1


def test_findings_to_close_are_not_lost_by_a_split_or_a_merge(plan: Plan) -> None:
    closing = Task(id="T01r1", title="Mend", closes=("F12ab34cd",))
    mended = plan.model_copy(update={"tasks": (*plan.tasks, closing)})
    parts = apply(mended, {"op": "split", "id": "T01r1", "into": [task("T04"), task("T05")]})
    whole = apply(mended, {"op": "merge", "ids": ["T01r1", "T03"], "into": task("T03")})
    assert parts.plan.tasks[-1].closes == ("F12ab34cd",)
    assert whole.plan.tasks[-1].closes == ("F12ab34cd",)


def test_the_difference_of_two_plans_is_a_diff_of_their_files(plan: Plan) -> None:
    new = apply(plan, {"op": "change", "id": "T01", "fields": {"title": "Another"}}).plan
    assert plan_diff(plan, plan) == ""
    assert plan_diff(plan, new).split("\n")[:2] == [
        "--- todo-chat.md revision 1",
        "+++ todo-chat.md revision 2",
    ]
    assert f"-### T01: {plan.tasks[0].title}\n+### T01: Another\n" in plan_diff(plan, new)


def test_what_the_user_is_promised_stays_as_it_is(plan: Plan) -> None:
    result = apply(plan, {"op": "change", "id": "R1", "fields": {"title": "Something exists"}})
    assert result.plan == plan
    assert "the title of R1 is what the user is promised" in result.refused[0]
