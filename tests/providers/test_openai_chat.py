import json
from collections.abc import Callable

import httpx2
import pytest

from agent.domain.message import (
    Completion,
    Message,
    ModelRequest,
    SessionKey,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    text_message,
)
from agent.domain.profile import Profile
from agent.domain.readings import LimitReading
from agent.errors import AuthError, ContextOverflow, ModelUnknown, RateLimited, RequestRefused
from agent.providers.openai_chat import OpenAIChat

PROFILE = Profile(name="test", base_url="https://api.test/v1", model="m-1", key_env="TEST_KEY")
READ = ToolSpec(
    name="read",
    description="Reads a file.",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}},
)
REQUEST = ModelRequest(
    messages=(
        text_message("system", "be brief"),
        text_message("user", "read a.py"),
        Message(
            role="assistant",
            parts=(
                TextPart(text="I look."),
                ToolCall(call_id="c1", name="read", arguments='{"path": "a.py"}'),
            ),
        ),
        Message(role="tool", parts=(ToolResult(call_id="c1", text="x = 1"),)),
    ),
    tools=(READ,),
    max_output_tokens=2_048,
    session=SessionKey(role="executor", subject="T02"),
    turn=1,
)
# As Cerebras streams it: usage on the last chunk, the call in one delta.
STREAM = b"""\
data: {"id":"chatcmpl-1","choices":[{"delta":{"role":"assistant"},"index":0}],"model":"m-1-served"}

: keep-alive

data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"Now "},"index":0}],"model":"m-1-served"}

data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"b."},"index":0}],"model":"m-1-served"}

data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"read","arguments":"{\\"path\\": \\"b.py\\"}"},"type":"function","id":"e0ecf32e0","index":0}]},"index":0}]}

data: {"choices":[{"delta":{},"finish_reason":"tool_calls","index":0}],"usage":{"total_tokens":223,"completion_tokens":87,"completion_tokens_details":{"reasoning_tokens":0},"prompt_tokens":136,"prompt_tokens_details":{"cached_tokens":128}},"time_info":{"queue_time":0.0045}}

data: [DONE]

"""  # noqa: E501
Respond = Callable[[httpx2.Request], httpx2.Response]
pytestmark = pytest.mark.anyio


def ignore(text: str) -> None:
    pass


def adapter(respond: Respond, profile: Profile = PROFILE, key: str = "sk-secret") -> OpenAIChat:
    return OpenAIChat(
        profile, key, http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
    )


async def complete(respond: Respond, profile: Profile = PROFILE) -> Completion:
    async with adapter(respond, profile) as model:
        return await model.complete(REQUEST, ignore)


def streamed(body: bytes = STREAM) -> httpx2.Response:
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)


async def test_a_request_on_the_wire_and_its_reply() -> None:
    seen: list[httpx2.Request] = []
    told: list[str] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return streamed()

    async with adapter(respond) as model:
        completion = await model.complete(REQUEST, told.append)

    (request,) = seen
    assert str(request.url) == "https://api.test/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert "x-gardener-session" not in request.headers
    assert json.loads(request.content) == {
        "model": "m-1",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "read a.py"},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "read", "arguments": '{"path": "a.py"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "x = 1"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 2_048,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "read",
                    "description": "Reads a file.",
                    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
                },
            }
        ],
    }
    assert told == ["Now ", "b."]
    assert completion == Completion(
        message=Message(
            role="assistant",
            parts=(
                TextPart(text="Now b."),
                ToolCall(call_id="e0ecf32e0", name="read", arguments='{"path": "b.py"}'),
            ),
        ),
        stop_reason="tool_calls",
        usage=Usage(input_tokens=136, output_tokens=87, cached_tokens=128),
        model="m-1-served",
    )


async def test_what_the_headers_say_of_limits_comes_with_the_reply() -> None:
    def respond(_: httpx2.Request) -> httpx2.Response:
        headers = {
            "content-type": "text/event-stream",
            "x-ratelimit-limit-tokens-minute": "30000",
            "x-ratelimit-remaining-tokens-minute": "29976",
        }
        return httpx2.Response(200, headers=headers, content=STREAM)

    reading = LimitReading(unit="tokens", window="minute", limit=30_000, remaining=29_976)
    assert (await complete(respond)).readings == (reading,)


async def test_a_refusal_without_a_word_is_an_overflow_only_of_a_long_request() -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(400)

    with pytest.raises(RequestRefused):
        await complete(refuse)
    long = REQUEST.model_copy(update={"messages": (text_message("user", "word " * 10_000),)})
    async with adapter(refuse) as model:
        with pytest.raises(ContextOverflow):
            await model.complete(long, ignore)


async def test_the_session_is_named_where_the_profile_wants_it() -> None:
    seen: list[str | None] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("x-gardener-session"))
        return streamed()

    await complete(respond, PROFILE.model_copy(update={"session_header": True}))
    assert seen == ["executor/T02/1; turn=1"]


async def test_a_refused_request_is_sent_once() -> None:
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(
            429, headers={"retry-after": "7"}, json={"message": "slow", "code": "x"}
        )

    with pytest.raises(RateLimited, match="HTTP 429: slow") as caught:
        await complete(respond)
    assert caught.value.retry_after_seconds == 7
    assert len(seen) == 1


async def test_an_unknown_model_lists_what_is_served_the_nearest_first() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/models":
            names = [*"abcdefghij", "m-2"]
            return httpx2.Response(200, json={"data": [{"id": name} for name in names]})
        return httpx2.Response(404, json={"error": {"message": "m-1", "code": "model_not_found"}})

    with pytest.raises(ModelUnknown) as caught:
        await complete(respond)
    assert str(caught.value) == (
        "https://api.test/v1 does not serve the model 'm-1'; "
        "name another, such as m-2, a, b, c, d, e, f, g"
    )


@pytest.mark.parametrize(
    "models",
    [httpx2.Response(500), httpx2.Response(200, text="<html>"), httpx2.Response(200, json=[1])],
)
async def test_an_unknown_model_is_told_also_without_a_list(models: httpx2.Response) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/models":
            return models
        return httpx2.Response(404, json={"error": {"message": "no model m-1"}})

    with pytest.raises(ModelUnknown, match="HTTP 404: no model m-1"):
        await complete(respond)


async def test_a_key_never_appears_in_an_error() -> None:
    def respond(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(401, json={"error": {"message": "bad key sk-secret"}})

    with pytest.raises(AuthError, match=r"bad key \[key\]") as caught:
        await complete(respond)
    assert "sk-secret" not in str(caught.value)


async def test_a_key_with_a_line_end_is_refused_before_anything_is_sent() -> None:
    async with adapter(lambda _: streamed(), key="sk-secret\n") as model:
        with pytest.raises(AuthError, match="TEST_KEY holds spaces"):
            await model.complete(REQUEST, ignore)


@pytest.mark.parametrize(
    "url", ["", "api.test/v1", "ftp://host/v1", "http://[::1/v1", "http://h:x"]
)
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RequestRefused, match=r"is not the address .* set OPENAI_BASE_URL"):
        await complete(lambda _: streamed(), PROFILE.model_copy(update={"base_url": url}))


async def test_a_web_page_in_place_of_the_endpoint_is_told() -> None:
    page = httpx2.Response(404, text="<html>no such page</html>")
    with pytest.raises(RequestRefused, match=r"has no chat endpoint .* mostly ends in /v1"):
        await complete(lambda _: page, PROFILE.model_copy(update={"base_url": "https://api.test"}))
