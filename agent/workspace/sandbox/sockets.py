"""Sockets of a command that has no network of its own.

Each socket is made here. One of the internet is tied to the loopback device before the command
gets it, so no address leads out of the machine. It may connect to where the command itself
listens, and to the ports that were opened for it; a Unix socket to a path that it may write.
"""

import _socket
import os

from agent.workspace.sandbox import tree

EPERM, ECONNREFUSED, EACCES = 1, 111, 13
MOST_KEPT = 256
LISTENING = b"0A"
MAPPED = bytes(10) + b"\xff\xff"
LOOPBACK_4, LOOPBACK_6 = MAPPED + bytes((127, 0, 0, 1)), bytes(15) + b"\x01"
WILDCARDS = (bytes(16), MAPPED + bytes(4))


class Connection:
    """A socket of ours and an address; `close` lets go of what they keep open."""

    def __init__(self, descriptor: int, address: bytes, path: int | None = None) -> None:
        self.descriptor = descriptor
        self.address = address
        self._path = path

    def close(self) -> None:
        os.close(self.descriptor)
        if self._path is not None:
            os.close(self._path)


class Sockets:
    """`opened` are ports of this machine's loopback; `writable` are real paths of folders."""

    def __init__(self, *, network: bool, opened: list[int], writable: list[str]) -> None:
        self._network = network
        self._opened = opened
        self._writable = writable
        self._made: set[int] = set()
        self._kept: dict[int, int] = {}
        """Our copies, by inode, of sockets that are not bound or connected yet."""

    def make(self, family: int, kind: int, protocol: int) -> int:
        """A descriptor of ours, to be copied to whoever asked; raises OSError."""
        made = _socket.socket(family, kind, protocol)
        if family != _socket.AF_UNIX:
            made.setsockopt(_socket.SOL_SOCKET, _socket.SO_BINDTODEVICE, b"lo")
        descriptor = made.detach()
        inode = os.fstat(descriptor).st_ino
        if len(self._kept) >= MOST_KEPT:
            self._let_go()
        self._made.add(inode)
        self._kept[inode] = descriptor
        return descriptor

    def _let_go(self) -> None:
        """Closes our copies of sockets that the command has closed itself."""
        held = set()
        for process_id in tree.descendants(os.getpid()):
            held |= open_inodes(process_id)
        for inode in [inode for inode in self._kept if inode not in held]:
            os.close(self._kept.pop(inode))

    def forget(self, caller: int, descriptor: int) -> None:
        """Closes our copy, so that the socket closes when the command closes it."""
        kept = self._kept.pop(inode_of(caller, descriptor), None)
        if kept is not None:
            os.close(kept)

    def connection(self, caller: int, descriptor: int, address: bytes) -> Connection | None:
        """What to connect for the caller; None when it may do so itself.

        Raises OSError when it may not.
        """
        inode = inode_of(caller, descriptor)
        if self._network and inode not in self._made:
            return None
        family = int.from_bytes(address[:2], "little")
        if family == _socket.AF_UNIX:
            path = self._path_of(caller, address[2:])
            # the path may lead elsewhere by now, the descriptor cannot
            name = f"/proc/self/fd/{path}".encode() + b"\0"
            address = _socket.AF_UNIX.to_bytes(2, "little") + name
        else:
            path = None
            self._refuse_strange_listener(family, address)
        kept = self._kept.pop(inode, None)
        if kept is None:
            if path is not None:
                os.close(path)
            raise OSError(EPERM, "a bound socket, or one of another's making")
        return Connection(kept, address, path)

    def _path_of(self, caller: int, name: bytes) -> int:
        """A descriptor of the socket file; raises OSError unless it lies where we may write."""
        text = os.fsdecode(name.partition(b"\0")[0])
        if not text:
            raise OSError(EPERM, "an abstract name, which is everybody's")
        base = os.open(f"/proc/{caller}/cwd", os.O_PATH | os.O_CLOEXEC)
        try:
            path = os.open(text, os.O_PATH | os.O_CLOEXEC, dir_fd=base)
        finally:
            os.close(base)
        if not is_within(os.readlink(f"/proc/self/fd/{path}"), self._writable):
            os.close(path)
            raise OSError(EACCES, "a socket of another")
        return path

    def _refuse_strange_listener(self, family: int, address: bytes) -> None:
        wanted, port = place_of(family, address)
        is_loopback = wanted == LOOPBACK_6 or (wanted[:12] == MAPPED and wanted[12] == 127)
        if not is_loopback:
            raise OSError(EACCES, "no address of the loopback")
        if port in self._opened:
            return
        found = [inode for at, inode in listeners(port) if at == wanted or at in WILDCARDS]
        if not found or not self._made.issuperset(found):
            raise OSError(ECONNREFUSED, "nobody of ours listens there")


def inode_of(caller: int, descriptor: int) -> int:
    """The socket's inode, 0 for what is no socket; raises OSError for what is not open."""
    kind, _, number = os.readlink(f"/proc/{caller}/fd/{descriptor}").partition(":")
    return int(number.strip("[]")) if kind == "socket" else 0


def open_inodes(process_id: int) -> set[int]:
    """The inodes of a process's sockets; empty when it is gone."""
    folder = f"/proc/{process_id}/fd"
    found = set()
    try:
        for name in os.listdir(folder):
            kind, _, number = os.readlink(f"{folder}/{name}").partition(":")
            if kind == "socket":
                found.add(int(number.strip("[]")))
    except OSError:
        return found
    return found


def is_within(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def place_of(family: int, address: bytes) -> tuple[bytes, int]:
    """An address in the form of IPv6, and the port; no address at all means this machine.

    Raises OSError for other families and for what is too short.
    """
    port = int.from_bytes(address[2:4], "big")
    if family == _socket.AF_INET and len(address) >= 16:
        four = address[4:8]
        return (LOOPBACK_4 if four == bytes(4) else MAPPED + four), port
    if family == _socket.AF_INET6 and len(address) >= 24:
        return (LOOPBACK_6 if address[8:24] == bytes(16) else address[8:24]), port
    raise OSError(EPERM, "no address of the internet")


def listeners(port: int) -> list[tuple[bytes, int]]:
    """Address, in the form of IPv6, and inode of each socket that listens on a port."""
    found = []
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/self/net/{table}", "rb") as file:
                rows = [line.split() for line in file.read().splitlines()[1:]]
        except OSError:
            continue
        for row in rows:
            place, _, number = row[1].partition(b":")
            if row[3] == LISTENING and int(number, 16) == port:
                found.append((unpacked(place.decode()), int(row[9])))
    return found


def unpacked(text: str) -> bytes:
    """An address as `/proc/net/tcp` has it: words in the order of the machine, in hexadecimal."""
    words = [bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8)]
    return b"".join(words) if len(words) == 4 else MAPPED + words[0]
