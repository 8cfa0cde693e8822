"""A run as plain lines: one for each event that a reader of a log wants to see."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from agent.domain.check import CheckResult, red
from agent.domain.event import (
    Assumed,
    AttemptFailed,
    AuditFinished,
    CallRuled,
    ChecksRan,
    Continued,
    Entry,
    Judged,
    MessageAdded,
    ModelRefused,
    ModelReplaced,
    ModelResponded,
    Nudged,
    PhaseStarted,
    PlanAdopted,
    PlanChecked,
    ProfileMended,
    RoundFinished,
    RunDiscarded,
    RunFinished,
    Rung,
    RunResumed,
    RunStarted,
    SessionStarted,
    SurveyTaken,
    TaskFinished,
    TaskReviewed,
    TaskStarted,
    Throttled,
    TodosUpdated,
    ToolFinished,
    ToolPrinted,
    ToolStarted,
    TranscriptShortened,
    Warned,
)
from agent.domain.finding import Finding, blockers
from agent.domain.state import RunState, apply, fold
from agent.domain.todo import open_todos
from agent.frontends.output import Output
from agent.frontends.text import REHEARSAL, count, duration, short, shown
from agent.limits.admission import MOST_PATIENCE_SECONDS, in_both_times


class LineConsole:
    """A journal listener that writes lines."""

    def __init__(self, output: Output, past: Iterable[Entry] = ()) -> None:
        self.state = fold(entry.event for entry in past)
        self._output = output
        self._begun = False

    def __call__(self, entry: Entry) -> None:
        apply(self.state, entry.event)
        started = self.state.started
        if not self._begun and started and started.rehearsal:
            self._output.line(REHEARSAL)
        self._begun = True
        line = line_of(entry, self.state)
        if line is not None:
            self._output.line(line)


LONGEST = 400
"""Characters of an error, whose end tells what to do."""
ANOTHER = "; another account is left out: "
RUNGS: dict[Rung, str] = {
    "first": "again",
    "fresh": "a fresh session",
    "revised": "the task revised",
    "stronger": "the next model of the ladder",
}


def line_of(entry: Entry, state: RunState) -> str | None:  # noqa: C901 - one exhaustive match
    """What a log says of an entry that `state` has already taken in; None for nothing."""
    match entry.event:
        case RunStarted() | RunResumed() | RunDiscarded() | PhaseStarted() | RunFinished():
            return _run_line(entry.event, state)
        case SurveyTaken() | PlanAdopted() | PlanChecked() | RoundFinished():
            return _plan_line(entry.event)
        case TaskStarted() | TodosUpdated() | TaskFinished() | AttemptFailed() | TaskReviewed():
            return _task_line(entry.event, state)
        case ChecksRan(subject=subject, moment=moment, results=results):
            return f"checks {subject} {moment}: {checks_line(results)}"
        case Continued(session=session, count=number, open_items=items):
            first = f", first: {shown(items[0], 100)}" if items else ""
            return f"continued {session} ({number}): {count(len(items), 'item')} open{first}"
        case ModelRefused():
            return _refused_line(entry.event, entry.at)
        case ProfileMended(role=role, profile=profile, changes=changes):
            learned = "; ".join(f"{name} is {value}" for name, value in changes.items())
            return f"learned for the {role} that in profile {profile} {shown(learned)}"
        case ModelReplaced(role=role, profile=profile, model=model, reason=reason):
            why = shown(what_happened(reason), LONGEST)
            return f"the {role} goes on with {model} of {profile}: {why}"
        case CallRuled() | Assumed():
            return _policy_line(entry.event)
        case Nudged(session=session, reason=reason):
            return f"nudged {session}: {shown(reason)}"
        case Warned(message=message):
            return f"warning: {message}"
        case AuditFinished(number=number, commit=commit, findings=findings):
            return f"audit {number} of {short(commit)}: {findings_line(findings)}"
        case Judged(number=number, verdicts=verdicts, abstained=abstained):
            words = [f"{v.requirement} {v.verdict}" for v in verdicts]
            words += [f"{requirement} no verdict" for requirement in abstained]
            return f"judge {number}: {', '.join(words) or 'no verdict'}"
        case Throttled(session=session, seconds=seconds, reason=reason):
            return f"waiting {session}: {reason}; {duration(seconds)}"
        case ToolFinished(interrupted=True, session=session):
            return f"interrupted {session}: a tool's outcome is unknown; it is not run again"
        case (
            SessionStarted()
            | MessageAdded()
            | ModelResponded()
            | ToolStarted()
            | ToolPrinted()
            | ToolFinished()
            | TranscriptShortened()
        ):
            return None
        case _:
            assert_never(entry.event)


def _refused_line(event: ModelRefused, at: datetime) -> str | None:
    """None where the next line tells of the model that goes on in its place."""
    if event.is_replaced:
        return None
    word = "refused" if event.was_sent else "held back"
    if not event.again:
        return f"{word} {event.session}: {shown(event.error, LONGEST)}; not sent again"
    what, seconds = what_happened(event.error), event.wait_seconds
    if seconds > MOST_PATIENCE_SECONDS:
        until = in_both_times(at.timestamp() + seconds, None)
        what = what.removesuffix(f" until {until}")
        return f"sleeping {event.session} until {until}: {shown(what, LONGEST)}"
    then = f"sent again after {duration(seconds)}" if seconds else "sent again"
    return f"{word} {event.session}: {shown(what, LONGEST)}; {then}"


def what_happened(error: str) -> str:
    """Of what an error says, what happened: a run that goes on needs no advice."""
    return error.partition(ANOTHER)[0].rpartition("; ")[0] or error


def _policy_line(event: CallRuled | Assumed) -> str:
    if isinstance(event, Assumed):
        told = f"{shown(event.question, 80)} {shown(event.assumption, 80)}"
        return f"assumed {event.session}: {told}"
    word = "allowed" if event.allowed else "refused"
    return f"policy {event.session}: {word} {shown(event.what, 80)} ({event.why})"


def _run_line(
    event: RunStarted | RunResumed | RunDiscarded | PhaseStarted | RunFinished, state: RunState
) -> str:
    match event:
        case RunStarted():
            where = f"on branch {event.branch}" if event.branch else "in place"
            base = short(event.base_commit)
            return f"run {event.run_id} {where} from {base}: {shown(event.request, 80)}"
        case RunResumed():
            run = state.started.run_id if state.started else ""
            return f"resumed {run}: {', '.join(event.phases)}; {tasks_line(state)}"
        case RunDiscarded():
            return "the run was discarded: its branch, worktree and kept attempts are gone"
        case PhaseStarted():
            return f"phase {event.phase}"
        case RunFinished():
            return f"{event.outcome}: {shown(event.message, 500)}"


def _plan_line(event: SurveyTaken | PlanAdopted | PlanChecked | RoundFinished) -> str:
    match event:
        case SurveyTaken(survey=survey):
            names = ", ".join(sorted(survey.languages)) or "no source code"
            return f"survey {short(survey.commit)}: {count(survey.files, 'file')}, {names}"
        case PlanAdopted(plan=plan, reason=reason):
            what = (
                f"{count(len(plan.requirements), 'requirement')}, {count(len(plan.tasks), 'task')}"
            )
            return f"plan {plan.name} revision {plan.revision}: {what}; {shown(reason)}"
        case PlanChecked(revision=revision, findings=findings):
            return f"lint revision {revision}: {findings_line(findings)}"
        case RoundFinished():
            refused = f", {len(event.refused)} refused" if event.refused else ""
            summary = f"; {shown(event.summary)}" if event.summary else ""
            edits = count(len(event.edits), "edit")
            return f"gardening round {event.round}: {edits}{refused}{summary}"


def _task_line(
    event: TaskStarted | TodosUpdated | TaskFinished | AttemptFailed | TaskReviewed,
    state: RunState,
) -> str:
    match event:
        case TaskStarted(task_id=task_id, attempt=attempt, rung=rung):
            task = state.plan.task(task_id) if state.plan else None
            again = f" (attempt {attempt}, {RUNGS[rung]})" if attempt > 1 else ""
            return f"task {task_id} started{again}: {shown(task.title) if task else ''}"
        case TodosUpdated(task_id=task_id, todos=todos):
            left = open_todos(todos)
            following = f", next: {shown(left[0].content, 80)}" if left else ""
            return f"todos {task_id}: {len(todos) - len(left)} of {len(todos)} done{following}"
        case TaskFinished(status="done"):
            return f"task {event.task_id} done in {short(event.commit)}; {tasks_line(state)}"
        case TaskFinished():
            return f"task {event.task_id} failed: {shown(event.summary)}"
        case AttemptFailed():
            return f"attempt {event.attempt} at {event.task_id} failed: {shown(event.reason)}"
        case TaskReviewed(is_changed=is_changed):
            what = "revised the plan" if is_changed else "changed nothing"
            return f"the gardener looked at {event.task_id} and {what}: {shown(event.summary)}"


def tasks_line(state: RunState) -> str:
    total = len(state.plan.tasks) if state.plan else 0
    return f"{len(state.done)} of {count(total, 'task')} done"


def checks_line(results: tuple[CheckResult, ...]) -> str:
    failed = red(results)
    first = f", red: {shown(failed[0].reason)}" if failed else ""
    return f"{len(results) - len(failed)} of {len(results)} green{first}"


def findings_line(findings: tuple[Finding, ...]) -> str:
    """How many, and the worst of them."""
    if not findings:
        return "no findings"
    errors = blockers(findings)
    worst = (errors or findings)[0]
    place = f" {worst.path}" if worst.path else ""
    others = len(findings) - len(errors)
    return (
        f"{count(len(errors), 'error')}, {count(others, 'other finding')}, "
        f"first: {worst.rule}{place}: {shown(worst.message)}"
    )
