"""The judge: a fresh session that holds the finished work against the request."""

from dataclasses import dataclass
from typing import Any

from agent import prompts
from agent.domain.finding import Citation, Finding, Verdict, finding_id
from agent.domain.message import Message, ToolSpec, text_message
from agent.domain.plan import Plan
from agent.domain.ports import ToolKind, ToolOutput, Workspace
from agent.realign.citations import Fault, verified
from agent.tools.base import Arguments, clip_line
from agent.tools.schema import parameters_of

REFUSALS = 2
"""Times a judge is told what is wrong with its verdicts before what is valid is taken."""
FILES_CHARACTERS = 8_000
REASON_CHARACTERS = 400


@dataclass(frozen=True)
class Judgement:
    verdicts: tuple[Verdict, ...]
    """At most one for each requirement, each with the citations that were found to be true."""
    abstained: tuple[str, ...]
    """Requirements without a verdict that counts."""
    unrequested: tuple[str, ...]


class VerdictsArguments(Arguments):
    verdicts: tuple[Verdict, ...]
    unrequested: tuple[str, ...] = ()


def opening(
    plan: Plan, files: tuple[str, ...], changed: tuple[str, ...], diff_summary: str = ""
) -> tuple[Message, ...]:
    """What a judge is told: the request and where the work is, nothing the executor said."""
    known = frozenset(changed)
    unchanged = tuple(path for path in files if path not in known)
    text = prompts.render(
        "judge/opening",
        request=plan.request,
        requirements=plan.requirements,
        decisions=plan.decisions,
        entry_points=plan.entry_points,
        changed=cut(tuple(sorted(changed))),
        files=cut(unchanged),
        diff_summary=diff_summary,
    )
    return (text_message("system", prompts.render("judge/system")), text_message("user", text))


def cut(paths: tuple[str, ...]) -> list[str]:
    """As many of the paths as fit, then how many are left out."""
    shown: list[str] = []
    left = FILES_CHARACTERS
    for path in paths:
        left -= len(path) + 1
        if left < 0:
            return [*shown, f"... and {len(paths) - len(shown)} more"]
        shown.append(path)
    return shown


class GiveVerdicts:
    """The tool `verdicts`: takes a judge's verdicts when what they cite is there.

    `refusals` is how often this session's verdicts were sent back already.
    """

    kind: ToolKind = "deliver"

    def __init__(self, plan: Plan, workspace: Workspace, refusals: int = 0) -> None:
        self._plan = plan
        self._workspace = workspace
        self._refusals = refusals

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name="verdicts",
            description=prompts.render("tools/verdicts#description"),
            parameters=parameters_of(VerdictsArguments),
        )

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        given = VerdictsArguments.model_validate(arguments)
        judgement, faults = self._judgement(given)
        if faults and self._refusals < REFUSALS:
            self._refusals += 1
            text = prompts.render("tools/verdicts#refused", faults=[words_of(f) for f in faults])
            return ToolOutput(text, is_error=True)
        text = prompts.render("tools/verdicts#accepted", abstained=judgement.abstained)
        return ToolOutput(text, ends_session=True, value=judgement)

    def _judgement(self, given: VerdictsArguments) -> tuple[Judgement, tuple[Fault, ...]]:
        """The verdicts that count, and everything that is wrong with the others."""
        counted: dict[str, Verdict] = {}
        faults: list[Fault] = []
        for verdict in given.verdicts:
            if self._plan.requirement(verdict.requirement) is None:
                known = ", ".join(item.id for item in self._plan.requirements)
                faults.append(Fault("unknown", verdict.requirement, values={"known": known}))
            elif verdict.requirement in counted:
                faults.append(Fault("twice", verdict.requirement))
            else:
                citations, wrong = verified(verdict, self._workspace)
                faults += wrong
                if citations or verdict.verdict == "missing":
                    counted[verdict.requirement] = verdict.model_copy(
                        update={"citations": citations}
                    )
        ids = [item.id for item in self._plan.requirements]
        judged = {verdict.requirement for verdict in given.verdicts}
        faults += [Fault("absent", item) for item in ids if item not in judged]
        judgement = Judgement(
            verdicts=tuple(counted[item] for item in ids if item in counted),
            abstained=tuple(item for item in ids if item not in counted),
            unrequested=tuple(filter(None, map(one_line, given.unrequested))),
        )
        return judgement, tuple(faults)


def words_of(fault: Fault) -> str:
    return prompts.render(
        f"tools/verdicts#{fault.kind}", requirement=fault.requirement, **fault.values
    )


def judge_findings(judgement: Judgement, plan: Plan) -> tuple[Finding, ...]:
    """An error for each requirement that is not judged met; what nobody asked for as a note."""
    findings = [
        verdict_finding(verdict, plan) for verdict in judgement.verdicts if verdict.verdict != "met"
    ]
    findings += [abstained_finding(item) for item in judgement.abstained]
    findings += [
        Finding(
            id=finding_id("unrequested", "", text),
            rule="unrequested",
            severity="info",
            message=f"Nobody asked for this: {text}",
        )
        for text in judgement.unrequested
    ]
    return tuple(findings)


def verdict_finding(verdict: Verdict, plan: Plan) -> Finding:
    rule = f"judge-{verdict.verdict}"
    requirement = plan.requirement(verdict.requirement)
    place = verdict.citations[0] if verdict.citations else Citation(path="", line=0, quote="")
    return Finding(
        id=finding_id(rule, "", verdict.requirement),
        rule=rule,
        severity="error",
        path=place.path,
        line=place.line,
        message=f"The judge finds {verdict.requirement} {verdict.verdict}: "
        f"{clip_line(one_line(verdict.explanation), REASON_CHARACTERS) or 'no reason given'}",
        evidence="\n".join(f"{c.path}:{c.line}: {c.quote}" for c in verdict.citations),
        requirement=verdict.requirement,
        remedy=f"Make it true for the user: {requirement.title}" if requirement else "",
    )


def abstained_finding(requirement: str) -> Finding:
    return Finding(
        id=finding_id("judge-abstained", "", requirement),
        rule="judge-abstained",
        severity="error",
        message=f"The judge gave no verdict on {requirement} that can be checked.",
        requirement=requirement,
        remedy="Let the judge look again, or look at the requirement yourself.",
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


def refusals_in(messages: tuple[Message, ...]) -> int:
    """How often a session's verdicts were sent back, for a session that goes on after a crash."""
    calls = {c.call_id for m in messages for c in m.tool_calls if c.name == "verdicts"}
    return sum(
        part.type == "tool_result" and part.is_error and part.call_id in calls
        for message in messages
        for part in message.parts
    )
