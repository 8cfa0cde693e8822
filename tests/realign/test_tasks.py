"""What was found becomes tasks: grouped, provable, and told in few words."""

from pathlib import Path

import pytest
from snapshots import check_snapshot

from agent.domain.finding import Finding, Severity
from agent.domain.plan import Plan, Task
from agent.planning.planfile import parse, render
from agent.realign.findings import check_finding_id
from agent.realign.tasks import FINDINGS_PER_TASK, progress, realignment_tasks

WORDS = Path(__file__).parent / "snapshots"


def of(
    name: str = "F1",
    path: str = "",
    *,
    rule: str = "stub-body",
    severity: Severity = "error",
    line: int = 0,
    message: str = "m",
    evidence: str = "",
    requirement: str = "",
    remedy: str = "",
) -> Finding:
    return Finding(
        id=name,
        rule=rule,
        severity=severity,
        path=path,
        line=line,
        message=message,
        evidence=evidence,
        requirement=requirement,
        remedy=remedy,
    )


def ids(plan: Plan, *findings: Finding) -> list[tuple[str, tuple[str, ...]]]:
    return [(task.id, task.closes) for task in realignment_tasks(plan, findings, 2)]


def test_a_task_carries_all_that_mends_and_proves_its_findings(plan: Plan) -> None:
    requirement = plan.requirements[1]
    findings = (
        of("F1", "app/chat.py", line=3, evidence="def reply(text):\n    ...", remedy="Write it."),
        of(check_finding_id("R2", requirement.checks[0]), rule="check-red", requirement="R2"),
    )
    (task,) = realignment_tasks(plan, findings, 1)
    assert task.model_copy(update={"brief": ""}) == Task(
        id="T02r1",
        title="Mend 2 findings of T02: Answer questions",
        serves=("R2",),
        modifies=("app/chat.py", "app/store.py"),
        depends=("T02",),
        wiring="app/__main__.py calls answer()",
        checks=(*requirement.checks, *plan.tasks[1].checks),
        closes=tuple(finding.id for finding in findings),
    )


@pytest.mark.parametrize(
    ("finding", "task"),
    [
        (of(path="app/chat.py"), "T02r2"),
        (of(path="app/store.py", requirement="R2"), "T01r2"),
        (of(path="app/client.py"), "T02r2"),
        (of(path="elsewhere.py", requirement="R1"), "T03r2"),
        (of(path="elsewhere.py"), "T03r2"),
        (of(requirement="R2"), "T03r2"),
        (of(severity="warning", path="app/chat.py"), "T02r2"),
    ],
)
def test_a_finding_goes_to_the_task_that_is_at_fault(
    plan: Plan, finding: Finding, task: str
) -> None:
    assert ids(plan, finding) == [(task, (finding.id,))]


@pytest.mark.parametrize(
    "finding",
    [
        of(severity="info"),
        of(rule="judge-abstained", requirement="R1"),
        of(rule="check-proves-nothing", requirement="R1"),
        of(rule="check-missing", requirement="R1"),
    ],
)
def test_what_no_code_can_mend_becomes_no_task(plan: Plan, finding: Finding) -> None:
    assert ids(plan, finding) == []


def test_a_symptom_without_a_place_joins_the_cause_that_has_one(plan: Plan) -> None:
    symptom, other = of("F1", requirement="R2"), of("F2", requirement="R1")
    cause = of("F3", "app/chat.py", severity="warning")
    assert ids(plan, symptom, other, cause) == [("T02r2", ("F1", "F3")), ("T03r2", ("F2",))]


def test_a_plan_without_tasks_gets_none(plan: Plan) -> None:
    assert ids(plan.model_copy(update={"tasks": ()}), of()) == []


def test_tasks_come_in_the_order_of_the_plan_errors_first(plan: Plan) -> None:
    assert ids(
        plan,
        of("F1", "app/chat.py", severity="warning"),
        of("F2", "app/store.py"),
        of("F3", "app/chat.py"),
    ) == [("T01r2", ("F2",)), ("T02r2", ("F3", "F1"))]


def test_a_task_gets_no_more_findings_than_it_can_hold(plan: Plan) -> None:
    findings = tuple(of(f"F{number}", "app/chat.py") for number in range(20))
    ((_, closed),) = ids(plan, *findings)
    assert closed == tuple(finding.id for finding in findings[:FINDINGS_PER_TASK])


def test_an_entry_point_that_is_not_there_is_created(plan: Plan) -> None:
    (task,) = realignment_tasks(plan, (of(path="app/run.py", rule="entry-point-missing"),), 1)
    assert (task.creates, task.modifies) == (("app/run.py",), ())


def test_a_path_that_a_plan_file_cannot_hold_is_left_out(plan: Plan) -> None:
    (task,) = realignment_tasks(plan, (of(path="a, b.py"), of("F2", "app/__main__.py")), 1)
    assert task.modifies == ("app/__main__.py",)


def test_a_plan_with_realignment_tasks_survives_its_file(plan: Plan) -> None:
    nasty = of(
        path="app/chat.py",
        message="# not a\nheading",
        evidence="# heading\n```\nopen fence\r\n## more\n\n    indented",
        remedy="",
    )
    tasks = realignment_tasks(plan, (nasty,), 2)
    grown = plan.model_copy(update={"tasks": plan.tasks + tasks})
    assert parse(render(grown), file="plan.md") == grown


def test_the_brief_says_what_is_wrong_and_how_to_mend_it(plan: Plan) -> None:
    findings = (
        of(
            "Fa",
            "app/chat.py",
            line=7,
            requirement="R2",
            message="reply ignores message and always answers the same.",
            evidence='def reply(message):\n    return "Hello!"',
            remedy="Really call the model.",
        ),
        of("Fb", rule="check-red", requirement="R2", message="A check of R2 is red: exit code 1"),
    )
    tasks = realignment_tasks(plan, findings, 1)
    text = "".join(f"=== {task.id}\n{task.brief}\n" for task in tasks)
    check_snapshot(WORDS, "realign_brief", text)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((of("F1"),), (), True),
        ((of("F1"), of("F2")), (of("F2"), of("F3")), True),
        ((of("F1"),), (of("F1"),), False),
        ((of("F1"), of("F2", severity="warning")), (of("F1"),), False),
        ((), (of("F1"),), False),
    ],
)
def test_a_pass_makes_progress_when_an_error_is_gone(
    before: tuple[Finding, ...], after: tuple[Finding, ...], expected: bool
) -> None:
    assert progress(before, after) is expected
