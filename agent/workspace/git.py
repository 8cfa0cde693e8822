"""Git calls, through GitPython: facts, worktrees, merges. Hooks never run, nothing is signed."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from agent.errors import RepositoryError, WorkspaceError
from agent.workspace.repository import (
    RepositoryFacts,
    Worktree,
    common_dir,
    first_complaint,
    not_a_repository,
    require_folder,
    require_git,
)

FALLBACK_IDENTITY = ("-c", "user.name=gardener", "-c", "user.email=gardener@localhost")
OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false")
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": ":", "GIT_OPTIONAL_LOCKS": "0"}

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    code: int
    output: bytes
    complaint: str

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace").rstrip("\n")

    @property
    def names(self) -> tuple[str, ...]:
        """The NUL-separated names in the output, sorted."""
        return tuple(
            sorted(name for name in self.output.decode(errors="replace").split("\0") if name)
        )


async def in_thread(call: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(call)


def ask(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
    """One git command in `folder`, whatever it answers."""
    require_git()
    # GitPython looks for git when it is imported, and would run elsewhere without the folder
    from git import Git

    if not folder.is_dir():
        raise WorkspaceError(f"the folder {folder} is gone; resume the run to get it back")
    code, output, complaint = Git(str(folder)).execute(
        ["git", *OPTIONS, *arguments],
        with_extended_output=True,
        with_exceptions=False,
        stdout_as_string=False,
        strip_newline_in_stdout=False,
        start_new_session=True,
        env={**QUIET, **(env or {})},
    )
    return Answer(code, output, complaint)


def ask_checkout(root: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
    """One git command on the checkout at `root` and on no other, whatever it answers.

    The checkout is named outright: without it, git takes a repository further up when the
    checkout's own `.git` is damaged.
    """
    own = {"GIT_DIR": str(root / ".git"), "GIT_WORK_TREE": str(root)}
    return ask(root, *arguments, env={**own, **(env or {})})


def tell_checkout(root: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
    """Like `ask_checkout`, but raises WorkspaceError when git refuses."""
    answer = ask_checkout(root, *arguments, env=env)
    if answer.code != 0:
        raise WorkspaceError(f"git failed in {root}: {first_complaint(answer.complaint)}")
    return answer


def identity_options(folder: Path) -> tuple[str, ...]:
    """Nothing when the user has a name and an address, else the fallback identity."""
    known = ask(folder, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    return () if known.code == 0 else FALLBACK_IDENTITY


async def find_repository(path: Path) -> RepositoryFacts:
    """The checkout around `path`.

    Raises RepositoryError when git is missing, or `path` is not in a checkout with a commit.
    """
    return await in_thread(lambda: _find(path))


def _find(path: Path) -> RepositoryFacts:
    require_git()
    require_folder(path)
    place = ask(path, "rev-parse", "--is-bare-repository", "--is-inside-work-tree")
    if place.code != 0:
        raise not_a_repository(path, place.complaint)
    bare, inside = (word == "true" for word in place.text.split())
    if bare:
        raise RepositoryError(f"{path} is a bare repository; clone it and start in the clone")
    if not inside:
        raise RepositoryError(f"{path} is inside .git; start in the repository's root")
    root = Path(ask(path, "rev-parse", "--show-toplevel").text)
    head = ask(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.code != 0:
        raise RepositoryError(
            f"the repository {root} has no commit yet; "
            "make one with: git add -A && git commit --allow-empty -m 'Begin'"
        )
    branch = ask(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    return RepositoryFacts(
        root=root,
        common_dir=common_dir(root),
        head=head.text,
        branch=branch.text if branch.code == 0 else None,
        dirty_files=status_files(root),
    )


def status_files(root: Path, *options: str) -> tuple[str, ...]:
    """Files that are not as in HEAD, new ones among them, sorted."""
    answer = ask(
        root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", *options
    )
    if answer.code != 0:
        raise RepositoryError(
            f"git cannot read the state of {root}: {first_complaint(answer.complaint)}"
        )
    return tuple(sorted(name[3:] for name in answer.names))


async def branch_exists(root: Path, branch: str) -> bool:
    return await in_thread(lambda: _branch_exists(root, branch))


def _branch_exists(root: Path, branch: str) -> bool:
    return ask(root, "show-ref", "--verify", "--quiet", f"refs/heads/{branch}").code == 0


async def merge_branch(root: Path, branch: str, message: str) -> str:
    """Merges `branch` into the branch that is checked out, with a merge commit; returns it.

    Raises RepositoryError, with nothing changed, when the checkout has uncommitted changes or
    no branch, or when the two conflict.
    """
    return await in_thread(lambda: _merge(root, branch, message))


def _merge(root: Path, branch: str, message: str) -> str:
    facts = _find(root)
    if facts.branch is None:
        raise RepositoryError("HEAD is detached; switch to the branch to merge into, then merge")
    if not _branch_exists(root, branch):
        raise RepositoryError(f"there is no branch {branch!r}; see the branches with: git branch")
    if dirty := tracked_changes(facts.root):
        raise RepositoryError(
            f"{dirty[0]!r} has uncommitted changes; commit or stash them, then merge"
        )
    merged = ask(
        facts.root,
        *identity_options(facts.root),
        *("merge", "--no-ff", "--no-edit", "--no-verify", "-m", message, f"refs/heads/{branch}"),
    )
    if merged.code != 0:
        raise _abort_merge(facts, branch, merged)
    return ask(facts.root, "rev-parse", "HEAD").text


def tracked_changes(root: Path) -> tuple[str, ...]:
    return ask(root, "diff", "--name-only", "-z", "--no-renames", "HEAD").names


def _abort_merge(facts: RepositoryFacts, branch: str, merged: Answer) -> RepositoryError:
    conflicts = ask(facts.root, "diff", "--name-only", "-z", "--diff-filter=U").names
    ask(facts.root, "merge", "--abort")
    if conflicts:
        return RepositoryError(
            f"{branch!r} and {facts.branch!r} conflict in {', '.join(conflicts)}; nothing was "
            f"changed; merge by hand with: git merge {branch}"
        )
    reason = first_complaint(merged.complaint or merged.text)
    return RepositoryError(f"{branch!r} was not merged: {reason}; nothing was changed")


async def add_worktree(root: Path, path: Path, branch: str, base: str) -> None:
    """Makes the branch at `base` and checks it out at `path`.

    A branch that exists is checked out as it is. Raises RepositoryError when the path or the
    branch is taken.
    """
    await in_thread(lambda: _add(root, path.resolve(), branch, base))


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
    if not _branch_exists(root, branch):
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


async def remove_worktree(root: Path, path: Path) -> None:
    """Removes the checkout and what is uncommitted in it; its branch stays."""
    await in_thread(lambda: _remove(root, path.resolve()))


def _remove(root: Path, path: Path) -> None:
    main, *others = worktrees(root)
    if path == main.path:
        raise RepositoryError(f"{path} is the repository itself and stays")
    if any(tree.path == path for tree in others):
        _forget(root, path)


def _forget(root: Path, path: Path) -> None:
    if path.is_dir() and not (path / ".git").exists():
        # git refuses to remove a checkout that has lost its .git
        shutil.rmtree(path)
    _must(ask(root, "worktree", "remove", "--force", "--force", str(path)), f"cannot remove {path}")


def _must(answer: Answer, what: str) -> Answer:
    if answer.code != 0:
        raise RepositoryError(f"{what}: {first_complaint(answer.complaint)}")
    return answer
