"""Where a run stands: computed from its events, never stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, assert_never

from agent.domain.check import CheckResult, failure_signature, red
from agent.domain.event import (
    Assumed,
    AttemptFailed,
    AuditFinished,
    CallRuled,
    ChecksRan,
    Event,
    Judged,
    ModelRefused,
    ModelReplaced,
    ModelResponded,
    Phase,
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
    Warned,
)
from agent.domain.finding import Finding
from agent.domain.message import Role, SessionKey, Usage
from agent.domain.plan import Plan
from agent.domain.session import SessionEvent, SessionState, begin, forget, hand_over, take_in
from agent.domain.survey import Survey
from agent.domain.todo import Todo, open_todos

Tried = Rung | Literal["reviewed", "passed_over"]
"""`reviewed`: a gardener changed the plan. `passed_over`: he looked and changed nothing."""


@dataclass
class TaskState:
    status: Literal["pending", "running", "done", "failed"] = "pending"
    attempt: int = 0
    start_commit: str = ""
    commit: str = ""
    summary: str = ""
    before: tuple[CheckResult, ...] | None = None
    after: tuple[CheckResult, ...] | None = None
    todos: tuple[Todo, ...] = ()
    failures: list[AttemptFailed] = field(default_factory=list)
    rung: Rung | None = None
    """Of the last attempt."""
    tried: list[Tried] = field(default_factory=list)
    """The way up so far, since the run was begun or resumed."""
    same_red: int = 0
    """Times in a row, in this attempt, that its checks were red in the same way."""


@dataclass
class RunState:
    """The fold of a journal."""

    started: RunStarted | None = None
    phases: tuple[Phase, ...] = ()
    phase: Phase | None = None
    models: dict[Role, str] = field(default_factory=dict)
    """The model of each role since the run was last begun or resumed."""
    endpoints: dict[Role, str] = field(default_factory=dict)
    """Base URLs, by role."""
    survey: Survey | None = None
    plan: Plan | None = None
    former_plan: Plan | None = None
    """The plan before the present one."""
    is_plan_fresh: bool = False
    """Whether the plan was adopted last of all: then its file may still be the former one's."""
    revised: dict[str, Plan] = field(default_factory=dict)
    """By the gardener's session whose edits were adopted: the plan before them."""
    plan_findings: tuple[Finding, ...] = ()
    checked_revision: int = 0
    rounds: list[RoundFinished] = field(default_factory=list)
    sessions: dict[str, SessionState] = field(default_factory=dict)
    tasks: dict[str, TaskState] = field(default_factory=dict)
    requirement_before: dict[str, ChecksRan] = field(default_factory=dict)
    requirement_final: dict[str, ChecksRan] = field(default_factory=dict)
    task_final: dict[str, ChecksRan] = field(default_factory=dict)
    audits: list[AuditFinished] = field(default_factory=list)
    audits_before_resume: int = 0
    look_again: bool = False
    """Whether a run that had ended was resumed: then its last look no longer counts."""
    judged: list[Judged] = field(default_factory=list)
    usage: dict[str, Usage] = field(default_factory=dict)
    """Tokens by role."""
    task_tokens: dict[str, Usage] = field(default_factory=dict)
    """Tokens by subject of the session: a task's id, or a phase's word."""
    waited_seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    rehearsed: bool = False
    """Whether replies came from a script, here or at an endpoint that is a rehearsal."""
    rulings: list[CallRuled | Assumed] = field(default_factory=list)
    learned: list[ProfileMended | ModelReplaced] = field(default_factory=list)
    """What the endpoints taught on the way."""
    finished: RunFinished | None = None
    discarded: bool = False

    def task(self, task_id: str) -> TaskState:
        return self.tasks.setdefault(task_id, TaskState())

    def session(self, key: SessionKey) -> SessionState | None:
        return self.sessions.get(str(key))

    @property
    def done(self) -> frozenset[str]:
        return frozenset(name for name, task in self.tasks.items() if task.status == "done")

    @property
    def settled(self) -> frozenset[str]:
        return frozenset(n for n, task in self.tasks.items() if task.status in ("done", "failed"))

    def finding(self, finding_id: str) -> Finding | None:
        for audit in reversed(self.audits):
            for finding in audit.findings:
                if finding.id == finding_id:
                    return finding
        return None


def fold(events: Iterable[Event]) -> RunState:
    state = RunState()
    for event in events:
        apply(state, event)
    return state


def apply(state: RunState, event: Event) -> None:  # noqa: C901 - one exhaustive match
    """Takes one event into the state."""
    if state.is_plan_fresh and not isinstance(event, RunResumed | RunFinished | Warned):
        state.is_plan_fresh = False
    if isinstance(event, SessionStarted | SessionEvent):
        _apply_session(state, event)
        return
    match event:
        case TaskStarted() | TodosUpdated() | TaskFinished() | AttemptFailed() | TaskReviewed():
            _apply_task(state, event)
        case ChecksRan():
            _apply_checks(state, event)
        case SurveyTaken() | PlanAdopted() | PlanChecked() | RoundFinished():
            _apply_planning(state, event)
        case RunStarted():
            state.started = event
            state.rehearsed = event.rehearsal
            state.phases = event.phases
            state.models = dict(event.models)
            state.endpoints = dict(event.endpoints)
        case RunResumed():
            _apply_resumed(state, event)
        case PhaseStarted():
            state.phase = event.phase
        case AuditFinished():
            state.audits.append(event)
            state.look_again = False
        case Judged():
            state.judged.append(event)
        case ModelRefused():
            state.waited_seconds += event.wait_seconds
        case Throttled():
            state.waited_seconds += event.seconds
        case CallRuled() | Assumed():
            state.rulings.append(event)
        case Warned():
            state.warnings.append(event.message)
        case ProfileMended() | ModelReplaced():
            state.learned.append(event)
        case RunFinished():
            state.finished = event
        case RunDiscarded():
            state.discarded = True
        case _:
            assert_never(event)


def _apply_resumed(state: RunState, event: RunResumed) -> None:
    """A resumed run gets its passes anew, and failed tasks another chance."""
    state.look_again = state.finished is not None and bool(state.audits)
    state.phases = event.phases
    state.models |= event.models
    state.endpoints |= event.endpoints
    state.finished = None
    state.audits_before_resume = len(state.audits)
    for task in state.tasks.values():
        if task.status == "failed":
            task.status = "pending"
            task.tried = []


def _apply_planning(
    state: RunState, event: SurveyTaken | PlanAdopted | PlanChecked | RoundFinished
) -> None:
    match event:
        case SurveyTaken():
            state.survey = event.survey
        case PlanAdopted():
            if event.session and state.plan:
                state.revised[event.session] = state.plan
            state.former_plan, state.plan = state.plan, event.plan
            state.is_plan_fresh = True
        case PlanChecked():
            state.plan_findings = event.findings
            state.checked_revision = event.revision
        case RoundFinished():
            state.rounds.append(event)


def _apply_session(state: RunState, event: SessionStarted | SessionEvent) -> None:
    if isinstance(event, SessionStarted):
        known = state.sessions.get(str(event.session))
        if known is None:
            state.sessions[str(event.session)] = begin(event.session, event.opening)
        else:
            hand_over(known, event.opening)
        return
    take_in(state.sessions[str(event.session)], event)
    if isinstance(event, ModelResponded):
        state.rehearsed = state.rehearsed or event.completion.rehearsed
        count_usage(state.usage, event.session.role, event.completion.usage)
        count_usage(state.task_tokens, event.session.subject, event.completion.usage)


def _apply_task(
    state: RunState,
    event: TaskStarted | TodosUpdated | TaskFinished | AttemptFailed | TaskReviewed,
) -> None:
    task = state.task(event.task_id)
    match event:
        case TaskStarted():
            task.status = "running"
            task.attempt = event.attempt
            task.start_commit = event.commit
            task.todos = ()
            task.after, task.same_red = None, 0
            task.rung = event.rung
            task.tried.append(event.rung)
        case TodosUpdated():
            if len(open_todos(event.todos)) < len(open_todos(task.todos)):
                task.same_red = 0
            task.todos = event.todos
        case TaskFinished():
            task.status = event.status
            task.commit = event.commit
            task.summary = event.summary
            if event.status == "done":
                forget(state.sessions.values(), event.task_id)
        case AttemptFailed():
            task.failures.append(event)
        case TaskReviewed():
            task.tried.append("reviewed" if event.is_changed else "passed_over")


def _apply_checks(state: RunState, event: ChecksRan) -> None:
    of_requirement = event.subject.startswith("R")
    match event.moment:
        case "before" if of_requirement:
            state.requirement_before[event.subject] = event
        case "before":
            state.task(event.subject).before = event.results
        case "after":
            task = state.task(event.subject)
            is_same = failure_signature(event.results) == failure_signature(task.after or ())
            task.same_red = task.same_red + 1 if red(event.results) and is_same else 0
            task.after = event.results
        case "final" if of_requirement:
            state.requirement_final[event.subject] = event
        case "final":
            state.task_final[event.subject] = event


def count_usage(account: dict[str, Usage], name: str, used: Usage) -> None:
    before = account.get(name, Usage())
    account[name] = Usage(
        input_tokens=before.input_tokens + used.input_tokens,
        output_tokens=before.output_tokens + used.output_tokens,
        cached_tokens=before.cached_tokens + used.cached_tokens,
        reasoning_tokens=before.reasoning_tokens + used.reasoning_tokens,
    )
