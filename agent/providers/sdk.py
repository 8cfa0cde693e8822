"""Connections over the official SDKs: they carry key, transport and errors of the connection.

Neither retries. The typed layers of the SDKs are passed by: they walk every message of the history
on each turn and hide how a stream ended.
"""

import os
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from agent.domain.profile import Profile
from agent.errors import Unavailable
from agent.providers.triage import unavailable, unreachable

if TYPE_CHECKING:
    import httpx2

Json = dict[str, Any]
CONNECT_SECONDS = 10.0
NO_KEY = "none"
"""The SDKs want a key also for servers that ask for none."""
LARGEST_ASIDE_BYTES = 4 << 20
"""The most that is read of a refusal or of a list of models: the SDKs read them to their end."""


class Connection(Protocol):
    async def post(self, path: str, body: Json, headers: Mapping[str, str]) -> "httpx2.Response":
        """The head of a reply whose body is still to come, or a refusal read to its end.

        Raises Unavailable when the connection fails.
        """
        ...

    async def get(self, path: str) -> object:
        """A decoded body; None when there is none to be had."""
        ...

    async def aclose(self) -> None: ...


class OpenAIConnection:
    def __init__(
        self, profile: Profile, key: str, http_client: "httpx2.AsyncClient | None"
    ) -> None:
        import httpx2
        import openai

        self._profile = profile
        self._client: openai.AsyncOpenAI = openai.AsyncOpenAI(
            base_url=profile.base_url,
            api_key=key or NO_KEY,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            http_client=http_client or bounded(openai.DefaultAsyncHttpx2Client()),
        )

    async def post(self, path: str, body: Json, headers: Mapping[str, str]) -> "httpx2.Response":
        import openai

        try:
            stream = await self._client.post(
                path,
                body=body,
                options={"headers": headers, "security": {"bearer_auth": True}},
                cast_to=object,
                stream=True,
                stream_cls=openai.AsyncStream[object],
            )
        except openai.APIStatusError as refused:
            return refused.response
        except openai.APIConnectionError as error:
            raise connection_error(self._profile, error) from error
        return stream.response

    async def get(self, path: str) -> object:
        import openai

        try:
            return await self._client.get(path, cast_to=object)
        except (openai.APIError, ValueError):
            return None

    async def aclose(self) -> None:
        await self._client.close()


class AnthropicConnection:
    """The SDK's own paths begin with the version, so an address that ends in it loses it."""

    def __init__(
        self, profile: Profile, key: str, http_client: "httpx2.AsyncClient | None"
    ) -> None:
        import anthropic
        import httpx2

        self._profile = profile
        self._client: anthropic.AsyncAnthropic = anthropic.AsyncAnthropic(
            base_url=profile.base_url.rstrip("/").removesuffix("/v1"),
            api_key=key or NO_KEY,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            http_client=http_client or bounded(anthropic.DefaultAsyncHttpxClient()),
            open_telemetry=False,
        )

    async def post(self, path: str, body: Json, headers: Mapping[str, str]) -> "httpx2.Response":
        import anthropic

        try:
            stream = await self._client.post(
                path,
                body=body,
                options={"headers": headers},
                cast_to=object,
                stream=True,
                stream_cls=anthropic.AsyncStream[object],
            )
        except anthropic.APIStatusError as refused:
            return refused.response
        except anthropic.APIConnectionError as error:
            raise connection_error(self._profile, error) from error
        return stream.response

    async def get(self, path: str) -> object:
        import anthropic

        try:
            return await self._client.get(path, cast_to=object)
        except (anthropic.APIError, ValueError):
            return None

    async def aclose(self) -> None:
        await self._client.close()


def bounded(client: "httpx2.AsyncClient") -> "httpx2.AsyncClient":
    """The client, which ends everything but a reply after LARGEST_ASIDE_BYTES."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: httpx2.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for data in self._stream:
                size += len(data)
                if size > LARGEST_ASIDE_BYTES:
                    return
                yield data

        async def aclose(self) -> None:
            await self._stream.aclose()

    async def bound(response: httpx2.Response) -> None:
        is_reply = response.is_success and response.request.method == "POST"
        if not is_reply and isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = Bounded(response.stream)

    client.event_hooks["response"].append(bound)
    return client


def connection_error(profile: Profile, error: Exception) -> Unavailable:
    """The sentence for a connection that could not be made, or was lost."""
    import httpx2

    no_way = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
    lost = isinstance(error, no_way) or isinstance(error.__cause__, no_way)
    return (unreachable if lost else unavailable)(profile, root_reason(error))


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
