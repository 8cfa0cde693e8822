"""The part of the repo map that one task is about, nearest first. Pure."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.context.tokens import estimate

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
SHORTEST_WORD = 3
COMMON = frozenset(
    (
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "are",
        "not",
        "has",
        "can",
        "must",
        "from",
        "when",
    )
)
TOUCHED, NAMED, NEIGHBOUR, SAME_FOLDER = 100.0, 50.0, 20.0, 4.0
"""What brings a file near: the task touches it, its words name it, a touched file imports it or
is imported by it, or it lies beside one."""
IMPORT = re.compile(
    r"^\s*(?:from|import|export|use|mod|pub mod|#include|require|\}\s*from"
    r"|(?:const|let|var)\s.*require)\b.*$",
    re.MULTILINE,
)
INDEX_NAMES = frozenset({"__init__", "__main__", "index", "mod", "main"})
NAMES_SHARE = 0.3
"""Of the budget, for files of which only the name is shown."""


@dataclass(frozen=True)
class Interest:
    """What a task is about."""

    touched: tuple[str, ...]
    """Files that it creates or changes."""
    neighbours: frozenset[str]
    """Files that import a touched one or are imported by it."""
    text: str
    """The task's own words, and those of the requirements it serves."""


def ranked(
    files: Sequence[str], interest: Interest, symbols: Mapping[str, Sequence[str]]
) -> list[str]:
    """The files, nearest to the task first; `symbols` has the signatures that are known."""
    wanted = set(words_of([interest.text, *interest.touched]))
    own = {path: words_of([path, *symbols.get(path, ())]) for path in files}
    spread = Counter(word for words in own.values() for word in words & wanted)
    folders = {posixpath.dirname(path) for path in interest.touched}

    def nearness(path: str) -> float:
        score = sum(1 / spread[word] for word in own[path] & wanted)
        score += TOUCHED * (path in interest.touched)
        score += NAMED * is_named(path, interest.text)
        score += NEIGHBOUR * (path in interest.neighbours)
        return score + SAME_FOLDER * (posixpath.dirname(path) in folders)

    return sorted(files, key=lambda path: (-nearness(path), path.count("/"), path))


def neighbours(touched: Sequence[str], texts: Mapping[str, str]) -> frozenset[str]:
    """Files whose import lines name a touched file, or that its import lines name."""
    imports = {path: "\n".join(IMPORT.findall(text)) for path, text in texts.items()}
    of_touched = [name_in_import(path) for path in touched]
    in_touched = "\n".join(imports.get(path, "") for path in touched)
    return frozenset(
        path
        for path, lines in imports.items()
        if path not in touched
        and (
            mentions(in_touched, name_in_import(path))
            or any(mentions(lines, n) for n in of_touched)
        )
    )


def name_in_import(path: str) -> str:
    """What an import calls a file: its name without the suffix, of an index file its folder's."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return posixpath.basename(posixpath.dirname(path)) if stem in INDEX_NAMES else stem


def mentions(lines: str, name: str) -> bool:
    return bool(name) and re.search(rf"\b{re.escape(name)}\b", lines) is not None


def words_of(texts: Iterable[str]) -> set[str]:
    """Words, and those that names are made of, in small letters."""
    found = (word.lower() for text in texts for word in WORD.findall(text))
    return {word for word in found if len(word) >= SHORTEST_WORD} - COMMON


def is_named(path: str, text: str) -> bool:
    name = posixpath.basename(path)
    return path in text or (name not in ("__init__.py", "index.ts", "mod.rs") and name in text)


def repo_slice(
    order: Sequence[str],
    symbols: Mapping[str, Sequence[str]],
    budget_tokens: int,
    shown: frozenset[str] = frozenset(),
) -> str:
    """The nearest files with their signatures, then names by folder, then how many are left out.

    Files in `shown` stand elsewhere whole, so they are left out here.
    """
    left = budget_tokens
    lines: list[str] = []
    rest: list[str] = []
    for path in order:
        if path in shown:
            continue
        block = [path, *(f"  {line}" for line in symbols.get(path, ()))]
        cost = sum(estimate(line) + 1 for line in block)
        if len(block) > 1 and cost <= left - budget_tokens * NAMES_SHARE:
            lines += block
            left -= cost
        else:
            rest.append(path)
    return "\n".join([*lines, *by_folder(rest, left)]) or "(none)"


def by_folder(paths: Sequence[str], budget_tokens: int) -> list[str]:
    """One line for each folder, in the order of its first file, as far as the budget goes."""
    folders: dict[str, list[str]] = {}
    named = 0
    for path in paths:
        folder, name = posixpath.split(path)
        cost = estimate(name) + 2 + (0 if folder in folders else estimate(folder) + 3)
        if cost > budget_tokens:
            break
        budget_tokens -= cost
        folders.setdefault(folder, []).append(name)
        named += 1
    lines = [f"{folder or '.'}/: {', '.join(names)}" for folder, names in folders.items()]
    if rest := len(paths) - named:
        lines.append(f"... and {rest} more file{'s' * (rest > 1)}")
    return lines
