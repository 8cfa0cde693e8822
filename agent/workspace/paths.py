"""Confinement: turns a relative path into a real one that cannot leave the workspace."""

import os
from pathlib import Path

from agent.errors import PathRefused


def resolve(root: Path, path: str) -> Path:
    """The real path of `path` under `root`, with symbolic links followed.

    An absolute path is accepted when it lies under `root`. Raises PathRefused when the path is
    empty, leaves `root` in any component, or enters `.git` at any depth.
    """
    real_root = Path(os.path.realpath(root))
    current = real_root
    for part in parts_of(root, path):
        current /= part
        # All before it is real already, so only a link can lead elsewhere.
        if os.path.islink(current):
            current = Path(os.path.realpath(current))
        if not current.is_relative_to(real_root):
            raise PathRefused(f"{path!r} leaves the workspace; use a path inside it")
    inside = current.relative_to(real_root)
    if any(is_git(part) for part in (*parts_of(root, path), *inside.parts)):
        raise PathRefused(f"{path!r} is inside .git; leave git's own files alone")
    return current


def resolve_entry(root: Path, path: str) -> Path:
    """Like `resolve`, but a symbolic link at the end is not followed."""
    parts = parts_of(root, path)
    if not parts:
        raise PathRefused(f"{path!r} is the workspace itself; name a file in it")
    resolve(root, path)
    return resolve(root, "/".join(parts[:-1]) or ".") / parts[-1]


def parts_of(root: Path, path: str) -> tuple[str, ...]:
    """The components below `root`, with `.` and `..` worked out; empty for `root` itself."""
    if not path.strip():
        raise PathRefused("the path is empty; name a file or folder relative to the root")
    if "\0" in path or any("\ud800" <= character <= "\udfff" for character in path):
        raise PathRefused(f"{path!r} is not a path; name a file or folder")
    if os.path.isabs(path):
        path = _below(root, os.path.normpath(path))
    parts = Path(os.path.normpath(path)).parts
    if ".." in parts:
        raise PathRefused(f"{path!r} leaves the workspace; use a path inside it")
    return parts


def _below(root: Path, path: str) -> str:
    for base in (os.path.abspath(root), os.path.realpath(root)):
        if Path(path).is_relative_to(base):
            return os.path.relpath(path, base)
    raise PathRefused(f"{path!r} is outside the workspace; use a path relative to its root")


def is_git(part: str) -> bool:
    """Whether a component names git's own folder on any file system, however it spells it."""
    return part.rstrip(". ").casefold() in {".git", "git~1"}
