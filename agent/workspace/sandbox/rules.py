"""What commands may do: where they read and write, whom they reach, how much they use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Network = Literal["off", "setup", "on"]

LOOPBACK_URL = re.compile(r"\bhttps?://(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]):(\d+)")


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
    writable: tuple[Path, ...] = ()
    """Besides the checkout, and a home and a folder for temporary files of its own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Where tool chains find themselves, since the home is another."""
    network: Network = "off"
    """`setup` opens it for the setup command alone."""
    setup: str = ""
    bounds: Bounds = Bounds()

    def has_network(self, command: str) -> bool:
        return self.network == "on" or (self.network == "setup" and command == self.setup != "")


def loopback_ports(environment: Mapping[str, str]) -> tuple[int, ...]:
    """The ports of this machine that addresses in a command's own environment name."""
    found = (int(port) for text in environment.values() for port in LOOPBACK_URL.findall(text))
    return tuple(dict.fromkeys(port for port in found if 0 < port < 65536))
