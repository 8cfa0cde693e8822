"""The lists of models that endpoints give, and what they say of one model."""

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import pytest

from agent.domain.profile import Profile
from agent.errors import AuthError, MalformedReply, Unavailable, Unreachable
from agent.providers.model_list import ModelList, list_models, models_url, read_list

PROFILE = Profile(name="p", base_url="https://api.test/v1", model="m-1", key_env="TEST_KEY")
pytestmark = pytest.mark.anyio
Answering = Callable[[httpx2.Request], httpx2.Response]


def listed(**fields: object) -> str:
    return json.dumps({"object": "list", "data": [{"id": "m-1", **fields}, {"id": "m-2"}]})


@pytest.mark.parametrize(
    ("fields", "window", "output"),
    [
        ({"object": "model"}, None, None),
        ({"max_model_len": 40_960}, 40_960, None),
        ({"context_window": 131_072, "max_completion_tokens": 32_768}, 131_072, 32_768),
        (
            {"context_length": 262_144, "top_provider": {"context_length": 131_072}},
            131_072,
            None,
        ),
        ({"top_provider": {"max_completion_tokens": 65_536}}, None, 65_536),
        ({"limits": {"max_context_length": 8_192, "max_completion_tokens": 1}}, 8_192, 1),
        ({"max_input_tokens": 1_000_000, "max_tokens": 128_000}, 1_000_000, 128_000),
        ({"context_length": None, "max_model_len": 0, "limits": []}, None, None),
    ],
)
def test_the_figures_of_a_model(
    fields: dict[str, Any], window: int | None, output: int | None
) -> None:
    assert read_list(listed(**fields), PROFILE) == ModelList(("m-1", "m-2"), window, output)


@pytest.mark.parametrize(
    "text", ['[{"id": "m-1"}]', '{"models": [{"name": "m-1"}]}', '{"data": [1, {}, {"id": "m-1"}]}']
)
def test_other_shapes_of_a_list(text: str) -> None:
    assert read_list(text, PROFILE) == ModelList(("m-1",))


@pytest.mark.parametrize("text", ["", "<html>", "{}", "3", '{"data": {}}'])
def test_what_is_no_list_is_malformed(text: str) -> None:
    with pytest.raises(MalformedReply):
        read_list(text, PROFILE)


def test_the_nearest_names_come_first() -> None:
    assert ModelList(("x", "m-10", "m-2")).nearest("m-1") == ("m-10", "m-2", "x")


@pytest.mark.parametrize(
    ("dialect", "base", "url"),
    [
        ("openai_chat", "https://a.test/v1/", "https://a.test/v1/models"),
        ("anthropic_messages", "https://a.test", "https://a.test/v1/models"),
        ("anthropic_messages", "https://a.test/v1", "https://a.test/v1/models"),
    ],
)
def test_where_the_list_is(dialect: str, base: str, url: str) -> None:
    profile = PROFILE.model_copy(update={"dialect": dialect, "base_url": base})
    assert models_url(profile) == url


async def asked(answer: Answering, **fields: object) -> ModelList | None:
    profile = PROFILE.model_copy(update=fields)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        with anyio.fail_after(20):
            return await list_models(profile, "sk-1", client, timeout_seconds=0.2)


async def test_the_key_goes_where_the_dialect_wants_it() -> None:
    seen: list[httpx2.Headers] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers)
        return httpx2.Response(200, text=listed())

    await asked(answer)
    await asked(answer, dialect="anthropic_messages")
    assert seen[0]["authorization"] == "Bearer sk-1"
    assert (seen[1]["x-api-key"], seen[1]["anthropic-version"]) == ("sk-1", "2023-06-01")


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_an_endpoint_without_a_list(status: int) -> None:
    assert await asked(lambda _: httpx2.Response(status)) is None


async def test_a_refused_key_is_told_without_the_key() -> None:
    body = {"error": {"message": "bad key sk-1"}}
    with pytest.raises(AuthError, match=r"bad key \[key\]"):
        await asked(lambda _: httpx2.Response(401, json=body))


async def test_an_empty_refusal_of_the_list_is_no_overflow() -> None:
    with pytest.raises(Unavailable):
        await asked(lambda _: httpx2.Response(500))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError("refused"), Unreachable),
        (httpx2.ConnectTimeout("slow"), Unreachable),
        (httpx2.ReadTimeout("slow"), Unavailable),
        (httpx2.RemoteProtocolError("closed"), Unavailable),
    ],
)
async def test_a_broken_connection_is_told(error: Exception, kind: type[Exception]) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(kind) as caught:
        await asked(answer)
    assert type(caught.value) is kind


async def test_a_list_that_never_comes_is_given_up() -> None:
    async def answer(_: httpx2.Request) -> httpx2.Response:
        await anyio.sleep_forever()
        raise AssertionError

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        with anyio.fail_after(20), pytest.raises(Unavailable, match=r"within 0.05 s"):
            await list_models(PROFILE, "", client, timeout_seconds=0.05)
