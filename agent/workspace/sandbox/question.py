"""One system call that waits for an answer, as the kernel's `seccomp.h` passes it on."""

import ctypes
import os

from agent.workspace.sandbox import kernel

RECEIVE, SEND, STILL_VALID, ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
QUESTION_BYTES = 80
CONTINUE = 1
SENT_ALONG = 2
CLOSE_ON_EXEC = 0o2000000


class Question:
    """One call that waits: who makes it, and its arguments."""

    def __init__(self, listener: int, data: bytes) -> None:
        self._listener = listener
        self.id = int.from_bytes(data[0:8], "little")
        self.caller = int.from_bytes(data[8:12], "little")
        self.number = int.from_bytes(data[16:20], "little")
        self._arguments = data[32:80]

    def integer(self, index: int) -> int:
        """An argument as a C `int`."""
        return int.from_bytes(self._arguments[8 * index : 8 * index + 4], "little", signed=True)

    def pointer(self, index: int) -> int:
        return int.from_bytes(self._arguments[8 * index : 8 * index + 8], "little")

    def memory(self, address: int, size: int) -> bytes:
        """What the caller has there, shorter at the end of its memory; raises OSError."""
        descriptor = os.open(f"/proc/{self.caller}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(descriptor, size, address)
        finally:
            os.close(descriptor)
        # the caller may be gone, and its number another's
        kernel.ioctl(self._listener, STILL_VALID, buffer_of(self.id.to_bytes(8, "little")))
        return data

    def answer(self, error: int = 0, *, go_on: bool = False) -> None:
        """The call returns this error, or none; or it goes on as if it had never waited."""
        reply = self.id.to_bytes(8, "little") + bytes(8)
        reply += (0 if go_on else -error).to_bytes(4, "little", signed=True)
        reply += (CONTINUE if go_on else 0).to_bytes(4, "little")
        self._send(SEND, reply)

    def answer_descriptor(self, descriptor: int, close_on_exec: bool) -> None:
        """The call returns a copy of our descriptor."""
        reply = self.id.to_bytes(8, "little") + SENT_ALONG.to_bytes(4, "little")
        reply += descriptor.to_bytes(4, "little") + bytes(4)
        reply += (CLOSE_ON_EXEC if close_on_exec else 0).to_bytes(4, "little")
        self._send(ADD_DESCRIPTOR, reply)

    def _send(self, request: int, reply: bytes) -> None:
        try:
            kernel.ioctl(self._listener, request, buffer_of(reply))
        except OSError:
            # the caller has died, or was interrupted and asks again
            return


def next_question(listener: int) -> Question | None:
    """None when whoever asked is gone."""
    data = buffer_of(bytes(QUESTION_BYTES))
    try:
        kernel.ioctl(listener, RECEIVE, data)
    except OSError:
        return None
    return Question(listener, data.raw)


def buffer_of(data: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(data, len(data))
