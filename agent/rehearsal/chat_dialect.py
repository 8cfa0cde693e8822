"""Writes answers in the OpenAI chat dialect, whole or as a stream."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agent.rehearsal.local_http import Answer

Json = dict[str, Any]
PIECE_CHARACTERS = 48
FINGERPRINT = "rehearsal"


@dataclass(frozen=True)
class WireCall:
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class WireReply:
    """What the server says, with its own count of tokens."""

    reply_id: str
    model: str
    text: str
    calls: tuple[WireCall, ...]
    finish_reason: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


def answer_chat(reply: WireReply, request: Json) -> Answer:
    """The answer in the form that the request asks for."""
    if not request.get("stream"):
        return json_answer(200, whole_reply(reply))
    options = request.get("stream_options")
    with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    return stream_answer(event(chunk) for chunk in reply_chunks(reply, with_usage=with_usage))


def json_answer(status: int, body: object) -> Answer:
    return Answer(status, "application/json", (json.dumps(body).encode(),))


def stream_answer(events: Iterable[bytes]) -> Answer:
    def pieces() -> Iterator[bytes]:
        yield from events
        yield b"data: [DONE]\n\n"

    return Answer(200, "text/event-stream; charset=utf-8", pieces(), streamed=True)


def event(chunk: Json) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def error_answer(status: int, message: str, code: str, kind: str) -> Answer:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json_answer(status, {"error": error})


def refused(message: str, code: str = "invalid_request") -> Answer:
    return error_answer(400, message, code, "invalid_request_error")


def whole_reply(reply: WireReply) -> Json:
    message: Json = {"role": "assistant", "content": reply.text or None}
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": call.call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    return {**envelope(reply, "chat.completion"), "choices": [choice], "usage": usage(reply)}


def reply_chunks(reply: WireReply, *, with_usage: bool) -> Iterator[Json]:
    shell = envelope(reply, "chat.completion.chunk")

    def chunk(delta: Json, finish_reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return {**shell, "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in cut(reply.text):
        yield chunk({"content": piece})
    for index, call in enumerate(reply.calls):
        head = {"name": call.name, "arguments": ""}
        opening = {"index": index, "id": call.call_id, "type": "function", "function": head}
        yield chunk({"tool_calls": [opening]})
        for piece in cut(call.arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, reply.finish_reason)
    if with_usage:
        yield {**shell, "choices": [], "usage": usage(reply)}


def cut(text: str) -> Iterator[str]:
    for start in range(0, len(text), PIECE_CHARACTERS):
        yield text[start : start + PIECE_CHARACTERS]


def envelope(reply: WireReply, kind: str) -> Json:
    return {
        "id": reply.reply_id,
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


def model_list(*names: str) -> Json:
    return {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": 0, "owned_by": FINGERPRINT} for name in names
        ],
    }
