"""The OpenAI Responses dialect: reads input items, writes response objects and their events."""

from collections.abc import Iterator
from typing import Any

from agent.rehearsal.seal import sealed_text, unsealed
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

ENCRYPTED = "reasoning.encrypted_content"
UNVERIFIED = "The encrypted content for item {} could not be verified."


def read(body: Json) -> Asked | Complaint:
    if body.get("previous_response_id"):
        message = "Previous response with id '{}' not found.".format(body["previous_response_id"])
        return Complaint("bad", {"message": message})
    items = body.get("input")
    if isinstance(items, str) and items:
        items = [{"role": "user", "content": items}]
    if not isinstance(items, list) or not items:
        return Complaint("bad", {"message": "input must be a text or a list that is not empty"})
    if not all(isinstance(item, dict) for item in items):
        return Complaint("bad", {"message": "each item of the input must be an object"})
    if fault := reasoning_fault(items):
        return Complaint("bad", {"message": fault})
    messages = list(chat_messages(items))
    if body.get("instructions"):
        messages.insert(0, {"role": "system", "content": body["instructions"]})
    return Asked(
        dialect="openai_responses",
        model=body["model"],
        messages=tuple(messages),
        tools=tuple(chat_tool(tool) for tool in objects(body.get("tools"))),
        tool_choice=body.get("tool_choice"),
        output_tokens=whole_number(body.get("max_output_tokens")),
        streamed=bool(body.get("stream")),
        wants_usage=True,
        wants_reasoning=isinstance(body.get("include"), list) and ENCRYPTED in body["include"],
        body=body,
    )


def foreign_reasoning(body: Json, owner: str) -> Complaint | None:
    """What is wrong with reasoning that was sealed for another account; None when nothing is."""
    items = body.get("input")
    for item in objects(items) if isinstance(items, list) else ():
        content = unsealed(str(item.get("encrypted_content") or ""))
        if item.get("type") == "reasoning" and content and not content.startswith(f"{owner}/"):
            return Complaint("bad", {"message": UNVERIFIED.format(item.get("id"))})
    return None


def reasoning_fault(items: list[Json]) -> str:
    """What is wrong with reasoning that is sent back; empty when nothing is."""
    for item, after in zip(items, [*items[1:], {}], strict=True):
        if item.get("type") != "reasoning":
            continue
        name = item.get("id")
        if unsealed(str(item.get("encrypted_content") or "")) is None:
            return UNVERIFIED.format(name)
        is_reply = after.get("type") == "function_call" or after.get("role") == "assistant"
        if not is_reply and after.get("type") != "reasoning":
            return (
                f"Item '{name}' of type 'reasoning' was provided without its required following "
                "item."
            )
    return ""


def chat_messages(items: list[Json]) -> Iterator[Json]:
    """The input as messages of the chat dialect; calls of one reply in one message."""
    calls: list[Json] = []
    for item in items:
        kind = item.get("type") or "message"
        if kind == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            call = {"id": item.get("call_id"), "type": "function", "function": function}
            calls.append(call)
            continue
        if calls and kind != "reasoning":
            yield {"role": "assistant", "content": None, "tool_calls": calls}
            calls = []
        if kind == "function_call_output":
            yield {
                "role": "tool",
                "tool_call_id": item.get("call_id"),
                "content": item.get("output"),
            }
        elif kind == "message":
            yield {"role": item.get("role"), "content": item.get("content")}
    if calls:
        yield {"role": "assistant", "content": None, "tool_calls": calls}


def chat_tool(tool: Json) -> Json:
    names = ("name", "description", "parameters", "strict")
    function = {name: tool[name] for name in names if tool.get(name) is not None}
    return {"type": "function", "function": function}


def encode(event: Json) -> bytes:
    return f"event: {event['type']}\n".encode() + b"data: " + json_bytes(event) + b"\n\n"


def whole(reply: WireReply) -> Json:
    cut_short = reply.finish_reason == "length"
    return {
        "id": f"resp_{reply.reply_id}",
        "object": "response",
        "created_at": 0,
        "status": "incomplete" if cut_short else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut_short else None,
        "error": None,
        "metadata": {"system_fingerprint": FINGERPRINT},
        "model": reply.model,
        "output": list(output_items(reply)),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": reply.prompt_tokens,
            "input_tokens_details": {"cached_tokens": reply.cached_tokens},
            "output_tokens": reply.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        },
    }


def output_items(reply: WireReply) -> Iterator[Json]:
    status = "incomplete" if reply.finish_reason == "length" else "completed"
    if reply.seal:
        summary = [{"type": "summary_text", "text": reply.reasoning}] if reply.reasoning else []
        yield {
            "id": f"rs_{reply.reply_id}",
            "type": "reasoning",
            "summary": summary,
            "encrypted_content": sealed_text(reply.seal, reply.reasoning),
        }
    if reply.text or not reply.calls:
        yield {
            "id": f"msg_{reply.reply_id}",
            "type": "message",
            "role": "assistant",
            "status": status if not reply.calls else "completed",
            "content": [{"type": "output_text", "text": reply.text, "annotations": []}],
        }
    for position, call in enumerate(reply.calls):
        is_last = position == len(reply.calls) - 1
        yield function_call(reply, call, position, status if is_last else "completed")


def function_call(reply: WireReply, call: WireCall, position: int, status: str) -> Json:
    return {
        "id": f"fc_{reply.reply_id}_{position}",
        "type": "function_call",
        "status": status,
        "call_id": call.call_id,
        "name": call.name,
        "arguments": call.arguments,
    }


def events(reply: WireReply, style: ChatStyle, wants_usage: bool) -> Iterator[Json]:
    del style, wants_usage
    for number, event in enumerate(unnumbered(reply)):
        yield {**event, "sequence_number": number}


def unnumbered(reply: WireReply) -> Iterator[Json]:
    done = whole(reply)
    begun = {**done, "status": "in_progress", "output": [], "usage": None}
    begun["incomplete_details"] = None
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(done["output"]):
        match item["type"]:
            case "message":
                yield from message_events(item, index)
            case "function_call":
                yield from call_events(item, index, reply.argument_characters)
            case _:
                yield {"type": ADDED, "output_index": index, "item": {**item, "summary": []}}
                yield {"type": DONE, "output_index": index, "item": item}
    yield {"type": f"response.{done['status']}", "response": done}


ADDED = "response.output_item.added"
DONE = "response.output_item.done"


def message_events(item: Json, index: int) -> Iterator[Json]:
    part: dict[str, Any] = item["content"][0]
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    empty = {**item, "status": "in_progress", "content": []}
    yield {"type": ADDED, "output_index": index, "item": empty}
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for piece in cut(part["text"]):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}
    yield {"type": DONE, "output_index": index, "item": item}


def call_events(item: Json, index: int, characters: int) -> Iterator[Json]:
    place = {"item_id": item["id"], "output_index": index}
    arguments = item["arguments"]
    empty = {**item, "status": "in_progress", "arguments": ""}
    yield {"type": ADDED, "output_index": index, "item": empty}
    for piece in cut(arguments, characters):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
    if item["status"] == "completed":
        yield {
            "type": "response.function_call_arguments.done",
            **place,
            "name": item["name"],
            "arguments": arguments,
        }
    yield {"type": DONE, "output_index": index, "item": item}
