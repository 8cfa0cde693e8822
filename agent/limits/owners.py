"""Which process holds a booking, and whether it still lives."""

import os
import socket

from agent.limits.books import Owner


def this_process() -> Owner:
    """This process, on this host; another host's processes are never taken for dead."""
    host = socket.gethostname()
    return Owner(f"{host}:{os.getpid()}", lambda name: _is_dead(host, name))


def _is_dead(host: str, name: str) -> bool:
    where, _, number = name.rpartition(":")
    if where != host or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
