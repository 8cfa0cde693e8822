import json
from functools import partial
from typing import Any

import httpx2
import pytest
from providers.conversation import completed, request_after, streamed

from agent.domain.message import (
    Completion,
    Message,
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
from agent.errors import ContextOverflow, MalformedReply, RateLimited, Unavailable
from agent.providers.dialects import client_of
from agent.providers.openai_responses import request_body

Json = dict[str, Any]
PROFILE = Profile(
    name="test", dialect="openai_responses", base_url="https://api.test/v1", model="m-1"
)
ITEM = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Look first."}],
    "encrypted_content": "gAAAA==",
}
ACCOUNT = client_of(PROFILE, "sk-secret").account
THOUGHT = ReasoningPart(
    text="Look first.",
    provider_data={"openai_responses": {"model": "m-1", "account": ACCOUNT, "item": ITEM}},
)
CALL = ToolCall(call_id="call_1", name="read", arguments='{"path": "a.py"}')
USAGE = {
    "input_tokens": 136,
    "input_tokens_details": {"cached_tokens": 128},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 59},
    "total_tokens": 223,
}
pytestmark = pytest.mark.anyio


def events(*found: Json) -> bytes:
    """As the endpoint streams them: each with its name and its number."""
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': n})}\n\n".encode()
        for n, event in enumerate(found)
    )


def response(status: str = "completed", **more: object) -> Json:
    return {"object": "response", "status": status, "model": "m-1-served", "usage": USAGE, **more}


def ended(status: str = "completed", **more: object) -> Json:
    return {"type": f"response.{status}", "response": response(status, **more)}


def item(event: str, index: int, **fields: object) -> Json:
    return {"type": f"response.output_item.{event}", "output_index": index, "item": fields}


def arguments(index: int, text: str) -> Json:
    kind = "response.function_call_arguments.delta"
    return {"type": kind, "output_index": index, "delta": text}


def text(index: int, delta: str) -> Json:
    kind = "response.output_text.delta"
    return {"type": kind, "output_index": index, "content_index": 0, "delta": delta}


def message(*texts: str, **fields: object) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "role": "assistant", "content": content, **fields}


A_CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_2", "name": "read"}
STREAM = events(
    {"type": "response.created", "response": {"status": "in_progress", "error": None}},
    {"type": "response.in_progress", "response": {"status": "in_progress"}},
    item("added", 0, id="rs_2", type="reasoning", summary=[], encrypted_content="gA"),
    item("done", 0, **{**ITEM, "status": None}),
    item("added", 1, **message(phase="commentary")),
    text(1, "Now "),
    text(1, "b."),
    item("done", 1, **message("Now b.", phase="commentary")),
    item("added", 2, **A_CALL, arguments="", status="in_progress"),
    arguments(2, '{"path"'),
    arguments(2, ': "b.py"}'),
    item("done", 2, **A_CALL, arguments='{"path": "b.py"}', status="completed"),
    ended(output=[]),
)
EXPECTED = Completion(
    message=Message(
        role="assistant",
        parts=(
            THOUGHT,
            TextPart(text="Now b.", provider_data={"openai_responses": {"phase": "commentary"}}),
            ToolCall(call_id="call_2", name="read", arguments='{"path": "b.py"}'),
        ),
    ),
    stop_reason="tool_calls",
    usage=Usage(input_tokens=136, output_tokens=87, cached_tokens=128, reasoning_tokens=59),
    model="m-1-served",
)


async def reply_to(body: bytes) -> Completion:
    return await completed(PROFILE, lambda _: streamed(body), request_after(CALL))


async def test_a_request_on_the_wire_and_its_reply() -> None:
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return streamed(STREAM, x_ratelimit_remaining_requests="59")

    completion = await completed(PROFILE, respond, request_after(THOUGHT, CALL))
    (sent,) = seen
    assert str(sent.url) == "https://api.test/v1/responses"
    assert sent.headers["authorization"] == "Bearer sk-secret"
    assert json.loads(sent.content) == {
        "model": "m-1",
        "instructions": "be brief",
        "input": [
            {"role": "user", "content": "read a.py"},
            ITEM,
            {
                "type": "function_call",
                "call_id": "call_1",
                "name": "read",
                "arguments": '{"path": "a.py"}',
            },
            {"type": "function_call_output", "call_id": "call_1", "output": "x = 1"},
        ],
        "include": ["reasoning.encrypted_content"],
        "store": False,
        "stream": True,
        "max_output_tokens": 2_048,
        "tools": [
            {
                "type": "function",
                "name": "read",
                "description": "Reads a file.",
                "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
            }
        ],
    }
    reading = LimitReading(unit="requests", window="minute", remaining=59)
    assert completion == EXPECTED.model_copy(update={"readings": (reading,)})


async def test_what_a_reply_said_returns_in_its_order() -> None:
    request = request_after(*EXPECTED.message.parts)
    items = request_body(request, PROFILE, ACCOUNT)["input"]
    assert items[1:3] == [ITEM, message("Now b.", phase="commentary")]
    assert [each.get("type") for each in items[3:]] == ["function_call", "function_call_output"]


async def test_reasoning_of_somebody_else_or_without_consequence_stays_out() -> None:
    other = PROFILE.model_copy(update={"model": "m-2"})
    assert ITEM in request_body(request_after(THOUGHT, CALL), PROFILE, ACCOUNT)["input"]
    assert ITEM not in request_body(request_after(THOUGHT, CALL), other, ACCOUNT)["input"]
    assert ITEM not in request_body(request_after(THOUGHT, CALL), PROFILE, "other")["input"]
    assert ITEM not in request_body(request_after(CALL, THOUGHT), PROFILE, ACCOUNT)["input"]


async def test_where_reasoning_was_refused_none_is_asked_for_or_sent() -> None:
    profile = PROFILE.model_copy(update={"omit_fields": ("encrypted_content",)})
    body = request_body(request_after(THOUGHT, CALL), profile, ACCOUNT)
    assert (ITEM in body["input"], "include" in body) == (False, False)


async def test_parts_of_another_dialect_carry_nothing_over() -> None:
    foreign = CALL.model_copy(update={"provider_data": {"openai_chat": {"extra_content": 1}}})
    body = request_body(request_after(ReasoningPart(text="hm"), foreign), PROFILE)
    assert body == request_body(request_after(CALL), PROFILE)


async def test_the_profile_says_what_is_sent() -> None:
    profile = PROFILE.model_copy(
        update={
            "strict_tools": "false",
            "omit_fields": ("include",),
            "extra_body": {"reasoning": {"effort": "low"}},
            "sampling": {"top_k": 20.0, "temperature": 0.7},
        }
    )
    body = request_body(request_after(CALL), profile)
    assert body["tools"][0]["strict"] is False
    assert "include" not in body
    assert (body["reasoning"], body["top_k"], body["temperature"]) == ({"effort": "low"}, 20, 0.7)
    assert isinstance(body["top_k"], int)


async def test_a_later_word_of_the_system_stays_in_its_place() -> None:
    request = request_after(CALL)
    later = (*request.messages, text_message("system", "hurry"))
    items = request_body(request.model_copy(update={"messages": later}), PROFILE)["input"]
    assert items[-1] == {"role": "system", "content": "hurry"}


async def test_arguments_that_are_no_object_never_enter_the_history() -> None:
    broken = CALL.model_copy(update={"arguments": '{"path": "a'})
    items = request_body(request_after(broken), PROFILE)["input"]
    assert items[1]["arguments"] == "{}"


async def test_a_reply_in_one_piece_is_taken() -> None:
    output = [
        ITEM,
        message("Now b.", phase="commentary"),
        {**A_CALL, "arguments": '{"path": "b.py"}'},
    ]
    body = json.dumps(response(output=output)).encode()
    assert await reply_to(body) == EXPECTED


async def test_items_that_stand_in_the_end_alone_are_taken() -> None:
    assert (await reply_to(events(ended(output=[message("Done.")])))).message.text == "Done."


async def test_text_that_stands_in_the_end_alone_is_told() -> None:
    told: list[str] = []
    output = [message("One. "), message("Two.")]
    for before in ((item("done", 0, **output[0]),), (text(0, "One"),), ()):
        body = events(*before, ended(output=output))
        transport = httpx2.AsyncClient(transport=httpx2.MockTransport(partial(streamed_as, body)))
        async with client_of(PROFILE, "", transport) as model:
            completion = await model.complete(request_after(CALL), told.append)
        assert completion.message.text == "One. Two."
    assert told == ["One. ", "Two.", "One", ". Two.", "One. Two."]


def streamed_as(body: bytes, _: httpx2.Request) -> httpx2.Response:
    return streamed(body)


def a_call(name: str, arguments: str = "", **fields: object) -> Json:
    call = {"type": "function_call", "call_id": name, "name": "read", "arguments": arguments}
    return {**call, **fields}


def without(name: str, *found: Json) -> tuple[Json, ...]:
    return tuple({key: value for key, value in event.items() if key != name} for event in found)


def whole_call(index: int, name: str) -> tuple[Json, ...]:
    """The events of one call."""
    own = f'{{"path": "{name}"}}'
    return (
        item("added", index, **a_call(name, id=f"fc_{name}")),
        {**arguments(index, own[:5]), "item_id": f"fc_{name}"},
        {**arguments(index, own[5:]), "item_id": f"fc_{name}"},
        item("done", index, **a_call(name, own, id=f"fc_{name}")),
    )


A, B = whole_call(0, "a"), whole_call(1, "b")
MIXED = (A[0], B[0], B[1], A[1], B[2], A[2], B[3], A[3])
LISTED = [a_call(name, f'{{"path": "{name}"}}', id=f"fc_{name}") for name in ("a", "b")]


@pytest.mark.parametrize(
    "found",
    [
        (*A, *B, ended(output=[])),
        (*B, *A, ended(output=[])),
        (*MIXED, ended(output=[])),
        # No word of the place: the item's id tells it, then the list at the end.
        (*without("output_index", *A, *B), ended(output=[])),
        (*without("output_index", *MIXED), ended(output=[])),
        (*without("output_index", *B, *A), ended(output=LISTED)),
        # Nor an id.
        (*without("output_index", *without("item_id", *A, *B)), ended(output=[])),
        (*without("output_index", *without("item_id", *MIXED)), ended(output=LISTED)),
        # Beginnings or ends are missing.
        (*A[:3], *B[:3], ended(output=[])),
        (*A[:3], *B, ended(output=LISTED[:1])),
        (*A, B[0], ended(output=LISTED)),
        (*A[3:], *B[3:], ended(output=[])),
        (*A[1:], *B[1:], ended(output=LISTED)),
        (*A, ended(output=LISTED)),
        # Each in the same place.
        (*A, *whole_call(0, "b"), ended(output=[])),
        (*A[:3], *whole_call(0, "b"), ended(output=LISTED)),
        # Another id at the end than at the beginning.
        (*A[:3], item("done", 0, **{**LISTED[0], "id": "x"}), *B, ended(output=[])),
    ],
)
async def test_calls_are_whole_and_in_their_order_however_their_events_come(
    found: tuple[Json, ...],
) -> None:
    made = (await reply_to(events(*found))).message.tool_calls
    assert [(call.call_id, call.arguments) for call in made] == [
        ("a", '{"path": "a"}'),
        ("b", '{"path": "b"}'),
    ]


async def test_pieces_that_do_not_say_their_call_are_never_given_to_another() -> None:
    mixed = without("output_index", *without("item_id", A[0], B[0], A[1], B[1], A[2], B[2]))
    with pytest.raises(MalformedReply, match="do not say which call"):
        await reply_to(events(*mixed, ended(output=[])))


async def test_arguments_that_come_once_more_as_a_whole_are_those() -> None:
    done = {"type": "response.function_call_arguments.done", "output_index": 0}
    found = (A[0], A[1], {**done, "arguments": '{"path": "c"}'}, ended(output=[]))
    made = (await reply_to(events(*found))).message.tool_calls
    assert [call.arguments for call in made] == ['{"path": "c"}']


async def test_reasoning_that_was_cut_is_not_sent_back() -> None:
    cut = {"incomplete_details": {"reason": "max_output_tokens"}}
    thought = item("added", 0, id="rs_2", type="reasoning", summary=[], encrypted_content="gA")
    found = await reply_to(events(thought, text(1, "Now"), ended("incomplete", output=[], **cut)))
    assert found.stop_reason == "max_tokens"
    items = request_body(request_after(*found.message.parts), PROFILE)["input"]
    assert [each.get("type") for each in items] == [None, "message"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"type": "response.incomplete", "response": {"output": []}}, "max_tokens"),
        (ended("incomplete", incomplete_details={"reason": "max_output_tokens"}), "max_tokens"),
        (ended("incomplete", incomplete_details={"reason": "content_filter"}), "refusal"),
        (ended(output=[a_call("a", '{"path": "a', status="incomplete")]), "max_tokens"),
        (ended(output=[]), "tool_calls"),
    ],
)
async def test_the_reason_to_stop_is_understood(end: Json, expected: StopReason) -> None:
    found = await reply_to(events(A[0], A[1], A[2], end))
    assert found.stop_reason == expected
    assert bool(found.message.tool_calls) == (expected != "refusal")


async def test_a_refusal_in_pieces_is_told_and_is_the_reason_to_stop() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "I cannot"}]}
    piece = {"type": "response.refusal.delta", "output_index": 0}
    found = await reply_to(
        events(
            item("added", 0, type="message", content=[]),
            *({**piece, "delta": "I "}, {**piece, "delta": "cannot"}),
            item("done", 0, **refusal),
            *whole_call(1, "a"),
            ended(output=[]),
        )
    )
    assert found.message.parts == (TextPart(text="I cannot"),)
    assert found.stop_reason == "refusal"


async def test_arguments_as_an_object_become_text() -> None:
    found = await reply_to(events(ended(output=[{**A_CALL, "arguments": {"path": "ä"}}])))
    assert found.message.tool_calls[0].arguments == '{"path": "ä"}'


async def test_a_reply_that_was_cut_is_told_so_and_never_completed() -> None:
    details = {"incomplete_details": {"reason": "max_output_tokens"}}
    cut = events(
        item("added", 0, **A_CALL, arguments="", status="in_progress"),
        arguments(0, '{"path": "b'),
        ended("incomplete", output=[], **details),
    )
    found = await reply_to(cut)
    assert (found.stop_reason, found.message.tool_calls[0].arguments) == (
        "max_tokens",
        '{"path": "b',
    )


async def test_a_refusal_is_text_and_the_reason_to_stop() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "I cannot"}]}
    found = await reply_to(events(ended(output=[refusal])))
    assert (found.message.text, found.stop_reason) == ("I cannot", "refusal")


async def test_a_call_written_as_text_is_found() -> None:
    written = "<tool_call>\n<function=read>\n<parameter=path>\nb\n</parameter>\n</function>"
    found = await reply_to(events(ended(output=[message(written)])))
    assert found.message.parts == (
        ToolCall(call_id="call_1_0", name="read", arguments='{"path": "b"}'),
    )


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        (events(text(0, "half")), Unavailable, "broke the reply off"),
        (events(ended(output=[])), MalformedReply, "neither text nor a tool call"),
        (events({"type": "response.output_item.added", "item": 5}), MalformedReply, "its item"),
        (events(text(0, "a"), ended("cancelled")), Unavailable, "it cancelled the reply"),
        (events(ended(output=["text"])), MalformedReply, "not a list of objects"),
        (events(ended(output=[{**A_CALL, "name": ""}])), MalformedReply, "without naming it"),
        (b'{"object": "response", "status": "queued"}', MalformedReply, "begins with"),
        (
            events(
                {"type": "error", "code": "rate_limit_exceeded", "message": "Slow", "param": None}
            ),
            RateLimited,
            "Slow",
        ),
        (
            events(
                {
                    "type": "response.failed",
                    "response": {
                        "status": "failed",
                        "error": {"code": "server_error", "message": "It fell over"},
                    },
                }
            ),
            Unavailable,
            "It fell over",
        ),
        (
            events({"type": "error", "error": {"code": "context_length_exceeded", "message": "x"}}),
            ContextOverflow,
            "x",
        ),
    ],
)  # fmt: skip
async def test_a_stream_that_goes_wrong_says_how(
    body: bytes, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await reply_to(body)


async def test_results_belong_to_their_calls_by_id() -> None:
    long = "c" * 80
    request = request_after(CALL.model_copy(update={"call_id": long}))
    items = request_body(request, PROFILE, ACCOUNT)["input"]
    assert [each["call_id"] for each in items[1:]] == ["c" * 64, "c" * 64]
    assert isinstance(request.messages[-1].parts[0], ToolResult)
