"""Which files a path, a folder or a glob means, in git's view of the tree."""

import re
from dataclasses import dataclass
from functools import cache

from agent.domain.ports import Workspace
from agent.tools.base import plain_path

SIGNS = re.compile(r"[*?\[{]")
PIECE = re.compile(
    r"(?P<folders>\*\*/)|(?P<all>\*\*)|(?P<some>\*)|(?P<one>\?)"
    r"|\[(?P<but>[!^]?)(?P<set>[^]/]+)\]|\{(?P<words>[^{}]*)\}"
)
FITS = {"folders": "(?:.*/)?", "all": ".*", "some": "[^/]*", "one": "[^/]"}


@dataclass(frozen=True)
class Choice:
    """What one path stands for."""

    path: str
    """As it is spelled from the root."""
    files: tuple[str, ...]
    is_glob: bool = False

    @property
    def is_file(self) -> bool:
        return self.files == (self.path,)


def choose(workspace: Workspace, files: tuple[str, ...], path: str) -> Choice:
    """The files among `files` that `path` means: a file, all below a folder, or a glob's.

    A name that a file has is that file, whatever signs are in it. Raises PathRefused when the
    path leaves the workspace.
    """
    signs = None if path in files else SIGNS.search(path)
    if signs is None:
        plain = plain_path(workspace, path)
        below = "" if plain == "." else f"{plain}/"
        found = (plain,) if plain in files else tuple(f for f in files if f.startswith(below))
        return Choice(plain, found)
    base, slash, _ = path[: signs.start()].rpartition("/")
    folder = plain_path(workspace, base) if base else "."
    pattern = path[len(base + slash) :]
    whole = pattern if folder == "." else f"{folder}/{pattern}"
    fits = glob_fits(whole, at_any_depth="/" not in path)
    return Choice(whole, tuple(file for file in files if fits.fullmatch(file)), is_glob=True)


@cache
def glob_fits(pattern: str, *, at_any_depth: bool) -> re.Pattern[str]:
    """A glob over whole paths; a set of characters that makes no sense is taken as text."""
    start = FITS["folders"] if at_any_depth else ""
    try:
        return re.compile(start + expression(pattern), re.DOTALL)
    except re.error:
        return re.compile(start + re.escape(pattern))


def expression(pattern: str) -> str:
    words, position = [], 0
    for piece in PIECE.finditer(pattern):
        words += [re.escape(pattern[position : piece.start()]), piece_expression(piece)]
        position = piece.end()
    return "".join([*words, re.escape(pattern[position:])])


def piece_expression(piece: re.Match[str]) -> str:
    if piece["words"] is not None:
        return f"(?:{'|'.join(map(expression, piece['words'].split(',')))})"
    if piece["set"] is not None:
        chosen = re.sub(r"(?<=\w)\\-(?=\w)", "-", re.escape(piece["set"]))
        return f"[{'^/' if piece['but'] else ''}{chosen}]"
    return next(fits for name, fits in FITS.items() if piece[name])
