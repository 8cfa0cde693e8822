"""A way from a command's own network to single ports of this machine's loopback."""

import _socket
import _thread
import os

from agent.workspace.sandbox import kernel

OWNER_OF_NAMESPACE = 0xB701
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
IP_FREEBIND = 15
WAITING = 64
CHUNK_BYTES = 65_536
HOST = "127.0.0.1"


def build(process_id: int, ports: list[int]) -> None:
    """Listens on these ports in a process's network and passes on what connects.

    Raises OSError when the network cannot be entered.
    """
    ours, theirs = _socket.socketpair()
    helper = os.fork()
    if helper == 0:
        try:
            enter_network(process_id)
            listening = [listener(port) for port in ports]
            send_descriptors(theirs, b"+", [one.fileno() for one in listening])
        except OSError as error:
            theirs.send(f"-{error}".encode())
        finally:
            os._exit(0)
    theirs.close()
    word, descriptors = receive_descriptors(ours, len(ports))
    ours.close()
    os.waitpid(helper, 0)
    if word[:1] != b"+":
        raise OSError(f"no way to the checks' endpoint: {word[1:].decode()}")
    for port, descriptor in zip(ports, descriptors, strict=True):
        _thread.start_new_thread(pass_on, (_socket.socket(fileno=descriptor), port))


def enter_network(process_id: int) -> None:
    network = os.open(f"/proc/{process_id}/ns/net", os.O_RDONLY)
    owner = kernel.plain_ioctl(network, OWNER_OF_NAMESPACE)
    column = kernel.machine()
    assert column is not None, "bubblewrap is only used on known machines"
    enter = kernel.numbers(column)["setns"]
    if os.fstat(owner).st_ino != os.stat("/proc/self/ns/user").st_ino:
        kernel.call(enter, owner, NEW_USER)
    kernel.call(enter, network, NEW_NETWORK)


def listener(port: int) -> _socket.socket:
    made = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    made.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    # the loopback may not be up yet
    made.setsockopt(_socket.IPPROTO_IP, IP_FREEBIND, 1)
    made.bind((HOST, port))
    made.listen(WAITING)
    return made


def send_descriptors(channel: _socket.socket, word: bytes, descriptors: list[int]) -> None:
    packed = b"".join(one.to_bytes(4, "little") for one in descriptors)
    channel.sendmsg([word], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)])


def receive_descriptors(channel: _socket.socket, most: int) -> tuple[bytes, list[int]]:
    """The word that came, empty when the other side closed, and descriptors for us alone."""
    room, flags = _socket.CMSG_SPACE(4 * most), _socket.MSG_CMSG_CLOEXEC
    word, extra, _, _ = channel.recvmsg(CHUNK_BYTES, room, flags)
    packed = b"".join(data for _, kind, data in extra if kind == _socket.SCM_RIGHTS)
    return word, [
        int.from_bytes(packed[i : i + 4], "little") for i in range(0, len(packed) // 4 * 4, 4)
    ]


def pass_on(inside: _socket.socket, port: int) -> None:
    """Connects each that comes to the port outside; runs in a thread of its own."""
    while True:
        near = accepted(inside)
        far = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        try:
            far.connect((HOST, port))
        except OSError:
            near.close()
            continue
        _thread.start_new_thread(pump, (near, far))
        _thread.start_new_thread(pump, (far, near))


def accepted(inside: _socket.socket) -> _socket.socket:
    # the public socket module is slow to load, and has what the stubs of this one lack
    descriptor, _ = inside._accept()  # type: ignore[attr-defined]
    return _socket.socket(fileno=descriptor)


def pump(source: _socket.socket, target: _socket.socket) -> None:
    try:
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
        target.shutdown(_socket.SHUT_WR)
    except OSError:
        for one in (source, target):
            one.close()
