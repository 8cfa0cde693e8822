"""What needs no model: lint, audit, merge."""

from pathlib import Path

from agent.config import Settings
from agent.domain.event import RunStarted
from agent.domain.finding import Finding
from agent.domain.state import RunState
from agent.engine.run_context import Limits
from agent.engine.standing import audit_files
from agent.errors import Outcome, RepositoryError, UsageError
from agent.journal import Journal
from agent.planning.lint import lint
from agent.planning.planfile import parse
from agent.realign.audit import attach_requirements
from agent.survey.take import take_survey
from agent.wiring.machine import SystemClock
from agent.wiring.places import read_plan
from agent.workspace import git, worktrees
from agent.workspace.local import LocalWorkspace
from agent.workspace.repository import RepositoryFacts


async def lint_plan(*, place: Path, settings: Settings, plan_file: Path) -> tuple[Finding, ...]:
    """The findings of lint; runs no command. Raises PlanError when the file breaks the format."""
    facts = await git.find_repository(place)
    plan = parse(read_plan(plan_file), file=str(plan_file))
    # A plan speaks of the repository as it was before its work.
    files = await git.files_at(facts.root, plan.base) if plan.base else None
    if files is None:
        files = await LocalWorkspace(facts.root, {}).files()
    budget = Limits().size_budget_tokens
    return lint(plan, frozenset(files), file=str(plan_file), size_budget_tokens=budget)


async def audit_repository(
    *, place: Path, settings: Settings, plan_file: Path | None, base: str | None
) -> tuple[Finding, ...]:
    """The findings of the audit: of what changed since `base`, or of the whole repository.

    A plan adds its entry points and maps findings to its requirements.
    """
    facts = await git.find_repository(place)
    workspace = LocalWorkspace(facts.root, {})
    files = await workspace.files()
    plan = parse(read_plan(plan_file), file=str(plan_file)) if plan_file else None
    since = base or (plan.base if plan else None)
    changed = frozenset(await workspace.changed_files(since)) if since else None
    survey = take_survey(facts.root, files, facts.head)
    entries = frozenset(entry.path for entry in survey.entry_points)
    if plan:
        entries |= {entry.path for entry in plan.entry_points}
    findings = await audit_files(workspace, files, changed, entries)
    return attach_requirements(findings, plan) if plan else findings


async def merge_run(*, place: Path, run_folder: Path, unproven: bool = False) -> str:
    """Merges a run's branch into the branch that is checked out; returns the merge commit.

    Raises UsageError when the run is not proven, unless that is allowed, or has nothing to
    merge; JournalError while a process works on it; RepositoryError as git refuses.
    """
    with Journal(run_folder, SystemClock()) as journal:
        started = journal.state.started
        if started is None or not started.branch:
            raise UsageError(f"run {run_folder.name} has no branch, so there is nothing to merge")
        if not unproven:
            refuse_unproven(journal.state, started.run_id)
        facts = await git.find_repository(place)
        if await git.is_merged(facts.root, started.branch):
            raise UsageError(f"{started.branch} holds nothing that is not merged already")
        commit = await merge_over_plan(facts, started, run_folder)
        await keep_uncommitted(started)
        await worktrees.remove_worktree(facts.root, Path(started.worktree))
        return commit


async def keep_uncommitted(started: RunStarted) -> None:
    """Puts work that is not committed under a ref before its worktree goes."""
    tree = Path(started.worktree)
    if await git.in_thread(tree.is_dir):
        workspace = LocalWorkspace(tree, {})
        if await workspace.is_dirty():
            await workspace.checkpoint(f"{started.run_id}/before-merge")


def refuse_unproven(state: RunState, run_id: str) -> None:
    done = state.finished is not None and state.finished.outcome == Outcome.DONE
    if not (done and "realign" in state.phases):
        raise UsageError(
            f"run {run_id} is not proven; see: gardener report {run_id}; "
            "to merge it all the same, pass --unproven"
        )


async def merge_over_plan(facts: RepositoryFacts, started: RunStarted, run_folder: Path) -> str:
    """Merges; a plan file that lies loose in the checkout is kept in the run's folder.

    It lies there from when it was reviewed, and git would not merge over it.
    """
    loose, kept = facts.root / started.plan_file, run_folder / "plan-before-merge.md"
    tracked = await git.in_thread(lambda: git.tracked_changes(facts.root))
    moved = started.plan_file in facts.dirty_files and started.plan_file not in tracked
    if moved:
        loose.rename(kept)
    try:
        message = f"Merge plan {started.plan_name}\n\nRun: {started.run_id}\n"
        return await git.merge_branch(facts.root, started.branch, message)
    except RepositoryError:
        if moved:
            kept.rename(loose)
        raise
