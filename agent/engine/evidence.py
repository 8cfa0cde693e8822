"""Everything that speaks for or against the finished work: checks, audit, guard, judge."""

from agent.domain.event import AuditFinished, ChecksRan, Judged
from agent.domain.finding import Finding
from agent.domain.message import SessionKey
from agent.domain.ports import Workspace
from agent.engine.checks import run_checks
from agent.engine.dispatch import Tools
from agent.engine.fresh import set_up
from agent.engine.run_context import RunContext
from agent.engine.session import converse, open_session
from agent.engine.standing import audit_tree
from agent.engine.suite_guard import weakened
from agent.engine.surveying import survey_base
from agent.engine.veil import veiled
from agent.realign import judge
from agent.realign.audit import attach_requirements
from agent.realign.findings import check_findings, merge_findings
from agent.tools.toolset import read_only_tools


async def look(context: RunContext, number: int) -> tuple[Finding, ...]:
    """Looks at the branch for the n-th time; returns and journals all findings, merged.

    It looks at a clean copy of the commit, so that nothing counts that is not in it.
    """
    await survey_base(context)
    async with context.workspace.clean_copy() as copy:
        await set_up(context, copy)
        await run_final_checks(context, copy)
        weaker = await weakened(context, copy, context.started.base_commit)
        found = (*weaker, *await audit_tree(context, copy))
        audited = attach_requirements(found, context.plan)
        judged = await judge_work(context, copy, number)
    checks = check_findings(
        context.plan,
        before=context.state.requirement_before,
        final=context.state.requirement_final,
        tasks=context.state.task_final,
    )
    findings = merge_findings(checks, audited, judged)
    commit = await context.workspace.head()
    context.tell(AuditFinished(number=number, commit=commit, findings=findings))
    return findings


async def run_final_checks(context: RunContext, copy: Workspace) -> None:
    """Runs every requirement's checks and every done task's checks on the finished commit.

    What a check leaves behind is thrown away, so that none helps the next.
    """
    head = await copy.head()
    subjects = [(item.id, item.checks) for item in context.plan.requirements]
    subjects += [(t.id, t.checks) for t in context.plan.tasks if t.id in context.state.done]
    for subject, checks in subjects:
        results = await run_checks(copy, checks)
        await copy.reset()
        context.tell(ChecksRan(subject=subject, moment="final", commit=head, results=results))


async def judge_work(context: RunContext, copy: Workspace, number: int) -> tuple[Finding, ...]:
    """One fresh read-only judge session; a judge that brings nothing abstains from everything."""
    files = await copy.files()
    changed = await copy.changed_files(context.started.base_commit)
    session = open_session(
        context,
        SessionKey(role="judge", subject=f"pass-{number}"),
        judge.opening(context.plan, files, changed),
    )
    refusals = judge.refusals_in(tuple(session.messages))
    seen, external = veiled(context, copy), context.external.get("judge", ())
    give = judge.GiveVerdicts(context.plan, seen, refusals=refusals)
    tools: Tools = {t.spec.name: t for t in (*read_only_tools(seen), *external, give)}
    answer = await converse(context, session, tools, give.spec.name)
    if not isinstance(answer, judge.Judgement):
        everything = tuple(item.id for item in context.plan.requirements)
        answer = judge.Judgement(verdicts=(), abstained=everything, unrequested=())
    context.tell(
        Judged(
            number=number,
            commit=await copy.head(),
            verdicts=answer.verdicts,
            abstained=answer.abstained,
            unrequested=answer.unrequested,
        )
    )
    return judge.judge_findings(answer, context.plan)
