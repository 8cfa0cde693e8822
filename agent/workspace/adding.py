"""Adds all of a checkout to its index, whatever commands left lying in it."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.workspace.git import ask_checkout, tell_checkout
from agent.workspace.sandbox.checkout import unlock

SUBMODULE_MODE = "160000"


def add_all(root: Path, *, mend: bool, env: Mapping[str, str] | None = None) -> None:
    """Puts every file that is not ignored into the index; what submodules hold stays out.

    The files of another repository in the checkout are added as the checkout's own, and its
    `.git` stays: its history is nowhere else. With `mend`, pipes in place of files go, and
    folders that may not be listed are opened; else they stay out. Raises WorkspaceError when
    git refuses.
    """
    nested = nested_repositories(root)
    left_out = [*submodules(root), *nested]
    if ask_checkout(root, *adding(left_out), env=env).code != 0:
        special = special_files(root)
        if mend:
            unlock(root)
            for path in special:
                (root / path).unlink()
            special = []
        tell_checkout(root, *adding([*left_out, *special]), env=env)
    # git would not look into another repository, or run what its settings name
    if names := [name for folder in nested for name in plain_files(root, folder)]:
        found = ask_checkout(root, "check-ignore", "-z", "--stdin", env=env, names=names)
        ignored = frozenset(found.names)
        wanted = [name for name in names if name not in ignored]
        tell_checkout(root, "update-index", "--add", "-z", "--stdin", env=env, names=wanted)


def adding(left_out: list[str]) -> tuple[str, ...]:
    return ("add", "--all", "--", ".", *(f":(top,exclude,literal){path}" for path in left_out))


def plain_files(root: Path, folder: str) -> Iterator[str]:
    """Files and links below a folder, but for git's own; relative to the root."""
    for place, folders, files in os.walk(root / folder):
        if ".git" in folders:
            folders.remove(".git")
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in (*links, *files):
            path = Path(place, name)
            if name != ".git" and not is_special(path):
                yield str(path.relative_to(root))


def nested_repositories(root: Path) -> list[str]:
    """Folders with a repository of their own that the index does not know."""
    others = tell_checkout(root, "ls-files", "-z", "--others", "--exclude-standard")
    return [name.rstrip("/") for name in others.names if name.endswith("/")]


def submodules(root: Path) -> list[str]:
    entries = tell_checkout(root, "ls-files", "-z", "--stage").names
    return [name.partition("\t")[2] for name in entries if name.startswith(SUBMODULE_MODE)]


def special_files(root: Path) -> list[str]:
    """Pipes, sockets and devices where the index has a file."""
    changed = tell_checkout(root, "ls-files", "-z", "--modified").names
    return [name for name in changed if is_special(root / name)]


def is_special(path: Path) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))
