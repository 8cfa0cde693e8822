"""What happened in a run: frozen, in the past tense, one line each in the journal."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from agent.domain.check import CheckResult
from agent.domain.edit import AnyEdit
from agent.domain.endpoint_event import (
    ModelRefused as ModelRefused,
)
from agent.domain.endpoint_event import (
    ModelReplaced as ModelReplaced,
)
from agent.domain.endpoint_event import (
    ModelResponded as ModelResponded,
)
from agent.domain.endpoint_event import (
    ProfileMended as ProfileMended,
)
from agent.domain.endpoint_event import (
    Throttled as Throttled,
)
from agent.domain.finding import Finding, Verdict
from agent.domain.message import Message, Role, SessionKey, ToolCall, ToolResult
from agent.domain.plan import Plan
from agent.domain.policy import Assumed as Assumed
from agent.domain.policy import CallRuled as CallRuled
from agent.domain.reduction import Reduction
from agent.domain.survey import Survey
from agent.domain.task_event import (
    AttemptFailed as AttemptFailed,
)
from agent.domain.task_event import (
    Rung as Rung,
)
from agent.domain.task_event import (
    TaskFinished as TaskFinished,
)
from agent.domain.task_event import (
    TaskReviewed as TaskReviewed,
)
from agent.domain.task_event import (
    TaskStarted as TaskStarted,
)
from agent.domain.task_event import (
    TodosUpdated as TodosUpdated,
)
from agent.domain.value import Value
from agent.errors import Outcome

JOURNAL_VERSION = 1

Phase = Literal["plan", "garden", "execute", "realign"]
PHASES: tuple[Phase, ...] = ("plan", "garden", "execute", "realign")


class RunStarted(Value):
    type: Literal["run_started"] = "run_started"
    run_id: str
    request: str
    plan_name: str
    plan_file: str = ""
    """Where the plan stands, relative to the checkout."""
    phases: tuple[Phase, ...]
    repository: str
    """Absolute path of the user's checkout."""
    base_commit: str
    branch: str
    """Empty when the run only plans: then it works in the user's checkout and commits nothing."""
    worktree: str
    """Absolute path of the run's checkout."""
    models: dict[Role, str]
    endpoints: dict[Role, str] = Field(default_factory=dict)
    """Base URLs."""
    rehearsal: bool
    """True when the replies come from a script."""
    script: str = ""
    """Path of that script."""
    version: str


class RunResumed(Value):
    type: Literal["run_resumed"] = "run_resumed"
    phases: tuple[Phase, ...]
    models: dict[Role, str] = Field(default_factory=dict)
    endpoints: dict[Role, str] = Field(default_factory=dict)
    version: str


class RunDiscarded(Value):
    """The user threw away what the run had made: branch, worktree and kept attempts."""

    type: Literal["run_discarded"] = "run_discarded"
    commits: int
    """How many are in no branch any more."""


class PhaseStarted(Value):
    type: Literal["phase_started"] = "phase_started"
    phase: Phase


class SurveyTaken(Value):
    type: Literal["survey_taken"] = "survey_taken"
    survey: Survey


class PlanAdopted(Value):
    """A plan became the run's plan; `reason` says who asked for it and why."""

    type: Literal["plan_adopted"] = "plan_adopted"
    plan: Plan
    reason: str
    diff: str = ""
    session: str = ""
    """The gardener's session that it comes from; empty for other plans."""


class PlanChecked(Value):
    """Lint, and checks tried on the base commit, looked at a revision of the plan."""

    type: Literal["plan_checked"] = "plan_checked"
    revision: int
    findings: tuple[Finding, ...]


class RoundFinished(Value):
    """One gardening round; `refused` has the edits the harness could not apply, with reasons."""

    type: Literal["round_finished"] = "round_finished"
    round: int
    edits: tuple[AnyEdit, ...]
    refused: tuple[str, ...] = ()
    summary: str = ""


class SessionStarted(Value):
    """A session begins, or goes on with a fresh transcript that `note` was handed over to."""

    type: Literal["session_started"] = "session_started"
    session: SessionKey
    opening: tuple[Message, ...]
    note: str = ""


class MessageAdded(Value):
    """The harness said something to the model."""

    type: Literal["message_added"] = "message_added"
    session: SessionKey
    message: Message


class Nudged(Value):
    """A session that gets nowhere was told so, with what shows it."""

    type: Literal["nudged"] = "nudged"
    session: SessionKey
    reason: str
    message: Message


class Warned(Value):
    """Something that the user should know in time."""

    type: Literal["warned"] = "warned"
    message: str


class ToolStarted(Value):
    type: Literal["tool_started"] = "tool_started"
    session: SessionKey
    call: ToolCall


class ToolPrinted(Value):
    """What a command that takes long has printed since it was last told; its result has all."""

    type: Literal["tool_printed"] = "tool_printed"
    session: SessionKey
    call_id: str
    text: str


class ToolFinished(Value):
    type: Literal["tool_finished"] = "tool_finished"
    session: SessionKey
    result: ToolResult
    interrupted: bool = False


class TranscriptShortened(Value):
    """Less of these results is shown from here on: one batch, decided by the ladder."""

    type: Literal["transcript_shortened"] = "transcript_shortened"
    session: SessionKey
    reductions: tuple[Reduction, ...] = ()
    call_ids: tuple[str, ...] = ()
    """Calls whose results become one line; the same as a reduction of that kind."""


class ChecksRan(Value):
    """Checks of one task (`T01`) or requirement (`R1`) ran on `commit`.

    `moment`: `before` the work, where red is wanted; `after` it, in the uncommitted tree;
    `final` on the finished branch.
    """

    type: Literal["checks_ran"] = "checks_ran"
    subject: str
    moment: Literal["before", "after", "final"]
    commit: str
    results: tuple[CheckResult, ...]


class Continued(Value):
    """A session that stopped with something open was told what, for the n-th time."""

    type: Literal["continued"] = "continued"
    session: SessionKey
    count: int
    open_items: tuple[str, ...]


class AuditFinished(Value):
    """Audit, checks and judge looked at the branch: all that is wrong with it at `commit`."""

    type: Literal["audit_finished"] = "audit_finished"
    number: int
    commit: str
    findings: tuple[Finding, ...]


class Judged(Value):
    """A judge spoke; `abstained` has the requirements without a verdict that counts."""

    type: Literal["judged"] = "judged"
    number: int
    commit: str
    verdicts: tuple[Verdict, ...]
    abstained: tuple[str, ...] = ()
    unrequested: tuple[str, ...] = ()


class RunFinished(Value):
    type: Literal["run_finished"] = "run_finished"
    outcome: Outcome
    message: str
    """One sentence for the user."""


Event = Annotated[
    RunStarted
    | RunResumed
    | RunDiscarded
    | PhaseStarted
    | SurveyTaken
    | PlanAdopted
    | PlanChecked
    | RoundFinished
    | SessionStarted
    | MessageAdded
    | Nudged
    | ModelResponded
    | ModelRefused
    | ProfileMended
    | ModelReplaced
    | Warned
    | Throttled
    | Assumed
    | CallRuled
    | ToolStarted
    | ToolPrinted
    | ToolFinished
    | TranscriptShortened
    | TodosUpdated
    | TaskStarted
    | ChecksRan
    | Continued
    | TaskFinished
    | AttemptFailed
    | TaskReviewed
    | AuditFinished
    | Judged
    | RunFinished,
    Field(discriminator="type"),
]


class Entry(Value):
    """One line of the journal."""

    v: int = JOURNAL_VERSION
    seq: int
    at: datetime
    """UTC."""
    event: Event
