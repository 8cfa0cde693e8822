"""The parts of a report."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from agent.domain.check import Check
from agent.domain.finding import Citation, Finding, VerdictWord
from agent.domain.message import Usage
from agent.domain.value import Value
from agent.errors import Outcome

TaskStatus = Literal["pending", "running", "done", "failed"]


class CheckReport(Value):
    """One check of a requirement; None stands for "not run"."""

    check: Check
    red_before: bool | None = None
    before_commit: str = ""
    green_at_end: bool | None = None
    end_commit: str = ""
    reason: str = ""
    """What the last run gave, in one line."""
    seconds: float = 0.0
    calls_seen: int = 0


class TaskReport(Value):
    id: str
    title: str
    serves: tuple[str, ...] = ()
    status: TaskStatus = "pending"
    attempts: int = 0
    commit: str = ""
    summary: str = ""
    closes: tuple[str, ...] = ()
    red_before: int = 0
    """Checks that were red before the task."""
    green_after: int = 0
    checks: int = 0


class VerdictReport(Value):
    verdict: VerdictWord
    explanation: str
    citations: tuple[Citation, ...] = ()
    commit: str = ""
    """The commit the judge read."""


class RequirementReport(Value):
    id: str
    title: str
    acceptance: str = ""
    proven: bool
    doubts: tuple[str, ...] = ()
    """Why it is not proven; empty when it is."""
    checks: tuple[CheckReport, ...] = ()
    tasks: tuple[TaskReport, ...] = ()
    verdict: VerdictReport | None = None
    open_findings: tuple[Finding, ...] = ()


class Mended(Value):
    """A finding that one look reported and no later look did."""

    finding: Finding
    found_in: int
    """Number of the plan's revision, or of the pass over the branch."""
    gone_in: int
    tasks: tuple[str, ...] = ()
    """Ids of the tasks that were to close it."""


class RoundReport(Value):
    round: int
    reasons: tuple[str, ...] = ()
    """Why each edit was made."""
    refused: tuple[str, ...] = ()
    summary: str = ""


class Report(Value):
    """Everything a person or a pull request wants to know of a run."""

    run: str
    title: str
    request: str
    rehearsal: bool
    """True when the replies came from a script."""
    outcome: Outcome | None = None
    """None while the run goes on, or after it was killed."""
    message: str = ""
    plan: str = ""
    revision: int = 0
    branch: str = ""
    base_commit: str = ""
    final_commit: str = ""
    """The commit that was looked at last, or the last task's."""
    started_at: datetime
    last_event_at: datetime
    version: str
    models: dict[str, str]
    requirements: tuple[RequirementReport, ...] = ()
    tasks: tuple[TaskReport, ...] = ()
    commits: tuple[str, ...] = ()
    """Commits of done tasks, in the order they were made."""
    rounds: tuple[RoundReport, ...] = ()
    plan_mended: tuple[Mended, ...] = ()
    mended: tuple[Mended, ...] = ()
    looked_at: bool = False
    """Whether audit and judge have seen the branch as it is now."""
    remaining: tuple[Finding, ...] = ()
    """Findings of the last look, or of the plan where nobody has looked at the branch."""
    unrequested: tuple[str, ...] = ()
    continuations: int = 0
    """Times a session stopped too early and was told what was open."""
    failed_attempts: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    """What was decided without a person: assumptions, and calls that the policy ruled on."""
    usage: dict[str, Usage] = Field(default_factory=dict)
    """Tokens by role, of the replies."""
    unanswered: int = 0
    """Requests without a reply: refused, or broken off."""
    waited_seconds: float = 0.0
