"""Adds all of a checkout to its index, whatever commands left lying in it."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from agent.workspace.git import ask_checkout, tell_checkout
from agent.workspace.sandbox.checkout import remove_tree, unlock

SUBMODULE_MODE = "160000"
LEVELS = 10
"""Repositories in repositories that are looked for."""


def add_all(root: Path, *, absorb: bool, env: Mapping[str, str] | None = None) -> None:
    """Puts every file that is not ignored into the index; what submodules hold stays out.

    A repository that was made inside the checkout is left out, as are pipes in place of files.
    With `absorb`, its files become the checkout's own, and the pipes go: git would otherwise
    call programs that such a repository's settings name. Raises WorkspaceError when git refuses.
    """
    nested = nested_repositories(root)
    for _ in range(LEVELS if absorb else 0):
        if not nested:
            break
        for path in nested:
            remove_entry(root / path / ".git")
        nested = nested_repositories(root)
    left_out = [*submodules(root), *nested]
    if try_adding(root, left_out, env):
        return
    special = special_files(root)
    if absorb:
        unlock(root)
        for path in special:
            remove_entry(root / path)
        special = []
    tell_checkout(root, *adding([*left_out, *special]), env=env)


def try_adding(root: Path, left_out: list[str], env: Mapping[str, str] | None) -> bool:
    return ask_checkout(root, *adding(left_out), env=env).code == 0


def adding(left_out: list[str]) -> tuple[str, ...]:
    return ("add", "--all", "--", ".", *(f":(top,exclude,literal){path}" for path in left_out))


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


def remove_entry(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        path.unlink(missing_ok=True)
