"""The parts of git around a checkout: what a command must read, and must not change."""

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

OWN_FOLDER = "gardener"
"""In git's common folder: journals of runs, which are no command's business."""


@dataclass(frozen=True)
class GitPlaces:
    """Where git keeps a checkout's data; empty for a folder that is no checkout."""

    folders: tuple[Path, ...] = ()
    """The common folder first."""

    @property
    def private(self) -> tuple[Path, ...]:
        return tuple(path for each in self.folders if (path := each / OWN_FOLDER).is_dir())


def git_places(root: Path) -> GitPlaces:
    """Found by reading, since this is asked before every command."""
    entry = root / ".git"
    folder = entry
    if not entry.is_dir():
        if (named := line_of(entry)) is None or not named.startswith("gitdir: "):
            return GitPlaces()
        folder = (root / named.removeprefix("gitdir: ")).resolve()
    common = folder
    if (shared := line_of(folder / "commondir")) is not None:
        common = (folder / shared).resolve()
    lent = line_of(common / "objects" / "info" / "alternates") or ""
    places = [common]
    if not folder.is_relative_to(common):
        places.append(folder)
    places += [(common / "objects" / line).resolve() for line in lent.splitlines() if line]
    return GitPlaces(tuple(place for place in places if place.is_dir()))


def line_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
    except OSError:
        return None


class Frame:
    """Keeps a checkout's own folder open, and `.git` in it as it is when that is no folder.

    Where walls leave it open, a command could put a repository of its own there, whose settings
    would run programs when the harness calls git.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._mode = stat.S_IMODE(root.stat().st_mode)
        self._entry = root / ".git"
        self._is_folder = self._entry.is_dir() and not self._entry.is_symlink()
        self._content = None if self._is_folder else content_of(self._entry)

    def restore(self) -> None:
        """Raises OSError when it cannot be put back."""
        if stat.S_IMODE(self._root.stat().st_mode) != self._mode:
            self._root.chmod(self._mode)
        if self._is_folder or content_of(self._entry) == self._content:
            return
        if self._entry.is_dir() and not self._entry.is_symlink():
            remove_tree(self._entry)
        else:
            self._entry.unlink(missing_ok=True)
        if self._content is not None:
            self._entry.write_bytes(self._content)


def content_of(path: Path) -> bytes | None:
    """The bytes of a regular file; None for anything else but nothing."""
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_file():
        return b""
    return path.read_bytes()


def remove_tree(folder: Path) -> None:
    """Removes a folder that may hold what its owner may not list; follows no link."""
    if os.path.lexists(folder):
        unlock(folder)
        shutil.rmtree(folder, ignore_errors=True)


def unlock(folder: Path) -> None:
    """Lets the owner list and change every folder in a folder, and itself."""
    allow_owner(str(folder))
    for place, folders, _ in os.walk(folder):
        for name in folders:
            allow_owner(os.path.join(place, name))


def allow_owner(path: str) -> None:
    mode = os.lstat(path).st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(path, stat.S_IMODE(mode) | stat.S_IRWXU)
