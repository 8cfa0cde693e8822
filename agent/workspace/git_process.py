"""Runs git in a thread such that a cancellation ends it within a moment."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, TypeVar

import anyio
import anyio.to_thread

from agent.errors import WorkspaceError

TIDY_SECONDS = 0.3
"""How long git may take to remove its lock files when it is told to end."""

T = TypeVar("T")


class Leash:
    """Holds the git that a thread runs, so that it can be ended from outside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_pulled = False
        self.is_over = False
        """Whether the thread has done its work."""

    def run(self, start: Callable[[], subprocess.Popen[bytes]]) -> tuple[int, bytes, bytes]:
        """Exit code, output and complaint; raises WorkspaceError when it was pulled."""
        with self._lock:
            self._refuse_pulled()
            process = self._process = start()
        try:
            output, complaint = process.communicate()
        finally:
            with self._lock:
                self._process = None
        self._refuse_pulled()
        return process.returncode, output, complaint

    def _refuse_pulled(self) -> None:
        if self._is_pulled:
            raise WorkspaceError("git was stopped; go on with: gardener resume")

    def pull(self, number: signal.Signals) -> None:
        """Signals what runs, and lets nothing more begin."""
        with self._lock:
            self._is_pulled = True
            if self._process:
                signal_group(self._process.pid, number)


LEASH: ContextVar[Leash | None] = ContextVar("LEASH", default=None)


def signal_group(process_id: int, number: signal.Signals) -> None:
    try:
        os.killpg(process_id, number)
    except (ProcessLookupError, PermissionError):
        # nobody is left in the group; macOS says so with "not permitted"
        return


def run_git(
    folder: Path, arguments: list[str], env: Mapping[str, str], source: BinaryIO | None
) -> tuple[int, bytes, bytes]:
    """Exit code, output and complaint of one git command in `folder`."""
    # GitPython looks for git when it is imported, and would run elsewhere without the folder
    from git import Git

    def start() -> subprocess.Popen[bytes]:
        handle = Git(str(folder)).execute(
            arguments, istream=source, as_process=True, start_new_session=True, env=dict(env)
        )
        process = handle.proc
        assert process is not None
        # else it is ended as soon as its handle goes
        handle.proc = None
        return process

    return (LEASH.get() or Leash()).run(start)


async def in_thread(call: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(call)


async def on_leash(call: Callable[[], T]) -> T:
    """Like `in_thread`, but a cancellation ends the git that runs, and lets no other begin.

    When it returns, or is cancelled, nothing of the call runs any more.
    """
    leash = Leash()
    results: list[T] = []
    failures: list[Exception] = []

    def work() -> None:
        LEASH.set(leash)
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 - raised where the caller waits
            failures.append(error)
        finally:
            leash.is_over = True

    async with anyio.create_task_group() as group:
        group.start_soon(guard, leash)
        await anyio.to_thread.run_sync(work)
        group.cancel_scope.cancel()
    if failures:
        raise failures[0]
    return results[0]


async def guard(leash: Leash) -> None:
    """Ends the call's git when cancelled: politely first, so that it removes its lock files."""
    try:
        await anyio.sleep_forever()
    finally:
        if not leash.is_over:
            leash.pull(signal.SIGTERM)
            with anyio.CancelScope(shield=True):
                await anyio.sleep(TIDY_SECONDS)
            leash.pull(signal.SIGKILL)
