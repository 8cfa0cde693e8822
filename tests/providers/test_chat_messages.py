import json

import pytest

from agent.domain.message import (
    Message,
    ModelRequest,
    ReasoningPart,
    SessionKey,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
    text_message,
)
from agent.domain.profile import Profile
from agent.providers.chat_messages import request_body, wire_messages

PROFILE = Profile(name="test", base_url="http://127.0.0.1/v1", model="m")


def call(arguments: str, **more: object) -> ToolCall:
    fields = {"call_id": "c1", "name": "read", "arguments": arguments, **more}
    return ToolCall.model_validate(fields)


def reply(*parts: TextPart | ReasoningPart | ToolCall) -> Message:
    return Message(role="assistant", parts=parts)


def test_a_request_without_tools_has_no_tools_field() -> None:
    request = ModelRequest(
        messages=(text_message("system", "be brief"), text_message("user", "hi")),
        tools=(),
        max_output_tokens=512,
        session=SessionKey(role="judge", subject="pass-1"),
        turn=0,
    )
    assert request_body(request, PROFILE) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hi"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 512,
    }


def test_the_profile_names_the_field_of_the_reservation() -> None:
    request = ModelRequest(
        messages=(text_message("user", "hi"),),
        tools=(ToolSpec(name="list", description="", parameters={}),),
        max_output_tokens=300,
        session=SessionKey(role="executor", subject="T01"),
        turn=0,
    )
    body = request_body(request, PROFILE.model_copy(update={"max_output_field": "max_tokens"}))
    assert body["max_tokens"] == 300
    assert "max_completion_tokens" not in body
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "list", "parameters": {"type": "object", "properties": {}}},
        }
    ]


def test_a_reply_of_calls_alone_has_no_content() -> None:
    assert wire_messages(reply(call('{"path": "a.py"}'))) == [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "read", "arguments": '{"path": "a.py"}'},
                }
            ],
        }
    ]


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning_is_sent_back_only_where_the_profile_says_so_and_as_it_came(field: str) -> None:
    origin = {"openai_chat": {"field": field}}
    elsewhere = {"anthropic_messages": {"block": {"type": "thinking"}}}
    message = reply(
        ReasoningPart(text="hm", provider_data=origin),
        ReasoningPart(text="of another", provider_data=elsewhere),
        TextPart(text="yes"),
    )
    assert wire_messages(message) == [{"role": "assistant", "content": "yes"}]
    assert wire_messages(message, replay_reasoning=True) == [
        {"role": "assistant", "content": "yes", field: "hm"}
    ]


def test_the_profile_says_what_is_sent_and_what_is_left_out() -> None:
    request = ModelRequest(
        messages=(text_message("user", "hi"),),
        tools=(ToolSpec(name="list", description="", parameters={}),),
        max_output_tokens=300,
        session=SessionKey(role="executor", subject="T01"),
        turn=0,
    )
    update = {
        "omit_fields": ("stream_options", "top_p"),
        "sampling": {"temperature": 0.7, "top_p": 0.8, "top_k": 20.0},
        "strict_tools": "false",
        "extra_body": {"provider": {"order": ["a"]}},
    }
    assert json.dumps(request_body(request, PROFILE.model_copy(update=update))) == json.dumps(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "stream": True,
            "max_completion_tokens": 300,
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "list",
                        "parameters": {"type": "object", "properties": {}},
                        "strict": False,
                    },
                }
            ],
            "temperature": 0.7,
            "top_k": 20,
            "provider": {"order": ["a"]},
        }
    )


def test_an_empty_reply_keeps_its_place() -> None:
    assert wire_messages(reply()) == [{"role": "assistant", "content": ""}]


def test_each_result_becomes_a_message_of_its_own() -> None:
    results = (ToolResult(call_id="c1", text="one"), ToolResult(call_id="c2", text="two"))
    assert wire_messages(Message(role="tool", parts=results)) == [
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
    ]


def test_what_a_provider_added_to_a_call_returns_to_it() -> None:
    signed = call("{}", provider_data={"openai_chat": {"extra_content": {"signature": "xyz"}}})
    wire = wire_messages(reply(signed))[0]["tool_calls"][0]
    assert wire == {
        "extra_content": {"signature": "xyz"},
        "id": "c1",
        "type": "function",
        "function": {"name": "read", "arguments": "{}"},
    }


@pytest.mark.parametrize(
    "arguments",
    ['{"path": "a', "", "[1]", "null", '"text"', '{"share": NaN}', '{"share": -Infinity}'],
)
def test_arguments_that_are_no_object_never_enter_the_history(arguments: str) -> None:
    wire = wire_messages(reply(call(arguments)))[0]["tool_calls"][0]
    assert wire["function"]["arguments"] == "{}"
