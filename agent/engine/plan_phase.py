"""From request to a plan in good form: survey, planner, lint, gardener."""

from agent.domain.check import Check, CheckResult
from agent.domain.event import (
    ChecksRan,
    PlanChecked,
    RoundFinished,
)
from agent.domain.finding import Finding, blockers
from agent.domain.message import Role, SessionKey
from agent.domain.plan import Plan
from agent.engine.checks import run_checks
from agent.engine.commits import adopt
from agent.engine.dispatch import Tools
from agent.engine.run_context import RunContext
from agent.engine.session import converse, open_session
from agent.engine.surveying import survey
from agent.engine.veil import veiled
from agent.errors import Stuck
from agent.planning import gardener, planner
from agent.planning.edits import plan_diff, subject
from agent.planning.lint import lint
from agent.realign.findings import check_findings, merge_findings
from agent.tools.toolset import read_only_tools


async def make_plan(context: RunContext) -> None:
    """One planner session; its plan is adopted when it is well-formed.

    Raises Stuck when the planner proposes no such plan.
    """
    if context.state.plan is not None:
        return
    facts = await survey(context)
    propose = planner.ProposePlan(
        request=context.started.request,
        base=context.started.base_commit,
        name=context.started.plan_name,
        files=frozenset(await context.workspace.files()),
        attempts=context.limits.plan_attempts,
    )
    session = open_session(
        context,
        SessionKey(role="planner", subject="plan"),
        planner.opening(context.started.request, facts),
    )
    plan = await converse(context, session, with_reading(context, propose), propose.spec.name)
    if not isinstance(plan, Plan):
        reason = propose.last_refusal or "it never called propose_plan"
        raise Stuck(f"the planner brought no well-formed plan: {reason}")
    await adopt(context, plan, "planned")


async def garden_plan(context: RunContext) -> None:
    """Rounds of fresh gardener sessions, to a fixed point or the round limit.

    A round that changes nothing ends it when lint has no error left.
    """
    await examine(context)
    for number in range(len(context.state.rounds) + 1, context.limits.garden_rounds + 1):
        last = context.state.rounds[-1] if context.state.rounds else None
        if last is not None and not last.edits and not blockers(context.state.plan_findings):
            return
        await garden_round(context, number)
        await examine(context)


async def garden_round(context: RunContext, number: int) -> None:
    """One fresh session that sees request, survey, plan and findings, and nothing else."""
    facts = await survey(context)
    key = SessionKey(role="gardener", subject=f"round-{number}")
    adopted = str(key) in context.state.revised
    plan = context.state.revised[str(key)] if adopted else context.plan
    findings = context.state.plan_findings
    revise = gardener.RevisePlan(plan)
    session = open_session(
        context,
        key,
        gardener.opening(
            plan.request,
            facts,
            plan,
            findings,
            earlier_edits(context),
            tuple(context.state.requirement_before.values()),
        ),
    )
    revision = await converse(context, session, with_reading(context, revise), revise.spec.name)
    if not isinstance(revision, gardener.Revision):
        raise Stuck(f"the gardener of round {number} brought no edits and did not pass the plan")
    if revision.edits and not adopted:
        reasons = "; ".join(edit.reason for edit in revision.edits)
        reason = f"gardening round {number}: {reasons}"
        await adopt(context, revision.plan, reason, plan_diff(plan, revision.plan), str(key))
    context.tell(
        RoundFinished(
            round=number,
            edits=revision.edits,
            refused=revision.refused,
            summary=revision.summary,
        )
    )


def earlier_edits(context: RunContext) -> tuple[str, ...]:
    return tuple(
        f"{edit.op} {subject(edit)}: {edit.reason}"
        for done in context.state.rounds
        for edit in done.edits
    )


async def examine(context: RunContext) -> tuple[Finding, ...]:
    """Lints the plan, and tries its requirements' checks on the base, once per revision."""
    plan = context.plan
    if context.state.checked_revision != plan.revision:
        files = frozenset(await context.workspace.files())
        findings = merge_findings(
            lint(
                plan,
                files,
                file=context.plan_path,
                size_budget_tokens=context.limits.size_budget_tokens,
            ),
            await check_base(context),
        )
        context.tell(PlanChecked(revision=plan.revision, findings=findings))
    return context.state.plan_findings


async def check_base(context: RunContext) -> tuple[Finding, ...]:
    """Runs the requirements' checks before any work, where they must be red.

    Only in the run's own worktree: a check may write files. A check that an earlier revision
    had is not run again.
    """
    if not context.started.branch or context.state.done:
        return ()
    head = await context.workspace.head()
    known = known_results(context)
    for requirement in context.plan.requirements:
        before = context.state.requirement_before.get(requirement.id)
        if before and tuple(r.check for r in before.results) == requirement.checks:
            continue
        results = []
        for check in requirement.checks:
            if check not in known:
                (known[check],) = await run_checks(context.workspace, (check,))
            results.append(known[check])
        await context.workspace.reset()
        context.tell(
            ChecksRan(subject=requirement.id, moment="before", commit=head, results=tuple(results))
        )
    before_work = context.state.requirement_before
    return check_findings(context.plan, before=before_work, final={}, tasks={})


def known_results(context: RunContext) -> dict[Check, CheckResult]:
    return {
        result.check: result
        for ran in context.state.requirement_before.values()
        for result in ran.results
    }


def with_reading(context: RunContext, tool: planner.ProposePlan | gardener.RevisePlan) -> Tools:
    role: Role = "planner" if isinstance(tool, planner.ProposePlan) else "gardener"
    external = context.external.get(role, ())
    tools = (*read_only_tools(veiled(context)), *external, tool)
    return {each.spec.name: each for each in tools}
