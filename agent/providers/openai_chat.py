"""The adapter for endpoints that speak the OpenAI chat dialect, over the official SDK.

The SDK carries connection, key and transport. The request is written and the stream is read here:
its typed layer walks every message of the history on each turn and hides how a stream ended.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from difflib import SequenceMatcher
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import anyio

from agent.domain.message import Completion, ModelRequest
from agent.domain.profile import Profile
from agent.errors import AuthError, ModelUnknown, ProviderError, RequestRefused
from agent.providers.chat_messages import request_body
from agent.providers.event_stream import StreamedReply
from agent.providers.triage import model_unknown, triage, unavailable, unreachable

if TYPE_CHECKING:
    import httpx2
    import openai

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 1.0
MODEL_LIST_SECONDS = 5.0
MODELS_SHOWN = 8
SESSION_HEADER = "X-Gardener-Session"
NO_KEY = "none"
"""The SDK wants a key also for servers that ask for none."""


class OpenAIChat:
    """One model behind one endpoint; close it when the run is over."""

    def __init__(
        self, profile: Profile, key: str, http_client: "httpx2.AsyncClient | None" = None
    ) -> None:
        self._profile = profile
        self._key = key
        self._http_client = http_client
        self._opened: openai.AsyncOpenAI | None = None

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        """Sends one request, once; the contract is ModelClient's."""
        self._check_settings()
        import httpx2
        import openai

        try:
            return await self._exchange(request, on_text)
        except openai.APIStatusError as error:
            raise await self._refusal(error.response) from error
        except (openai.APIConnectionError, httpx2.RequestError) as error:
            no_way = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
            lost = isinstance(error, no_way) or isinstance(error.__cause__, no_way)
            tell = unreachable if lost else unavailable
            raise tell(self._profile, root_reason(error)) from error

    def _check_settings(self) -> None:
        """Refuses what no endpoint could serve, however often it is tried."""
        profile = self._profile
        if not is_address(profile.base_url):
            raise RequestRefused(
                f"{profile.base_url!r} is not the address of an endpoint; "
                "set OPENAI_BASE_URL to one like https://HOST/v1"
            )
        if not self._key.isascii() or self._key.split() not in ([], [self._key]):
            place = profile.key_env or "the key"
            raise AuthError(f"{place} holds spaces or signs that no key has; copy the key again")

    async def _exchange(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        profile, reply = self._profile, StreamedReply(self._profile, request.turn)
        try:
            with anyio.fail_after(profile.first_byte_seconds) as patience:
                async with self._response(request) as response:
                    async for data in response.aiter_bytes():
                        for text in reply.feed(data):
                            on_text(text)
                        # A body read to its end leaves the connection open for the next turn.
                        wait = CLOSE_SECONDS if reply.done else profile.stall_seconds
                        patience.deadline = anyio.current_time() + wait
        except TimeoutError as error:
            if not reply.done:
                raise unavailable(profile, silence(profile, begun=reply.begun)) from error
        for text in reply.end():
            on_text(text)
        return reply.completion()

    @asynccontextmanager
    async def _response(self, request: ModelRequest) -> "AsyncIterator[httpx2.Response]":
        response = await self._post(request)
        try:
            yield response
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await response.aclose()

    async def _post(self, request: ModelRequest) -> "httpx2.Response":
        from openai import AsyncStream

        headers = {"Accept": "text/event-stream"}
        if self._profile.session_header:
            headers[SESSION_HEADER] = f"{request.session}; turn={request.turn}"
        stream = await self._client().post(
            "/chat/completions",
            body=request_body(request, self._profile),
            options={"headers": headers, "security": {"bearer_auth": True}},
            cast_to=object,
            stream=True,
            stream_cls=AsyncStream[object],
        )
        return stream.response

    def _client(self) -> "openai.AsyncOpenAI":
        if self._opened is None:
            import httpx2
            import openai

            self._opened = openai.AsyncOpenAI(
                base_url=self._profile.base_url,
                api_key=self._key or NO_KEY,
                max_retries=0,
                timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
                http_client=self._http_client,
            )
        return self._opened

    async def _refusal(self, response: "httpx2.Response") -> ProviderError:
        text = response.text
        if self._key:
            text = text.replace(self._key, "[key]")
        error = triage(response.status_code, response.headers, text, self._profile)
        if isinstance(error, ModelUnknown) and (served := await self._served_models()):
            return model_unknown(self._profile, served)
        return error

    async def _served_models(self) -> list[str]:
        """Names that the endpoint lists, the most similar first; none when it does not say."""
        import httpx2
        import openai

        listed: object = None
        try:
            with anyio.move_on_after(MODEL_LIST_SECONDS):
                listed = await self._client().get("/models", cast_to=object)
        except (openai.APIError, httpx2.RequestError, ValueError):
            return []
        data = listed.get("data") if isinstance(listed, dict) else None
        models = [entry for entry in data or () if isinstance(entry, dict)]
        names = [str(model["id"]) for model in models if model.get("id")]
        return sorted(names, key=self._unlikeness)[:MODELS_SHOWN]

    def _unlikeness(self, name: str) -> float:
        return -SequenceMatcher(None, self._profile.model, name).ratio()

    async def aclose(self) -> None:
        if self._opened is not None:
            await self._opened.close()
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


def is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def silence(profile: Profile, *, begun: bool) -> str:
    if begun:
        return f"the reply stopped for more than {profile.stall_seconds:g} s"
    return f"no reply began within {profile.first_byte_seconds:g} s"


def root_reason(error: BaseException) -> str:
    """What the operating system or the TLS library said, from under the layers around it."""
    cause: BaseException = error
    while below := underlying(cause):
        cause = below
    if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
        return "no connection in time"
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__


def underlying(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return error.__cause__ or error.__context__
