"""What a process and all that it started hold in memory, looked at while they run."""

import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.05
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROCESSOR_CLOCK = 2
"""Which clock of a process; its number is made of this and the process, as Linux lays it out."""


@dataclass
class Memory:
    own_bytes: int = 0
    """The most that the process itself had in memory, as the kernel noted it."""
    tree_bytes: int = 0
    """The most that it and all it started were seen to have; shared pages count for each."""
    cpu_seconds: float = 0.0
    """Of it and of all it started and waited for."""


def watched(process: "subprocess.Popen[bytes]", longest_seconds: float) -> tuple[Memory, int]:
    """Waits for the end and looks meanwhile; the exit code too.

    Raises TimeoutExpired, with the process killed.
    """
    memory = Memory()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    until = time.monotonic() + longest_seconds
    while True:
        memory.own_bytes = max(memory.own_bytes, highest(process.pid))
        memory.tree_bytes = max(memory.tree_bytes, sum(map(present, tree(process.pid))))
        try:
            code = process.wait(LOOK_SECONDS)
            break
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                process.kill()
                process.wait()
                raise
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    memory.cpu_seconds = used
    return memory, code


def highest(pid: int) -> int:
    """The peak of a process in bytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((int(words[1]) * 1024 for words in lines), 0)


def present(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


def tree(pid: int) -> list[int]:
    """The process and its descendants, as far as they are still there."""
    found, waiting = [pid], [pid]
    while waiting:
        parent = waiting.pop()
        try:
            threads = os.listdir(f"/proc/{parent}/task")
            lists = [Path(f"/proc/{parent}/task/{t}/children").read_bytes() for t in threads]
        except OSError:
            continue
        children = [int(word) for each in lists for word in each.split()]
        found += children
        waiting += children
    return found


def cpu_ns(pid: int) -> int:
    """Time that a process has had a processor, in nanoseconds, in threads that ended too."""
    try:
        return time.clock_gettime_ns(~pid << 3 | PROCESSOR_CLOCK)
    except OSError:
        return 0
