"""One command and the places around it, from which a backend makes an order."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.workspace.sandbox.checkout import GitPlaces
from agent.workspace.sandbox.rules import Rules

SHELL = "/bin/sh"


@dataclass(frozen=True)
class Job:
    command: str
    root: Path
    """The checkout, without links."""
    folder: Path
    environment: Mapping[str, str]
    home: Path
    temporary: Path
    git: GitPlaces
    opened: tuple[int, ...]
    rules: Rules

    @property
    def argv(self) -> list[str]:
        return [SHELL, "-c", self.command]

    @property
    def network(self) -> bool:
        return self.rules.has_network(self.command)

    @property
    def disks(self) -> list[str]:
        return [str(path) for path in (self.root, self.home, self.temporary)]
