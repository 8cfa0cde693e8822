"""What no well-behaved client sends: every request gets an answer and harms no other."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from raw_http import TIMEOUT_SECONDS, body_of, events_of, exchange, place_of, status_of

from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.local_http import Answer, LocalServer, Received
from agent.rehearsal.server import RehearsalServer

CHAT = "/v1/chat/completions"
HI = [{"role": "user", "content": "hi"}]
GOOD = json.dumps({"model": "rehearsal", "messages": HI}).encode()


@pytest.fixture
def server() -> Iterator[RehearsalServer]:
    with RehearsalServer(None) as running:
        yield running


def send(
    url: str, body: bytes, head: str = "", *, path: str = CHAT, half_closed: bool = False
) -> bytes:
    """What comes back for bytes that are sent as they are."""
    length = "" if "Content-Length" in head or "chunked" in head else f"{len(body)}"
    lines = f"Content-Length: {length}\r\n" if length else ""
    start = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}{lines}\r\n"
    received = bytearray()
    with socket.create_connection(place_of(url), TIMEOUT_SECONDS) as connection:
        connection.sendall(start.encode() + body)
        if half_closed:
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65_536):
            received += piece
    return bytes(received)


def chat(**fields: object) -> bytes:
    return json.dumps({"model": "rehearsal", "messages": HI, **fields}).encode()


def with_parameters(parameters: object) -> bytes:
    return chat(tools=[{"type": "function", "function": {"name": "f", "parameters": parameters}}])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{nonsense", 400),
        (b"\xff\xfe", 400),
        (b"[" * 200_000, 400),
        (b"[1]", 400),
        (b'{"model": 1' + b"0" * 5_000 + b"}", 400),
        (chat(messages=[1]), 400),
        (chat(max_tokens=10**400), 400),
        (chat(model={}), 400),
        (chat(model="{0.__class__}"), 404),
        (b'{"model": "rehearsal", "messages": [{"role": "user", "content": "\\ud800"}]}', 200),
        (chat(messages=[{"role": None, "content": {"a": 1}}]), 200),
        (chat(messages=[{"role": "user", "content": [1, {"text": 5}, None]}]), 200),
        (chat(messages=[{"role": "user", "tool_calls": 5}, *HI]), 200),
        (chat(tools=5, stream_options=5), 200),
        (chat(tools=[{"function": {"name": {}, "parameters": [1]}}]), 200),
        (with_parameters({"type": "array", "minItems": 10**9}), 200),
        (with_parameters({"type": "string", "minLength": 10**12}), 200),
        (with_parameters({"type": "object", "required": [{}], "properties": 5}), 200),
    ],
)
def test_a_body_of_any_kind_gets_an_answer_that_is_counted(
    server: RehearsalServer, body: bytes, status: int
) -> None:
    assert status_of(send(server.base_url, body)) == status
    assert status_of(send(server.base_url, GOOD)) == 200
    totals = server.totals()
    assert (totals["requests"], sum(totals["refused"].values())) == (2, int(status != 200))


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/v1/responses", {"input": "hi", "include": 5}, 200),
        ("/v1/responses", {"input": [{"type": "reasoning", "encrypted_content": 5}]}, 400),
        ("/v1/responses", {"input": [{"type": "function_call", "name": {}}]}, 400),
        ("/v1/messages", {"messages": HI, "max_tokens": 9, "system": 5, "tools": 5}, 200),
        ("/v1/messages", {"messages": [{"role": "user", "content": ["x"]}], "max_tokens": 9}, 200),
        ("/v1/messages", {"messages": [{"role": "user", "content": 5}], "max_tokens": 9}, 400),
    ],
)
def test_the_other_dialects_take_what_comes_too(
    server: RehearsalServer, path: str, fields: dict[str, Any], status: int
) -> None:
    body = json.dumps({"model": "rehearsal", **fields}).encode()
    assert status_of(send(server.base_url, body, "anthropic-version: 1\r\n", path=path)) == status


def test_half_a_character_goes_out_as_it_came_in() -> None:
    body = b'{"model": "odd\\ud800", "stream": true, "messages": [{"role": "user", "content": ""}]}'
    faults = FaultPlan(("odd-pieces",), share=1.0)
    with RehearsalServer(None, Conditions(any_model=True, faults=faults)) as server:
        raw = send(server.base_url, body)
    assert status_of(raw) == 200
    assert events_of(raw)[0]["model"] == "odd\ud800"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Content-Length: abc\r\n", GOOD),
        ("Content-Length: -1\r\n", GOOD),
        (f"Content-Length: {'9' * 5_000}\r\n", GOOD),
        ("Content-Length: \u0663\r\n", GOOD),
        ("Content-Length: 500\r\n", GOOD),
        ("Transfer-Encoding: chunked\r\n", b"zz\r\n"),
        ("Transfer-Encoding: chunked\r\n", b"-5\r\n"),
        ("Transfer-Encoding: chunked\r\n", b"500\r\n" + GOOD),
    ],
)
def test_a_body_that_is_not_as_long_as_it_says_is_refused(
    server: RehearsalServer, head: str, body: bytes
) -> None:
    assert status_of(send(server.base_url, body, head, half_closed=True)) == 413
    assert server.totals()["requests"] == 0


def test_a_client_that_has_said_all_may_close_its_half(server: RehearsalServer) -> None:
    raw = send(server.base_url, GOOD, half_closed=True)
    assert body_of(raw)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "session", ["foo", "nobody/x/1; turn=0", f"executor/x/{'9' * 5_000}; turn=0"]
)
def test_a_session_that_is_none_is_refused_in_one_sentence(
    server: RehearsalServer, session: str
) -> None:
    raw = send(server.base_url, GOOD, f"X-Gardener-Session: {session}\r\n")
    message = "x-gardener-session: must be role/subject/attempt; turn=N"
    assert (status_of(raw), body_of(raw)["error"]["message"]) == (400, message)
    assert [(seen.status, seen.from_app) for seen in server.requests] == [(400, False)]


def is_cut_off_after_a_byte(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"P")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_request_that_only_drips_is_cut_off_and_holds_nobody_up() -> None:
    ok = Answer(200, "text/plain", (b"ok",))
    with (
        LocalServer(lambda _: ok, request_seconds=0.3) as server,
        socket.create_connection(place_of(server.url), TIMEOUT_SECONDS) as slow,
    ):
        slow.settimeout(0.02)
        sent = 0
        while not is_cut_off_after_a_byte(slow):
            sent += 1
            assert sent < 1_000
            assert status_of(exchange(server.url, "/", {})) == 200


def test_a_failure_of_the_server_itself_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(_: Received) -> Answer:
        raise ValueError("a bug")

    with LocalServer(failing) as server:
        raw = exchange(server.url, "/", {})
    assert status_of(raw) == 500
    assert "ValueError: a bug" in capsys.readouterr().err
