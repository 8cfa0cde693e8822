"""Faults that keep silent: until the client leaves, or until the server stops."""

import json
import socket
import threading

import pytest
from raw_http import TIMEOUT_SECONDS, place_of

from agent.rehearsal.clock import RealTime, VirtualTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.server import RehearsalServer

BODY = json.dumps(
    {"model": "rehearsal", "messages": [{"role": "user", "content": "hi"}], "stream": True}
).encode()


def ask(server: RehearsalServer) -> socket.socket:
    """A connection on which a request was sent and nothing was read."""
    connection = socket.create_connection(place_of(server.base_url), TIMEOUT_SECONDS)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n"
    connection.sendall(head.encode() + BODY)
    return connection


def silent(name: str, **fields: float) -> Conditions:
    return Conditions(faults=FaultPlan((name,), 1.0, **fields))  # type: ignore[arg-type]


def wait_for_threads(count: int) -> None:
    """Until no more threads than so many are left, at most as long as any wait here."""
    for thread in threading.enumerate():
        if threading.active_count() <= count:
            return
        if thread is not threading.current_thread() and "process_request" in thread.name:
            thread.join(TIMEOUT_SECONDS)


def test_a_hang_sends_nothing_and_ends_when_the_client_leaves() -> None:
    with RehearsalServer(None, silent("hang"), VirtualTime()) as server:
        before = threading.active_count()
        with ask(server) as connection:
            connection.settimeout(0.2)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        wait_for_threads(before)
        assert threading.active_count() == before
        assert server.totals()["faults"] == {"hang": 1}


def test_a_stalled_stream_goes_on_after_its_silence() -> None:
    conditions = silent("stall", stall_seconds=3_600)
    with RehearsalServer(None, conditions, RealTime(100_000)) as server, ask(server) as connection:
        received = b""
        while b"0\r\n\r\n" not in received[-8:]:
            received += connection.recv(65_536)
    assert received.count(b"data: ") > 4
    assert received.rstrip().endswith(b"0")


@pytest.mark.parametrize("name", ["hang", "stall"])
def test_a_server_that_stops_lets_nobody_hang(name: str) -> None:
    before = threading.active_count()
    server = RehearsalServer(None, silent(name), RealTime())
    server.start()
    with ask(server) as connection:
        if name == "stall":
            assert connection.recv(1)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        stopping.join(TIMEOUT_SECONDS)
        assert not stopping.is_alive()
    assert threading.active_count() == before
