"""Reads what a client sends to the local server, and loses patience with one that only drips."""

import io
import re
import socket
import time
from collections.abc import Mapping

LARGEST_BODY_BYTES = 64 * 1024 * 1024
LONGEST_LINE_BYTES = 1024


class Arrival(io.RawIOBase):
    """The bytes of one connection; a request that has begun must be whole within some seconds."""

    def __init__(
        self, connection: socket.socket, idle_seconds: float, whole_seconds: float
    ) -> None:
        self._connection = connection
        self._idle_seconds = idle_seconds
        self._whole_seconds = whole_seconds
        self._ends: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Raises TimeoutError when nothing comes, or the request takes too long."""
        left = self._idle_seconds if self._ends is None else self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        try:
            size = self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(self._idle_seconds)
        if self._ends is None:
            self._ends = time.monotonic() + self._whole_seconds
        return size

    def be_patient(self) -> None:
        """The request is whole; the next may take its time to begin."""
        self._ends = None


def read_body(stream: io.BufferedIOBase, headers: Mapping[str, str]) -> bytes | None:
    """None when it is too large, or not as long as it says. Header names are in lower case."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return read_chunks(stream)
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,12}", length) or int(length) > LARGEST_BODY_BYTES:
        return None
    body = stream.read(int(length))
    return body if len(body) == int(length) else None


def read_chunks(stream: io.BufferedIOBase) -> bytes | None:
    body = bytearray()
    while True:
        try:
            size = int(stream.readline(LONGEST_LINE_BYTES).split(b";")[0], 16)
        except ValueError:
            return None
        if size < 0 or len(body) + size > LARGEST_BODY_BYTES:
            return None
        chunk = stream.read(size)
        if len(chunk) < size:
            return None
        body += chunk
        stream.readline(LONGEST_LINE_BYTES)
        if size == 0:
            return bytes(body)
