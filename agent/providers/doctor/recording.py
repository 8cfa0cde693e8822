"""Looks over an adapter's shoulder: what went over the wire, and when.

It hangs on the hooks of the HTTP client, so that proxies and connections stay as in a run.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx2

KEPT_BYTES = 2_000_000
LARGEST_BYTES = 64_000_000
"""A reply without an end is broken off here."""
CONNECT_SECONDS = 10.0


@dataclass
class Exchange:
    """One request and its answer; instants are seconds of the clock that the recorder was given."""

    sent_at: float
    status: int = 0
    """0 while nothing has come back."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the answer, names in lower case."""
    head_at: float = 0.0
    first_at: float = 0.0
    """When the first piece of the body arrived."""
    last_at: float = 0.0
    pieces: int = 0
    size: int = 0
    body: bytearray = field(default_factory=bytearray)
    """The first KEPT_BYTES of it."""

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def events(self) -> int:
        """Pieces of a streamed reply, by its own marks."""
        return self.body.count(b"\ndata:") + self.body.startswith(b"data:")


class Recorder:
    """Keeps every exchange of the clients that it makes."""

    def __init__(self, monotonic: Callable[[], float], trust: ssl.SSLContext | None = None) -> None:
        """`trust`: which certificates are believed; without it those that a run believes."""
        self.exchanges: list[Exchange] = []
        self._monotonic = monotonic
        self._trust = trust or httpx2.create_ssl_context()

    @property
    def last(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges else None

    def client(self, timeout_seconds: float) -> httpx2.AsyncClient:
        """A client for one conversation; whoever uses it bounds its waits and closes it."""
        return httpx2.AsyncClient(
            event_hooks={"request": [self._sent], "response": [self._answered]},
            # Packed bytes could not be read here, and pack several pieces into one.
            headers={"Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(None, connect=min(CONNECT_SECONDS, timeout_seconds)),
            follow_redirects=True,
            verify=self._trust,
        )

    async def _sent(self, _: httpx2.Request) -> None:
        self.exchanges.append(Exchange(sent_at=self._monotonic()))

    async def _answered(self, response: httpx2.Response) -> None:
        exchange = self.exchanges[-1]
        exchange.status = response.status_code
        exchange.headers = {name.lower(): value for name, value in response.headers.items()}
        exchange.head_at = self._monotonic()
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = RecordedStream(response.stream, exchange, self._monotonic)


class RecordedStream(httpx2.AsyncByteStream):
    """Passes a body on and notes what passes."""

    def __init__(
        self, inner: httpx2.AsyncByteStream, exchange: Exchange, monotonic: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._exchange = exchange
        self._monotonic = monotonic

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises httpx2.ReadError when the body has no end."""
        exchange = self._exchange
        async for piece in self._inner:
            now = self._monotonic()
            exchange.first_at = exchange.first_at if exchange.pieces else now
            exchange.last_at = now
            exchange.pieces += 1
            exchange.size += len(piece)
            exchange.body += piece[: max(0, KEPT_BYTES - len(exchange.body))]
            if exchange.size > LARGEST_BYTES:
                raise httpx2.ReadError(f"the reply is longer than {LARGEST_BYTES:,} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
