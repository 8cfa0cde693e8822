"""What is known of a repository, and what is found out without loading GitPython."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from agent.errors import RepositoryError

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class RepositoryFacts:
    """What a run must know of the user's checkout before it starts."""

    root: Path
    common_dir: Path
    """What all worktrees share."""
    head: str
    branch: str | None
    """None when HEAD is detached."""
    dirty_files: tuple[str, ...]
    """Changed, staged and new files that are not ignored, sorted."""


@dataclass(frozen=True)
class Worktree:
    path: Path
    branch: str | None
    """None when HEAD is detached there."""


def common_dir(path: Path) -> Path:
    """The folder that all worktrees of the repository around `path` share.

    Raises RepositoryError when git is missing or there is no repository.
    """
    require_git()
    require_folder(path)
    try:
        answer = subprocess.run(
            ["git", "-C", str(path), "rev-parse", "--git-common-dir"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RepositoryError(f"git does not answer in {path}; check that disk") from None
    if answer.returncode != 0:
        raise not_a_repository(path, answer.stderr.decode(errors="replace"))
    # git answers relative to the folder it was asked in, or with an absolute path
    return (path / answer.stdout.decode(errors="surrogateescape").rstrip("\n")).resolve()


def require_git() -> None:
    if shutil.which("git") is None:
        raise RepositoryError("git is not installed; install it, then call this again")


def require_folder(path: Path) -> None:
    if not path.is_dir():
        raise RepositoryError(f"there is no folder {path}; name a git repository")


def not_a_repository(path: Path, complaint: str) -> RepositoryError:
    """The sentence for git's refusal to open `path`."""
    if "dubious ownership" in complaint:
        return RepositoryError(
            f"git does not trust {path}, which another user owns; allow it with: "
            f"git config --global --add safe.directory {path}"
        )
    if "not a git repository" in complaint:
        return RepositoryError(
            f"{path} is not in a git repository; "
            "make one with: git init && git add -A && git commit"
        )
    return RepositoryError(f"git cannot open {path}: {first_complaint(complaint)}")


def first_complaint(text: str) -> str:
    """The line of git's error output that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))]
    line = (told or lines or ["git gave no reason"])[0]
    return line.removeprefix("fatal: ").removeprefix("error: ")
