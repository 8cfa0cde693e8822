"""What became of a run's branch and checkout while it stood still."""

import re
from pathlib import Path

from agent.domain.event import RunStarted
from agent.domain.state import RunState
from agent.errors import RepositoryError
from agent.workspace import git, worktrees
from agent.workspace.local import REF_PREFIX

RESUME = "then go on with: gardener resume"


async def back_in_place(started: RunStarted, state: RunState) -> tuple[str, ...]:
    """Makes sure that the run's branch is checked out; what the user should know of that.

    Raises RepositoryError when it cannot be, or the branch has lost what the run had committed.
    """
    root, place = Path(started.repository), Path(started.worktree)
    told = await look_around(started, state)
    if started.branch:
        await worktrees.restore_worktree(root, place, started.branch)
    return told


async def look_around(started: RunStarted, state: RunState) -> tuple[str, ...]:
    root, branch = Path(started.repository), started.branch
    if not branch:
        return ()
    if state.discarded:
        raise RepositoryError(
            f"run {started.run_id} was discarded, and its branch {branch} with it; start a new run"
        )
    commits = commits_of(state)
    if not await git.branch_exists(root, branch):
        last = [*commits, started.base_commit][0]
        raise RepositoryError(
            f"the branch {branch} is gone; put it back with: git -C {root} branch {branch} {last}, "
            f"{RESUME}"
        )
    await refuse_lost_work(started, commits)
    told = [await keep_strange_commits(started, state)]
    if not await git.in_thread((Path(started.worktree) / ".git").exists):
        told.append(
            f"the checkout {started.worktree} was lost and is made anew from {branch}; what was "
            "not committed is gone"
        )
    return tuple(filter(None, told))


def commits_of(state: RunState) -> dict[str, str]:
    """The tasks by the commits that the run knows of, the newest first."""
    known: dict[str, str] = {}
    for name, task in reversed(state.tasks.items()):
        if task.status == "done" and task.commit:
            known[task.commit] = name
        elif task.status == "running" and task.start_commit:
            known[task.start_commit] = f"what came before {name}"
    return known


async def refuse_lost_work(started: RunStarted, commits: dict[str, str]) -> None:
    root, branch = Path(started.repository), started.branch
    arguments = ("rev-list", *commits, "--not", f"refs/heads/{branch}")
    answer = await git.in_thread(lambda: git.ask(root, *arguments)) if commits else None
    if answer is None or (answer.code == 0 and not answer.output):
        return
    lost = next((each for each in commits if each in answer.text), next(iter(commits)))
    raise RepositoryError(
        f"the branch {branch} no longer holds the work of {commits[lost]} (commit {lost[:10]}); "
        f"put it back with: git -C {started.worktree} reset --keep {lost}, {RESUME}"
    )


async def keep_strange_commits(started: RunStarted, state: RunState) -> str:
    """Keeps commits on top of a task in work, which it will take into its own; says so.

    Whether a person made them or a command of the task cannot be told.
    """
    root, branch = Path(started.repository), started.branch
    work = [(name, task) for name, task in state.tasks.items() if task.status == "running"]
    head = (await git.in_thread(lambda: git.ask(root, "rev-parse", f"refs/heads/{branch}"))).text
    if not work or head == work[0][1].start_commit:
        return ""
    options = ("log", "-1", "--no-show-signature", "--format=%B")
    message = (await git.in_thread(lambda: git.ask(root, *options, head))).text
    if re.search(rf"^Run: {re.escape(started.run_id)}$", message, re.MULTILINE):
        return ""
    name, task = work[0]
    ref = f"{REF_PREFIX}{started.run_id}/{name}-{task.attempt}-found"
    await git.in_thread(lambda: git.ask(root, "update-ref", ref, head))
    return (
        f"{branch} has commits that this run did not make, the last is {head[:10]}: they are kept "
        f"as {ref}, and what they change goes into the commit of {name}"
    )
