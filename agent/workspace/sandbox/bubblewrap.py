"""Bubblewrap: a file system of its own for each command, its own processes and network."""

import shutil
from pathlib import Path

from agent.workspace.sandbox import seccomp
from agent.workspace.sandbox.launcher import BLOCK_AT, FILTER_AT, INFO_AT
from agent.workspace.sandbox.order import Order
from agent.workspace.sandbox.rules import Job

PROGRAM = "bwrap"
TEMPORARY = "/tmp"
WALLS = (
    *("--unshare-user-try", "--unshare-ipc", "--unshare-pid", "--unshare-uts"),
    *("--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
)


def why_not() -> str:
    """Why it cannot be tried; empty when it can."""
    return "" if shutil.which(PROGRAM) else "bubblewrap is not installed"


def order(job: Job) -> Order:
    network = job.network
    program = shutil.which(PROGRAM) or PROGRAM
    bounds = job.rules.bounds
    return Order(
        argv=[
            program,
            *WALLS,
            *([] if network else ["--unshare-net"]),
            *("--seccomp", str(FILTER_AT)),
            *(waiting() if job.opened and not network else ()),
            *files(job),
            *("--chdir", str(job.folder), "--", *job.argv),
        ],
        environment={**job.environment, "TMPDIR": TEMPORARY},
        folder="/",
        program=b"",
        inner_program=seccomp.in_namespaces(),
        readable=[],
        writable=[],
        landlock_abi=0,
        network=network,
        opened=list(job.opened),
        memory_bytes=bounds.memory_bytes,
        threads=bounds.threads,
        disk_bytes=bounds.disk_bytes,
        disks=job.disks,
    )


def waiting() -> tuple[str, ...]:
    """The command begins once the launcher has built a way to the opened ports."""
    return ("--info-fd", str(INFO_AT), "--block-fd", str(BLOCK_AT))


def files(job: Job) -> list[str]:
    """What is seen where; a later mount lies over an earlier one."""
    shared = str(job.rules.bounds.memory_bytes)
    mounts = [*mounted("--ro-bind", job.rules.readable)]
    mounts += ["--proc", "/proc", "--dev", "/dev", "--size", shared, "--tmpfs", "/dev/shm"]
    mounts += ["--bind", str(job.temporary), TEMPORARY]
    hidden = tuple(path for path in job.rules.readable if path.is_relative_to(TEMPORARY))
    mounts += mounted("--ro-bind", hidden)
    mounts += mounted("--bind", (job.home, job.root))
    mounts += mounted("--ro-bind", job.git.folders)
    for private in job.git.private:
        mounts += ["--tmpfs", str(private), "--remount-ro", str(private)]
    mounts += ["--ro-bind-try", str(job.root / ".git"), str(job.root / ".git")]
    return [*mounts, "--remount-ro", "/dev", "--remount-ro", "/"]


def mounted(kind: str, paths: tuple[Path, ...]) -> list[str]:
    return [word for path in paths for word in (kind, str(path), str(path))]
