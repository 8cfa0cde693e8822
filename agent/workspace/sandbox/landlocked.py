"""Landlock with a filter of system calls: no mounts and no rights are needed for it."""

from pathlib import Path

from agent.workspace.sandbox import landlock, seccomp
from agent.workspace.sandbox.checkout import OWN_FOLDER, GitPlaces
from agent.workspace.sandbox.order import Order
from agent.workspace.sandbox.rules import Job

READABLE_DEVICES = ("/dev/random", "/dev/urandom")
WRITABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
PROCESSES = "/proc"
"""What it says of processes outside is closed by Landlock itself, but for their names."""


def why_not() -> str:
    """Why it cannot be tried; empty when it can."""
    version = landlock.version()
    if version == 0:
        return "the kernel has no Landlock"
    if version < landlock.OLDEST_ABI:
        return "the kernel's Landlock is too old, it takes Linux 5.19"
    return ""


def order(job: Job, newest_abi: int = 99) -> Order:
    """`newest_abi` bounds what is used, as on an older kernel."""
    abi = min(landlock.version(), newest_abi)
    bounds = job.rules.bounds
    readable = (*job.rules.readable, job.root, *readable_of_git(job.git))
    writable = (*writable_of(job.root), job.home, job.temporary)
    return Order(
        argv=job.argv,
        environment={**job.environment, "TMPDIR": str(job.temporary)},
        folder=str(job.folder),
        program=seccomp.without_namespaces(network=job.network, landlock_abi=abi),
        inner_program=b"",
        readable=[*map(str, readable), PROCESSES, *READABLE_DEVICES],
        writable=[*map(str, writable), *WRITABLE_DEVICES],
        landlock_abi=abi,
        network=job.network,
        opened=list(job.opened),
        memory_bytes=bounds.memory_bytes,
        threads=bounds.threads,
        disk_bytes=bounds.disk_bytes,
        disks=job.disks,
    )


def readable_of_git(places: GitPlaces) -> list[Path]:
    """Landlock can only add: a folder with something private in it is opened piece by piece."""
    found: list[Path] = []
    for folder in places.folders:
        if (folder / OWN_FOLDER).exists():
            found += [path for path in folder.iterdir() if path.name != OWN_FOLDER]
        else:
            found.append(folder)
    return found


def writable_of(root: Path) -> list[Path]:
    """The checkout; where git's folder lies in it, what is there but that, and nothing new."""
    if (root / ".git").is_dir():
        return [path for path in root.iterdir() if path.name != ".git" and not path.is_symlink()]
    return [root]
