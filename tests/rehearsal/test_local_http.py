import socket
import threading

import pytest
from raw_http import TIMEOUT_SECONDS, exchange, headers_of, place_of, status_of

from agent.rehearsal.arrival import LARGEST_BODY_BYTES
from agent.rehearsal.local_http import Answer, LocalServer, Received

OK = Answer(200, "text/plain", (b"ok",), headers=(("x-one", "1"),))


def test_an_answer_has_its_own_headers_and_the_given_date() -> None:
    with LocalServer(lambda _: OK, now=lambda: 0.0) as server:
        headers = headers_of(exchange(server.url, "/", {}))
    assert (headers["x-one"], headers["date"]) == ("1", "Thu, 01 Jan 1970 00:00:00 GMT")


def test_a_named_port_is_listened_on_and_a_taken_one_refused() -> None:
    with LocalServer(lambda _: OK) as server:
        port = place_of(server.url)[1]
        with pytest.raises(OSError, match="in use"):
            LocalServer(lambda _: OK, port=port).start()
    with LocalServer(lambda _: OK, port=port) as again:
        assert place_of(again.url)[1] == port


def test_connections_beyond_the_bound_are_turned_away() -> None:
    with LocalServer(lambda _: OK, most_connections=2) as server:
        place = place_of(server.url)
        held = [socket.create_connection(place, TIMEOUT_SECONDS) for _ in range(2)]
        try:
            assert status_of(exchange(server.url, "/", {})) == 503
        finally:
            for connection in held:
                connection.close()


def test_a_body_that_is_too_large_is_not_read() -> None:
    with LocalServer(lambda _: OK) as server:
        raw = exchange(server.url, "/", {}, {"Content-Length": str(LARGEST_BODY_BYTES + 1)})
    assert status_of(raw) == 413


def test_it_is_seen_when_a_client_has_left() -> None:
    answers: list[bool] = []
    asked, left, looked = threading.Event(), threading.Event(), threading.Event()

    def answer(received: Received) -> Answer:
        answers.append(received.is_gone())
        asked.set()
        left.wait(TIMEOUT_SECONDS)
        answers.append(received.is_gone())
        looked.set()
        return OK

    with LocalServer(answer) as server:
        with socket.create_connection(place_of(server.url), TIMEOUT_SECONDS) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert asked.wait(TIMEOUT_SECONDS)
        left.set()
        assert looked.wait(TIMEOUT_SECONDS)
    assert answers == [False, True]
