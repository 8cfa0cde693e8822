"""Talks to a local server without any client's kindness: bytes out, bytes in."""

import json
import re
import socket
from typing import Any

TIMEOUT_SECONDS = 20


def place_of(url: str) -> tuple[str, int]:
    host, port = url.split("//")[1].split("/")[0].split(":")
    return host, int(port)


def exchange(url: str, path: str, body: object, headers: dict[str, str] | None = None) -> bytes:
    """Everything that comes back until the server closes the connection."""
    data = json.dumps(body).encode()
    fields = {"Host": "x", "Connection": "close", "Content-Length": len(data), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    received = bytearray()
    with socket.create_connection(place_of(url), TIMEOUT_SECONDS) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        while piece := connection.recv(65_536):
            received += piece
    return bytes(received)


def split(raw: bytes) -> tuple[str, list[bytes], bool]:
    """Head, the chunks of the body as they were sent, and whether the body came to its end."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    text = head.decode()
    if "chunked" not in text.lower():
        length = int(re.findall(r"Content-Length: (\d+)", text)[0])
        return text, [rest], len(rest) == length
    chunks: list[bytes] = []
    while rest:
        size = int(rest.partition(b"\r\n")[0], 16)
        start = rest.index(b"\r\n") + 2
        if size == 0:
            return text, chunks, True
        chunks.append(rest[start : start + size])
        rest = rest[start + size + 2 :]
    return text, chunks, False


def shown(raw: bytes) -> str:
    """The exchange as lines that a person can review: the head, then a line for each chunk."""
    head, chunks, is_whole = split(raw)
    lines = [line.rstrip() for line in head.splitlines()]
    lines += ["", *(repr(chunk)[1:].strip("'\"") for chunk in chunks)]
    return "\n".join([*lines, "" if is_whole else "(the connection is lost)"]).rstrip() + "\n"


def status_of(raw: bytes) -> int:
    return int(raw.split(b" ", 2)[1])


def headers_of(raw: bytes) -> dict[str, str]:
    lines = split(raw)[0].splitlines()[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def body_of(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(b"".join(split(raw)[1]))


def events_of(raw: bytes) -> list[Any]:
    """The JSON after each `data:` of a stream."""
    text = b"".join(split(raw)[1]).decode()
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]
