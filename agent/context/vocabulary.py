"""Counts tokens by a vocabulary that is on this machine; nothing is ever downloaded.

Needs the package `tiktoken`, and one of the files that other packages carry, or that tiktoken
keeps when it was used before. The patterns are those of the o200k_base and Qwen tokenizers.
"""

import base64
import binascii
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from agent.context.tokens import Count, estimate

O200K_FILE = "fb374d419588a4632f3f557e76b4b70aebbca790"
"""The name under which tiktoken keeps o200k_base."""
QWEN_PLACES = (("dashscope", "resources/qwen.tiktoken"), ("qwen_agent", "utils/qwen.tiktoken"))
O200K_PLACES = (
    ("llama_index", f"core/_static/tiktoken_cache/{O200K_FILE}"),
    ("litellm", f"litellm_core_utils/tokenizers/{O200K_FILE}"),
)
CACHE_FOLDER = "data-gym-cache"
"""Of tiktoken, in the folder for temporary files."""
SHORT_FORMS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
LINE_ENDS = r"\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN_PATTERN = (
    rf"{SHORT_FORMS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{LINE_ENDS}"
)
O200K_PATTERN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+{SHORT_FORMS}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*{SHORT_FORMS}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{LINE_ENDS}"
)
CHUNK_CHARACTERS = 100_000
"""tiktoken panics on runs of white space that are a million characters long."""
DIGIT = re.compile(r"\d")
LOST_IN_DIGITS = 2 / 3
"""Tokens for each digit that are missing when groups of three are counted for digits alone."""


@dataclass(frozen=True)
class Vocabulary:
    """A file of ranks, and what has to be known to use it."""

    path: Path
    pattern: str
    splits_digits: bool


class Counter:
    """Counts by the vocabulary once it is loaded, by the estimate until then and without one.

    Loading takes half a second and is done on a thread of its own.
    """

    def __init__(self, find: Callable[[], Count | None]) -> None:
        self._find = find
        self._count: Count = estimate

    def load(self) -> None:
        self._count = self._find() or estimate

    def start(self) -> None:
        threading.Thread(target=self.load, daemon=True).start()

    def __call__(self, text: str) -> int:
        return self._count(text)


def counter_for(model: str, roots: Iterable[Path] | None = None) -> Counter:
    """A counter for the model of that name; `roots` are folders looked into for vocabularies,
    in place of the installed packages and tiktoken's own cache."""
    places = None if roots is None else tuple(roots)
    return Counter(lambda: counting(model, places))


def counting(model: str, roots: tuple[Path, ...] | None) -> Count | None:
    """The count by the vocabulary that is nearest to the model's; None without any."""
    try:
        tiktoken = import_module("tiktoken")
    except ImportError:
        return None
    digits_alone = "qwen" in model.lower()
    found = sorted(vocabularies(roots), key=lambda each: each.splits_digits != digits_alone)
    for vocabulary in found:
        if ranks := ranks_of(vocabulary.path):
            encoding = tiktoken.Encoding(
                vocabulary.path.name,
                pat_str=vocabulary.pattern,
                mergeable_ranks=ranks,
                special_tokens={},
            )
            is_short = digits_alone and not vocabulary.splits_digits
            return partial(count_by, encoding.encode_ordinary, LOST_IN_DIGITS if is_short else 0.0)
    return None


def count_by(encode: Callable[[str], list[int]], lost_in_digits: float, text: str) -> int:
    starts = range(0, len(text), CHUNK_CHARACTERS)
    total = sum(len(encode(text[start : start + CHUNK_CHARACTERS])) for start in starts)
    if lost_in_digits:
        total += round(lost_in_digits * len(DIGIT.findall(text)))
    return total


def vocabularies(roots: tuple[Path, ...] | None) -> Iterator[Vocabulary]:
    """Those that are on this machine."""
    for places, pattern, splits in (
        (QWEN_PLACES, QWEN_PATTERN, True),
        (O200K_PLACES, O200K_PATTERN, False),
    ):
        for package, inside in places:
            for folder in package_folders(package) if roots is None else roots:
                if (path := folder / inside).is_file():
                    yield Vocabulary(path, pattern, splits)
    caches = (Path(tempfile.gettempdir()) / CACHE_FOLDER,) if roots is None else roots
    for folder in caches:
        if (path := folder / O200K_FILE).is_file():
            yield Vocabulary(path, O200K_PATTERN, splits_digits=False)


def package_folders(name: str) -> list[Path]:
    """Where a package lies; it is not imported."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return []
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def ranks_of(path: Path) -> dict[bytes, int]:
    """Token to rank, as the file has them; empty when it is not such a file."""
    ranks: dict[bytes, int] = {}
    try:
        for line in path.read_bytes().splitlines():
            token, _, rank = line.partition(b" ")
            ranks[base64.b64decode(token, validate=True)] = int(rank)
    except (OSError, ValueError, binascii.Error):
        return {}
    single = all(bytes([value]) in ranks for value in range(256))
    return ranks if single and sorted(ranks.values()) == list(range(len(ranks))) else {}
