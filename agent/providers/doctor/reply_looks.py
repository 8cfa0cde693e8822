"""Looks at the replies: how they come, what is in them, how fast they are."""

import json
import re
from collections.abc import Iterable

from agent.domain.limits import Limit
from agent.domain.message import Usage
from agent.domain.readings import LimitReading, Unit, Window
from agent.providers.doctor.checkup import (
    Look,
    deviation,
    known,
    unknown,
)
from agent.providers.doctor.requests import TOOL, reserved_tokens
from agent.providers.doctor.seen import Reply, Seen

Told = dict[tuple[Unit, Window], int]
NATIVE_CALL = re.compile(rb'"tool_calls"\s*:\s*\[\s*\{|"type"\s*:\s*"(?:tool_use|function_call)"')
CALL_PIECE = re.compile(
    rb'"tool_calls"\s*:\s*\[\s*\{'
    rb'|"type"\s*:\s*"(?:input_json_delta|response\.function_call_arguments\.delta)"'
)
LEAST_SECONDS = 0.05
LEAST_TOKENS = 50
"""Less says nothing of a speed."""
SLOW_SHARE = 0.5
"""Below this share of the promised speed it is worth a word."""
EARLY_SHARE = 0.8
"""A reply cut below this share of its reservation was not cut by it."""
CHARACTERS_PER_TOKEN = 4.0
"""Of English text; only for a speed where no tokens were counted."""


def look_at_streaming(seen: Seen) -> Look:
    reply = seen.text or seen.tool
    if reply is None:
        return unknown("streaming")
    if seen.text and (cut := early_cut(seen, seen.text)):
        return deviation(
            seen,
            "streaming",
            f"yes, but a reply was cut {cut}",
            message=f"a reply was cut {cut}, as if its length were used up",
            remedy="ask the endpoint's owner; a run asks again for what is cut",
        )
    if reply.exchange.is_stream:
        return known("streaming", f"yes, {reply.exchange.events} events")
    return deviation(
        seen,
        "streaming",
        "no, replies come in one piece",
        severity="warning",
        message="replies are not streamed, so a silent endpoint is noticed late",
        remedy="turn streaming on at the server, or raise first_byte_seconds",
        evidence=f"content-type: {reply.exchange.headers.get('content-type', 'none')}",
    )


def early_cut(seen: Seen, reply: Reply) -> str:
    """Where a reply was cut that its reservation did not cut; empty for any other."""
    written, reserved = reply.completion.usage.output_tokens, reserved_tokens(seen.learned)
    is_early = 0 < written < EARLY_SHARE * reserved
    is_cut = reply.completion.stop_reason == "max_tokens"
    return f"after {written:,} of {reserved:,} tokens" if is_cut and is_early else ""


def look_at_tools(seen: Seen) -> Look:
    reply = seen.tool
    if reply is None:
        return unknown("tool calls")
    calls = reply.completion.message.tool_calls
    is_native = NATIVE_CALL.search(reply.exchange.body) is not None
    if reply.completion.stop_reason == "max_tokens":
        cut = early_cut(seen, reply)
        return deviation(
            seen,
            "tool calls",
            f"the reply was cut before the call was whole{f', {cut}' if cut else ''}",
            message=f"a reply with a small tool call was cut {cut or 'by its length'}",
            remedy="ask the endpoint's owner; a run asks again for what is cut"
            if cut
            else "raise max_output_tokens, or turn the model's thinking down",
            evidence=f"output tokens: {reply.completion.usage.output_tokens}",
        )
    if not calls:
        return deviation(
            seen,
            "tool calls",
            "none came",
            message="the model was asked for a tool call and made none",
            remedy="turn on the server's tool parser, or use a model that calls tools",
            evidence=reply.completion.message.text[:200],
        )
    if problem := wrong_call(reply):
        return deviation(
            seen,
            "tool calls",
            problem,
            message=f"the tool call cannot be used: {problem}",
            remedy="check the server's tool parser, or use another model",
            evidence=calls[0].arguments[:200],
        )
    if not is_native and not seen.profile.text_calls:
        return deviation(
            seen,
            "tool calls",
            "written as text",
            severity="warning",
            message="the model writes tool calls as text",
            remedy="set text_calls to true, or turn on the server's tool parser",
            changes={"text_calls": True},
        )
    return known("tool calls", how_sent(reply) if is_native else "written as text")


def how_sent(reply: Reply) -> str:
    if not reply.exchange.is_stream:
        return "whole, not streamed"
    pieces = len(CALL_PIECE.findall(reply.exchange.body))
    return "streamed in one piece" if pieces == 1 else f"streamed in {pieces} pieces"


def wrong_call(reply: Reply) -> str:
    """What is wrong with the call, empty when it is as it was asked for."""
    call = reply.completion.message.tool_calls[0]
    if call.name != TOOL:
        return f"it calls {call.name!r}, which no tool is named"
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        return "its arguments are not JSON"
    given = arguments if isinstance(arguments, dict) else {}
    number, word = given.get("number"), given.get("word")
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(word, str):
        return "its arguments do not fit the tool's schema"
    return ""


def look_at_usage(seen: Seen) -> Look:
    replies = seen.replies
    if not replies:
        return unknown("usage")
    missing = [reply for reply in replies if reply.completion.usage == Usage()]
    if not missing:
        return known("usage", "counted in every reply")
    return deviation(
        seen,
        "usage",
        f"missing in {len(missing)} of {len(replies)} replies",
        severity="warning",
        message="the endpoint does not always count tokens, so the ledger has to estimate",
        remedy="turn usage on at the server; until then leave more room in window_tokens",
    )


def look_at_limits(seen: Seen) -> Look:
    told = told_limits(r for reply in seen.replies for r in reply.completion.readings)
    if not told:
        return unknown("limits", said_without_reply(seen))
    said = in_words(told)
    declared = {(limit.unit, limit.window): limit for limit in seen.profile.limits}
    differing = {
        key: amount
        for key, amount in told.items()
        if key not in declared or declared[key].amount != amount
    }
    if not differing:
        return known("limits", said)
    limits = [with_amount(declared.get(key), key, amount) for key, amount in told.items()]
    limits += [limit for key, limit in declared.items() if key not in told]
    return deviation(
        seen,
        "limits",
        said,
        severity="warning",
        message="the headers tell other limits than the profile: " + in_words(differing),
        remedy="set limits to what the endpoint tells",
        changes={"limits": [limit.model_dump() for limit in limits]},
    )


def said_without_reply(seen: Seen) -> str:
    if seen.reached_seconds is None:
        return "not tried"
    if told := told_limits(seen.refused_readings):
        return f"{in_words(told)}, by a refusal"
    if told := told_limits(seen.begun_readings):
        return f"{in_words(told)}, by a reply that was spoiled"
    if seen.refused_readings or seen.begun_readings:
        return "what is left is told, not the limits"
    names = ", ".join(sorted(seen.headers))
    return f"headers not understood: {names}" if names else "no headers"


def in_words(limits: Told) -> str:
    return "; ".join(f"{amount:,} {unit}/{window}" for (unit, window), amount in limits.items())


def told_limits(readings: Iterable[LimitReading]) -> Told:
    """The limits in headers, the smallest amount of each."""
    found: Told = {}
    for reading in readings:
        if reading.limit:
            key = (reading.unit, reading.window)
            found[key] = min(reading.limit, found.get(key, reading.limit))
    return found


def with_amount(declared: Limit | None, key: tuple[Unit, Window], amount: int) -> Limit:
    if declared:
        return declared.model_copy(update={"amount": amount})
    return Limit(
        unit=key[0], window=key[1], amount=amount, refill="fixed" if key[1] == "day" else "bucket"
    )


def look_at_first_token(seen: Seen) -> Look:
    reply = seen.text or seen.tool
    return (
        known("first token", f"after {reply.first_seconds:.2f} s")
        if reply
        else unknown("first token")
    )


def look_at_speed(seen: Seen) -> Look:
    speed, promised = tokens_per_second(seen), seen.profile.tokens_per_second
    if speed is None:
        return unknown("speed", unmeasured(seen.text))
    about = "about " if seen.unfinished else ""
    said = f"{about}{speed:,.0f} tokens/s" + (
        f"; the profile promises {promised:,.0f}" if promised else ""
    )
    if not promised or speed >= SLOW_SHARE * promised:
        return known("speed", said)
    return deviation(
        seen,
        "speed",
        said,
        severity="warning",
        message=f"replies come with {speed:,.0f} tokens/s where {promised:,.0f} are promised",
        remedy=f"try again at another hour; if it stays so, set tokens_per_second to {speed:.0f}",
    )


def unmeasured(reply: Reply | None) -> str:
    if reply is None:
        return "not tried"
    is_long = reply.completion.usage.output_tokens >= LEAST_TOKENS
    return f"too {'fast' if is_long else 'short'} to be measured"


def tokens_per_second(seen: Seen) -> float | None:
    heard, reply = seen.unfinished, seen.text
    if heard and heard.seconds >= LEAST_SECONDS:
        return heard.characters / CHARACTERS_PER_TOKEN / heard.seconds
    if reply is None or reply.completion.usage.output_tokens < LEAST_TOKENS:
        return None
    seconds = reply.writing_seconds
    return reply.completion.usage.output_tokens / seconds if seconds >= LEAST_SECONDS else None
