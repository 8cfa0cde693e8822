"""Puts a reply on the wire: faults in its chunks and bytes, at the endpoint's pace."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from agent.rehearsal.clock import ServerTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.counters import Entry
from agent.rehearsal.dialects import Dialect, with_tail
from agent.rehearsal.faults import Fault
from agent.rehearsal.faults_instead import Scene
from agent.rehearsal.limit_headers import Headers
from agent.rehearsal.local_http import Answer
from agent.rehearsal.token_count import count_tokens
from agent.rehearsal.wire import STREAM_TYPE, Asked, WireCall, WireReply, json_answer

Play = Callable[..., Any]


@dataclass(frozen=True)
class Delivery:
    """A reply that is let through, with all that happens to it on its way."""

    dialect: Dialect
    asked: Asked
    reply: WireReply
    faults: tuple[Fault, ...]
    scene: Scene
    headers: Headers
    entry: Entry | None
    """What is told when the reply has arrived; None when it will tell nothing."""

    def plays(self, stage: str) -> list[Play]:
        return [fault.act for fault in self.faults if fault.stage == stage]


def send(delivery: Delivery, conditions: Conditions, time: ServerTime) -> Answer:
    """The answer in the form that the request asks for.

    A whole one is paced before it is returned, a stream while it is sent.
    """
    dialect, reply, headers = delivery.dialect, delivery.reply, delivery.headers
    for play in delivery.plays("instead"):
        answer: Answer = play(delivery.scene)
        return answer
    tokens = reply.completion_tokens
    if not delivery.asked.streamed:
        list(paced([b"."], 1, tokens, conditions, time))
        return replace(json_answer(200, dialect.whole(reply)), headers=headers)
    encoded = stream_of(delivery)
    pieces: Iterable[bytes] = encoded
    for play in delivery.plays("bytes"):
        pieces = play(encoded, delivery.scene)
    pieces = paced(filter(None, pieces), sum(map(len, encoded)), tokens, conditions, time)
    return Answer(200, STREAM_TYPE, pieces, streamed=True, headers=headers)


def stream_of(delivery: Delivery) -> list[bytes]:
    """Every piece of the stream, with the faults of its chunks."""
    dialect, reply = delivery.dialect, delivery.reply
    style = delivery.scene.flavour.chat
    chunks = list(dialect.events(reply, style, delivery.asked.wants_usage))
    for play in delivery.plays("chunks"):
        chunks = play(chunks, reply)
    first = [style.comment] if style.comment and dialect.name == "openai_chat" else []
    return [*first, *with_tail(map(dialect.encode, chunks), dialect.tail)]


def paced(
    pieces: Iterable[bytes], size: int, tokens: int, conditions: Conditions, time: ServerTime
) -> Iterator[bytes]:
    """The pieces, each when a model of this speed would have written it; `size` is in bytes."""
    rate, first = conditions.tokens_per_second, conditions.first_token_seconds
    begun, sent = time.now() + first, 0
    for piece in pieces:
        sent += len(piece)
        if rate or first:
            time.wait_until(begun + (tokens / rate * sent / size if rate else 0.0))
        yield piece


def cut_at_reservation(reply: WireReply, reserved: int | None) -> WireReply:
    """The reply as far as its reservation reaches; calls come after the text."""
    if reserved is None or reply.completion_tokens <= reserved:
        return reply
    left = int(written_characters(reply) * reserved / reply.completion_tokens)
    reasoning, text = reply.reasoning[:left], reply.text[: max(0, left - len(reply.reasoning))]
    left -= len(reply.reasoning) + len(reply.text)
    calls: list[WireCall] = []
    for call in reply.calls:
        left -= len(call.name)
        if left > 0:
            calls.append(replace(call, arguments=call.arguments[:left]))
        left -= len(call.arguments)
    return replace(
        reply,
        reasoning=reasoning,
        text=text,
        calls=tuple(calls),
        finish_reason="length",
        completion_tokens=reserved,
    )


def written_characters(reply: WireReply) -> int:
    calls = sum(len(call.name) + len(call.arguments) for call in reply.calls)
    return len(reply.reasoning) + len(reply.text) + calls


def counted(reply: WireReply) -> WireReply:
    """The reply with its own length as the count of its tokens."""
    return replace(reply, completion_tokens=count_tokens(written_characters(reply)))
