"""Writes text answers as the OpenAI Responses API and the Anthropic Messages API do."""

import json
from collections.abc import Iterator

from agent.rehearsal.chat_dialect import Json, WireReply, cut, json_answer
from agent.rehearsal.local_http import Answer


def answer_responses(reply: WireReply, request: Json) -> Answer:
    if not request.get("stream"):
        return json_answer(200, response_object(reply))
    return named_events(response_events(reply))


def answer_messages(reply: WireReply, request: Json) -> Answer:
    if not request.get("stream"):
        return json_answer(200, message_object(reply))
    return named_events(message_events(reply))


def named_events(events: Iterator[Json]) -> Answer:
    pieces = (f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events)
    return Answer(200, "text/event-stream; charset=utf-8", pieces, streamed=True)


def response_object(reply: WireReply) -> Json:
    text = {"type": "output_text", "text": reply.text, "annotations": []}
    return {
        "id": f"resp_{reply.reply_id}",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": reply.model,
        "output": [output_item(reply, text)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": reply.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": reply.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        },
    }


def output_item(reply: WireReply, *content: Json) -> Json:
    return {
        "id": f"msg_{reply.reply_id}",
        "type": "message",
        "role": "assistant",
        "status": "completed" if content else "in_progress",
        "content": list(content),
    }


def response_events(reply: WireReply) -> Iterator[Json]:
    done = response_object(reply)
    item = done["output"][0]
    part = item["content"][0]
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    begun = {**done, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": output_item(reply)},
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
            for piece in cut(reply.text)
        ),
        {"type": "response.output_text.done", **place, "text": reply.text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def message_object(reply: WireReply) -> Json:
    return {
        "id": f"msg_{reply.reply_id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": reply.prompt_tokens, "output_tokens": reply.completion_tokens},
    }


def message_events(reply: WireReply) -> Iterator[Json]:
    whole = message_object(reply)
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    block = {"type": "text", "text": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    for piece in cut(reply.text):
        delta = {"type": "text_delta", "text": piece}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": reply.completion_tokens}
    yield {"type": "message_delta", "delta": end, "usage": usage}
    yield {"type": "message_stop"}
