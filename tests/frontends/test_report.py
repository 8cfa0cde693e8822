"""What a report says, and when it calls a requirement proven."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.check import CallsCheck, CommandCheck
from agent.domain.event import (
    AuditFinished,
    ChecksRan,
    Entry,
    Event,
    Judged,
    PlanAdopted,
    RunFinished,
    RunStarted,
    TaskFinished,
)
from agent.domain.finding import Citation, Finding
from agent.domain.message import Usage
from agent.errors import Outcome, UsageError
from agent.frontends.markdown import code, to_markdown
from agent.frontends.report import build_report, to_json
from agent.frontends.report_data import (
    CheckReport,
    Mended,
    Report,
    RequirementReport,
    RoundReport,
    TaskReport,
    VerdictReport,
)

Tell = Callable[..., tuple[Entry, ...]]
BASE, FIRST, SECOND = "b" * 40, "c" * 40, "d" * 40


def snapshot(name: str) -> str:
    folder = Path(__file__).parent / "snapshots"
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def doubts(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    (item,) = build_report(entries).requirements
    assert item.proven == (not item.doubts)
    return item.doubts


def test_a_proven_run_is_reported_whole(tell: Tell, story: list[Event], stub: Finding) -> None:
    entries = tell(*story)
    tasks = (
        TaskReport(
            id="T01",
            title="The chat",
            serves=("R1",),
            status="done",
            attempts=1,
            commit=FIRST,
            summary="The chat is there.",
            red_before=1,
            green_after=1,
            checks=1,
        ),
        TaskReport(
            id="T01r1",
            title="Call the model",
            serves=("R1",),
            status="done",
            attempts=1,
            commit=SECOND,
            closes=("F1",),
            red_before=1,
            green_after=1,
            checks=1,
        ),
    )
    unwired = Finding(id="F0", rule="no-wiring", severity="error", message="T01 has no wiring.")
    assert build_report(entries) == Report(
        run="20260102-030405-ab12",
        title="A todo app with a chat",
        request="A todo app\nwith a chat",
        rehearsal=True,
        outcome=Outcome.DONE,
        message="every requirement is proven",
        plan="plans/todo.md",
        revision=3,
        branch="gardener/todo",
        base_commit=BASE,
        final_commit=SECOND,
        started_at=entries[0].at,
        last_event_at=entries[0].at + timedelta(seconds=30),
        version="0.1.0",
        models={"planner": "p", "gardener": "p", "executor": "e", "judge": "p"},
        requirements=(
            RequirementReport(
                id="R1",
                title="A user chats",
                acceptance="Say hello.",
                proven=True,
                checks=(
                    CheckReport(
                        check=CallsCheck(run="python app.py hello"),
                        red_before=True,
                        before_commit=BASE,
                        green_at_end=True,
                        end_commit=SECOND,
                        reason="1 call, answer shown",
                        seconds=1.25,
                        calls_seen=1,
                    ),
                ),
                tasks=tasks,
                verdict=VerdictReport(
                    verdict="met",
                    explanation="The chat calls the endpoint.",
                    citations=(Citation(path="app.py", line=3, quote="return ask(text)"),),
                    commit=SECOND,
                ),
            ),
        ),
        tasks=tasks,
        commits=(FIRST, SECOND),
        rounds=(RoundReport(round=1, reasons=("Nobody starts the chat.",), summary="Wired."),),
        plan_mended=(Mended(finding=unwired, found_in=1, gone_in=2),),
        mended=(Mended(finding=stub, found_in=1, gone_in=2, tasks=("T01r1",)),),
        unrequested=("a colour theme",),
        looked_at=True,
        continuations=1,
        usage={"executor": Usage(input_tokens=1200, output_tokens=340, cached_tokens=1000)},
    )


def test_the_json_form_holds_the_same(tell: Tell, story: list[Event]) -> None:
    report = build_report(tell(*story))
    data = json.loads(json.dumps(to_json(report)))
    assert (data.pop("schema"), data.pop("type")) == (1, "report")
    assert Report.model_validate_json(json.dumps(data)) == report


def test_a_run_that_stops_after_the_first_pass_is_not_proven(
    tell: Tell, story: list[Event]
) -> None:
    assert doubts(tell(*story[:22])) == (
        "`python app.py hello` is red: the endpoint was not called",
        "F1 is open: `reply` only returns a constant.",
        "the judge says faked: It answers by itself.",
    )


def test_evidence_from_before_the_last_commit_does_not_count(
    tell: Tell, story: list[Event]
) -> None:
    late = TaskFinished(task_id="T01r1", status="done", commit="e" * 40)
    assert doubts(tell(*story[:-1], late)) == (
        "`python app.py hello` has not run on the finished branch",
        "the finished branch has not been audited",
        "the judge gave no verdict on the finished branch",
    )


def test_a_check_that_was_never_red_proves_nothing(tell: Tell, story: list[Event]) -> None:
    final, before = story[27], story[3]
    assert isinstance(final, ChecksRan)
    assert isinstance(before, ChecksRan)
    green = before.model_copy(update={"results": final.results})
    absent = [event for event in story if event != before]
    assert doubts(tell(*story[:3], green, *story[4:])) == (
        "its checks were green before the work, so they prove nothing",
    )
    assert doubts(tell(*absent)) == ("`python app.py hello` was not tried before the work",)


def test_a_check_tried_only_after_the_first_commit_was_not_tried_before(
    tell: Tell, story: list[Event]
) -> None:
    late = [*story[:3], *story[4:18], story[3], *story[18:]]
    assert doubts(tell(*late)) == ("`python app.py hello` was not tried before the work",)


def test_a_requirement_without_a_check_is_never_proven(tell: Tell, story: list[Event]) -> None:
    bare = []
    for event in story:
        if isinstance(event, PlanAdopted):
            (item,) = event.plan.requirements
            items = (item.model_copy(update={"checks": ()}),)
            plan = event.plan.model_copy(update={"requirements": items})
            event = event.model_copy(update={"plan": plan})
        bare.append(event)
    assert doubts(tell(*bare)) == ("it has no check",)


def test_a_check_that_was_changed_has_to_be_tried_again(tell: Tell, story: list[Event]) -> None:
    final = story[27]
    assert isinstance(final, ChecksRan)
    weaker = CommandCheck(run="true")
    results = tuple(r.model_copy(update={"check": weaker}) for r in final.results)
    other = final.model_copy(update={"results": results})
    assert doubts(tell(*story[:27], other, *story[28:])) == (
        "`python app.py hello` has not run on the finished branch",
    )


def test_a_judge_who_abstains_proves_nothing(tell: Tell, story: list[Event]) -> None:
    silent = Judged(number=2, commit=SECOND, verdicts=(), abstained=("R1",))
    assert doubts(tell(*story[:28], silent, *story[29:])) == (
        "the judge gave no verdict on the finished branch",
    )


def test_a_finding_that_comes_back_is_not_mended(
    tell: Tell, story: list[Event], stub: Finding
) -> None:
    again = AuditFinished(number=3, commit=SECOND, findings=(stub,))
    report = build_report(tell(*story[:-1], again))
    assert (report.mended, report.remaining) == ((), (stub,))


def test_a_warning_does_not_undo_a_proof(tell: Tell, story: list[Event], stub: Finding) -> None:
    warning = stub.model_copy(update={"severity": "warning"})
    audit = AuditFinished(number=2, commit=SECOND, findings=(warning,))
    assert doubts(tell(*story[:29], audit, *story[30:])) == ()


def test_a_journal_without_a_beginning_is_refused(tell: Tell) -> None:
    finished = RunFinished(outcome=Outcome.STUCK, message="no")
    for entries in (tell(), tell(finished)):
        with pytest.raises(UsageError, match="this run never began"):
            build_report(entries)


def test_the_markdown_shows_each_requirement_with_its_evidence(
    tell: Tell, story: list[Event]
) -> None:
    assert to_markdown(build_report(tell(*story))) == snapshot("report")


def test_the_markdown_of_an_unproven_run_says_why(tell: Tell, story: list[Event]) -> None:
    assert to_markdown(build_report(tell(*story[:22]))) == snapshot("report_of_an_unproven_run")


def test_a_run_that_only_began_has_a_report_too(tell: Tell, started: RunStarted) -> None:
    real = started.model_copy(update={"rehearsal": False, "branch": ""})
    assert to_markdown(build_report(tell(real))) == snapshot("report_of_a_beginning")


def test_a_code_span_holds_backticks() -> None:
    assert [code("ls"), code("echo `ls`"), code("a\n``b")] == [
        "`ls`",
        "`` echo `ls` ``",
        "``` a ``b ```",
    ]
