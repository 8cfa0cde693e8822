"""What needs no model: lint, audit, merge."""

from pathlib import Path

from agent.config import Settings
from agent.domain.finding import Finding
from agent.domain.state import fold
from agent.engine.run_context import Limits
from agent.engine.standing import audit_files
from agent.errors import RepositoryError, UsageError
from agent.journal import FILE_NAME, read_entries
from agent.planning.lint import lint
from agent.planning.planfile import parse
from agent.realign.audit import attach_requirements
from agent.survey.take import take_survey
from agent.wiring.places import read_plan
from agent.workspace import git
from agent.workspace.local import LocalWorkspace


async def lint_plan(*, place: Path, settings: Settings, plan_file: Path) -> tuple[Finding, ...]:
    """The findings of lint; runs no command. Raises PlanError when the file breaks the format."""
    facts = await git.find_repository(place)
    plan = parse(read_plan(plan_file), file=str(plan_file))
    files = frozenset(await LocalWorkspace(facts.root, {}).files())
    budget = Limits().size_budget_tokens
    return lint(plan, files, file=str(plan_file), size_budget_tokens=budget)


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


async def merge_run(*, place: Path, run_folder: Path) -> str:
    """Merges a run's branch into the branch that is checked out; returns the merge commit.

    The plan file may lie in the checkout, not committed, from when it was reviewed there: it is
    moved into the run's folder, because git would not merge over it. Raises RepositoryError.
    """
    started = fold(entry.event for entry in read_entries(run_folder / FILE_NAME)).started
    if started is None or not started.branch:
        raise UsageError(f"run {run_folder.name} has no branch; nothing to merge")
    facts = await git.find_repository(place)
    loose = facts.root / started.plan_file
    kept = run_folder / "plan-before-merge.md"
    moved = started.plan_file in facts.dirty_files and started.plan_file not in (
        await git.in_thread(lambda: git.tracked_changes(facts.root))
    )
    if moved:
        loose.rename(kept)
    try:
        message = f"Merge plan {started.plan_name}\n\nRun: {started.run_id}\n"
        commit = await git.merge_branch(facts.root, started.branch, message)
    except RepositoryError:
        if moved:
            kept.rename(loose)
        raise
    await git.remove_worktree(facts.root, Path(started.worktree))
    return commit
