"""Writes a request in the OpenAI chat dialect: pure, and with no field that has nothing in it."""

import json
from typing import Any

from agent.domain.message import (
    Message,
    ModelRequest,
    ReasoningPart,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from agent.domain.profile import Dialect, Profile
from agent.providers.echo import echoed

Json = dict[str, Any]
DIALECT: Dialect = "openai_chat"
EMPTY_SCHEMA: Json = {"type": "object", "properties": {}}


def request_body(request: ModelRequest, profile: Profile) -> Json:
    body: Json = {
        "model": profile.model,
        "messages": [
            wire
            for message in request.messages
            for wire in wire_messages(message, replay_reasoning=profile.replay_reasoning)
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        profile.max_output_field: request.max_output_tokens,
    }
    if request.tools:
        body["tools"] = [wire_tool(tool, profile) for tool in request.tools]
    return finished(body, profile)


def finished(body: Json, profile: Profile) -> Json:
    """The body with what the profile adds, and without what its endpoint refuses."""
    full = {**body, **sampling(profile), **profile.extra_body}
    return {name: value for name, value in full.items() if name not in profile.omit_fields}


def sampling(profile: Profile) -> Json:
    """Whole numbers as such: `top_k` is an integer wherever it is known."""
    return {
        name: int(value) if value.is_integer() else value
        for name, value in profile.sampling.items()
    }


def wire_messages(message: Message, *, replay_reasoning: bool = False) -> list[Json]:
    """One message of the dialect, or one for each tool result."""
    match message.role:
        case "tool":
            return [
                {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
                for part in message.parts
                if isinstance(part, ToolResult)
            ]
        case "assistant":
            reasoning = wire_reasoning(message) if replay_reasoning else {}
            return [{**wire_reply(message), **reasoning}]
        case _:
            return [{"role": message.role, "content": message.text}]


def wire_reply(message: Message) -> Json:
    """A reply as the dialect wants it back, without its reasoning."""
    text, calls = message.text, message.tool_calls
    wire: Json = {"role": "assistant"}
    if text or not calls:
        wire["content"] = text
    if calls:
        wire["tool_calls"] = [wire_call(call) for call in calls]
    return wire


def wire_reasoning(message: Message) -> Json:
    """Reasoning in the field it came in: one endpoint refuses the name that the next one wants."""
    reasoning: dict[str, str] = {}
    for part in message.parts:
        if isinstance(part, ReasoningPart) and (name := echoed(part, DIALECT).get("field")):
            reasoning[name] = reasoning.get(name, "") + part.text
    return dict(reasoning)


def wire_call(call: ToolCall) -> Json:
    return {
        **echoed(call, DIALECT),
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": sendable_arguments(call.arguments)},
    }


def sendable_arguments(text: str) -> str:
    """The arguments as written, or an empty object where they are not one.

    Servers decode the arguments of the whole history: one broken text in it and each later
    request is refused (https://github.com/vllm-project/vllm/issues/43995).
    """
    return text if read_arguments(text) is not None else "{}"


def read_arguments(text: str) -> Json | None:
    try:
        value = json.loads(text, parse_constant=no_json)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def no_json(name: str) -> None:
    """Python reads `NaN` and `Infinity`; no other server does."""
    raise ValueError(f"{name} is not JSON")


def wire_tool(tool: ToolSpec, profile: Profile) -> Json:
    return {"type": "function", "function": wire_function(tool, profile)}


def wire_function(tool: ToolSpec, profile: Profile, schema_name: str = "parameters") -> Json:
    """Name, description and schema; `strict` where the profile sends it, the same for each."""
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function[schema_name] = tool.parameters or EMPTY_SCHEMA
    if profile.strict_tools != "omit":
        function["strict"] = profile.strict_tools == "true"
    return function
