"""The Anthropic Messages dialect: reads content blocks, writes messages and their events."""

import json
from collections.abc import Iterator

from agent.rehearsal.seal import signature
from agent.rehearsal.token_count import content_text
from agent.rehearsal.wire import (
    FINGERPRINT,
    Asked,
    ChatStyle,
    Complaint,
    Json,
    WireCall,
    WireReply,
    cut,
    json_bytes,
    objects,
    whole_number,
)

STOP_REASONS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}
MOST_MARKS = 4
UNMARKED_TOKENS = 4
"""What stands behind the last cache mark of a request."""


def read(body: Json) -> Asked | Complaint:
    if fault := body_fault(body):
        return Complaint("bad", {"message": fault})
    system = body.get("system")
    messages = [{"role": "system", "content": content_text(system)}] if system else []
    for message in body["messages"]:
        messages += chat_messages(message)
    thinking = body.get("thinking")
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    return Asked(
        dialect="anthropic_messages",
        model=body["model"],
        messages=tuple(messages),
        tools=tuple(chat_tool(tool) for tool in objects(body.get("tools"))),
        tool_choice=chat_choice(body.get("tool_choice")),
        output_tokens=whole_number(body.get("max_tokens")),
        streamed=bool(body.get("stream")),
        wants_usage=True,
        wants_reasoning=kind in ("enabled", "adaptive", "between_tools"),
        caches=marks(body) > 0,
        body=body,
    )


def body_fault(body: Json) -> str:
    """What the API says of a body that it cannot take; empty when it can."""
    if whole_number(body.get("max_tokens")) is None:
        return "max_tokens: Field required"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages: at least one message is required"
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            return f"messages.{index}.role: Input should be 'user' or 'assistant'"
        if fault := content_fault(message.get("content")):
            return f"messages.{index}.{fault}"
    if messages[-1]["role"] != "user":
        return "This model does not support assistant message prefill."
    if (count := marks(body)) > MOST_MARKS:
        return f"A maximum of 4 blocks with cache_control may be provided. Found {count}."
    return ""


def content_fault(content: object) -> str:
    if isinstance(content, str):
        return "" if content else "content: text content blocks must be non-empty"
    if not isinstance(content, list) or not content:
        return "content: Input should be a valid list that is not empty"
    for index, block in enumerate(objects(content)):
        if block.get("type") == "text" and not block.get("text"):
            return "content: text content blocks must be non-empty"
        if block.get("type") == "thinking":
            if block.get("signature") != signature(str(block.get("thinking"))):
                return f"content.{index}: Invalid `signature` in `thinking` block"
        elif block.get("type") == "tool_use" and not isinstance(block.get("input"), dict):
            return f"content.{index}.tool_use.input: Input should be a valid dictionary"
    return ""


def marks(body: Json) -> int:
    """Cache marks in a request; the one on top counts as one."""
    blocks = [*objects(body.get("system")), *objects(body.get("tools"))]
    for message in objects(body.get("messages")):
        blocks += objects(message.get("content"))
    return sum("cache_control" in block for block in blocks) + ("cache_control" in body)


def chat_messages(message: Json) -> Iterator[Json]:
    """One message as the chat dialect writes it: results first, each on its own."""
    content = message.get("content")
    blocks = objects(content)
    for block in blocks:
        if block.get("type") == "tool_result":
            text = content_text(block.get("content"))
            yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": text}
    calls = [chat_call(block) for block in blocks if block.get("type") == "tool_use"]
    text = content if isinstance(content, str) else content_text(texts(blocks))
    if calls:
        yield {"role": message["role"], "content": text or None, "tool_calls": calls}
    elif text:
        yield {"role": message["role"], "content": text}


def texts(blocks: list[Json]) -> list[Json]:
    return [block for block in blocks if block.get("type") == "text"]


def chat_call(block: Json) -> Json:
    function = {"name": block.get("name"), "arguments": json.dumps(block.get("input"))}
    return {"id": block.get("id"), "type": "function", "function": function}


def chat_tool(tool: Json) -> Json:
    function = {
        "name": tool.get("name"),
        "description": tool.get("description"),
        "parameters": tool.get("input_schema"),
    }
    return {"type": "function", "function": function}


def chat_choice(choice: object) -> object:
    """The chat dialect's word for how freely the model may call."""
    match choice:
        case {"type": "tool", "name": name}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "any"}:
            return "required"
        case {"type": kind}:
            return kind
        case _:
            return None


def encode(event: Json) -> bytes:
    return f"event: {event['type']}\n".encode() + b"data: " + json_bytes(event) + b"\n\n"


def whole(reply: WireReply) -> Json:
    return {
        "id": f"msg_{reply.reply_id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "system_fingerprint": FINGERPRINT,
        "content": list(blocks_of(reply)),
        "stop_reason": STOP_REASONS.get(reply.finish_reason, reply.finish_reason),
        "stop_sequence": None,
        "usage": usage(reply),
    }


def usage(reply: WireReply) -> Json:
    return {
        "input_tokens": reply.prompt_tokens - reply.cached_tokens - reply.stored_tokens,
        "cache_creation_input_tokens": reply.stored_tokens,
        "cache_read_input_tokens": reply.cached_tokens,
        "output_tokens": reply.completion_tokens,
    }


def blocks_of(reply: WireReply) -> Iterator[Json]:
    if reply.seal:
        text = reply.reasoning
        yield {"type": "thinking", "thinking": text, "signature": signature(text)}
    if reply.text:
        yield {"type": "text", "text": reply.text}
    for call in reply.calls:
        yield tool_use(call, read_input(call.arguments))


def tool_use(call: WireCall, given: object) -> Json:
    return {"type": "tool_use", "id": call.call_id, "name": call.name, "input": given}


def read_input(arguments: str) -> object:
    """The arguments as the object that this dialect has; what is broken stands under one name."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {"INVALID_JSON": arguments}


def events(reply: WireReply, style: ChatStyle, wants_usage: bool) -> Iterator[Json]:
    del style, wants_usage
    done = whole(reply)
    begun = {**done["usage"], "output_tokens": 1}
    opening = {**done, "content": [], "stop_reason": None, "usage": begun}
    yield {"type": "message_start", "message": opening}
    calls = iter(reply.calls)
    for index, block in enumerate(done["content"]):
        arguments = next(calls).arguments if block["type"] == "tool_use" else ""
        yield from block_events(block, index, cut(arguments, reply.argument_characters))
        if index == 0:
            yield {"type": "ping"}
    delta = {"stop_reason": done["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": done["usage"]}
    yield {"type": "message_stop"}


def block_events(block: Json, index: int, arguments: Iterator[str]) -> Iterator[Json]:
    start, deltas = opened(block, arguments)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def opened(block: Json, arguments: Iterator[str]) -> tuple[Json, Iterator[Json]]:
    """A block as it begins, and what follows."""
    match block["type"]:
        case "text":
            pieces = ({"type": "text_delta", "text": piece} for piece in cut(block["text"]))
            return {**block, "text": ""}, pieces
        case "thinking":
            return {**block, "thinking": "", "signature": ""}, thinking_deltas(block)
        case _:
            parts = ("", *arguments)
            calls = ({"type": "input_json_delta", "partial_json": part} for part in parts)
            return {**block, "input": {}}, calls


def thinking_deltas(block: Json) -> Iterator[Json]:
    for piece in cut(block["thinking"]):
        yield {"type": "thinking_delta", "thinking": piece}
    yield {"type": "signature_delta", "signature": block["signature"]}
