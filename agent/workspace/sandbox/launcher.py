"""The process between the harness and one command: confines it, watches it, and ends it.

It lives as long as its command. What it is to do arrives on one descriptor; the end of another
means that the harness is gone or wants an end; who it is and how the command ended is told on a
third. What it loads is loaded anew in every run, so it imports as little as it can.
"""

import _socket
import marshal
import os
import resource
import select
import time

from agent.workspace.sandbox import bridge, kernel, landlock, tree
from agent.workspace.sandbox.metadata import Metadata
from agent.workspace.sandbox.order import Order, unpacked
from agent.workspace.sandbox.sockets import Sockets
from agent.workspace.sandbox.supervisor import Supervisor

FILTER_AT, INFO_AT, BLOCK_AT = 100, 101, 102
"""The descriptors that bubblewrap finds its filter at, tells its child on, and waits for."""
LOOK_SECONDS = 0.1
REST = 20
"""Between two looks at the processes lies at least as many times as long as a look takes."""
FLOOR_BYTES = 256_000_000
"""Of memory and of each disk, as much stays free, if it was free when the command began."""
OOM_SCORE = b"800"
NEW_LISTENER, WAIT_KILLABLE = 8, 32
NOT_STARTED = 127
PROCESS_ID_BYTES = 4
INFO_BYTES = 4096


def launch(order_at: int, control: int, status: int) -> None:
    """Runs the order; standard output and error are the command's. Never returns."""
    os.write(status, os.getpid().to_bytes(PROCESS_ID_BYTES, "little"))
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    result: dict[str, object]
    try:
        with os.fdopen(order_at, "rb") as file:
            order = unpacked(file.read())
        result = Watch(order, control).until_over(start(order))
    except OSError as error:
        result = {"failed": str(error)}
    if not tree.end_all(os.getpid()):
        result["left"] = True
    os.write(status, marshal.dumps(result))
    # threads may still wait for what is gone
    os._exit(0)


class Command:
    """A command that has begun: its process, and where its questions arrive."""

    def __init__(self, child: int, listener: int, info: int, go: int) -> None:
        self.child = child
        self.listener = listener
        """-1 where none are asked."""
        self.info = info
        """Where bubblewrap tells of its own child."""
        self.go = go
        """What bubblewrap waits for, where it waits."""


def start(order: Order) -> Command:
    """Raises OSError when it cannot be started."""
    ours, theirs = _socket.socketpair()
    info, tell = os.pipe()
    block, go = os.pipe()
    child = os.fork()
    if child == 0:
        become_command(order, theirs, tell, block)
    for descriptor in (tell, block):
        os.close(descriptor)
    theirs.close()
    # the output belongs to the command alone: it ends when the command does
    silence()
    listener = -1
    if order.program:
        word, descriptors = bridge.receive_descriptors(ours, 1)
        if not descriptors:
            raise OSError(word.decode() or "its process ended at once")
        listener = descriptors[0]
    if failure := bridge.receive_descriptors(ours, 1)[0]:
        raise OSError(failure.decode())
    return Command(child, listener, info, go)


def silence() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def is_bridged(order: Order) -> bool:
    return not order.landlock_abi and not order.network and bool(order.opened)


def told_child(text: bytes) -> int:
    """The process that bubblewrap tells of, as the first number in its JSON."""
    digits = text.partition(b'"child-pid":')[2].strip()
    return int(digits.split(b",")[0].split(b"\n")[0])


def become_command(order: Order, channel: _socket.socket, tell: int, block: int) -> None:
    """Runs in the child, and never returns."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        bound(order)
        os.chdir(order.folder)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        if order.landlock_abi:
            kernel.drop_capabilities()
            landlock.confine(order.readable, order.writable, order.landlock_abi)
        else:
            for source, target in ((tell, INFO_AT), (block, BLOCK_AT)):
                os.dup2(source, target, inheritable=is_bridged(order))
            os.dup2(in_memory(order.inner_program), FILTER_AT)
        if order.program:
            ask_before_calls(order.program, channel)
        os.execve(order.argv[0], order.argv, order.environment)
    except (OSError, ValueError) as error:
        channel.send(str(error).encode(errors="replace"))
    finally:
        os._exit(NOT_STARTED)


def bound(order: Order) -> None:
    """What the kernel itself bounds, for each process; the rest is looked at."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: order.disk_bytes,
        resource.RLIMIT_DATA: order.memory_bytes,
    }
    if os.getuid() != 0:
        # the limit is for all of the user's threads, so those that run already come on top
        limits[resource.RLIMIT_NPROC] = order.threads + threads_of_machine()
    for which, wanted in limits.items():
        _, most = resource.getrlimit(which)
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(which, (limit, limit))
    with open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
        file.write(OOM_SCORE)


def threads_of_machine() -> int:
    with open("/proc/loadavg", encoding="ascii") as file:
        return int(file.read().split()[3].partition("/")[2])


def ask_before_calls(program: bytes, channel: _socket.socket) -> None:
    """Installs the filter, and passes on where its questions arrive."""
    try:
        listener = kernel.install_filter(program, NEW_LISTENER | WAIT_KILLABLE)
    except OSError:
        # before Linux 5.19 a signal may interrupt a question; it is asked again then
        listener = kernel.install_filter(program, NEW_LISTENER)
    bridge.send_descriptors(channel, b"+", [listener])
    os.close(listener)


def in_memory(data: bytes) -> int:
    """A descriptor that the data can be read from."""
    made = os.memfd_create("filter")
    os.write(made, data)
    os.lseek(made, 0, os.SEEK_SET)
    return made


class Watch:
    """Waits for a command's end, answers its questions, and looks at what it uses."""

    def __init__(self, order: Order, control: int) -> None:
        self._order = order
        self._control = control
        self._supervisor: Supervisor | None = None
        self._rest = LOOK_SECONDS
        self._least_memory = min(FLOOR_BYTES, available_memory() // 2)
        self._least_disk = {disk: min(FLOOR_BYTES, free(disk) // 2) for disk in order.disks}

    def until_over(self, command: Command) -> dict[str, object]:
        """`exit` has the exit code, negative for a signal; `stopped` the bound it broke.

        Neither is there when the harness wanted an end.
        """
        ended = os.pidfd_open(command.child)
        poller = select.poll()
        for descriptor in (self._control, ended):
            poller.register(descriptor, select.POLLIN)
        if command.listener >= 0:
            self._supervisor = self._make_supervisor(command.listener)
            poller.register(command.listener, select.POLLIN)
        if is_bridged(self._order):
            poller.register(command.info, select.POLLIN)
        look_at = time.monotonic() + LOOK_SECONDS
        while True:
            wait = max(0.0, look_at - time.monotonic())
            events = dict(poller.poll(wait * 1000))
            if self._control in events:
                return {}
            if ended in events:
                return {"exit": os.waitstatus_to_exitcode(os.waitpid(command.child, 0)[1])}
            self._serve(command, events, poller)
            if time.monotonic() >= look_at:
                if result := self._look(command.child):
                    return result
                look_at = time.monotonic() + self._rest

    def _serve(self, command: Command, events: dict[int, int], poller: select.poll) -> None:
        """Answers the next question about a system call, and bubblewrap when it waits."""
        if command.info in events:
            poller.unregister(command.info)
            self._build_bridge(command)
        if command.listener not in events:
            return
        if self._supervisor and events[command.listener] & select.POLLIN:
            self._supervisor.answer_next()
        else:
            # nobody is left who could ask
            poller.unregister(command.listener)

    def _build_bridge(self, command: Command) -> None:
        """Bubblewrap tells of its child in one piece, and waits until there is a bridge."""
        text = os.read(command.info, INFO_BYTES)
        if text:
            bridge.build(told_child(text), self._order.opened)
            os.write(command.go, b"+")

    def _look(self, child: int) -> dict[str, object]:
        """Buries who has ended, and says whether that was the command, or a bound is broken."""
        begun = time.monotonic()
        if child in (buried := tree.bury()):
            return {"exit": os.waitstatus_to_exitcode(buried[child])}
        broken = self._broken_bound()
        self._rest = max(LOOK_SECONDS, REST * (time.monotonic() - begun))
        return {"stopped": broken} if broken else {}

    def _make_supervisor(self, listener: int) -> Supervisor:
        order = self._order
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        sockets = Sockets(network=order.network, opened=order.opened, writable=order.writable)
        return Supervisor(listener, sockets, Metadata(order.writable))

    def _broken_bound(self) -> str:
        """`memory`, `processes`, `disk`, or nothing."""
        use = tree.use_of(os.getpid())
        if use.threads > self._order.threads:
            return "processes"
        if use.memory_bytes > self._order.memory_bytes or available_memory() < self._least_memory:
            return "memory"
        full = any(free(disk) < least for disk, least in self._least_disk.items())
        return "disk" if full or use.written_bytes > self._order.disk_bytes else ""


def available_memory() -> int:
    """What the machine could give to processes, in bytes."""
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


def free(folder: str) -> int:
    """Bytes that the file system of a folder has left."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return 0
    return state.f_bavail * state.f_frsize
