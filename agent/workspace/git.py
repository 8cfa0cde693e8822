"""Git calls, through GitPython: facts, worktrees, merges. Hooks never run, nothing is signed."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from agent.errors import DiskFull, GardenerError, RepositoryError, WorkspaceError
from agent.workspace.git_process import in_thread as in_thread
from agent.workspace.git_process import run_git
from agent.workspace.repository import (
    RepositoryFacts,
    common_dir,
    first_complaint,
    not_a_repository,
    require_folder,
    require_git,
)

FALLBACK_IDENTITY = ("-c", "user.name=gardener", "-c", "user.email=gardener@localhost")
OPTIONS = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "submodule.recurse=false",
)
NO_ROOM = re.compile("no space left|out of disk ?space|quota exceeded", re.IGNORECASE)
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": ":", "GIT_OPTIONAL_LOCKS": "0"}


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


def ask(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, names: Sequence[str] = ()
) -> Answer:
    """One git command in `folder`, whatever it answers; `names` come in with NULs behind them."""
    require_git()
    if not folder.is_dir():
        raise WorkspaceError(f"the folder {folder} is gone; resume the run to get it back")
    with tempfile.TemporaryFile() if names else nullcontext() as source:
        if source:
            source.writelines(os.fsencode(name) + b"\0" for name in names)
            source.seek(0)
        code, output, complaint = run_git(
            folder, ["git", *OPTIONS, *arguments], {**QUIET, **(env or {})}, source
        )
    return Answer(code, output, complaint.decode(errors="replace").strip())


def ask_checkout(
    root: Path, *arguments: str, env: Mapping[str, str] | None = None, names: Sequence[str] = ()
) -> Answer:
    """One git command on the checkout at `root` and on no other, whatever it answers.

    The checkout is named outright: without it, git takes a repository further up when the
    checkout's own `.git` is damaged.
    """
    own = {"GIT_DIR": str(root / ".git"), "GIT_WORK_TREE": str(root)}
    return ask(root, *arguments, env={**own, **(env or {})}, names=names)


def tell_checkout(
    root: Path, *arguments: str, env: Mapping[str, str] | None = None, names: Sequence[str] = ()
) -> Answer:
    """Like `ask_checkout`, but raises WorkspaceError when git refuses, DiskFull when it has
    no room."""
    answer = ask_checkout(root, *arguments, env=env, names=names)
    if answer.code != 0:
        raise refusal(f"git failed in {root}", answer)
    return answer


def refusal(what: str, answer: Answer) -> GardenerError:
    if NO_ROOM.search(answer.complaint):
        return DiskFull(what)
    return WorkspaceError(f"{what}: {first_complaint(answer.complaint)}")


def clone(source: Path, target: Path, commit: str) -> None:
    """Clones into `target` and checks `commit` out, with none of the source's own settings.

    Git's folder lies beside the target, not in it, where commands could write. Raises
    WorkspaceError when git refuses.
    """
    beside = f"--separate-git-dir={target.with_name(target.name + '.git')}"
    options = ("--shared", "--no-checkout", "--no-tags", "--quiet", beside)
    source_of = (*options, str(source), str(target))
    plain = {"GIT_NO_REPLACE_OBJECTS": "1"}
    answer = ask(source, "clone", *source_of, env=plain)
    if answer.code == 0:
        answer = ask(target, "checkout", "--quiet", "--detach", commit, env=plain)
    if answer.code != 0:
        raise WorkspaceError(
            f"cannot make a clean copy of {source}: {first_complaint(answer.complaint)}; "
            "see that the temporary folder has room, then resume"
        )


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
    return await in_thread(lambda: has_branch(root, branch))


def has_branch(root: Path, branch: str) -> bool:
    return ask(root, "show-ref", "--verify", "--quiet", f"refs/heads/{branch}").code == 0


async def is_merged(root: Path, branch: str) -> bool:
    """Whether HEAD holds all of the branch."""
    name = f"refs/heads/{branch}"
    answer = await in_thread(lambda: ask(root, "merge-base", "--is-ancestor", name, "HEAD"))
    return answer.code == 0


async def files_at(root: Path, commit: str) -> tuple[str, ...] | None:
    """The files of a commit, None when the repository does not have it."""
    answer = await in_thread(lambda: ask(root, "ls-tree", "-r", "-z", "--name-only", commit))
    return answer.names if answer.code == 0 else None


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
    if not has_branch(root, branch):
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
