"""What is known of one test, whatever language it is written in."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from agent.realign.detectors.subject import dedent

Strength = Literal["strong", "weak", "none"]
HELPER = re.compile(
    r"^_*([aA]ssert|[cC]heck|[vV]erify|[eE]xpect|[eE]nsure|[mM]ust|[sS]hould)s?(?=$|[A-Z_\d])"
)
"""How functions are named that assert for a test."""
SHOWN_LINES = 12
SHOWN_COLUMNS = 120


@dataclass
class Strengths:
    """What a body asserts, each assertion counted as often as it has cases."""

    strong: int = 0
    """Assertions that compare with a value or name an error."""
    weak: int = 0
    """Assertions that something is there, true or of a type."""
    leaves: int = 0
    """Literals in strong assertions: one comparison of a pair says as much as two of its parts."""
    calls: int = 0
    expectations: list[tuple[str, str]] = field(default_factory=list)
    """What is looked at, and the literal that it is compared with."""
    parts: list[str] = field(default_factory=list)
    """What strong assertions look at."""
    wholes: list[str] = field(default_factory=list)
    """What is compared as a whole."""

    def add(self, strength: Strength, times: int, leaves: int) -> None:
        if strength == "strong":
            self.strong += times
            self.leaves += times * max(1, leaves)
        elif strength == "weak":
            self.weak += times

    def times(self, cases: int) -> "Strengths":
        """The same for a test that runs once for each case."""
        return Strengths(
            self.strong * cases,
            self.weak * cases,
            self.leaves * cases,
            self.calls,
            self.expectations,
            self.parts,
            self.wholes,
        )

    def in_wholes_of(self, other: "Strengths") -> int:
        """How many of the things looked at are part of what the other compares as a whole."""
        wholes = set(other.wholes) - set(self.wholes)
        return sum(
            part not in other.parts
            and any(part.startswith((f"{w}.", f"{w}[", f"len({w})")) for w in wholes)
            for part in self.parts
        )


@dataclass(frozen=True)
class Test:
    """One test, or a function that asserts for tests."""

    path: str
    name: str
    """Qualified within its file: `GreetTest.test_greets`, `greet > says hello`."""
    line: int
    strengths: Strengths
    words: Counter[str]
    """Names and literals in it, without those that every test has."""
    held: str = ""
    """Why it does not run, or may fail; empty when it runs and must pass."""
    source: str = ""
    is_helper: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.path, self.name)

    @property
    def strong(self) -> int:
        """Strong assertions that are really made."""
        return 0 if self.held else self.strengths.strong

    @property
    def total(self) -> int:
        return 0 if self.held else self.strengths.strong + self.strengths.weak

    @property
    def leaves(self) -> int:
        return 0 if self.held else self.strengths.leaves


@dataclass(frozen=True)
class TestFile:
    """The tests of one file at one moment."""

    path: str
    tests: tuple[Test, ...] = ()
    words: Counter[str] = field(default_factory=Counter)
    """Names and literals in the whole file."""


def excerpt(lines: list[str], first: int, last: int) -> str:
    """The first lines of a piece of code; lines count from 1."""
    shown = [line.rstrip()[:SHOWN_COLUMNS] for line in lines[first - 1 : last] if line.strip()]
    more = ["..."] if len(shown) > SHOWN_LINES else []
    return "\n".join(dedent(shown).split("\n")[:SHOWN_LINES] + more)


def informative(words: Iterable[str], common: frozenset[str]) -> Counter[str]:
    return Counter(word for word in words if word not in common and not HELPER.match(word))
