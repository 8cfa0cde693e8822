"""What commands may do: where they read and write, whom they reach, how much they use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.workspace.sandbox.checkout import GitPlaces

Network = Literal["off", "setup", "on"]

SHELL = "/bin/sh"


@dataclass(frozen=True)
class Bounds:
    """How much all processes of one command may use together."""

    memory_bytes: int = 4_000_000_000
    threads: int = 1_000
    disk_bytes: int = 4_000_000_000
    """Written to disk, and the size of a single file."""


@dataclass(frozen=True)
class Rules:
    """What holds for every command of a run."""

    readable: tuple[Path, ...]
    """Folders and files of the machine: system and tool chains."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Where tool chains find themselves, since the home is another."""
    network: Network = "off"
    """`setup` opens it for the setup command alone."""
    setup: str = ""
    bounds: Bounds = Bounds()

    def has_network(self, command: str) -> bool:
        return self.network == "on" or (self.network == "setup" and command == self.setup != "")


@dataclass(frozen=True)
class Job:
    """One command and the places around it, from which a backend makes an order."""

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
