"""Every dialect, as the official clients read it."""

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from raw_http import body_of, events_of, exchange, status_of

from agent.rehearsal.clock import VirtualTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

HEADERS = {"X-Gardener-Session": "planner/plan/1; turn=0"}
PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
REPLY = ScriptedReply(
    say="I look. " * 20,
    think="First the list.",
    calls=(
        ScriptedCall(tool="list", arguments={"path": "."}),
        ScriptedCall(tool="read", arguments={"path": "ä.py"}),
    ),
)
SCRIPT = Script(
    version=1,
    description="d",
    sessions=(ScriptedSession(role="planner", replies=(REPLY, ScriptedReply(say="Done."))),),
)


@pytest.fixture
def server() -> Iterator[RehearsalServer]:
    with RehearsalServer(SCRIPT) as running:
        yield running


@pytest.fixture
def chat(server: RehearsalServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=server.base_url, api_key="k", max_retries=0, default_headers=HEADERS
    ) as client:
        yield client


@pytest.fixture
def messages(server: RehearsalServer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=server.root_url, api_key="k", max_retries=0, default_headers=HEADERS
    ) as client:
        yield client


ASKED: list[Any] = [{"role": "user", "content": "hi"}]
CHAT_TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "list", "parameters": PARAMETERS}}
]
FLAT_TOOLS: list[Any] = [
    {"type": "function", "name": "list", "parameters": PARAMETERS, "strict": None}
]
CLAUDE_TOOLS: list[Any] = [{"name": "list", "input_schema": PARAMETERS}]


def test_chat_gives_the_same_reply_whole_and_streamed(chat: openai.OpenAI) -> None:
    whole = chat.chat.completions.create(model="rehearsal", messages=ASKED, tools=CHAT_TOOLS)
    message = whole.choices[0].message
    with chat.chat.completions.stream(
        model="rehearsal", messages=ASKED, tools=CHAT_TOOLS
    ) as events:
        streamed = events.get_final_completion().choices[0]
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls]  # type: ignore[union-attr]
    assert calls == [
        ("call_0_0", "list", '{"path": "."}'),
        ("call_0_1", "read", '{"path": "ä.py"}'),
    ]
    again = streamed.message.tool_calls or []
    assert [(call.id, call.function.name, call.function.arguments) for call in again] == calls
    assert streamed.message.content == message.content == REPLY.say
    assert streamed.finish_reason == whole.choices[0].finish_reason == "tool_calls"
    assert message.model_extra == {"reasoning": "First the list."}
    assert whole.system_fingerprint == "rehearsal"


def test_responses_give_the_same_reply_whole_and_streamed(chat: openai.OpenAI) -> None:
    whole = chat.responses.create(
        model="rehearsal",
        instructions="be brief",
        input="hi",
        tools=FLAT_TOOLS,
        store=False,
        include=["reasoning.encrypted_content"],
    )
    with chat.responses.stream(
        model="rehearsal",
        instructions="be brief",
        input="hi",
        store=False,
        tools=FLAT_TOOLS,
        include=["reasoning.encrypted_content"],
    ) as events:
        kinds = [event.type for event in events]
        streamed = events.get_final_response()
    found = [item.model_dump() for item in streamed.output]
    assert [item.type for item in whole.output] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
    ]
    assert [(item["name"], item["arguments"]) for item in found[2:]] == [
        ("list", '{"path": "."}'),
        ("read", '{"path": "ä.py"}'),
    ]
    assert whole.output_text == streamed.output_text == REPLY.say
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert "response.function_call_arguments.done" in kinds
    assert streamed.usage
    assert streamed.usage.total_tokens == (
        streamed.usage.input_tokens + streamed.usage.output_tokens
    )


def echoed(first: Any) -> list[Any]:  # noqa: ANN401 - any response
    items = [item.model_dump(exclude_none=True) for item in first.output]
    answers = [
        {"type": "function_call_output", "call_id": item["call_id"], "output": "a.py"}
        for item in items
        if item["type"] == "function_call"
    ]
    return [*ASKED, *items, *answers]


def test_responses_take_their_reasoning_back_unchanged_and_nothing_else(
    chat: openai.OpenAI,
) -> None:
    first = chat.responses.create(
        model="rehearsal", input=ASKED, store=False, include=["reasoning.encrypted_content"]
    )
    history = echoed(first)
    later = {"X-Gardener-Session": "planner/plan/1; turn=1"}
    second = chat.responses.create(
        model="rehearsal", input=history, store=False, extra_headers=later
    )
    assert second.output_text == "Done."
    altered: list[Any] = [dict(item) for item in history]
    altered[1]["encrypted_content"] = altered[1]["encrypted_content"].swapcase()
    with pytest.raises(openai.BadRequestError, match="could not be verified"):
        chat.responses.create(model="rehearsal", input=altered, store=False)
    with pytest.raises(openai.BadRequestError, match="without its required following item"):
        chat.responses.create(model="rehearsal", input=history[:2], store=False)
    with pytest.raises(openai.BadRequestError, match="did not have response messages: call_0_1"):
        chat.responses.create(model="rehearsal", input=history[:-1], store=False)
    with pytest.raises(openai.BadRequestError, match="Previous response with id"):
        chat.responses.create(model="rehearsal", input="hi", previous_response_id=first.id)


def test_messages_give_the_same_reply_whole_and_streamed(messages: anthropic.Anthropic) -> None:
    thinking: Any = {"type": "adaptive"}
    whole = messages.messages.create(
        model="rehearsal", max_tokens=900, messages=ASKED, tools=CLAUDE_TOOLS, thinking=thinking
    )
    with messages.messages.stream(
        model="rehearsal", max_tokens=900, messages=ASKED, tools=CLAUDE_TOOLS, thinking=thinking
    ) as events:
        streamed = events.get_final_message()
    blocks = [block.model_dump(exclude_none=True) for block in whole.content]
    assert [block["type"] for block in blocks] == ["thinking", "text", "tool_use", "tool_use"]
    assert blocks[3]["input"] == {"path": "ä.py"}
    assert [block.model_dump(exclude_none=True) for block in streamed.content] == blocks
    assert streamed.stop_reason == whole.stop_reason == "tool_use"


def test_messages_take_their_thinking_back_unchanged_and_nothing_else(
    messages: anthropic.Anthropic,
) -> None:
    thinking: Any = {"type": "adaptive"}
    first = messages.messages.create(
        model="rehearsal", max_tokens=900, messages=ASKED, thinking=thinking
    )
    blocks: list[Any] = [block.model_dump(exclude_none=True) for block in first.content]
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "a.py"}
        for block in blocks
        if block["type"] == "tool_use"
    ]

    def ask(reply: list[Any], answers: list[Any]) -> anthropic.types.Message:
        history = [
            *ASKED,
            {"role": "assistant", "content": reply},
            {"role": "user", "content": answers},
        ]
        return messages.messages.create(
            model="rehearsal",
            max_tokens=900,
            messages=history,
            extra_headers={"X-Gardener-Session": "planner/plan/1; turn=1"},
        )

    assert ask(blocks, results).content[0].model_dump()["text"] == "Done."
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        ask([{**blocks[0], "thinking": "other"}, *blocks[1:]], results)
    with pytest.raises(anthropic.BadRequestError, match="without `tool_result` blocks"):
        ask(blocks, results[:1])
    with pytest.raises(anthropic.BadRequestError, match="unexpected `tool_use_id`"):
        ask(blocks[:2], results)


def test_messages_count_what_was_marked_for_the_cache(messages: anthropic.Anthropic) -> None:
    long = "word " * 720
    mark: Any = {"type": "text", "text": long, "cache_control": {"type": "ephemeral"}}
    asked: Any = [{"role": "user", "content": [mark]}]
    usages = [
        messages.messages.create(model="rehearsal", max_tokens=900, messages=asked).usage
        for _ in range(2)
    ]
    counts = [
        (each.input_tokens, each.cache_creation_input_tokens, each.cache_read_input_tokens)
        for each in usages
    ]
    total = 1_002
    assert counts == [(4, total - 4, 0), (0, 0, total)]
    unmarked: Any = [{"role": "user", "content": long}]
    usage = messages.messages.create(model="rehearsal", max_tokens=900, messages=unmarked).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (total, 0)


def post(server: RehearsalServer, path: str, **fields: object) -> bytes:
    body = {"model": "rehearsal", "messages": ASKED, **fields}
    headers = {**HEADERS, "anthropic-version": "2026-10-21"}
    return exchange(server.base_url, path, body, headers)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "max_tokens: Field required"),
        (
            {"max_tokens": 9, "temperature": 0.5},
            "temperature: Extra inputs are not permitted",
        ),
        (
            {"max_tokens": 9, "messages": [{"role": "system", "content": "x"}]},
            "messages.0.role: Input should be 'user' or 'assistant'",
        ),
        (
            {"max_tokens": 9, "messages": [{"role": "user", "content": ""}]},
            "messages.0.content: text content blocks must be non-empty",
        ),
        (
            {"max_tokens": 9, "messages": [*ASKED, {"role": "assistant", "content": "I"}]},
            "This model does not support assistant message prefill.",
        ),
        (
            {"max_tokens": 9, "system": [{"type": "text", "cache_control": {}}] * 5},
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        ({"max_tokens": 999_999}, "input length and max_tokens exceed context limit"),
        ({"max_tokens": 9, "model": "gone"}, "model: gone"),
    ],
)
def test_messages_refuse_as_their_provider_does(
    server: RehearsalServer, fields: dict[str, Any], message: str
) -> None:
    error = body_of(post(server, "/v1/messages", **fields))
    assert (error["type"], error["request_id"]) == ("error", "req_rehearsal")
    assert error["error"]["message"].startswith(message)


def test_messages_want_their_version(server: RehearsalServer) -> None:
    body = {"model": "rehearsal", "max_tokens": 9, "messages": ASKED}
    error = body_of(exchange(server.base_url, "/v1/messages", body))["error"]
    assert error["message"] == "anthropic-version: header is required"


@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/openai/v1/chat/completions", "/inference/v1/chat/completions"],
)
def test_the_way_to_the_version_is_free(server: RehearsalServer, path: str) -> None:
    assert status_of(post(server, path)) == 200


def faulty(name: str) -> RehearsalServer:
    plan = FaultPlan((name,), share=1.0)
    return RehearsalServer(SCRIPT, Conditions(faults=plan), VirtualTime(0))


def test_a_cut_reply_is_incomplete_in_every_dialect() -> None:
    with faulty("length-cut") as server:
        response = body_of(post(server, "/v1/responses", messages=ASKED, input="hi"))
    assert (response["status"], response["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_output_tokens"},
    )
    assert response["output"][-1]["status"] == "incomplete"
    with faulty("length-cut") as server:
        events = events_of(post(server, "/v1/messages", max_tokens=900, stream=True))
    stop = next(event for event in events if event["type"] == "message_delta")
    assert stop["delta"]["stop_reason"] == "max_tokens"
    pieces = [
        event["delta"]["partial_json"]
        for event in events
        if event["type"] == "content_block_delta" and event["index"] == 2
    ]
    assert "".join(pieces) == '{"path":'


@pytest.mark.parametrize(
    ("path", "fields", "last"),
    [
        (
            "/v1/messages",
            {"max_tokens": 900},
            {
                "type": "error",
                "error": {"type": "overloaded_error", "message": "Overloaded"},
                "request_id": "req_rehearsal",
            },
        ),
        (
            "/v1/responses",
            {"input": "hi"},
            {
                "type": "error",
                "code": "overloaded_error",
                "message": "The engine is currently overloaded.",
                "param": None,
            },
        ),
    ],
)
def test_an_error_in_the_middle_has_the_dialect_s_form(
    path: str, fields: dict[str, Any], last: dict[str, Any]
) -> None:
    with faulty("error-chunk") as server:
        events = events_of(post(server, path, stream=True, **fields))
    assert events[-1] == last


@pytest.mark.parametrize(
    ("path", "fields", "kind"),
    [
        ("/v1/messages", {"max_tokens": 900}, "input_json_delta"),
        ("/v1/responses", {"input": "hi"}, "response.function_call_arguments.delta"),
    ],
)
def test_arguments_by_character_hold_in_every_dialect(
    path: str, fields: dict[str, Any], kind: str
) -> None:
    with faulty("arguments-by-character") as server:
        events = events_of(post(server, path, stream=True, **fields))
    deltas = [event["delta"] for event in events if "delta" in event]
    pieces = [
        delta["partial_json"] if isinstance(delta, dict) else delta
        for event, delta in zip([e for e in events if "delta" in e], deltas, strict=True)
        if event["type"] == kind or (isinstance(delta, dict) and delta.get("type") == kind)
    ]
    assert {len(piece) for piece in pieces} <= {0, 1}
    assert "".join(pieces) == '{"path": "."}{"path": "ä.py"}'
