"""Faults in the chunks of an OpenAI chat stream: what is missing, doubled or misplaced.

Each takes the chunks of a whole reply and gives those that are sent.
"""

import json
from collections.abc import Iterator
from itertools import zip_longest

from agent.rehearsal.chat_dialect import usage
from agent.rehearsal.wire import Json, WireReply

Chunks = list[Json]
AFTER_THE_CALL = "\nI have called the tool."


def name_repeated(chunks: Chunks, reply: WireReply) -> Chunks:
    """Every fragment of a call carries its name again."""
    for entry in entries(chunks):
        entry["function"]["name"] = reply.calls[entry["index"]].name
    return chunks


def index_missing(chunks: Chunks, reply: WireReply) -> Chunks:
    """No fragment says which call it belongs to."""
    del reply
    for entry in entries(chunks):
        del entry["index"]
    return chunks


def id_missing(chunks: Chunks, reply: WireReply) -> Chunks:
    """No call has an id."""
    del reply
    for entry in entries(chunks):
        entry.pop("id", None)
    return chunks


def arguments_as_object(chunks: Chunks, reply: WireReply) -> Chunks:
    """The arguments are an object and not a text."""
    sent: Chunks = []
    for chunk in chunks:
        for entry in entries([chunk]):
            if "id" in entry:
                arguments = json.loads(reply.calls[entry["index"]].arguments)
                entry["function"]["arguments"] = arguments
        if all(entry.get("id") for entry in entries([chunk])):
            sent.append(chunk)
    return sent


def message_for_delta(chunks: Chunks, reply: WireReply) -> Chunks:
    """Chunks carry messages instead of deltas."""
    del reply
    for choice in choices(chunks):
        choice["message"] = choice.pop("delta")
    return chunks


def empty_choices(chunks: Chunks, reply: WireReply) -> Chunks:
    """A chunk without choices comes before every other."""
    del reply
    return [sent for chunk in chunks for sent in ({**without_usage(chunk), "choices": []}, chunk)]


def null_fields(chunks: Chunks, reply: WireReply) -> Chunks:
    """What is not there is null."""
    del reply
    for choice in choices(chunks):
        absent = dict.fromkeys(("role", "content", "reasoning", "refusal", "tool_calls"))
        choice["delta"] = {**absent, **choice["delta"]}
        choice["logprobs"] = None
    for entry in entries(chunks):
        entry.setdefault("id", None)
        entry.setdefault("type", None)
        entry["function"].setdefault("name", None)
    return [{"usage": None, **chunk} for chunk in chunks]


def usage_missing(chunks: Chunks, reply: WireReply) -> Chunks:
    """Nothing is counted."""
    del reply
    return [without_usage(chunk) for chunk in chunks if chunk["choices"]]


def usage_early(chunks: Chunks, reply: WireReply) -> Chunks:
    """The usage comes with the first chunk and not again."""
    first, *rest = usage_missing(chunks, reply)
    return [{**first, "usage": usage(reply)}, *rest]


def usage_twice(chunks: Chunks, reply: WireReply) -> Chunks:
    """The usage comes with the finish reason, and again in a chunk of its own."""
    *rest, last = usage_missing(chunks, reply)
    counted = {"usage": usage(reply)}
    return [*rest, {**last, **counted}, {**last, "choices": [], **counted}]


def calls_interleaved(chunks: Chunks, reply: WireReply) -> Chunks:
    """The fragments of several calls alternate."""
    own = [
        [chunk for chunk in chunks if any(e["index"] == index for e in entries([chunk]))]
        for index in range(len(reply.calls))
    ]
    mixed = [chunk for row in zip_longest(*own) for chunk in row if chunk is not None]
    return in_place_of_calls(chunks, mixed)


def two_fragments_in_one(chunks: Chunks, reply: WireReply) -> Chunks:
    """A call's name and its first arguments are two entries of one chunk, with one index."""
    del reply
    joined: Chunks = []
    for chunk in chunks:
        own = list(entries([chunk]))
        before = list(entries(joined[-1:]))
        if own and "id" not in own[0] and len(before) == 1 and "id" in before[0]:
            joined[-1]["choices"][0]["delta"]["tool_calls"] += own
        else:
            joined.append(chunk)
    return joined


def text_after_call(chunks: Chunks, reply: WireReply) -> Chunks:
    """Words follow the calls."""
    del reply
    calls = [chunk for chunk in chunks if any(entries([chunk]))]
    choice = {**calls[-1]["choices"][0], "delta": {"content": AFTER_THE_CALL}}
    return in_place_of_calls(chunks, [*calls, {**calls[-1], "choices": [choice]}])


def in_place_of_calls(chunks: Chunks, instead: Chunks) -> Chunks:
    places = [place for place, chunk in enumerate(chunks) if any(entries([chunk]))]
    return [*chunks[: places[0]], *instead, *chunks[places[-1] + 1 :]]


def choices(chunks: Chunks) -> Iterator[Json]:
    for chunk in chunks:
        yield from chunk["choices"]


def entries(chunks: Chunks) -> Iterator[Json]:
    """The fragments of calls, in their order."""
    for choice in choices(chunks):
        yield from choice["delta"].get("tool_calls") or ()


def without_usage(chunk: Json) -> Json:
    return {name: value for name, value in chunk.items() if name != "usage"}
