"""Writes a request in the OpenAI chat dialect: pure, and with no field that has nothing in it."""

import json
from typing import Any

from agent.domain.message import Message, ModelRequest, ToolCall, ToolResult, ToolSpec
from agent.domain.profile import Profile

Json = dict[str, Any]
EMPTY_SCHEMA: Json = {"type": "object", "properties": {}}


def request_body(request: ModelRequest, profile: Profile) -> Json:
    body: Json = {
        "model": profile.model,
        "messages": [wire for message in request.messages for wire in wire_messages(message)],
        "stream": True,
        "stream_options": {"include_usage": True},
        profile.max_output_field: request.max_output_tokens,
    }
    if request.tools:
        body["tools"] = [wire_tool(tool) for tool in request.tools]
    return body


def wire_messages(message: Message) -> list[Json]:
    """One message of the dialect, or one for each tool result."""
    match message.role:
        case "tool":
            return [
                {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
                for part in message.parts
                if isinstance(part, ToolResult)
            ]
        case "assistant":
            return [wire_reply(message)]
        case _:
            return [{"role": message.role, "content": message.text}]


def wire_reply(message: Message) -> Json:
    """A reply as the dialect wants it back: reasoning stays out."""
    text, calls = message.text, message.tool_calls
    wire: Json = {"role": "assistant"}
    if text or not calls:
        wire["content"] = text
    if calls:
        wire["tool_calls"] = [wire_call(call) for call in calls]
    return wire


def wire_call(call: ToolCall) -> Json:
    return {
        **(call.provider_data or {}),
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": sendable_arguments(call.arguments)},
    }


def sendable_arguments(text: str) -> str:
    """The arguments as written, or an empty object where they are not one.

    Servers decode the arguments of the whole history: one broken text in it and each later
    request is refused (https://github.com/vllm-project/vllm/issues/43995).
    """
    try:
        return text if isinstance(json.loads(text), dict) else "{}"
    except ValueError:
        return "{}"


def wire_tool(tool: ToolSpec) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters or EMPTY_SCHEMA
    return {"type": "function", "function": function}
