"""An HTTP server on 127.0.0.1 with a lifetime; what it answers is given to it."""

import io
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self

from agent.rehearsal.arrival import Arrival, read_body

HOST = "127.0.0.1"
POLL_SECONDS = 0.02
JOIN_SECONDS = 2.0
MOST_CONNECTIONS = 256
SILENT_CLIENT_SECONDS = 600.0
"""A client that neither sends nor reads for so long loses its connection."""
REQUEST_SECONDS = 60.0
"""A request that has begun must be whole within this, however steadily its bytes drip."""
BROKEN = b"the body is too large, or not as long as it says"
FAILED = b"the rehearsal failed on this request; its own output says why"
FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def never() -> bool:
    return False


def nothing() -> None:
    """Stands where nobody wants to know."""


@dataclass(frozen=True)
class Received:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    is_gone: Callable[[], bool] = field(default=never, compare=False, repr=False)
    """Whether the client has left."""


@dataclass(frozen=True)
class Answer:
    """`streamed` pieces go out one by one as they are made, others in one body."""

    status: int
    content_type: str
    pieces: Iterable[bytes]
    streamed: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    arrives: Callable[[], None] = field(default=nothing, compare=False, repr=False)
    """Called once the client is about to have the whole, and has not left before."""


Answering = Callable[[Received], Answer]
Connection = socket.socket | tuple[bytes, socket.socket]


class LocalServer:
    """Listens from start to stop, on a free port unless one is named."""

    def __init__(
        self,
        answer: Answering,
        *,
        port: int = 0,
        now: Callable[[], float] = time.time,
        most_connections: int = MOST_CONNECTIONS,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """`now` gives the seconds since 1970 that the header `Date` tells."""
        self._answer = answer
        self._wanted_port = port
        self._now = now
        self._most_connections = most_connections
        self._request_seconds = request_seconds
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        handler = partial(Handler, self._answer, self._now, self._request_seconds)
        self._listener = Listener((HOST, self._wanted_port), handler, self._most_connections)
        self._port = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Closes every connection, also those in the middle of a reply."""
        if self._listener is None or self._thread is None:
            return
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()
        self._listener = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Listener(socketserver.ThreadingTCPServer):
    """One daemon thread for each connection.

    The standard library's HTTP server looks its own name up in DNS when it starts; this does not.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(
        self, address: tuple[str, int], handler: Callable[..., "Handler"], most_connections: int
    ) -> None:
        self._workers: list[tuple[threading.Thread, socket.socket]] = []
        self._most_connections = most_connections
        super().__init__(address, handler)

    def process_request(self, request: Connection, client_address: object) -> None:
        self._workers = [worker for worker in self._workers if worker[0].is_alive()]
        if len(self._workers) >= self._most_connections and isinstance(request, socket.socket):
            with suppress(OSError):
                request.sendall(FULL)
            self.shutdown_request(request)
            return
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        if isinstance(request, socket.socket):
            self._workers.append((thread, request))
        thread.start()

    def server_close(self) -> None:
        super().server_close()
        for thread, connection in self._workers:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(JOIN_SECONDS)

    def handle_error(self, request: Connection, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads requests and writes what `answer` gives; a client that leaves is no event."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = SILENT_CLIENT_SECONDS
    server_version = "rehearsal"
    sys_version = ""

    def __init__(
        self,
        answer: Answering,
        now: Callable[[], float],
        request_seconds: float,
        request: socket.socket,
        client_address: tuple[str, int],
        server: socketserver.BaseServer,
    ) -> None:
        self._answer = answer
        self._now = now
        self._arrival = Arrival(request, SILENT_CLIENT_SECONDS, request_seconds)
        super().__init__(request, client_address, server)

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(self._arrival)

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def version_string(self) -> str:
        return self.server_version

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self._now() if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Requests are recorded by what answers them."""

    def _respond(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = read_body(self.rfile, headers)
        if body is None:
            self.close_connection = True
            self._send(Answer(413, "text/plain", (BROKEN,)))
            return
        self._arrival.be_patient()
        received = Received(self.command, self.path, headers, body, self._is_gone)
        try:
            answer = self._answer(received)
        except ConnectionError:
            raise
        except Exception:
            self._send(Answer(500, "text/plain", (FAILED,)))
            raise
        self._send(answer)

    def _is_gone(self) -> bool:
        """Looks whether the connection has ended, without taking anything from it."""
        patience = self.connection.gettimeout()
        try:
            self.connection.setblocking(False)
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            with suppress(OSError):
                self.connection.settimeout(patience)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.streamed:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in answer.pieces:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self._tell_of_the_end(answer)
            self.wfile.write(b"0\r\n\r\n")
            return
        body = b"".join(answer.pieces)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._tell_of_the_end(answer)
        self.wfile.write(body)

    def _tell_of_the_end(self, answer: Answer) -> None:
        """Before the last bytes, so that nobody sees them and not yet what they stand for."""
        if not self._is_gone():
            answer.arrives()
