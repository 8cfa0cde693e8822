"""What a run amounts to: each requirement with its evidence, computed from the journal."""

from collections.abc import Iterable, Sequence
from typing import Any

from agent.domain.check import Check, red
from agent.domain.event import Entry, ModelRefused, RoundFinished
from agent.domain.finding import Finding
from agent.domain.plan import Requirement, Task
from agent.domain.policy import Assumed, CallRuled
from agent.domain.state import TaskState
from agent.frontends.report_data import (
    CheckReport,
    Mended,
    Report,
    RequirementReport,
    RoundReport,
    TaskReport,
    VerdictReport,
)
from agent.frontends.story import Story, doubts, read_story


def build_report(entries: Iterable[Entry]) -> Report:
    """The report on a run, as far as the run has come.

    Raises UsageError when the journal has no beginning.
    """
    entries = tuple(entries)
    story = read_story(entries)
    state, plan, started = story.state, story.plan, story.state.started
    assert started is not None, "a story begins with run_started"
    tasks = tuple(task_report(task, state.tasks) for task in plan.tasks) if plan else ()
    wanted = plan.requirements if plan else ()
    audits = [(audit.number, audit.findings) for audit in state.audits]
    looks = [(look.revision, look.findings) for look in story.looks]
    return Report(
        run=started.run_id,
        title=plan.title if plan else "no plan yet",
        request=started.request,
        rehearsal=state.rehearsed,
        outcome=state.finished.outcome if state.finished else None,
        message=state.finished.message if state.finished else "",
        plan=started.plan_file,
        revision=plan.revision if plan else 0,
        branch=started.branch,
        base_commit=started.base_commit,
        final_commit=story.final_commit,
        started_at=story.began,
        last_event_at=story.ended,
        version=started.version,
        models={str(role): model for role, model in state.models.items()},
        requirements=tuple(requirement_report(item, story, tasks) for item in wanted),
        tasks=tasks,
        commits=tuple(story.commits),
        rounds=tuple(map(round_report, state.rounds)),
        plan_mended=mended(looks, tasks),
        mended=mended(audits, tasks),
        looked_at=story.audit is not None,
        remaining=audits[-1][1] if audits else state.plan_findings,
        unrequested=state.judged[-1].unrequested if state.judged else (),
        continuations=story.continuations,
        failed_attempts=tuple(
            f"{failure.task_id}, attempt {failure.attempt}: {failure.reason}"
            for task in state.tasks.values()
            for failure in task.failures
        ),
        decided=tuple(dict.fromkeys(map(decided_line, state.rulings))),
        usage=dict(state.usage),
        unanswered=sum(map(is_unanswered, entries)),
        waited_seconds=round(state.waited_seconds, 1),
    )


def is_unanswered(entry: Entry) -> bool:
    return isinstance(entry.event, ModelRefused) and entry.event.was_sent


def decided_line(event: CallRuled | Assumed) -> str:
    subject = event.session.subject
    if isinstance(event, Assumed):
        return f"{subject} asked: {event.question} It assumed: {event.assumption}"
    word = "allowed" if event.allowed else "refused"
    return f"{subject}: {word} by the {event.by}: {event.what}"


def to_json(report: Report) -> dict[str, Any]:
    return {"schema": 1, "type": "report", **report.model_dump(mode="json")}


def requirement_report(
    item: Requirement, story: Story, tasks: tuple[TaskReport, ...]
) -> RequirementReport:
    verdict = story.verdict(item.id)
    why_not = doubts(item, story)
    return RequirementReport(
        id=item.id,
        title=item.title,
        acceptance=item.acceptance,
        proven=not why_not,
        doubts=why_not,
        checks=tuple(check_report(item.id, check, story) for check in item.checks),
        tasks=tuple(task for task in tasks if item.id in task.serves),
        verdict=VerdictReport(
            verdict=verdict.verdict,
            explanation=verdict.explanation,
            citations=verdict.citations,
            commit=story.final_commit,
        )
        if verdict
        else None,
        open_findings=story.open_findings(item.id),
    )


def check_report(requirement_id: str, check: Check, story: Story) -> CheckReport:
    before = story.before_result(requirement_id, check)
    final = story.final_result(requirement_id, check)
    return CheckReport(
        check=check,
        red_before=not before.passed if before else None,
        before_commit=story.state.requirement_before[requirement_id].commit if before else "",
        green_at_end=final.passed if final else None,
        end_commit=story.final_commit if final else "",
        reason=final.reason if final else "",
        seconds=final.seconds if final else 0.0,
        calls_seen=final.calls_seen if final else 0,
    )


def task_report(task: Task, states: dict[str, TaskState]) -> TaskReport:
    state = states.get(task.id, TaskState())
    after = state.after or ()
    return TaskReport(
        id=task.id,
        title=task.title,
        serves=task.serves,
        status=state.status,
        attempts=state.attempt,
        commit=state.commit,
        summary=state.summary,
        closes=task.closes,
        checks=len(task.checks),
        red_before=len(red(state.before or ())),
        green_after=len(after) - len(red(after)),
    )


def round_report(finished: RoundFinished) -> RoundReport:
    return RoundReport(
        round=finished.round,
        reasons=tuple(edit.reason for edit in finished.edits),
        refused=finished.refused,
        summary=finished.summary,
    )


def mended(
    looks: Sequence[tuple[int, tuple[Finding, ...]]], tasks: tuple[TaskReport, ...]
) -> tuple[Mended, ...]:
    """Findings that are gone: seen in one numbered look, and in none from `gone_in` on."""
    first: dict[str, int] = {}
    last: dict[str, tuple[int, Finding]] = {}
    for index, (number, findings) in enumerate(looks):
        for finding in findings:
            first.setdefault(finding.id, number)
            last[finding.id] = (index, finding)
    return tuple(
        Mended(
            finding=finding,
            found_in=first[finding.id],
            gone_in=looks[index + 1][0],
            tasks=tuple(task.id for task in tasks if finding.id in task.closes),
        )
        for index, finding in last.values()
        if index + 1 < len(looks)
    )
