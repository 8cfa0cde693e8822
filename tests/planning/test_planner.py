"""The planner's tool: a well-formed plan is accepted, another one goes back with exact errors."""

from typing import Any

import pytest
from pydantic import ValidationError

from agent.domain.plan import Plan
from agent.domain.ports import Tool, ToolOutput
from agent.planning.planner import ProposePlan, plan_name

FIELDS = {
    "title",
    "name",
    "introduction",
    "requirements",
    "decisions",
    "entry_points",
    "tasks",
}


def proposal(plan: Plan, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return plan.model_dump(mode="json", include=FIELDS) | changes


def propose(plan: Plan, **options: Any) -> ProposePlan:  # noqa: ANN401
    return ProposePlan(request=plan.request, base=plan.base, **options)


def with_dependency(plan: Plan, name: str) -> Plan:
    first = plan.tasks[0].model_copy(update={"depends": (name,)})
    return plan.model_copy(update={"tasks": (first, *plan.tasks[1:])})


@pytest.mark.anyio
async def test_a_well_formed_plan_ends_the_session(plan: Plan) -> None:
    tool: Tool = propose(plan)
    output = await tool.call(proposal(plan))
    expected = ToolOutput("The plan is accepted.", ends_session=True, value=plan)
    assert output == expected


@pytest.mark.anyio
async def test_what_gardening_can_mend_is_accepted(plan: Plan) -> None:
    forgetful = plan.model_copy(update={"entry_points": (), "tasks": plan.tasks[:1]})
    output = await propose(plan).call(proposal(forgetful))
    assert output.value == forgetful


@pytest.mark.anyio
async def test_a_broken_reference_goes_back_to_the_planner(plan: Plan) -> None:
    tool = propose(plan)
    output = await tool.call(proposal(with_dependency(plan, "T09")))
    assert (output.is_error, output.ends_session, output.value) == (True, False, None)
    assert "- T01 depends on T09, which is no task. Name a task of the plan" in output.text
    assert tool.invalid_count == 1
    assert tool.last_refusal == "T01 depends on T09, which is no task."
    assert (await tool.call(proposal(plan))).value == plan


@pytest.mark.anyio
async def test_arguments_that_do_not_fit_are_counted_and_raised(plan: Plan) -> None:
    tool = propose(plan)
    with pytest.raises(ValidationError):
        await tool.call(proposal(plan, tasks=[{"id": "T1", "title": "x"}]))
    assert tool.invalid_count == 1
    assert tool.last_refusal == r"tasks.0.id: String should match pattern '^T\d{2,}(r\d+)?$'"


@pytest.mark.anyio
async def test_the_last_allowed_proposal_ends_the_session_without_a_plan(plan: Plan) -> None:
    tool = propose(plan, attempts=2)
    await tool.call(proposal(with_dependency(plan, "T09")))
    output = await tool.call({"title": "x"})
    assert output == ToolOutput(
        "The plan was refused 2 times. This session ends.", is_error=True, ends_session=True
    )


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("user", "planner", "expected"),
    [
        ("", "", "todo-chat"),
        ("", "My Plan!", "my-plan"),
        ("mine", "yours", "mine"),
    ],
)
async def test_the_users_name_counts_before_the_planners(
    plan: Plan, user: str, planner: str, expected: str
) -> None:
    output = await propose(plan, name=user).call(proposal(plan, name=planner))
    assert isinstance(output.value, Plan)
    assert output.value.name == expected


@pytest.mark.anyio
async def test_a_plan_needs_a_name_that_a_branch_can_have(plan: Plan) -> None:
    output = await propose(plan).call(proposal(plan, name="", title="計画"))
    assert (output.is_error, output.ends_session) == (True, False)
    assert output.text == "name has no letter a-z and no digit; give the plan a short name"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Todo: chat & list", "todo-chat-list"),
        ("Ärger über Öl", "arger-uber-ol"),
        ("--", ""),
        ("x" * 80, "x" * 60),
        (" ".join(["word"] * 20), "-".join(["word"] * 12)),
    ],
)
def test_a_name_is_made_of_what_can_stand_in_a_branch(text: str, name: str) -> None:
    assert plan_name(text) == name


def test_the_schema_shows_every_field_of_a_task(plan: Plan) -> None:
    parameters = propose(plan).spec.parameters
    task = parameters["properties"]["tasks"]["items"]["properties"]
    assert list(task) == [
        "id",
        "title",
        "serves",
        "creates",
        "modifies",
        "depends",
        "wiring",
        "checks",
        "size_tokens",
        "brief",
    ]
