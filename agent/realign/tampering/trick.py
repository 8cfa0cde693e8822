"""One thing in the code that makes a test run say what is not so."""

from dataclasses import dataclass
from typing import Literal

TrickKind = Literal["start-up", "ending", "outcome", "selection", "runner", "subject", "aware"]


@dataclass(frozen=True)
class Trick:
    kind: TrickKind
    name: str
    """Where it stands: a function's name, or a few words of the code."""
    line: int
    what: str
    """What it does, to follow the file's name in a sentence."""
    code: str

    @property
    def key(self) -> tuple[str, str]:
        """The same wherever the code stands."""
        return (self.kind, " ".join(self.code.split()))
