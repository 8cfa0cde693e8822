"""Which findings still stand in the tree as it is."""

from functools import partial

import anyio

from agent.domain.finding import Finding
from agent.domain.ports import Workspace
from agent.engine.run_context import RunContext
from agent.realign.audit import audit

PROVEN_OTHERWISE = ("judge-", "check-")
"""Findings of these rules are proven otherwise: by the next judge, or by the checks themselves."""


async def audit_tree(context: RunContext, workspace: Workspace) -> tuple[Finding, ...]:
    """The audit of a checkout as it is, uncommitted work among it."""
    files = await workspace.files()
    changed = frozenset(await workspace.changed_files(context.started.base_commit))
    return await audit_files(workspace, files, changed, entry_files(context))


async def audit_files(
    workspace: Workspace,
    files: tuple[str, ...],
    changed: frozenset[str] | None,
    entries: frozenset[str],
) -> tuple[Finding, ...]:
    return await anyio.to_thread.run_sync(
        partial(audit, workspace.root, files, changed=changed, entry_files=entries)
    )


def entry_files(context: RunContext) -> frozenset[str]:
    """Where the program starts: as the plan declares, and as the survey found."""
    surveyed = context.state.survey.entry_points if context.state.survey else ()
    return frozenset(e.path for e in context.plan.entry_points) | {e.path for e in surveyed}


async def standing_findings(
    context: RunContext, findings: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """Those of `findings` that the audit still reports."""
    wanted = [f for f in findings if not f.rule.startswith(PROVEN_OTHERWISE)]
    if not wanted:
        return ()
    now = {finding.id for finding in await audit_tree(context, context.workspace)}
    return tuple(finding for finding in wanted if finding.id in now)
