"""Where a run finds its repository, and where it puts its branch, worktree and journal."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio

from agent.domain.event import PlanAdopted, RunStarted, Warned
from agent.domain.plan import NAME, slug
from agent.errors import RepositoryError, UsageError
from agent.journal import FILE_NAME, read_entries
from agent.workspace import git, worktrees
from agent.workspace.repository import RepositoryFacts

RUNS = "gardener/runs"
BRANCH_PREFIX = "gardener/"


@dataclass(frozen=True)
class Home:
    """Where a run works; `branch` is empty when it works in the user's checkout."""

    plan_name: str
    plan_file: str
    worktree: Path
    branch: str = ""


def choose_home(
    facts: RepositoryFacts, plans_folder: str, plan_name: str, plan_file: Path | None
) -> Home:
    """The user's checkout, with the given plan file or one whose name is still free.

    Raises RepositoryError when the given plan file lies outside the repository.
    """
    if plan_file:
        return Home(plan_name, inside(facts, plan_file), facts.root)
    name, copy = plan_name, 2
    while (facts.root / plans_folder / f"{name}.md").exists():
        name, copy = f"{plan_name}-{copy}", copy + 1
    return Home(name, f"{plans_folder}/{name}.md", facts.root)


@asynccontextmanager
async def own_checkout(
    facts: RepositoryFacts, home: Home, state_folder: Path, run_id: str
) -> AsyncIterator[Home]:
    """The same plan in a worktree of its own, on a new branch.

    When the run cannot begin, neither of them is left, nor its journal.
    """
    worktree = state_folder / "worktrees" / f"{facts.root.name}-{run_id}"
    branch = await free_branch(facts, home.plan_name)
    folder = runs_folder(facts) / run_id
    try:
        await worktrees.add_worktree(facts.root, worktree, branch, facts.head)
        yield replace(home, worktree=worktree, branch=branch)
    except BaseException:
        with anyio.CancelScope(shield=True):
            if not has_begun(folder):
                await worktrees.remove_worktree(facts.root, worktree)
                await worktrees.remove_branch(facts.root, branch)
                await git.in_thread(lambda: shutil.rmtree(folder, ignore_errors=True))
        raise


@asynccontextmanager
async def in_place(home: Home) -> AsyncIterator[Home]:
    """The same plan in the user's checkout."""
    yield home


def has_begun(run_folder: Path) -> bool:
    """Whether a run has done anything that a resume could go on with."""
    journal = run_folder / FILE_NAME
    opening = (RunStarted, PlanAdopted, Warned)
    entries = read_entries(journal) if journal.exists() else ()
    return any(not isinstance(entry.event, opening) for entry in entries)


def runs_folder(facts: RepositoryFacts) -> Path:
    return facts.common_dir / RUNS


async def refuse_dirty(facts: RepositoryFacts, allow_dirty: bool) -> None:
    """A run starts from the last commit: changes that are not in it would be left out.

    Raises RepositoryError unless that is allowed.
    """
    if allow_dirty:
        return
    changed = await git.in_thread(lambda: git.tracked_changes(facts.root))
    if changed:
        count = "1 file has" if len(changed) == 1 else f"{len(changed)} files have"
        raise RepositoryError(
            f"{count} uncommitted changes, first {changed[0]!r}; commit or stash them, "
            "or pass --allow-dirty to start from the last commit without them"
        )


def refuse_name(name: str | None) -> None:
    """Raises UsageError when a file and a branch cannot be named so."""
    if name and not re.fullmatch(NAME, name):
        raise UsageError(
            f"{name!r} cannot name a plan; use a-z, 0-9 and single hyphens, like {slug(name)!r}"
        )


async def free_branch(facts: RepositoryFacts, plan_name: str) -> str:
    """`gardener/NAME`, with a number behind it when that is taken."""
    branch, copy = BRANCH_PREFIX + plan_name, 2
    while await git.branch_exists(facts.root, branch):
        branch, copy = f"{BRANCH_PREFIX}{plan_name}-{copy}", copy + 1
    return branch


def read_plan(path: Path) -> str:
    """Raises UsageError when the file cannot be read as text."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"cannot read the plan {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the plan {path} is not UTF-8 text; save it as UTF-8") from None


def inside(facts: RepositoryFacts, path: Path) -> str:
    """The path relative to the repository's root.

    Raises RepositoryError when it lies elsewhere.
    """
    try:
        return path.resolve().relative_to(facts.root.resolve()).as_posix()
    except ValueError:
        raise RepositoryError(
            f"{path} is not in the repository {facts.root}; copy it to plans/ there"
        ) from None
