"""Turns a complaint into the body and headers that a provider would send."""

import math
from collections.abc import Mapping, Sequence

from agent.domain.limits import Limit
from agent.domain.profile import Dialect
from agent.rehearsal.flavours import PLAIN, Flavour, Refusal
from agent.rehearsal.limit_books import Full, Standing
from agent.rehearsal.limit_headers import Headers, duration, limit_headers
from agent.rehearsal.local_http import Answer
from agent.rehearsal.wire import Complaint, Json, json_bytes

REQUEST_ID = "req_rehearsal"
DONE = {"requests": "sent", "tokens": "processed"}


def refuse(flavour: Flavour, complaint: Complaint, headers: Headers = ()) -> Answer:
    refusal = refusal_of(flavour, complaint.case)
    body = json_bytes(error_body(flavour, complaint))
    return Answer(refusal.status, "application/json", (body,), headers=headers)


def refusal_of(flavour: Flavour, case: str) -> Refusal:
    return flavour.refusals.get(case) or PLAIN[case]


def error_body(flavour: Flavour, complaint: Complaint) -> Json:
    refusal, values = refusal_of(flavour, complaint.case), complaint.values
    message = refusal.message.format_map(values)
    kind = refusal.type.format_map(values)
    code = refusal.code.format_map(values) or None
    param = refusal.param.format_map(values) if refusal.param else None
    extra = {name: values[value] for name, value in refusal.extra.items()}
    plain = {"message": message, "type": kind, "param": param, "code": code, **extra}
    match flavour.form:
        case "flat":
            return plain
        case "nested":
            return {"error": plain}
        case "numeric":
            return {"error": {**plain, "code": refusal.status}}
        case "openrouter":
            metadata = {"provider_name": "rehearsal", "raw": message}
            error = {"message": message, "code": refusal.status, "metadata": metadata}
            return {"error": error, "user_id": "user_rehearsal"}
        case "anthropic":
            error = {"type": kind, "message": message}
            return {"type": "error", "error": error, "request_id": REQUEST_ID}


def refuse_full(
    flavour: Flavour,
    full: Full,
    standings: Sequence[Standing],
    model: str,
    now: float,
    scale: float,
) -> Answer:
    """The 429; for a request that never fits also what the provider says of that."""
    never = math.isinf(full.wait_seconds)
    case = "too_large" if never and "too_large" in flavour.refusals else "rate"
    wait = full.standing.reset_seconds if never else full.wait_seconds
    complaint = Complaint(case, rate_values(full, model, wait * scale))
    told = standings if flavour.headers_when_full else ()
    headers = limit_headers(flavour.headers, told, now, scale)
    return refuse(flavour, complaint, (*headers, *retry_after(flavour, wait, scale)))


def retry_after(flavour: Flavour, wait_seconds: float, scale: float) -> Headers:
    """In whole seconds, as a length of the limits' time times the scale."""
    match flavour.retry_after:
        case None:
            return ()
        case "exact":
            return (("retry-after", str(math.ceil(wait_seconds * scale))),)
        case fixed:
            return (("retry-after", str(math.ceil(fixed * scale))),)


def rate_values(full: Full, model: str, wait_seconds: float) -> Mapping[str, object]:
    limit, left = full.standing.limit, full.standing.left
    return {
        **limit_words(limit),
        "limit": limit.amount,
        "used": limit.amount - left,
        "needed": full.needed,
        "wait": duration(wait_seconds),
        "model": model,
    }


def limit_words(limit: Limit) -> dict[str, object]:
    return {
        "unit": limit.unit,
        "Unit": limit.unit.capitalize(),
        "one": limit.unit.removesuffix("s"),
        "done": DONE[limit.unit],
        "window_word": limit.window,
        "short": f"{limit.unit[0]}p{limit.window[0]}".upper(),
    }


def error_event(flavour: Flavour, dialect: Dialect, complaint: Complaint) -> bytes:
    """An error in the middle of a stream, in the dialect's form."""
    body, refusal = error_body(flavour, complaint), refusal_of(flavour, complaint.case)
    message = refusal.message.format_map(complaint.values)
    match dialect:
        case "anthropic_messages":
            return b"event: error\ndata: " + json_bytes(body) + b"\n\n"
        case "openai_responses":
            event = {"type": "error", "code": refusal.code or refusal.type, "message": message}
            return b"event: error\ndata: " + json_bytes({**event, "param": None}) + b"\n\n"
        case "openai_chat" if flavour.form == "flat":
            chunk = {"error": body, "status_code": refusal.status}
        case "openai_chat" if flavour.form == "openrouter":
            choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
            error = {"code": refusal.status, "message": message}
            chunk = {"object": "chat.completion.chunk", "error": error, "choices": [choice]}
        case _:
            chunk = body
    return b"data: " + json_bytes(chunk) + b"\n\n"
