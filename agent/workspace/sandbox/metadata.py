"""Changes of mode, owner, times and attributes, made for a command where it may write.

Landlock leaves these to the rights of the user, who may own what the command must not touch.
"""

import os

from agent.workspace.sandbox import kernel
from agent.workspace.sandbox.question import Question, buffer_of
from agent.workspace.sandbox.sockets import is_within

EACCES, ERANGE, ENAMETOOLONG, ENOSYS, EOPNOTSUPP = 13, 34, 36, 38, 95
AT_FDCWD = -100
NO_FOLLOW, EMPTY_PATH = 0x100, 0x1000
PATH_BYTES = 4096
ATTRIBUTE_NAME_BYTES = 256
ATTRIBUTE_BYTES = 65_536
AT = {"fchmodat": 0, "fchmodat2": 3, "fchownat": 4, "futimesat": 0, "utimensat": 3}
"""Calls whose path is relative to a folder, and which argument has flags; 0 where none has."""
OWN = {"/proc/self": "/proc/{0}", "/proc/thread-self": "/proc/{0}", "/dev/fd": "/proc/{0}/fd"}
"""Paths that mean whoever looks at them, and what they mean for the caller."""


class Metadata:
    """`writable` are real paths of folders and files."""

    def __init__(self, writable: list[str]) -> None:
        self._writable = writable
        column = kernel.machine()
        assert column is not None, "the filter that asks was made for a known machine"
        self._set_times = kernel.numbers(column)["utimensat"]

    def change(self, name: str, call: Question) -> None:
        """Does what the call asks for; raises OSError when it may not, or the kernel refuses."""
        target = open_target(name, call)
        try:
            # what the descriptor stands for cannot be exchanged any more
            handle = f"/proc/self/fd/{target}"
            if not is_within(os.readlink(handle), self._writable):
                raise OSError(EACCES, "not the command's to change")
            self._apply(name, call, handle)
        finally:
            os.close(target)

    def _apply(self, name: str, call: Question, handle: str) -> None:
        after = 2 if name in AT else 1
        if "chmod" in name:
            os.chmod(handle, call.integer(after) & 0o3777)
        elif "chown" in name:
            os.chown(handle, call.integer(after), call.integer(after + 1))
        elif "utime" in name:
            times = times_of(name, call, after)
            buffer = None if times is None else buffer_of(times)
            kernel.call(self._set_times, AT_FDCWD, os.fsencode(handle), buffer, 0)
        elif "removexattr" in name:
            os.removexattr(handle, attribute_name(call))
        elif "setxattr" in name:
            size = call.pointer(3)
            if size > ATTRIBUTE_BYTES:
                raise OSError(ERANGE, "too large")
            value = call.memory(call.pointer(2), size)
            os.setxattr(handle, attribute_name(call), value, call.integer(4))
        else:
            raise OSError(ENOSYS, "no such change")


def open_target(name: str, call: Question) -> int:
    """A descriptor of what the call is about; raises OSError."""
    if name not in AT:
        if name[0] == "f":
            return open_path(f"/proc/{call.caller}/fd/{call.integer(0)}")
        return open_named(call, AT_FDCWD, text_at(call, 0), follow=name[0] != "l")
    flags = call.integer(AT[name]) if AT[name] else 0
    folder = call.integer(0)
    text = text_at(call, 1) if call.pointer(1) else ""
    if not text and (flags & EMPTY_PATH or not call.pointer(1)):
        inner = "cwd" if folder == AT_FDCWD else f"fd/{folder}"
        return open_path(f"/proc/{call.caller}/{inner}")
    return open_named(call, folder, text, follow=not flags & NO_FOLLOW)


def open_named(call: Question, folder: int, text: str, *, follow: bool) -> int:
    for own, meant in OWN.items():
        if text == own or text.startswith(own + "/"):
            text = meant.format(call.caller) + text.removeprefix(own)
    inner = "cwd" if folder == AT_FDCWD else f"fd/{folder}"
    base = open_path(f"/proc/{call.caller}/{inner}")
    try:
        return open_path(text, base, 0 if follow else os.O_NOFOLLOW)
    finally:
        os.close(base)


def open_path(path: str, base: int | None = None, flags: int = 0) -> int:
    return os.open(path, os.O_PATH | os.O_CLOEXEC | flags, dir_fd=base)


def text_at(call: Question, index: int, limit: int = PATH_BYTES) -> str:
    """The text that an argument points to; raises OSError when it does not end."""
    data, end, _ = call.memory(call.pointer(index), limit).partition(b"\0")
    if not end:
        raise OSError(ENAMETOOLONG, "no end")
    return os.fsdecode(data)


def attribute_name(call: Question) -> str:
    """Raises OSError for what is more than a note of the user's: it could grant rights."""
    name = text_at(call, 1, ATTRIBUTE_NAME_BYTES)
    if not name.startswith("user."):
        raise OSError(EOPNOTSUPP, "not supported")
    return name


def times_of(name: str, call: Question, index: int) -> bytes | None:
    """Two times in seconds and nanoseconds; None means now."""
    address = call.pointer(index)
    if not address:
        return None
    if name == "utimensat":
        return call.memory(address, 32)
    if name == "utime":
        data = call.memory(address, 16)
        return data[:8] + bytes(8) + data[8:] + bytes(8)
    data = call.memory(address, 32)
    parts = [int.from_bytes(data[i : i + 8], "little", signed=True) for i in range(0, 32, 8)]
    nanoseconds = (parts[0], parts[1] * 1000, parts[2], parts[3] * 1000)
    return b"".join(part.to_bytes(8, "little", signed=True) for part in nanoseconds)
