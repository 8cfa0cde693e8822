"""The gardener's tool: edits that fit are applied, a plan is never made worse in form."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from agent.domain.check import CommandCheck
from agent.domain.edit import AnyEdit, Change, Drop
from agent.domain.plan import Plan
from agent.domain.ports import Tool, ToolOutput
from agent.planning.gardener import RevisePlan, Revision


def rename(item: str, title: str = "Another") -> dict[str, Any]:
    return {"op": "change", "id": item, "reason": "clearer", "fields": {"title": title}}


@pytest.mark.anyio
async def test_no_edits_say_that_the_plan_is_good(plan: Plan) -> None:
    tool: Tool = RevisePlan(plan)
    output = await tool.call({"edits": [], "summary": "Good."})
    assert output == ToolOutput(
        "Edits applied: 0.", ends_session=True, value=Revision(plan, (), (), "Good.")
    )


@pytest.mark.anyio
async def test_edits_that_fit_are_applied_and_the_others_named(plan: Plan) -> None:
    drop = {"op": "drop", "id": "R1", "reason": "too hard"}
    output = await RevisePlan(plan).call({"edits": [rename("D1"), drop], "summary": "s"})
    renamed = plan.decisions[0].model_copy(update={"title": "Another"})
    assert output == ToolOutput(
        "Edits applied: 1.\nNot applied:\n- drop R1: a requirement cannot be dropped",
        ends_session=True,
        value=Revision(
            plan.model_copy(update={"revision": 2, "decisions": (renamed,)}),
            (Change(id="D1", reason="clearer", fields={"title": "Another"}),),
            ("drop R1: a requirement cannot be dropped",),
            "s",
        ),
    )


@pytest.mark.anyio
async def test_edits_of_which_none_fits_go_back(plan: Plan) -> None:
    tool = RevisePlan(plan)
    output = await tool.call({"edits": [rename("D7")], "summary": ""})
    assert (output.is_error, output.ends_session, output.value) == (True, False, None)
    assert "- change D7: the plan has no D7;" in output.text
    assert tool.invalid_count == 1


@pytest.mark.anyio
async def test_edits_that_break_the_plans_form_go_back(plan: Plan) -> None:
    edit = {"op": "change", "id": "T01", "reason": "r", "fields": {"depends": ["T03"]}}
    output = await RevisePlan(plan).call({"edits": [edit], "summary": ""})
    assert (output.is_error, output.ends_session) == (True, False)
    assert "- T01 can never start: it waits for T03, in a circle." in output.text


@pytest.mark.anyio
async def test_a_fault_of_form_that_was_there_before_holds_no_edit_up(plan: Plan) -> None:
    faulty = plan.tasks[0].model_copy(update={"depends": ("T09",)})
    broken = plan.model_copy(update={"tasks": (faulty, *plan.tasks[1:])})
    drop = {"op": "drop", "id": "D1", "reason": "not needed"}
    output = await RevisePlan(broken).call({"edits": [drop], "summary": ""})
    assert isinstance(output.value, Revision)
    assert output.value.edits == (Drop(id="D1", reason="not needed"),)


@pytest.mark.anyio
async def test_after_the_last_attempt_the_plan_stays_as_it_was(plan: Plan) -> None:
    tool = RevisePlan(plan, attempts=2)
    with pytest.raises(ValidationError):
        await tool.call({"edits": [{"op": "rename", "id": "T01"}]})
    output = await tool.call({"edits": [rename("D7")], "summary": "s"})
    refused = ("change D7: the plan has no D7; it has R1, R2, D1, E1, T01, T02, T03",)
    assert output == ToolOutput(
        "The edits were refused 2 times. The plan stays as it is; this session ends.",
        is_error=True,
        ends_session=True,
        value=Revision(plan, (), refused, "s"),
    )


def test_the_schema_offers_every_kind_of_edit(plan: Plan) -> None:
    edit = RevisePlan(plan).spec.parameters["properties"]["edits"]["items"]
    ops = [
        get_args(kind.model_fields["op"].annotation)[0] for kind in get_args(get_args(AnyEdit)[0])
    ]
    assert edit["properties"]["op"]["enum"] == ops


@pytest.mark.anyio
async def test_fields_that_were_sent_empty_do_no_harm(plan: Plan) -> None:
    edit = {**rename("D1"), "task": {}, "before": "", "ids": [], "into": []}
    output = await RevisePlan(plan).call({"edits": [edit], "summary": "s"})
    assert output.text == "Edits applied: 1."


@pytest.mark.anyio
async def test_a_check_can_be_added_without_sending_the_others(plan: Plan) -> None:
    check = {"kind": "command", "run": "python3 -m app --version"}
    edit = {"op": "change", "id": "T01", "reason": "r", "append": {"checks": [check]}}
    output = await RevisePlan(plan).call({"edits": [edit], "summary": "s"})
    assert isinstance(output.value, Revision)
    before, after = plan.tasks[0].checks, output.value.plan.tasks[0].checks
    assert after == (*before, CommandCheck(run="python3 -m app --version"))


@pytest.mark.anyio
async def test_only_lists_can_be_appended_to(plan: Plan) -> None:
    edit = {"op": "change", "id": "T01", "reason": "r", "append": {"title": ["x"]}}
    output = await RevisePlan(plan).call({"edits": [edit], "summary": "s"})
    assert "- change T01: 'title' of T01 is no list; put it into fields" in output.text
