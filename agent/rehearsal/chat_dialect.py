"""The OpenAI chat completions dialect: reads requests, writes replies whole or as chunks."""

from collections.abc import Iterator

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

TAIL = b"data: [DONE]\n\n"


def read(body: Json) -> Asked | Complaint:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return Complaint("bad", {"message": "messages must be a list that is not empty"})
    if not all(isinstance(message, dict) for message in messages):
        return Complaint("bad", {"message": "each of the messages must be an object"})
    options = body.get("stream_options")
    return Asked(
        dialect="openai_chat",
        model=body["model"],
        messages=tuple(messages),
        tools=tuple(objects(body.get("tools"))),
        tool_choice=body.get("tool_choice"),
        output_tokens=whole_number(body.get("max_completion_tokens"))
        or whole_number(body.get("max_tokens")),
        streamed=bool(body.get("stream")),
        wants_usage=isinstance(options, dict) and bool(options.get("include_usage")),
        body=body,
    )


def encode(chunk: Json) -> bytes:
    return b"data: " + json_bytes(chunk) + b"\n\n"


def whole(reply: WireReply) -> Json:
    message: Json = {"role": "assistant", "content": reply.text or None}
    if reply.reasoning:
        message["reasoning"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = [
            {"id": call.call_id, "type": "function", "function": function_of(call)}
            for call in reply.calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    return {**envelope(reply, "chat.completion"), "choices": [choice], "usage": usage(reply)}


def function_of(call: WireCall) -> Json:
    return {"name": call.name, "arguments": call.arguments}


def events(reply: WireReply, style: ChatStyle, wants_usage: bool) -> Iterator[Json]:
    shell = envelope(reply, "chat.completion.chunk")
    opening = {"role": "assistant"} if style.bare else {"role": "assistant", "content": ""}

    def chunk(delta: Json, finish_reason: str | None = None) -> Json:
        choice: Json = {"index": 0, "delta": delta}
        if finish_reason or not style.bare:
            choice["finish_reason"] = finish_reason
        return {**shell, "choices": [choice]}

    for number, delta in enumerate((opening, *deltas(reply, style))):
        yield chunk({"role": "assistant", **delta} if number and style.role_repeated else delta)
    last = {**chunk({}, reply.finish_reason), **style.finish_extra}
    if style.usage == "finish":
        yield {**last, "usage": usage(reply)}
        return
    yield last
    if wants_usage or style.usage == "always":
        yield {**shell, "choices": [], "usage": usage(reply)}


def deltas(reply: WireReply, style: ChatStyle) -> Iterator[Json]:
    for piece in cut(reply.reasoning):
        yield {"reasoning": piece}
    for piece in cut(reply.text):
        yield {"content": piece}
    for index, call in enumerate(reply.calls):
        for entry in call_pieces(reply, call, index, style):
            yield {"tool_calls": [entry]}


def call_pieces(reply: WireReply, call: WireCall, index: int, style: ChatStyle) -> Iterator[Json]:
    head = {"index": index, "id": call.call_id, "type": "function"}
    if style.calls == "whole" and reply.argument_characters > 1:
        yield {**head, "function": function_of(call)}
        return
    yield {**head, "function": {"name": call.name, "arguments": ""}}
    place: Json = {"index": index}
    if style.calls == "empty_id":
        place |= {"id": "", "type": "function"}
    for piece in cut(call.arguments, reply.argument_characters):
        yield {**place, "function": {"arguments": piece}}


def envelope(reply: WireReply, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{reply.reply_id}",
        "object": kind,
        "created": 0,
        "model": reply.model,
        "system_fingerprint": FINGERPRINT,
    }


def usage(reply: WireReply) -> Json:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
    }
