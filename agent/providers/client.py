"""What the adapters of all dialects do alike: send once, watch the reply, name each failure."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from difflib import SequenceMatcher
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

import anyio

from agent.domain.message import Completion, ModelRequest
from agent.domain.profile import Profile
from agent.errors import AuthError, ModelUnknown, ProviderError, RequestRefused
from agent.providers.event_stream import LARGEST_BYTES, Assembler, StreamedReply
from agent.providers.rate_headers import readings
from agent.providers.redaction import redact
from agent.providers.sdk import Connection, root_reason
from agent.providers.surrogates import rejoined_in
from agent.providers.triage import address_setting, broken_off, model_unknown, triage, unavailable

if TYPE_CHECKING:
    import httpx2

CLOSE_SECONDS = 1.0
"""How long the end of a body may be behind the end of its reply."""
LAST_WORDS_SECONDS = 5.0
"""How long counts may be behind the reason to stop, where no mark of the end comes."""
MODEL_LIST_SECONDS = 5.0
MODELS_SHOWN = 8
SLOWEST_SECONDS_PER_TOKEN = 1.0
"""A reply that takes longer than this for each token of its reservation is given up."""
LARGEST_BYTES_PER_TOKEN = 4_096
"""Far more than one token takes with all that is around it."""
SESSION_HEADER = "X-Gardener-Session"
REHEARSAL = "rehearsal"
"""What a rehearsal calls itself in the header `Server`."""
GAVE_UP = frozenset({408, 502, 504, *range(520, 528)})
"""What a gateway answers that lost patience with, or sight of, whoever was at work behind it."""


class DialectClient(ABC):
    """One model behind one endpoint; close it when the run is over."""

    path: ClassVar[str]
    models_path: ClassVar[str]

    def __init__(
        self, profile: Profile, key: str, http_client: "httpx2.AsyncClient | None" = None
    ) -> None:
        self._profile = profile
        self._key = key
        self._http_client = http_client
        self._opened: Connection | None = None
        self._rehearsed = False

    @abstractmethod
    def connect(self, http_client: "httpx2.AsyncClient | None") -> Connection:
        """Opens the SDK's client; nothing is sent."""

    @abstractmethod
    def body(self, request: ModelRequest) -> dict[str, Any]:
        """The request as the dialect writes it."""

    @abstractmethod
    def assembler(self, request: ModelRequest) -> Assembler:
        """What puts the pieces of the reply together."""

    def use(self, profile: Profile) -> None:
        """Sends by this profile, of the same endpoint, from here on; the key stays its own."""
        self._profile = profile.model_copy(update={"key_env": self._profile.key_env})

    @property
    def account(self) -> str:
        """A mark of endpoint and key, by which neither is known."""
        return sha256(f"{self._profile.base_url} {self._key}".encode()).hexdigest()[:8]

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        """Sends one request, once; the contract is ModelClient's."""
        self._check_settings()
        import httpx2

        try:
            return await self._exchange(request, on_text)
        except httpx2.RequestError as error:
            # The connection hands on its own errors as ProviderError: this one came after the head.
            lost = broken_off(self._profile, loss(error))
            lost.rehearsed = self._rehearsed
            raise lost from error
        except ProviderError as error:
            # Whatever an endpoint says of a request may have its key in it.
            error.args = (self._shown(str(error)),)
            error.rehearsed = self._rehearsed
            raise

    def _shown(self, text: str) -> str:
        return redact(text, self._key, self._profile.base_url, self._profile.model)

    def _check_settings(self) -> None:
        """Refuses what no endpoint could serve, however often it is tried."""
        profile = self._profile
        try:
            refuse_odd_address(profile)
            refuse_odd_key(self._key, profile)
        except ProviderError as error:
            error.may_count = False
            raise

    async def _exchange(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        profile = self._profile
        reply = StreamedReply(profile, self.assembler(request), largest_bytes(request))
        # Loading an SDK takes its time; the endpoint has not been asked yet.
        connection = self._connection()
        last = anyio.current_time() + longest_seconds(request, profile)
        try:
            with anyio.fail_after(profile.first_byte_seconds) as patience:
                async with self._response(connection, request) as response:
                    await self._listen(response, reply, on_text, patience, last)
        except TimeoutError as error:
            if not reply.is_whole:
                is_slow = patience.deadline == last
                reason = slowness(request, profile) if is_slow else silence(profile, reply.begun)
                failed = broken_off if reply.begun else unavailable
                raise failed(profile, reason) from error
        for text in reply.end():
            on_text(text)
        told = readings(response.headers, profile)
        heard = {"readings": told, "rehearsed": self._rehearsed}
        return reply.completion().model_copy(update=heard)

    async def _listen(
        self,
        response: "httpx2.Response",
        reply: StreamedReply,
        on_text: Callable[[str], None],
        patience: anyio.CancelScope,
        last: float,
    ) -> None:
        """Reads a body to its end, and gives it until `last` and as long as it says something.

        What happens to the connection behind the end of the reply does not matter.
        """
        import httpx2

        profile = self._profile
        silence_seconds = max(profile.first_byte_seconds, profile.stall_seconds)
        pieces, heard = 0, anyio.current_time()
        try:
            async for data in response.aiter_bytes():
                for text in reply.feed(data):
                    on_text(text)
                now = anyio.current_time()
                if reply.pieces > pieces:
                    pieces, heard = reply.pieces, now
                # A body read to its end leaves the connection open for the next turn.
                wait = CLOSE_SECONDS if reply.done else profile.stall_seconds
                wait = min(wait, LAST_WORDS_SECONDS) if reply.is_whole else wait
                # Keep-alives are bytes, but a reply of nothing else is none.
                patience.deadline = min(now + wait, heard + silence_seconds, last)
        except httpx2.RequestError:
            if not reply.is_whole:
                raise

    @asynccontextmanager
    async def _response(
        self, connection: Connection, request: ModelRequest
    ) -> "AsyncIterator[httpx2.Response]":
        headers = {"Accept": "text/event-stream"}
        if self._profile.session_header:
            headers[SESSION_HEADER] = f"{request.session}; turn={request.turn}"
        body = rejoined_in(self.body(request))
        response = await connection.post(self.path, body, headers)
        self._rehearsed = response.headers.get("server") == REHEARSAL
        try:
            if not response.is_success:
                raise await self._refusal(response)
            yield response
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await response.aclose()

    def _connection(self) -> Connection:
        if self._opened is None:
            self._opened = self.connect(self._http_client)
        return self._opened

    async def _refusal(self, response: "httpx2.Response") -> ProviderError:
        sent = response.request.headers.get("content-length", "")
        error: ProviderError = triage(
            response.status_code,
            response.headers,
            redact(response.text, self._key),
            self._profile,
            request_bytes=int(sent) if sent.isdecimal() else None,
        )
        if isinstance(error, ModelUnknown) and (served := await self._served_models()):
            error = model_unknown(self._profile, served)
        error.may_count = response.status_code in GAVE_UP
        return error

    async def _served_models(self) -> list[str]:
        """Other names that the endpoint lists, the most similar first; none when it lists none."""
        listed: object = None
        with anyio.move_on_after(MODEL_LIST_SECONDS):
            listed = await self._connection().get(self.models_path)
        data = listed.get("data") if isinstance(listed, dict) else None
        models = [entry for entry in data or () if isinstance(entry, dict)]
        names = [str(model["id"]) for model in models if model.get("id")]
        others = [name for name in names if name != self._profile.model]
        return sorted(others, key=self._unlikeness)[:MODELS_SHOWN]

    def _unlikeness(self, name: str) -> float:
        return -SequenceMatcher(None, self._profile.model, name).ratio()

    async def aclose(self) -> None:
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def refuse_odd_address(profile: Profile) -> None:
    if not is_address(profile.base_url):
        raise RequestRefused(
            f"{profile.base_url!r} is not the address of an endpoint; "
            f"set {address_setting(profile)} to one like https://HOST/v1"
        )


def refuse_odd_key(key: str, profile: Profile) -> None:
    """Raises AuthError for a key that no header can carry."""
    if not (key.isascii() and key.isprintable()) or " " in key:
        place = profile.key_env or "the key"
        raise AuthError(f"{place} holds spaces or signs that no key has; copy the key again")


def is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def longest_seconds(request: ModelRequest, profile: Profile) -> float:
    """The most that a whole reply may take, however steadily its server sends something."""
    silence_seconds = profile.first_byte_seconds + profile.stall_seconds
    return silence_seconds + request.max_output_tokens * SLOWEST_SECONDS_PER_TOKEN


def largest_bytes(request: ModelRequest) -> int:
    """The most that a whole reply may be long; one without an end would fill the memory."""
    return LARGEST_BYTES + request.max_output_tokens * LARGEST_BYTES_PER_TOKEN


def loss(error: "httpx2.RequestError") -> str:
    """How a connection was lost in the middle of a reply."""
    import httpx2

    is_closed = isinstance(error, httpx2.RemoteProtocolError)
    return "the connection was closed in the middle" if is_closed else root_reason(error)


def slowness(request: ModelRequest, profile: Profile) -> str:
    return f"the reply did not end within {longest_seconds(request, profile):g} s"


def silence(profile: Profile, begun: bool) -> str:
    if begun:
        return f"the reply stopped for more than {profile.stall_seconds:g} s"
    return f"no reply began within {profile.first_byte_seconds:g} s"
