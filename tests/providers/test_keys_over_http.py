"""A key that an endpoint repeats is shown to nobody, over real connections in every dialect."""

import json
from collections.abc import Callable, Iterator
from typing import get_args

import httpx2
import pytest

from agent.domain.message import ModelRequest, SessionKey, text_message
from agent.domain.profile import Dialect, Profile
from agent.errors import AuthError, ModelUnknown, ProviderError
from agent.providers.dialects import client_of
from agent.providers.model_list import list_models
from agent.rehearsal.local_http import Answer, LocalServer, Received

pytestmark = pytest.mark.anyio
JSON = "application/json"
EVENTS = "text/event-stream"
KEY = "csk/0123456789"
ESCAPED = KEY.replace("/", "\\u002f")
DIALECTS = get_args(Dialect)
REQUEST = ModelRequest(
    messages=(text_message("user", "write a.py"),),
    tools=(),
    max_output_tokens=2_048,
    session=SessionKey(role="executor", subject="T02"),
    turn=0,
)
Serve = Callable[[Callable[[Received], Answer]], Profile]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[LocalServer] = []

    def start(answer: Callable[[Received], Answer]) -> Profile:
        server = LocalServer(answer)
        server.start()
        servers.append(server)
        return Profile(name="p", base_url=f"{server.url}/v1", model="m-1", key_env="K")

    yield start
    for server in servers:
        server.stop()


def echoed(status: int, kind: str, said: str, **fields: str) -> Answer:
    extra = "".join(f', "{name}": "{value}"' for name, value in fields.items())
    body = f'{{"error": {{"type": "{kind}", "message": "{said}"{extra}}}}}'
    return Answer(status, JSON, (body.encode(),))


async def refused(profile: Profile, dialect: Dialect, key: str = KEY) -> ProviderError:
    own = profile.model_copy(update={"dialect": dialect})
    async with client_of(own, key) as client:
        with pytest.raises(ProviderError) as caught:
            await client.complete(REQUEST, lambda _: None)
    return caught.value


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("said", [f"bad key {KEY}", f"bad key {ESCAPED}", "x" * 295 + KEY])
@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_a_refusal_is_told_without_the_key(
    serve: Serve, dialect: Dialect, said: str, status: int
) -> None:
    profile = serve(lambda _: echoed(status, "invalid_request_error", said))
    error = await refused(profile, dialect)
    assert "csk" not in str(error)
    assert profile.base_url in str(error)


BEGUN = b'data: {"choices":[{"delta":{"content":"I"}}]}\n\n'
CHUNKS: dict[Dialect, bytes] = {
    "openai_chat": BEGUN + b'data: {"error":{"message":"%s"}}\n\n',
    "openai_responses": b'event: error\ndata: {"type":"error","message":"%s"}\n\n',
    "anthropic_messages": (
        b'event: error\ndata: {"type":"error","error":{"type":"x","message":"%s"}}\n\n'
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("said", [f"no key {KEY}", f"no key {ESCAPED}", "x" * 295 + KEY])
async def test_a_failure_in_a_stream_is_told_without_the_key(
    serve: Serve, dialect: Dialect, said: str
) -> None:
    stream = CHUNKS[dialect].replace(b"%s", said.encode())
    error = await refused(serve(lambda _: Answer(200, EVENTS, (stream,))), dialect)
    assert "csk" not in str(error)
    assert said.split()[0][:8] in str(error)


def gone(*names: str) -> Callable[[Received], Answer]:
    listed = json.dumps({"data": [{"id": name} for name in names]}).encode()

    def answer(received: Received) -> Answer:
        if received.method == "GET":
            return Answer(200, JSON, (listed,))
        return echoed(404, "not_found_error", "model: m-1", code="model_not_found")

    return answer


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_model_that_is_gone_is_told_with_the_others_and_without_the_key(
    serve: Serve, dialect: Dialect
) -> None:
    error = await refused(serve(gone("m-1", KEY, "m-2")), dialect)
    assert isinstance(error, ModelUnknown)
    others = str(error).partition("such as ")[2]
    assert sorted(others.split(", ")) == ["[key]", "m-2"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_model_that_alone_is_listed_is_not_named_in_its_own_place(
    serve: Serve, dialect: Dialect
) -> None:
    error = await refused(serve(gone("m-1")), dialect)
    assert isinstance(error, ModelUnknown)
    assert "such as" not in str(error)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_key_that_is_a_word_of_the_settings_hides_none_of_them(
    serve: Serve, dialect: Dialect
) -> None:
    profile = serve(gone("other-model")).model_copy(update={"model": "local-model"})
    error = await refused(profile, dialect, "local-model")
    assert str(error).startswith(f"{profile.base_url} does not serve the model 'local-model'")


async def listed(profile: Profile, key: str) -> tuple[str, ...]:
    async with httpx2.AsyncClient() as client:
        found = await list_models(profile, key, client, 5.0)
    assert found
    return found.names


async def test_a_list_of_models_is_read_without_the_key(serve: Serve) -> None:
    profile = serve(gone("m-1", f"of-{KEY}"))
    assert await listed(profile, KEY) == ("m-1", "of-[key]")


async def test_a_key_that_is_a_word_of_the_list_does_not_spoil_it(serve: Serve) -> None:
    assert await listed(serve(gone("m-1")), "data") == ("m-1",)
    assert await listed(serve(gone("m-1")), "m-1") == ("m-1",)


@pytest.mark.parametrize("said", [f"bad key {KEY}", f"bad key {ESCAPED}"])
async def test_a_refused_list_is_told_without_the_key(serve: Serve, said: str) -> None:
    profile = serve(lambda _: echoed(401, "authentication_error", said))
    with pytest.raises(AuthError, match=r"bad key \[key\]"):
        await listed(profile, KEY)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("key", ["csk 1", "csk-1\n", "csk\x01", "schlüssel-csk"])
async def test_a_key_that_no_header_can_carry_is_told_without_it(
    serve: Serve, dialect: Dialect, key: str
) -> None:
    profile = serve(gone("m-1"))
    sentence = "K holds spaces or signs that no key has; copy the key again"
    assert str(await refused(profile, dialect, key)) == sentence
    with pytest.raises(AuthError, match=f"^{sentence}$"):
        await listed(profile, key)
