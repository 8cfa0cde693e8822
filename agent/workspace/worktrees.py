"""A run's own checkouts: worktrees that are made, found again after a loss, and removed."""

import shutil
from pathlib import Path

from agent.errors import RepositoryError
from agent.workspace.git import Answer, ask, branch_exists, has_branch
from agent.workspace.git_process import in_thread, on_leash
from agent.workspace.repository import Worktree, first_complaint
from agent.workspace.sandbox.checkout import remove_tree


async def add_worktree(root: Path, path: Path, branch: str, base: str) -> None:
    """Makes the branch at `base` and checks it out at `path`.

    A branch that exists is checked out as it is. Raises RepositoryError when the path or the
    branch is taken.
    """
    await on_leash(lambda: _add(root, path.resolve(), branch, base))


async def restore_worktree(root: Path, path: Path, branch: str) -> None:
    """Makes sure that `branch` is checked out at `path`, also when the folder was lost.

    Raises RepositoryError when the branch is gone, or as `add_worktree` does.
    """
    if not await branch_exists(root, branch):
        raise RepositoryError(f"the branch {branch} is gone; start a new run")
    await add_worktree(root, path, branch, branch)


def _add(root: Path, path: Path, branch: str, base: str) -> None:
    known = worktrees(root)
    here = next((tree for tree in known if tree.path == path), None)
    if here and (path / ".git").is_file():
        _reuse(here, branch)
        return
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RepositoryError(f"{path} is in the way; move it elsewhere, then resume")
    for tree in known:
        if tree.path != path and tree.branch == branch:
            _release(root, tree)
    if here:
        _forget(root, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    which: tuple[str, ...] = (str(path), branch)
    if not has_branch(root, branch):
        which = ("--no-track", "-b", branch, str(path), base)
    _must(ask(root, "worktree", "add", *which), f"cannot check out {branch} in {path}")


def _reuse(tree: Worktree, branch: str) -> None:
    if tree.branch != branch:
        raise RepositoryError(
            f"{tree.path} has {tree.branch or 'no branch'} checked out, not {branch}; "
            f"switch it back with: git -C {tree.path} switch {branch}"
        )
    # a killed git leaves its lock behind, and nobody else works here
    lock = ask(tree.path, "rev-parse", "--git-path", "index.lock").text
    (tree.path / lock).unlink(missing_ok=True)


def _release(root: Path, tree: Worktree) -> None:
    """Lets a branch go that only a lost folder holds."""
    if tree.path.exists():
        raise RepositoryError(
            f"the branch {tree.branch} is checked out in {tree.path}; "
            "switch that checkout to another branch"
        )
    _forget(root, tree.path)


def worktrees(root: Path) -> tuple[Worktree, ...]:
    answer = _must(ask(root, "worktree", "list", "--porcelain"), "cannot list the worktrees")
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.partition(" ")[::2] for line in block.splitlines())
        branch = fields.get("branch", "").removeprefix("refs/heads/") or None
        found.append(Worktree(Path(fields["worktree"]).resolve(), branch))
    return tuple(found)


def home_beside(path: Path) -> Path:
    """Where the commands that run in a worktree keep what they keep in a home."""
    return path.with_name(f"{path.name}.home")


async def remove_worktree(root: Path, path: Path) -> None:
    """Removes the checkout, its home and what is uncommitted in it; its branch stays."""
    await on_leash(lambda: _remove(root, path.resolve()))


def _remove(root: Path, path: Path) -> None:
    main, *others = worktrees(root)
    if path == main.path:
        raise RepositoryError(f"{path} is the repository itself and stays")
    if any(tree.path == path for tree in others):
        _forget(root, path)
        remove_tree(home_beside(path))


async def remove_branch(root: Path, branch: str) -> None:
    """Deletes a branch with its commits; one that is not there is gone already.

    Raises RepositoryError when a checkout has it.
    """
    if await branch_exists(root, branch):
        arguments = ("branch", "-D", "--quiet", "--", branch)
        answer = await in_thread(lambda: ask(root, *arguments))
        _must(answer, f"cannot delete the branch {branch}")


async def remove_refs(root: Path, prefix: str) -> None:
    """Deletes the refs below `prefix`, such as `refs/gardener/RUN`."""

    def work() -> None:
        listed = _must(ask(root, "for-each-ref", "--format=%(refname)", prefix), "cannot list refs")
        for ref in listed.text.splitlines():
            _must(ask(root, "update-ref", "-d", ref), f"cannot delete {ref}")

    await in_thread(work)


async def commits_only_on(root: Path, branch: str) -> int:
    """How many commits would be in no branch any more without this one."""
    own = f"--exclude={branch}"
    arguments = ("rev-list", "--count", f"refs/heads/{branch}", "--not", own, "--branches")
    answer = await in_thread(lambda: ask(root, *arguments, "--remotes", "--tags"))
    return int(_must(answer, f"cannot count the commits of {branch}").text)


def _forget(root: Path, path: Path) -> None:
    if path.is_dir() and not (path / ".git").exists():
        # git refuses to remove a checkout that has lost its .git
        shutil.rmtree(path)
    _must(ask(root, "worktree", "remove", "--force", "--force", str(path)), f"cannot remove {path}")


def _must(answer: Answer, what: str) -> Answer:
    if answer.code != 0:
        raise RepositoryError(f"{what}: {first_complaint(answer.complaint)}")
    return answer
