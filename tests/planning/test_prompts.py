"""The rendered prompts of planner and gardener, byte for byte."""

from pathlib import Path

from snapshots import check_snapshot, shown

from agent.domain.check import CheckResult, CommandCheck
from agent.domain.event import AttemptFailed, ChecksRan
from agent.domain.plan import Plan
from agent.domain.ports import Tool
from agent.domain.state import TaskState
from agent.domain.survey import Survey
from agent.planning import gardener, planner
from agent.planning.lint import lint

CHECK = CommandCheck(run="python3 -m app list --all", output="milk")
RED = CheckResult(check=CHECK, passed=False, reason="exit code 1: No module named 'app'")
TRIED = ChecksRan(subject="R1", moment="before", commit="0123abc", results=(RED,))
WORDS = Path(__file__).parent / "snapshots"


def test_the_planners_opening(plan: Plan, survey: Survey) -> None:
    check_snapshot(WORDS, "planner_opening", shown(planner.opening(plan.request, survey)))


def test_the_planners_opening_in_an_empty_repository() -> None:
    empty = Survey(
        commit="0123abc",
        languages={},
        files=0,
        commands={},
        entry_points=(),
        dependencies={},
        test_files=(),
        conventions=(),
        environment=(),
        repo_map="",
    )
    check_snapshot(WORDS, "planner_opening_empty", shown(planner.opening("Build {{ it }}.", empty)))


def test_the_gardeners_opening(plan: Plan, survey: Survey) -> None:
    forgetful = plan.model_copy(update={"tasks": plan.tasks[1:]})
    findings = lint(forgetful, frozenset())
    messages = gardener.opening(plan.request, survey, forgetful, findings)
    check_snapshot(WORDS, "gardener_opening", shown(messages))


def test_the_gardeners_opening_without_findings(plan: Plan, survey: Survey) -> None:
    messages = gardener.opening(plan.request, survey, plan, (), tried=(TRIED,))
    check_snapshot(WORDS, "gardener_opening_clean", shown(messages))


def test_the_opening_of_a_gardener_who_looks_at_a_task_that_nobody_could_do(plan: Plan) -> None:
    failed = AttemptFailed(
        task_id="T01", attempt=1, reason="the executor gave up", note="It changed app/store.py."
    )
    state = TaskState(failures=[failed])
    messages = gardener.stuck_opening(plan, plan.tasks[0], state, frozenset({"T02"}))
    check_snapshot(WORDS, "gardener_stuck", shown(messages))


def test_the_descriptions_of_the_tools(plan: Plan) -> None:
    tools: tuple[Tool, ...] = (
        planner.ProposePlan(request=plan.request, base=plan.base),
        gardener.RevisePlan(plan),
    )
    text = "".join(f"=== {tool.spec.name}\n{tool.spec.description}\n" for tool in tools)
    check_snapshot(WORDS, "tools", text)


def test_the_request_and_the_plan_are_shown_verbatim(plan: Plan, survey: Survey) -> None:
    request = "  # A\r\n\n{{ x }} <b> ``` \n"
    for messages in (
        planner.opening(request, survey),
        gardener.opening(request, survey, plan, ()),
    ):
        assert f"<request>\n{request}\n</request>" in messages[1].text
