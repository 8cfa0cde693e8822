"""What the dialects of the local server share: a request as it was understood, a reply to write.

The normal form of a history is the OpenAI chat dialect's own; the other dialects are read into it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.domain.profile import Dialect
from agent.rehearsal.local_http import Answer

Json = dict[str, Any]
PIECE_CHARACTERS = 48
FINGERPRINT = "rehearsal"
STREAM_TYPE = "text/event-stream; charset=utf-8"


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
    """In the words of the chat dialect: `stop`, `tool_calls`, `length`."""
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning: str = ""
    stored_tokens: int = 0
    """Input that was written to the cache, where the dialect tells."""
    seal: str = ""
    """What the client must send back unchanged with the reasoning; empty: none is sent."""
    argument_characters: int = PIECE_CHARACTERS
    """How long the pieces of streamed arguments are."""


@dataclass(frozen=True)
class Asked:
    """A request for a reply, whatever dialect it came in."""

    dialect: Dialect
    model: str
    messages: tuple[Json, ...]
    """As the chat dialect writes them."""
    tools: tuple[Json, ...] = ()
    """As the chat dialect writes them."""
    tool_choice: object = None
    output_tokens: int | None = None
    """What the request reserves; None when it does not say."""
    streamed: bool = False
    wants_usage: bool = False
    """Whether a stream is to carry its usage; some dialects and servers always do."""
    wants_reasoning: bool = False
    caches: bool = True
    """Whether a prefix cache is used; one dialect wants it marked."""
    body: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Complaint:
    """Why a request is not served; `case` names a text of the flavour, `values` fill it."""

    case: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ChatStyle:
    """How a server writes chat streams, where servers differ."""

    calls: str = "pieces"
    """`pieces`; `whole`: one delta for each call; `empty_id`: later pieces carry an empty id."""
    usage: str = "asked"
    """`asked`: its own last chunk, on request; `always`: the same without being asked;
    `finish`: on the chunk with the finish reason."""
    bare: bool = False
    """Whether chunks leave out a finish reason that is null."""
    role_repeated: bool = False
    comment: bytes = b""
    """What the stream begins with."""
    finish_extra: Mapping[str, object] = field(default_factory=dict)
    """More fields of the chunk with the finish reason."""


PLAIN_STYLE = ChatStyle()


def json_answer(status: int, body: object) -> Answer:
    return Answer(status, "application/json", (json_bytes(body),))


def json_bytes(body: object) -> bytes:
    """A half of a surrogate pair, which UTF-8 cannot hold, goes out as JSON's own escape."""
    return json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace")


def cut(text: str, length: int = PIECE_CHARACTERS) -> Iterator[str]:
    for start in range(0, len(text), length):
        yield text[start : start + length]


def model_list(*names: str, **more: object) -> Json:
    """The list of models; `more` is told of each."""
    return {"object": "list", "data": [model_entry(name, **more) for name in names]}


def model_entry(name: str, **more: object) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": FINGERPRINT, **more}


def whole_number(value: object) -> int | None:
    """A count that a request gives; None for anything else, truth values among it."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def objects(value: object) -> list[Json]:
    """The objects in a list; nothing of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
