"""A journal read once: where the run stands, and which evidence still counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.domain.check import Check, CheckResult
from agent.domain.event import (
    AuditFinished,
    ChecksRan,
    Continued,
    Entry,
    Judged,
    PlanChecked,
    TaskFinished,
)
from agent.domain.finding import Finding, Verdict, blockers
from agent.domain.plan import Plan, Requirement
from agent.domain.state import RunState, apply
from agent.errors import UsageError


@dataclass
class Story:
    """The fold of a journal, and the sequence numbers of what may be evidence.

    Evidence about the finished branch counts only when nothing was committed after it, evidence
    about the time before the work only when nothing was committed before it.
    """

    began: datetime
    ended: datetime
    state: RunState = field(default_factory=RunState)
    commits: list[str] = field(default_factory=list)
    looks: list[PlanChecked] = field(default_factory=list)
    continuations: int = 0
    first_work: int = 0
    """The first committed task, 0 without one."""
    last_work: int = 0
    before: dict[str, int] = field(default_factory=dict)
    final: dict[str, int] = field(default_factory=dict)
    audited: int = 0
    judged: int = 0

    @property
    def plan(self) -> Plan | None:
        return self.state.plan

    @property
    def audit(self) -> AuditFinished | None:
        """The last look at the branch, None when work was committed after it."""
        return self.state.audits[-1] if self.audited > self.last_work else None

    @property
    def final_commit(self) -> str:
        if self.audit:
            return self.audit.commit
        return self.commits[-1] if self.commits else ""

    def before_result(self, requirement_id: str, check: Check) -> CheckResult | None:
        ran = self.state.requirement_before.get(requirement_id)
        if ran is None or (self.first_work and self.before[requirement_id] > self.first_work):
            return None
        return result_of(ran, check)

    def final_result(self, requirement_id: str, check: Check) -> CheckResult | None:
        ran = self.state.requirement_final.get(requirement_id)
        if ran is None or self.final[requirement_id] < self.last_work:
            return None
        return result_of(ran, check) if ran.commit == self.final_commit else None

    def verdict(self, requirement_id: str) -> Verdict | None:
        """The judge's word on the final commit."""
        if self.judged <= self.last_work:
            return None
        judged = self.state.judged[-1]
        if judged.commit != self.final_commit:
            return None
        return next((v for v in judged.verdicts if v.requirement == requirement_id), None)

    def open_findings(self, requirement_id: str) -> tuple[Finding, ...]:
        last = self.state.audits[-1].findings if self.state.audits else ()
        return tuple(finding for finding in last if finding.requirement == requirement_id)


def result_of(ran: ChecksRan, check: Check) -> CheckResult | None:
    return next((result for result in ran.results if result.check == check), None)


def read_story(entries: Iterable[Entry]) -> Story:
    """Raises UsageError when there is no entry."""
    story: Story | None = None
    for entry in entries:
        if story is None:
            story = Story(began=entry.at, ended=entry.at)
        story.ended = entry.at
        apply(story.state, entry.event)
        _mark(story, entry)
    if story is None or story.state.started is None:
        raise UsageError("this run never began; start one with: gardener run REQUEST")
    return story


def _mark(story: Story, entry: Entry) -> None:
    match entry.event:
        case TaskFinished(status="done", commit=commit):
            story.commits.append(commit)
            story.first_work = story.first_work or entry.seq
            story.last_work = entry.seq
        case ChecksRan(moment="before", subject=subject):
            story.before[subject] = entry.seq
        case ChecksRan(moment="final", subject=subject):
            story.final[subject] = entry.seq
        case AuditFinished():
            story.audited = entry.seq
        case Judged():
            story.judged = entry.seq
        case PlanChecked() as look:
            story.looks.append(look)
        case Continued():
            story.continuations += 1
        case _:
            pass


def doubts(requirement: Requirement, story: Story) -> tuple[str, ...]:
    """Why a requirement is not proven; nothing is left out, and none means proven."""
    found: list[str] = []
    if not requirement.checks:
        found.append("it has no check")
    for check in requirement.checks:
        found += _check_doubts(requirement.id, check, story)
    tried = [story.before_result(requirement.id, check) for check in requirement.checks]
    if tried and all(result and result.passed for result in tried):
        found.append("its checks were green before the work, so they prove nothing")
    if story.audit is None:
        found.append("the finished branch has not been audited")
    found += [
        f"{finding.id} is open: {finding.message}"
        for finding in blockers(story.open_findings(requirement.id))
    ]
    found += [
        f"{finding.id} is open and may hurt any requirement: {finding.message}"
        for finding in blockers(story.open_findings(""))
    ]
    verdict = story.verdict(requirement.id)
    if verdict is None:
        found.append("the judge gave no verdict on the finished branch")
    elif verdict.verdict != "met":
        found.append(f"the judge says {verdict.verdict}: {verdict.explanation}")
    return tuple(found)


def _check_doubts(requirement_id: str, check: Check, story: Story) -> list[str]:
    before = story.before_result(requirement_id, check)
    final = story.final_result(requirement_id, check)
    found = []
    if before is None:
        found.append(f"`{check.run}` was not tried before the work")
    if final is None:
        found.append(f"`{check.run}` has not run on the finished branch")
    elif not final.passed:
        found.append(f"`{check.run}` is red: {final.reason}")
    return found
