"""The processes beneath the launcher: who they are, what they use, and their end.

The launcher is their subreaper, so a process cannot leave this tree, whatever it does.
"""

import os
import select
import time

KILL = 9
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
END_SECONDS = 5.0
PAUSE_SECONDS = 0.002


class Row:
    """What `/proc/ID/stat` says of one process."""

    def __init__(self, state: str, parent: int, group: int, threads: int) -> None:
        self.state = state
        self.parent = parent
        self.group = group
        self.threads = threads


class Use:
    """What the tree uses now; bytes written since the command began."""

    def __init__(self, threads: int, memory_bytes: int, written_bytes: int) -> None:
        self.threads = threads
        self.memory_bytes = memory_bytes
        self.written_bytes = written_bytes


def row_of(process_id: int) -> Row | None:
    """None when there is no such process or thread."""
    try:
        with open(f"/proc/{process_id}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
        return Row(fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[17]))
    except (OSError, IndexError, ValueError):
        return None


def descendants(root: int) -> dict[int, Row]:
    """All processes beneath `root`, zombies among them."""
    rows = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (row := row_of(int(name))):
            rows[int(name)] = row
    children: dict[int, list[int]] = {}
    for process_id, row in rows.items():
        children.setdefault(row.parent, []).append(process_id)
    found, waiting = {}, [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            found[child] = rows[child]
            waiting.append(child)
    return found


def is_beneath(root: int, process_id: int) -> bool:
    while process_id > 1:
        row = row_of(process_id)
        if row is None:
            return False
        process_id = row.parent
        if process_id == root:
            return True
    return False


def use_of(root: int) -> Use:
    """Memory that processes have of their own; what they share with files is not counted."""
    found = descendants(root)
    memory = sum(private_bytes(process_id) for process_id in found)
    written = sum(written_bytes(process_id) for process_id in (root, *found))
    threads = sum(row.threads for row in found.values() if row.state != "Z")
    return Use(threads, memory, written)


def private_bytes(process_id: int) -> int:
    try:
        with open(f"/proc/{process_id}/statm", "rb") as file:
            _, resident, shared = file.read().split()[:3]
        return (int(resident) - int(shared)) * PAGE_BYTES
    except (OSError, ValueError):
        return 0


def written_bytes(process_id: int) -> int:
    """What the process, and the children it has buried, sent to disks."""
    try:
        with open(f"/proc/{process_id}/io", "rb") as file:
            lines = dict(line.split(b": ") for line in file.read().splitlines())
        return int(lines[b"write_bytes"]) - int(lines[b"cancelled_write_bytes"])
    except (OSError, ValueError, KeyError):
        return 0


def end_all(root: int) -> bool:
    """Kills every descendant and buries it; False when one cannot be killed.

    Once is not enough: between looking and killing, a process may have begun others. Since an
    orphan becomes a child of ours, nobody is left when we have no child.
    """
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        bury()
        if not has_children():
            return True
        found = {key: row for key, row in descendants(root).items() if row.state != "Z"}
        # a group ends at once, whoever is being born in it
        for group in {row.group for row in found.values()} - {os.getpgrp()}:
            kill(-group)
        for process_id in found:
            kill(process_id)
        select.select((), (), (), PAUSE_SECONDS)
    return False


def has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def kill(process_id: int) -> None:
    try:
        os.kill(process_id, KILL)
    except OSError:
        # it has ended, or the kernel keeps it
        return


def bury() -> dict[int, int]:
    """The wait status of each child that has ended."""
    ended: dict[int, int] = {}
    while True:
        try:
            process_id, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if process_id == 0:
            return ended
        ended[process_id] = status
