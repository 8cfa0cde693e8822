"""The dialects that the local server speaks, by the path they are spoken at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.domain.profile import Dialect as Name
from agent.rehearsal import anthropic_dialect, chat_dialect, responses_dialect
from agent.rehearsal.local_http import Answer
from agent.rehearsal.wire import (
    PLAIN_STYLE,
    STREAM_TYPE,
    Asked,
    ChatStyle,
    Complaint,
    Json,
    WireReply,
    json_answer,
)


@dataclass(frozen=True)
class Dialect:
    """How one of them is read and written."""

    name: Name
    read: Callable[[Json], Asked | Complaint]
    """Takes a body with a model in it."""
    whole: Callable[[WireReply], Json]
    events: Callable[[WireReply, ChatStyle, bool], Iterator[Json]]
    """The last argument: whether the request wants the usage in the stream."""
    encode: Callable[[Json], bytes]
    tail: bytes = b""
    """What ends a stream."""

    def answer(self, reply: WireReply, request: Json) -> Answer:
        """The answer in the form that the request asks for."""
        if not request.get("stream"):
            return json_answer(200, self.whole(reply))
        options = request.get("stream_options")
        wants_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        pieces = map(self.encode, self.events(reply, PLAIN_STYLE, wants_usage))
        return Answer(200, STREAM_TYPE, with_tail(pieces, self.tail), streamed=True)


def with_tail(pieces: Iterator[bytes], tail: bytes) -> Iterator[bytes]:
    yield from pieces
    if tail:
        yield tail


CHAT = Dialect(
    "openai_chat",
    chat_dialect.read,
    chat_dialect.whole,
    chat_dialect.events,
    chat_dialect.encode,
    chat_dialect.TAIL,
)
RESPONSES = Dialect(
    "openai_responses",
    responses_dialect.read,
    responses_dialect.whole,
    responses_dialect.events,
    responses_dialect.encode,
)
MESSAGES = Dialect(
    "anthropic_messages",
    anthropic_dialect.read,
    anthropic_dialect.whole,
    anthropic_dialect.events,
    anthropic_dialect.encode,
)
BY_PATH = {"/chat/completions": CHAT, "/responses": RESPONSES, "/messages": MESSAGES}
