"""Puts into a fresh checkout what git does not keep and the project needs."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from agent.errors import UsageError
from agent.workspace.git import ask


def bring(source: Path, checkout: Path, copied: Iterable[str], linked: Iterable[str]) -> None:
    """Copies and links what a person's checkout has; what the new one has already stays.

    Raises UsageError naming what is not there, or what git would commit.
    """
    refuse_unusable(source, copied, "copy_files")
    refuse_unusable(source, linked, "link_files")
    for path in (*copied, *linked):
        here, there = source / path, checkout / path
        if os.path.lexists(there):
            continue
        try:
            there.parent.mkdir(parents=True, exist_ok=True)
            if path in copied:
                copy(here, there)
            else:
                link(here, there)
        except OSError as error:
            raise UsageError(
                f"cannot bring {path!r} into {checkout}: {error.strerror or error}; free some "
                "space, or take it out of the settings"
            ) from error


def refuse_unusable(source: Path, paths: Iterable[str], setting: str) -> None:
    for path in paths:
        if not (source / path).exists():
            raise UsageError(
                f"{setting} names {path!r}, which is not in {source}; "
                "make it, or take it out of the setting"
            )
        if ask(source, "check-ignore", "--quiet", "--", path).code != 0:
            raise UsageError(
                f"{setting} names {path!r}, which git does not ignore, so it would be committed; "
                "add it to .gitignore, or take it out of the setting"
            )


def copy(here: Path, there: Path) -> None:
    if here.is_dir():
        shutil.copytree(here, there, symlinks=True)
    else:
        shutil.copy2(here, there)


def link(here: Path, there: Path) -> None:
    """A folder becomes a folder of links: a link alone is a file to git, and `node_modules/` in
    .gitignore means folders only."""
    if not here.is_dir():
        there.symlink_to(here.resolve())
        return
    there.mkdir()
    for entry in here.iterdir():
        (there / entry.name).symlink_to(here.resolve() / entry.name)


def warnings_of(source: Path) -> tuple[str, ...]:
    """What a fresh checkout of this repository may lack, in sentences for the user."""
    found = []
    if (source / ".gitmodules").is_file():
        found.append(
            "this repository has submodules: their folders are empty in the run's checkout, and "
            "what changes in them is not committed; fetch them in `setup` if the work needs them"
        )
    attributes = source / ".gitattributes"
    if attributes.is_file() and b"filter=lfs" in attributes.read_bytes():
        found.append(
            "this repository keeps files with Git LFS: they may be mere pointers in the run's "
            "checkout; fetch them in `setup` if the work needs them"
        )
    return tuple(found)
