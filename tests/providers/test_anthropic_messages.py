import json
from typing import Any

import httpx2
import pytest
from providers.conversation import completed, request_after, streamed

from agent.domain.message import (
    Completion,
    Message,
    ModelRequest,
    ReasoningPart,
    StopReason,
    TextPart,
    ToolCall,
    ToolResult,
    Usage,
    text_message,
)
from agent.domain.profile import Profile
from agent.domain.readings import LimitReading
from agent.errors import AuthError, ContextOverflow, MalformedReply, ModelUnknown, Unavailable
from agent.providers.anthropic_messages import request_body

Json = dict[str, Any]
PROFILE = Profile(
    name="test",
    dialect="anthropic_messages",
    base_url="https://api.test",
    model="claude-1",
    key_env="ANTHROPIC_API_KEY",
)
BLOCK = {"type": "thinking", "thinking": "Look first.", "signature": "EqQBCg=="}
THOUGHT = ReasoningPart(
    text="Look first.",
    provider_data={"anthropic_messages": {"model": "claude-1", "block": BLOCK}},
)
CALL = ToolCall(call_id="toolu_1", name="read", arguments='{"path": "a.py"}')
MARK = {"cache_control": {"type": "ephemeral"}}
# As recorded, with the spaces that the endpoint puts at the end of lines.
STREAM = b"""\
event: message_start
data: {"type":"message_start","message":{"model":"claude-1-20260101","id":"msg_01","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":8,"cache_creation_input_tokens":100,"cache_read_input_tokens":500,"output_tokens":2}}   }

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Look "}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"first."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCg=="}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Now b."}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_2","name":"read","input":{},"caller":{"type":"direct"}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\\"path\\""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":": \\"b.py\\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":71}    }

event: message_stop
data: {"type":"message_stop"       }

"""  # noqa: E501
NEXT_CALL = ToolCall(
    call_id="toolu_2",
    name="read",
    arguments='{"path": "b.py"}',
    provider_data={"anthropic_messages": {"caller": {"type": "direct"}}},
)
EXPECTED = Completion(
    message=Message(role="assistant", parts=(THOUGHT, TextPart(text="Now b."), NEXT_CALL)),
    stop_reason="tool_calls",
    usage=Usage(input_tokens=608, output_tokens=71, cached_tokens=500),
    model="claude-1-20260101",
)
pytestmark = pytest.mark.anyio


async def reply_to(body: bytes) -> Completion:
    return await completed(PROFILE, lambda _: streamed(body), request_after(CALL))


def whole(*content: Json, stop_reason: str = "end_turn") -> bytes:
    fields = {"type": "message", "content": content, "stop_reason": stop_reason, "usage": None}
    return json.dumps(fields).encode()


async def test_a_request_on_the_wire_and_its_reply() -> None:
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return streamed(
            STREAM,
            date="Sat, 21 Nov 2026 04:00:00 GMT",
            anthropic_ratelimit_requests_remaining="49",
            anthropic_ratelimit_requests_reset="2026-11-21T04:00:30Z",
        )

    completion = await completed(PROFILE, respond, request_after(THOUGHT, CALL, tail="2 todos"))
    (sent,) = seen
    assert str(sent.url) == "https://api.test/v1/messages"
    assert sent.headers["authorization"] == "Bearer sk-secret"
    assert sent.headers["anthropic-version"]
    assert json.loads(sent.content) == {
        "model": "claude-1",
        "max_tokens": 2_048,
        "stream": True,
        "system": [{"type": "text", "text": "be brief", **MARK}],
        "tools": [
            {
                "name": "read",
                "description": "Reads a file.",
                "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
            }
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "read a.py", **MARK}]},
            {
                "role": "assistant",
                "content": [
                    BLOCK,
                    {
                        "type": "tool_use",
                        "id": "toolu_1",
                        "name": "read",
                        "input": {"path": "a.py"},
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_1",
                        "content": "x = 1",
                        **MARK,
                    },
                    {"type": "text", "text": "2 todos"},
                ],
            },
        ],
    }
    reading = LimitReading(unit="requests", window="minute", remaining=49, reset_seconds=30.0)
    assert completion == EXPECTED.model_copy(update={"readings": (reading,)})


@pytest.mark.parametrize("url", ["https://api.test", "https://api.test/v1", "https://api.test/v1/"])
async def test_the_version_in_the_address_is_not_doubled(url: str) -> None:
    seen: list[str] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        return streamed(STREAM)

    await completed(PROFILE.model_copy(update={"base_url": url}), respond, request_after(CALL))
    assert seen == ["https://api.test/v1/messages"]


def grown(turns: int, tail: str = "") -> ModelRequest:
    """A session after so many replies with one call each."""
    messages: list[Message] = [text_message("system", "s"), text_message("user", "brief")]
    for turn in range(turns):
        call = ToolCall(call_id=f"c{turn}", name="read", arguments="{}")
        messages.append(Message(role="assistant", parts=(THOUGHT, call)))
        result = ToolResult(call_id=f"c{turn}", text=f"result {turn}")
        messages.append(Message(role="tool", parts=(result,)))
    if tail:
        messages.append(text_message("user", tail))
    return request_after().model_copy(update={"messages": tuple(messages)})


def marked(body: Json) -> list[str]:
    blocks = [*body["tools"], *body["system"]]
    blocks += [block for message in body["messages"] for block in message["content"]]
    found = [block for block in blocks if "cache_control" in block]
    return [block.get("text") or block.get("content") or block["name"] for block in found]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (0, ["s", "brief"]),
        (1, ["s", "brief", "result 0"]),
        (2, ["s", "brief", "result 0", "result 1"]),
        (3, ["s", "brief", "result 1", "result 2"]),
    ],
)
@pytest.mark.parametrize("tail", ["", "2 todos left"])
async def test_what_stands_in_the_next_request_too_is_marked_for_the_cache(
    turns: int, expected: list[str], tail: str
) -> None:
    assert marked(request_body(grown(turns, tail), PROFILE)) == expected


async def test_each_request_begins_with_what_the_last_one_had_marked() -> None:
    def unmarked(blocks: list[Json]) -> list[Json]:
        return [{k: v for k, v in block.items() if k != "cache_control"} for block in blocks]

    before = request_body(grown(2), PROFILE)["messages"]
    after = request_body(grown(3, "a tail"), PROFILE)["messages"]
    for one, other in zip(before, after, strict=False):
        assert unmarked(one["content"]) == unmarked(other["content"])


async def test_tools_are_marked_where_there_is_no_system_text() -> None:
    request = grown(0)
    body = request_body(request.model_copy(update={"messages": request.messages[1:]}), PROFILE)
    assert "system" not in body
    assert "cache_control" in body["tools"][-1]


async def test_an_endpoint_that_refuses_marks_gets_none() -> None:
    profile = PROFILE.model_copy(update={"omit_fields": ("cache_control",)})
    assert "cache_control" not in json.dumps(request_body(grown(3), profile))


async def test_a_profile_that_caches_by_itself_gets_no_marks_on_blocks() -> None:
    profile = PROFILE.model_copy(update={"extra_body": MARK})
    body = request_body(grown(3), profile)
    assert (body.pop("cache_control"), marked(body)) == (MARK["cache_control"], [])


async def test_results_of_one_turn_stand_first_in_one_message() -> None:
    calls = (CALL, CALL.model_copy(update={"call_id": "functions.read:1"}))
    base = request_after(*calls)
    results = [
        Message(role="tool", parts=(ToolResult(call_id=call.call_id, text="no", is_error=True),))
        for call in calls
    ]
    said = [text_message("user", "go on"), results[0], results[1], text_message("user", "now")]
    messages = request_body(
        base.model_copy(update={"messages": (*base.messages[:3], *said)}), PROFILE
    )["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    kinds = [(block["type"], block.get("tool_use_id")) for block in messages[2]["content"]]
    assert kinds == [
        ("tool_result", "toolu_1"),
        ("tool_result", "functions_read_1"),
        ("text", None),
        ("text", None),
    ]
    assert messages[1]["content"][1]["id"] == "functions_read_1"


async def test_thinking_of_another_model_or_without_consequence_stays_out() -> None:
    other = PROFILE.model_copy(update={"model": "claude-2"})
    assert BLOCK not in request_body(request_after(THOUGHT, CALL), other)["messages"][1]["content"]
    alone = request_body(request_after(THOUGHT, tail="go on"), PROFILE)["messages"]
    assert [message["role"] for message in alone] == ["user"]


async def test_where_thinking_was_refused_none_is_asked_for_or_sent() -> None:
    thinks = PROFILE.model_copy(update={"extra_body": {"thinking": {"type": "adaptive"}}})
    body = request_body(request_after(THOUGHT, CALL), thinks)
    assert (BLOCK in body["messages"][1]["content"], "thinking" in body) == (True, True)
    taught = thinks.model_copy(update={"omit_fields": ("thinking",)})
    body = request_body(request_after(THOUGHT, CALL), taught)
    assert (BLOCK in body["messages"][1]["content"], "thinking" in body) == (False, False)


async def test_thinking_that_is_hidden_returns_unchanged() -> None:
    hidden = {"type": "redacted_thinking", "data": "EmwKAhgB"}
    text = {"type": "text", "text": "ok", "citations": None}
    found = await reply_to(whole(hidden, text))
    assert found.message.text == "ok"
    wire = request_body(request_after(*found.message.parts), PROFILE)["messages"][1]
    assert wire["content"] == [hidden, {"type": "text", "text": "ok", **MARK}]


async def test_hidden_thinking_of_a_stream_returns_with_what_it_led_to() -> None:
    hidden = {"type": "redacted_thinking", "data": "EmwKAhgB"}
    begun = {"type": "content_block_start", "index": 0, "content_block": hidden}
    body = STREAM.replace(
        b"event: content_block_start\n",
        b"event: content_block_start\ndata: %s\n\nevent: content_block_start\n"
        % json.dumps(begun).encode(),
        1,
    )
    for old in (2, 1, 0):
        body = body.replace(b'"index":%d' % old, b'"index":%d' % (old + 1))
    found = await reply_to(body)
    wire = request_body(request_after(*found.message.parts), PROFILE)["messages"][1]["content"]
    assert [block["type"] for block in wire] == [
        "redacted_thinking",
        "thinking",
        "text",
        "tool_use",
    ]
    assert wire[:2] == [hidden, BLOCK]


async def test_thinking_that_is_not_signed_returns_as_it_came() -> None:
    block = {"type": "thinking", "thinking": "Look first."}
    found = await reply_to(whole(block, {"type": "text", "text": "ok"}))
    assert (
        request_body(request_after(*found.message.parts), PROFILE)["messages"][1]["content"][0]
        == block
    )


async def test_the_profile_says_what_is_sent() -> None:
    profile = PROFILE.model_copy(
        update={"strict_tools": "true", "extra_body": {"thinking": {"type": "adaptive"}}}
    )
    body = request_body(request_after(CALL), profile)
    assert body["tools"][0]["strict"] is True
    assert body["thinking"] == {"type": "adaptive"}


async def test_arguments_that_are_no_object_never_enter_the_history() -> None:
    broken = CALL.model_copy(update={"arguments": '{"path": "a'})
    (block,) = request_body(request_after(broken), PROFILE)["messages"][1]["content"]
    assert block["input"] == {}


async def test_a_reply_in_one_piece_is_taken() -> None:
    body = {
        "type": "message",
        "model": "claude-1-20260101",
        "content": [
            BLOCK,
            {"type": "text", "text": "Now b."},
            {
                "type": "tool_use",
                "id": "toolu_2",
                "name": "read",
                "input": {"path": "b.py"},
                "caller": {"type": "direct"},
            },
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 108, "cache_read_input_tokens": 500, "output_tokens": 71},
    }
    assert await reply_to(json.dumps(body).encode()) == EXPECTED


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("end_turn", "end_turn"),
        ("stop_sequence", "end_turn"),
        ("pause_turn", "end_turn"),
        ("max_tokens", "max_tokens"),
        ("model_context_window_exceeded", "max_tokens"),
        ("refusal", "refusal"),
    ],
)
async def test_the_reason_to_stop_is_understood(told: str, expected: StopReason) -> None:
    found = await reply_to(whole({"type": "text", "text": "ok"}, stop_reason=told))
    assert found.stop_reason == expected


async def test_a_call_that_was_cut_is_never_completed() -> None:
    cut = STREAM.replace(b': \\"b.py\\"}"', b': \\"b"').replace(
        b'"tool_use","stop', b'"max_tokens","stop'
    )
    found = await reply_to(cut)
    assert (found.stop_reason, found.message.tool_calls[0].arguments) == (
        "max_tokens",
        '{"path": "b',
    )


async def test_a_refused_reply_has_no_calls_and_may_have_no_words() -> None:
    half = STREAM.replace(b': \\"b.py\\"}"', b': \\"b"').replace(
        b'"tool_use","stop', b'"refusal","stop'
    )
    found = await reply_to(half)
    assert found.message.parts == (THOUGHT, TextPart(text="Now b."))
    assert found.stop_reason == "refusal"
    empty = await reply_to(whole(stop_reason="refusal"))
    assert (empty.message.parts, empty.stop_reason) == ((), "refusal")


async def test_a_reason_to_stop_that_contradicts_the_content_changes_nothing() -> None:
    told = STREAM.replace(b'"tool_use","stop', b'"end_turn","stop')
    assert await reply_to(told) == EXPECTED
    found = await reply_to(whole({"type": "text", "text": "ok"}, stop_reason="tool_use"))
    assert found.stop_reason == "end_turn"


async def test_a_call_written_as_text_is_found() -> None:
    written = (
        "I read.\n<tool_call>\n<function=read>\n<parameter=path>\nb\n</parameter>\n</function>"
    )
    found = await reply_to(whole({"type": "text", "text": written}))
    assert found.message.parts == (
        TextPart(text="I read."),
        ToolCall(call_id="call_1_0", name="read", arguments='{"path": "b"}'),
    )


def block_events(*events: Json) -> bytes:
    done = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}
    stream = (*events, done, {"type": "message_stop"})
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in stream)


def begun(call_id: str, **place: int) -> Json:
    block = {"type": "tool_use", "id": call_id, "name": "read", "input": {}}
    return {"type": "content_block_start", **place, "content_block": block}


def goes_on(piece: object, **place: int) -> Json:
    delta = {"type": "input_json_delta", "partial_json": piece}
    return {"type": "content_block_delta", **place, "delta": delta}


A_AND_B = [("a", '{"path": "a"}'), ("b", '{"path": "b"}')]


@pytest.mark.parametrize(
    "events",
    [
        (
            *(begun("a", index=0), begun("b", index=1)),
            *(goes_on('{"path"', index=0), goes_on('{"path"', index=1)),
            *(goes_on(': "a"}', index=0), goes_on(': "b"}', index=1)),
        ),
        (begun("a"), goes_on('{"path": '), goes_on('"a"}'), begun("b"), goes_on('{"path": "b"}')),
        (begun("a", index=0), goes_on({"path": "a"}), begun("b"), goes_on({"path": "b"})),
        (
            begun("b", index=4),
            goes_on({"path": "b"}),
            begun("a", index=2),
            goes_on({"path": "a"}, index=2),
        ),
    ],
)
async def test_pieces_of_several_calls_are_kept_apart(events: tuple[Json, ...]) -> None:
    found = await reply_to(block_events(*events))
    assert [(call.call_id, call.arguments) for call in found.message.tool_calls] == A_AND_B


async def test_pieces_that_do_not_say_their_call_are_never_given_to_another() -> None:
    heads = (begun("a"), begun("b"))
    for pieces in (('{"path": "a"}', '{"path": "b"}'), ('{"pa', '{"path"', 'th": "a"}', ': "b"}')):
        with pytest.raises(MalformedReply, match="do not say which call"):
            await reply_to(block_events(*heads, *(goes_on(piece) for piece in pieces)))


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        (STREAM[: STREAM.index(b"event: message_delta")], Unavailable, "broke the reply off"),
        (whole(), MalformedReply, "neither text nor a tool call"),
        (b'data: {"type":"content_block_delta","delta":{}}\n\n', MalformedReply, "never began"),
        (b'data: {"type":"message_start","message":5}\n\n', MalformedReply, "its message"),
        (
            STREAM[: STREAM.index(b"event: ping")]
            + b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error",'
            b'"message":"Overloaded"},"request_id":"req_1"}\n\n',
            Unavailable,
            "Overloaded",
        ),
    ],
)
async def test_a_stream_that_goes_wrong_says_how(
    body: bytes, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await reply_to(body)


@pytest.mark.parametrize(
    ("status", "kind", "message", "error"),
    [
        (401, "authentication_error", "invalid x-api-key sk-secret", AuthError),
        (400, "invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum",
         ContextOverflow),
        (529, "overloaded_error", "Overloaded", Unavailable),
    ],
)  # fmt: skip
async def test_a_refused_request_is_sent_once_and_told(
    status: int, kind: str, message: str, error: type[Exception]
) -> None:
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        body = {"type": "error", "error": {"type": kind, "message": message}}
        return httpx2.Response(status, json=body)

    with pytest.raises(error) as caught:
        await completed(PROFILE, respond, request_after(CALL))
    assert "sk-secret" not in str(caught.value)
    assert len(seen) == 1


async def test_an_unknown_model_lists_what_is_served() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/models":
            return httpx2.Response(200, json={"data": [{"id": "claude-9"}]})
        error = {"type": "not_found_error", "message": "model: claude-1"}
        return httpx2.Response(404, json={"type": "error", "error": error})

    with pytest.raises(ModelUnknown, match="name another, such as claude-9"):
        await completed(PROFILE, respond, request_after(CALL))
