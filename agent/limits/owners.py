"""Which process holds a booking, and whether it still lives."""

import os
import secrets
import socket
from pathlib import Path

from agent.limits.books import Owner


def this_process() -> Owner:
    """A new owner in this process: `PLACE:PROCESS:STARTED:MARK`.

    Whoever is elsewhere is never taken for dead. The place is a host and, where they are to be
    seen, its processes' own numbering, since containers may share the name of their host.
    """
    place = f"{socket.gethostname()}{numbering()}"
    process = os.getpid()
    name = f"{place}:{process}:{started(process)}:{secrets.token_hex(4)}"
    return Owner(name, lambda other: _is_dead(place, other))


def _is_dead(place: str, name: str) -> bool:
    where, _, rest = name.partition(":")
    number, _, rest = rest.partition(":")
    if where != place or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    # The number may have been given to another process since.
    return started(int(number)) != rest.partition(":")[0]


def numbering() -> str:
    """What tells apart containers that count their processes by themselves; empty elsewhere."""
    try:
        return "/" + Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return ""


def started(process: int) -> str:
    """When a process began, in the kernel's own count; empty where that is not to be seen."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The program's name before it may hold spaces and brackets.
    return told.rpartition(")")[2].split()[19]
