"""Faults in how a stream travels: split, silent, broken off.

Each takes the pieces of a whole stream and sends what arrives.
"""

from collections.abc import Iterator

from agent.rehearsal.chat_dialect import TAIL
from agent.rehearsal.faults_instead import Scene
from agent.rehearsal.refusals import error_event
from agent.rehearsal.wire import Complaint

ODD_BYTES = 7


def utf8_split(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """Characters of several bytes are cut in the middle."""
    del scene
    for piece in pieces:
        start = 0
        for place, byte in enumerate(piece):
            if byte >= 0xC0:
                yield piece[start : place + 1]
                start = place + 1
        yield piece[start:]


def odd_pieces(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """The stream arrives seven bytes at a time."""
    del scene
    whole = b"".join(pieces)
    for start in range(0, len(whole), ODD_BYTES):
        yield whole[start : start + ODD_BYTES]


def comments_between(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """Comments keep the connection awake between the events."""
    del scene
    for piece in pieces:
        yield b": keep-alive\n\n"
        yield piece


def crlf_lines(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """Lines end as on Windows."""
    del scene
    for piece in pieces:
        yield piece.replace(b"\n", b"\r\n")


def done_missing(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """The stream ends without `[DONE]`."""
    del scene
    yield from (piece for piece in pieces if piece != TAIL)


def stall(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """The stream falls silent in its middle, and goes on long afterwards."""
    half = half_of(pieces)
    yield from pieces[:half]
    scene.keep_silent(scene.stall_seconds)
    yield from pieces[half:]


def drop(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """The connection is lost in the middle of the stream."""
    del scene
    yield from pieces[: half_of(pieces)]
    raise ConnectionResetError


def early_end(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """The stream ends in its middle as if it were complete."""
    del scene
    yield from pieces[: half_of(pieces)]


def error_chunk(pieces: list[bytes], scene: Scene) -> Iterator[bytes]:
    """An error comes in the middle of the stream, after status 200."""
    yield from pieces[: half_of(pieces)]
    yield error_event(scene.flavour, scene.dialect, Complaint("overloaded"))


def half_of(pieces: list[bytes]) -> int:
    return max(1, len(pieces) // 2)
