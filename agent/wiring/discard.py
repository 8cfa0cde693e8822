"""Throws a run's work away: its branch, its worktree and what was kept of failed attempts."""

from dataclasses import dataclass
from pathlib import Path

from agent.domain.event import RunDiscarded, RunStarted
from agent.errors import UsageError
from agent.journal import Journal
from agent.wiring.machine import SystemClock
from agent.workspace import git, worktrees
from agent.workspace.local import REF_PREFIX, LocalWorkspace
from agent.workspace.repository import RepositoryFacts


@dataclass(frozen=True)
class Discarded:
    branch: str
    worktree: str
    commits: int
    """How many are in no branch any more."""


async def discard_run(*, place: Path, run_folder: Path, confirmed: bool = False) -> Discarded:
    """Removes all that a run has made but its journal.

    Raises UsageError when the run has nothing to remove, or work would be lost and that is not
    confirmed; JournalError while a process works on it.
    """
    with Journal(run_folder, SystemClock()) as journal:
        started = journal.state.started
        if started is None or not started.branch:
            raise UsageError(f"run {run_folder.name} has no branch, so there is nothing to discard")
        facts = await git.find_repository(place)
        is_there = await git.branch_exists(facts.root, started.branch)
        commits = await worktrees.commits_only_on(facts.root, started.branch) if is_there else 0
        if not confirmed:
            await refuse_loss(started, commits)
        await remove(facts, started)
        journal.append(RunDiscarded(commits=commits))
    return Discarded(started.branch, started.worktree, commits)


async def refuse_loss(started: RunStarted, commits: int) -> None:
    tree = Path(started.worktree)
    is_dirty = await git.in_thread(tree.is_dir) and await LocalWorkspace(tree, {}).is_dirty()
    lost = [f"{commits} commit{'s' * (commits != 1)} that no other branch has"] if commits else []
    lost += ["uncommitted changes"] if is_dirty else []
    if lost:
        raise UsageError(
            f"{started.branch} holds {' and '.join(lost)}; to throw that away, pass --yes"
        )


async def remove(facts: RepositoryFacts, started: RunStarted) -> None:
    await worktrees.remove_worktree(facts.root, Path(started.worktree))
    await worktrees.remove_branch(facts.root, started.branch)
    await worktrees.remove_refs(facts.root, REF_PREFIX + started.run_id)
