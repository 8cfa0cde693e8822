"""Runs one order through a launcher and says how it ended."""

import marshal
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import anyio

import agent
from agent.errors import WorkspaceError
from agent.workspace.process import DRAIN_SECONDS, HeadAndTail, drain
from agent.workspace.sandbox import nursery
from agent.workspace.sandbox.order import Order

END_SECONDS = 8.0
"""How long a launcher may take to end what it started; it gives up by itself before."""
STATUS_BYTES = 65_536
PROCESS_ID_BYTES = 4
KILLED = -9
PACKAGE = str(Path(agent.__file__).parents[1])
PROGRAM = (
    f"import sys; sys.path.insert(0, {PACKAGE!r}); from {nursery.__name__} import main; main()"
)


@dataclass(frozen=True)
class Ended:
    exit_code: int | None
    """None at the timeout; negative for a signal."""
    stopped: str
    """The bound that was broken: `memory`, `processes`, `disk`; empty for none."""
    seconds: float


class Launchers:
    """The process that starts launchers, itself started when the first is wanted."""

    def __init__(self) -> None:
        self._channel: int | None = None

    async def start(self, descriptors: tuple[int, ...]) -> None:
        """Raises WorkspaceError when it cannot be started."""
        if self._channel is None or not self._send(descriptors):
            await self._open()
            if not self._send(descriptors):
                raise WorkspaceError("the sandbox does not start; free some memory, then try again")

    def _send(self, descriptors: tuple[int, ...]) -> bool:
        """False when nobody is there."""
        assert self._channel is not None, "opened before"
        with socket.socket(fileno=os.dup(self._channel)) as channel:
            try:
                socket.send_fds(channel, [b"+"], descriptors)
            except OSError:
                return False
        return True

    async def _open(self) -> None:
        ours, theirs = socket.socketpair()
        self._channel = ours.detach()
        weakref.finalize(self, os.close, self._channel)
        with theirs:
            try:
                await anyio.run_process(
                    [sys.executable, "-I", "-S", "-c", PROGRAM, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    pass_fds=(theirs.fileno(),),
                )
            except (OSError, subprocess.CalledProcessError) as error:
                raise WorkspaceError(
                    f"the sandbox does not start: {error}; free some memory, then try again"
                ) from error


class Ends:
    """The descriptors between harness and launcher; all are closed in the end."""

    def __init__(self, order: bytes) -> None:
        self._open: set[int] = set()
        self.order = os.memfd_create("order")
        self._open.add(self.order)
        with os.fdopen(os.dup(self.order), "wb") as file:
            file.write(order)
        os.lseek(self.order, 0, os.SEEK_SET)
        self.control, self.keep_alive = self._pipe()
        self.status, self.status_of_launcher = self._pipe()
        self.output, self.output_of_command = self._pipe()
        os.set_blocking(self.output, False)
        os.set_blocking(self.status, False)

    def _pipe(self) -> tuple[int, int]:
        reader, writer = os.pipe()
        self._open |= {reader, writer}
        return reader, writer

    @property
    def of_launcher(self) -> tuple[int, int, int, int]:
        return self.order, self.control, self.status_of_launcher, self.output_of_command

    def close(self, *descriptors: int) -> None:
        for descriptor in self._open.intersection(descriptors):
            os.close(descriptor)
            self._open.discard(descriptor)

    def __enter__(self) -> "Ends":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(*self._open)


async def run_order(
    launchers: Launchers, order: Order, kept: HeadAndTail, timeout_seconds: float
) -> Ended:
    """Runs it; nothing that it started is left when this returns or is cancelled.

    Raises WorkspaceError when the command cannot be started, or cannot be ended.
    """
    begun = anyio.current_time()
    with Ends(order.packed()) as ends:
        await launchers.start(ends.of_launcher)
        ends.close(*ends.of_launcher)
        words = bytearray()
        try:
            in_time = await follow(ends, words, kept, timeout_seconds)
        finally:
            await end(ends, words)
    return verdict(told(words), in_time, anyio.current_time() - begun)


async def follow(ends: Ends, words: bytearray, kept: HeadAndTail, timeout_seconds: float) -> bool:
    """Whether it ended by itself in time."""
    drained = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(drain, ends.output, kept, drained)
        with anyio.move_on_after(timeout_seconds) as limit:
            await listen(ends, words)
        ends.close(ends.keep_alive)
        with anyio.move_on_after(END_SECONDS):
            await listen(ends, words)
        with anyio.move_on_after(DRAIN_SECONDS):
            await drained.wait()
        group.cancel_scope.cancel()
    return not limit.cancelled_caught


async def listen(ends: Ends, words: bytearray) -> None:
    """Keeps what the launcher tells, until it is gone."""
    while True:
        await anyio.wait_readable(ends.status)
        data = os.read(ends.status, STATUS_BYTES)
        if not data:
            return
        words += data


async def end(ends: Ends, words: bytearray) -> None:
    """Lets the launcher end its processes; kills it when it does not come to an end."""
    ends.close(ends.keep_alive)
    with anyio.move_on_after(END_SECONDS, shield=True) as limit:
        await listen(ends, words)
    if limit.cancelled_caught and len(words) >= PROCESS_ID_BYTES:
        os.kill(int.from_bytes(words[:PROCESS_ID_BYTES], "little"), signal.SIGKILL)


def told(words: bytearray) -> Mapping[str, object]:
    """What the launcher said at its end; nothing when it was killed."""
    data = bytes(words[PROCESS_ID_BYTES:])
    result = marshal.loads(data) if data else {}
    return result if isinstance(result, dict) else {}


def verdict(result: Mapping[str, object], in_time: bool, seconds: float) -> Ended:
    if "failed" in result:
        raise WorkspaceError(
            f"cannot start the command: {result['failed']}; check its text and its folder"
        )
    if "left" in result:
        raise WorkspaceError("a process of the command cannot be killed; look at: ps -ef")
    code = result.get("exit", KILLED)
    exit_code = code if isinstance(code, int) and in_time else None
    return Ended(exit_code, str(result.get("stopped", "")) if in_time else "", seconds)
