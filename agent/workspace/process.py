"""Runs one command as a process group of its own and leaves nothing of the group alive."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import anyio
from anyio.abc import Process

from agent.domain.ports import CommandResult
from agent.errors import WorkspaceError
from agent.prompts import render

FIXED = {"TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
CHUNK_BYTES = 65_536
DRAIN_SECONDS = 0.3
"""How long the output is waited for when the command is over but something holds its pipe."""
REAP_SECONDS = 10.0
TELL_SECONDS = 2.0
TELL_BYTES = 8_192


def clean_environment(
    allowed: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a command sees: the variables it is allowed, quiet programs, and `extra`."""
    return {"PATH": os.defpath, **allowed, **FIXED, **(extra or {})}


async def run_command(
    command: str | Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_seconds: float,
    max_output_bytes: int,
    on_output: Callable[[str], None] | None = None,
) -> CommandResult:
    """Runs a shell line, or a program with arguments, with no input.

    Standard output and error come in one, in the order they were written. The process group is
    killed at the timeout, on cancellation, and at the end. Raises WorkspaceError when the
    command cannot be started.
    """
    argv = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
    kept = HeadAndTail(max_output_bytes, on_output)
    started = anyio.current_time()
    reader, writer = os.pipe()
    try:
        os.set_blocking(reader, False)
        try:
            process = await _start(argv, cwd, env, writer)
        finally:
            os.close(writer)
        exit_code = await _follow(process, reader, kept, timeout_seconds)
    finally:
        os.close(reader)
    return CommandResult(
        exit_code=exit_code, output=kept.text(), seconds=anyio.current_time() - started
    )


async def _start(argv: list[str], cwd: Path, env: Mapping[str, str], writer: int) -> Process:
    try:
        # a cancellation between the fork and the return would leave the child without an owner
        with anyio.CancelScope(shield=True):
            process = await anyio.open_process(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                cwd=cwd,
                env=env,
                start_new_session=True,
            )
    except OSError as error:
        missing = error.filename or argv[0]
        raise WorkspaceError(
            f"cannot start the command: {error.strerror} ({str(missing)[:80]!r}); "
            "check its name and its folder"
        ) from error
    except ValueError as error:
        raise WorkspaceError(
            f"cannot start the command: {error}; write it as plain text"
        ) from error
    return process


async def _follow(
    process: Process, reader: int, kept: "HeadAndTail", timeout_seconds: float
) -> int | None:
    """The exit code, None at the timeout."""
    drained = anyio.Event()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(drain, reader, kept, drained)
            with anyio.move_on_after(timeout_seconds) as limit:
                await process.wait()
            if not limit.cancelled_caught:
                with anyio.move_on_after(DRAIN_SECONDS):
                    await drained.wait()
            kill_group(process.pid)
            with anyio.move_on_after(DRAIN_SECONDS):
                await drained.wait()
            group.cancel_scope.cancel()
    finally:
        kill_group(process.pid)
        with anyio.move_on_after(REAP_SECONDS, shield=True):
            await process.wait()
    return None if limit.cancelled_caught else process.returncode


async def drain(reader: int, kept: "HeadAndTail", drained: anyio.Event) -> None:
    """Reads a pipe that does not block until nobody writes to it any more, and says so."""
    while True:
        await anyio.wait_readable(reader)
        data = os.read(reader, CHUNK_BYTES)
        if not data:
            drained.set()
            return
        kept.add(data)


def kill_group(process_id: int) -> None:
    try:
        os.killpg(process_id, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # nobody is left in the group; macOS says so with "not permitted"
        return


def kill_children() -> None:
    """Kills the children of this process, each with its group; only where /proc tells them."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = entry.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # the program's name before it may hold spaces and brackets
        if int(told.rpartition(")")[2].split()[1]) == os.getpid():
            kill_group(int(entry.parent.name))


class HeadAndTail:
    """The first quarter and the last three of what may be kept of an output.

    `on_output` is told what was printed since it was last told, at most every TELL_SECONDS and
    as much as TELL_BYTES of it, the newest.
    """

    def __init__(
        self,
        max_bytes: int,
        on_output: Callable[[str], None] | None = None,
        now: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._on_output = on_output
        self._now = now
        self._told_at = now() if on_output else 0.0
        self._news = bytearray()
        self._head_bytes = max_bytes // 4
        self._tail_bytes = max(1, max_bytes - self._head_bytes)
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = 0

    def add(self, data: bytes) -> None:
        self._tell(data)
        room = self._head_bytes - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_bytes:
            self._trim()

    def _tell(self, data: bytes) -> None:
        if self._on_output is None:
            return
        self._news = (self._news + data)[-TELL_BYTES:]
        if self._now() - self._told_at < TELL_SECONDS:
            return
        # whole lines: what hides secrets would not know the halves of one
        lines, end, rest = self._news.rpartition(b"\n")
        if end:
            self._on_output((lines + end).decode(errors="replace"))
            self._told_at, self._news = self._now(), rest

    def _trim(self) -> None:
        surplus = max(0, len(self._tail) - self._tail_bytes)
        del self._tail[:surplus]
        self._cut += surplus

    def text(self) -> str:
        self._trim()
        if not self._cut:
            return (self._head + self._tail).decode(errors="replace")
        marker = render("tools/run#bytes_cut", count=self._cut)
        head, tail = (part.decode(errors="replace") for part in (self._head, self._tail))
        return f"{head}\n{marker}\n{tail}"
