"""Whatever a command tries, nothing outside changes, and the workspace goes on answering."""

import os
import pwd
import re
import resource
import secrets
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import pytest
from escapes import ATTEMPTS, Attempt

from agent.workspace import worktrees
from agent.workspace.local import LocalWorkspace
from agent.workspace.sandbox.sandbox import Sandbox

SECRET = "sesame-" + secrets.token_hex(8)
MARK = str(secrets.randbelow(10**9) + 10**9)
KILLED = re.compile(r"^\[killed: .+\]$", re.MULTILINE)
STOPPED_OR_DEAD = frozenset("TtZX")
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/etc", "/etc/cron.d", "/usr/bin", "~")
SHARED_TABLES = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")


@dataclass(frozen=True)
class World:
    """A user's things, some of which a command must reach, and most of which it must not."""

    outside: Path
    common: Path
    worktree: Path
    canary: Path
    bystander: int
    port: int
    socket: str
    visits: list[object]
    """What the servers of this machine saw."""
    workspace: LocalWorkspace

    def fill(self, command: str) -> str:
        return command.format(
            outside=self.outside,
            common=self.common,
            worktree=self.worktree,
            canary=self.canary,
            bystander=self.bystander,
            port=self.port,
            socket=self.socket,
            python=os.path.realpath(sys.executable),
            user=pwd.getpwuid(os.getuid()).pw_name,
            mark=MARK,
        )


@pytest.fixture(scope="module")
def world(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    base = tmp_path_factory.mktemp("world")
    outside, repository, worktree = base / "outside", base / "repository", base / "trees" / "run"
    lay_out(outside, repository)
    anyio.run(worktrees.add_worktree, repository, worktree, "gardener/run", "main")
    journal = repository / ".git" / "gardener" / "runs" / "1" / "journal.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text(SECRET, encoding="utf-8")
    bystander = subprocess.Popen(
        ["sleep", "1000"], env={"KEY": SECRET}, start_new_session=True, stdin=subprocess.DEVNULL
    )
    with Servers(base / "server") as servers:
        yield World(
            outside=outside,
            common=repository / ".git",
            worktree=worktree,
            canary=base / "canary",
            bystander=bystander.pid,
            port=servers.port,
            socket=servers.path,
            visits=servers.visits,
            workspace=LocalWorkspace(
                worktree,
                {"PATH": os.environ["PATH"]},
                sandbox=sandbox,
                home=worktree.with_name("run.home"),
            ),
        )
    bystander.kill()
    bystander.wait()


def lay_out(outside: Path, repository: Path) -> None:
    for file in ("kept", "folder/inner", "user/.bashrc", "user/.ssh/key", "user/.netrc"):
        (outside / file).parent.mkdir(parents=True, exist_ok=True)
        (outside / file).write_text(SECRET, encoding="utf-8")
    os.setxattr(outside / "kept", "user.mine", b"1")
    repository.mkdir()
    (repository / "kept.txt").write_text("one\n", encoding="utf-8")
    (repository / "evil").write_text(f"#!/bin/sh\ntouch {outside.parent}/canary\n", "utf-8")
    (repository / "evil").chmod(0o755)
    for arguments in (
        ("init", "--quiet", "--template=", "--initial-branch=main"),
        ("add", "--all"),
        ("-c", "user.name=Ada", "-c", "user.email=a@b", "commit", "--quiet", "-m", "Begin"),
    ):
        subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True)
    (repository / ".git" / "hooks").mkdir()


class Servers:
    """Servers of this machine that nobody in a sandbox may reach."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.visits: list[object] = []
        self._sockets = [
            socket.create_server(("127.0.0.1", 0)),
            socket.socket(socket.AF_UNIX),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
            socket.socket(socket.AF_UNIX),
        ]
        self.port = self._sockets[0].getsockname()[1]
        self._sockets += [
            socket.create_server(("::1", self.port), family=socket.AF_INET6),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        ]
        for one, name in zip(
            self._sockets[1:4], (self.path, f"{self.path}.packets", f"\0{MARK}"), strict=True
        ):
            one.bind(name)
        self._sockets[5].bind(("127.0.0.1", self.port))
        for one in (self._sockets[1], self._sockets[3]):
            one.listen()

    def __enter__(self) -> "Servers":
        for one in self._sockets:
            take = one.accept if one.type == socket.SOCK_STREAM else partial(one.recv, 99)
            threading.Thread(target=self._watch, args=(take,), daemon=True).start()
        return self

    def _watch(self, take: Callable[[], object]) -> None:
        try:
            while True:
                self.visits.append(take())
        except OSError:
            return

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            if one.type == socket.SOCK_STREAM:
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that can be told of each file below a folder, but when it was last read."""
    found: dict[str, tuple[object, ...]] = {}
    for place, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            path = os.path.join(place, name)
            state = os.lstat(path)
            text = Path(path).read_bytes() if os.path.isfile(path) else b""
            keys = os.listxattr(path, follow_symlinks=False)
            notes = {key: os.getxattr(path, key, follow_symlinks=False) for key in keys}
            times = (state.st_mtime_ns, state.st_size, state.st_ino)
            found[path] = (state.st_mode, state.st_uid, state.st_gid, times, text, notes)
    return found


def state_of(process_id: int) -> tuple[object, ...]:
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").split()
    return (
        fields[2] in STOPPED_OR_DEAD,
        os.getpriority(os.PRIO_PROCESS, process_id),
        os.sched_getaffinity(process_id),
        resource.prlimit(process_id, resource.RLIMIT_NOFILE),
    )


def marked_processes() -> list[str]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if MARK in line and name != str(os.getpid()):
            found.append(f"{name} {line}")
    return found


def marked_names() -> list[str]:
    found = []
    for folder in map(os.path.expanduser, SHARED_FOLDERS):
        found += [f"{folder}/{name}" for name in os.listdir(folder) if MARK in name]
    return found


def shared_things(world: World) -> list[object]:
    tables = [Path(table).read_bytes() for table in SHARED_TABLES if os.path.exists(table)]
    return [
        snapshot(world.outside),
        world.canary.exists(),
        state_of(world.bystander),
        list(world.visits),
        marked_names(),
        socket.gethostname(),
        tables,
    ]


@pytest.mark.anyio
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
async def test_an_attempt_to_escape_changes_nothing_outside(world: World, attempt: Attempt) -> None:
    workspace = world.workspace
    before, git_before = shared_things(world), snapshot(world.common)

    with anyio.fail_after(60):
        result = await workspace.run(
            world.fill(attempt.command), timeout_seconds=1 if attempt.ends == "late" else 30
        )

    ended = "late" if result.timed_out else "killed" if KILLED.search(result.output) else "alone"
    assert ended in attempt.ends.split(" or "), result.output
    assert marked_processes() == []
    assert "ESCAPED" not in result.output
    assert SECRET not in result.output
    assert len(result.output) < 200_000
    assert (shared_things(world), snapshot(world.common)) == (before, git_before)
    assert not files_that_run_as_their_owner(world.worktree)
    answer = await workspace.run("echo alive", timeout_seconds=20)
    assert (answer.exit_code, answer.output) == (0, "alive\n")
    await use_git(workspace)
    assert shared_things(world) == before


def files_that_run_as_their_owner(folder: Path) -> list[str]:
    modes = {path: facts[0] for path, facts in snapshot(folder).items()}
    return [path for path, mode in modes.items() if isinstance(mode, int) and mode & stat.S_ISUID]


async def use_git(workspace: LocalWorkspace) -> None:
    """What the harness does with a checkout after a command; nothing of it may run a program."""
    head = await workspace.head()
    await workspace.files()
    await workspace.is_dirty()
    await workspace.checkpoint("run/attempt")
    await workspace.commit("Work")
    await workspace.is_dirty()
    await workspace.changed_files(head)
    await workspace.settle("gardener/run", head)
    await workspace.reset()
    assert workspace.read_text("kept.txt") == "one\n"
