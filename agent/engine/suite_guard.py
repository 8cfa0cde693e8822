"""Whether the test suite still is what it was at a commit: the guard over a run's checkout."""

from functools import partial

import anyio

from agent.domain.finding import Finding, blockers
from agent.domain.plan import Task
from agent.domain.ports import Workspace
from agent.engine.run_context import RunContext
from agent.engine.standing import standing_findings
from agent.realign.tampering.guard import RULES, weakenings


async def weakened(
    context: RunContext, workspace: Workspace, base: str, task: Task | None = None
) -> tuple[Finding, ...]:
    """What is weaker in a checkout than at `base`, beyond what the plan, or one task, allows.

    Git keeps the baseline, under a commit that the journal names; no command can reach it.
    """
    changed = [path for path in await workspace.changed_files(base) if path != context.plan_path]
    earlier = {path: await workspace.show(base, path) for path in changed}
    first = context.started.base_commit
    had = [path for path, text in earlier.items() if text is not None] if base != first else []
    young = frozenset([path for path in had if await workspace.show(first, path) is None])
    look = partial(
        weakenings,
        workspace.root,
        await workspace.files(),
        earlier,
        base=base,
        plan=context.plan,
        task=task,
        young=young,
    )
    return await anyio.to_thread.run_sync(look)


async def weakened_by(context: RunContext, task: Task) -> tuple[Finding, ...]:
    """What a task has weakened since it began, and so must put back before it is done."""
    start = context.state.task(task.id).start_commit
    return blockers(await weakened(context, context.workspace, start, task))


async def still_standing(context: RunContext, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those of `findings` that the audit or the guard still reports."""
    of_suite = tuple(finding for finding in findings if finding.rule in RULES)
    others = tuple(finding for finding in findings if finding.rule not in RULES)
    standing = {finding.id for finding in await standing_findings(context, others)}
    if of_suite:
        first = context.started.base_commit
        standing |= {f.id for f in await weakened(context, context.workspace, first)}
    return tuple(finding for finding in findings if finding.id in standing)
