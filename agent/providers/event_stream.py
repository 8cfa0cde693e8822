"""Reads the body of a streamed reply: bytes in, pieces of text out, the whole reply at the end.

The SDKs' own readers hide whether the stream ended as it should, pass a flat error object on as an
empty chunk and make nothing at all of a reply that is not a stream.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from agent.domain.message import Completion, Usage
from agent.domain.profile import Profile
from agent.errors import MalformedReply
from agent.providers.surrogates import rejoined, split_half
from agent.providers.triage import broken_off, malformed, odd_reply, triage_chunk
from agent.providers.whole_reply import UselessReply

Json = Mapping[str, Any]
DONE = "[DONE]"
BROKEN_OFF = "it broke the reply off in the middle"
BOM = b"\xef\xbb\xbf"
SHOWN_CHARACTERS = 80
LARGEST_BYTES = 1 << 20
"""What a reply may be long at least: some repeat the request in their first events."""


class Assembler(Protocol):
    """Takes the events of one reply, or a reply in one piece, in one dialect.

    Raises ValueError, with the reason, at what the dialect does not know.
    """

    @property
    def is_whole(self) -> bool:
        """Whether the reply is complete should the body end here."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can follow."""
        ...

    @property
    def failure(self) -> str:
        """Why the endpoint gave the reply up without saying an error; empty when it did not."""
        ...

    def trouble(self, event: Json) -> Json | None:
        """The event as an error object where it is one."""
        ...

    def is_idle(self, event: Json) -> bool:
        """Whether the event only keeps the connection alive."""
        ...

    def feed(self, event: Json) -> str:
        """Takes one event; returns the text that it adds."""
        ...

    def completion(self) -> Completion:
        """The whole reply, after its end."""
        ...


class DataLines:
    """Cuts a byte stream into what follows `data:` on its lines."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._begun = False

    def feed(self, data: bytes) -> list[str]:
        """Raises UnicodeDecodeError, a ValueError, when a line is not UTF-8."""
        head, *tail = data.split(b"\n")
        self._rest.append(head)
        if not tail:
            return []
        lines = [b"".join(self._rest), *tail[:-1]]
        self._rest = tail[-1:]
        if not self._begun:
            self._begun, lines[0] = True, lines[0].removeprefix(BOM)
        return [payload for line in lines if (payload := self._payload(line))]

    def end(self) -> list[str]:
        return self.feed(b"\n")

    @staticmethod
    def _payload(line: bytes) -> str:
        return line[5:].strip().decode("utf-8") if line.startswith(b"data:") else ""


class StreamedReply:
    """One reply on its way; every failure is a ProviderError with the sentence for the user."""

    def __init__(
        self, profile: Profile, assembler: Assembler, largest_bytes: int = LARGEST_BYTES
    ) -> None:
        self.begun = False
        """Whether anything has arrived."""
        self.pieces = 0
        """Events that carried something of the reply."""
        self._size = 0
        self._largest_bytes = largest_bytes
        self._marked_done = False
        self._profile = profile
        self._lines = DataLines()
        self._assembler = assembler
        self._events = 0
        self._half = ""
        self._before_events = bytearray()

    @property
    def done(self) -> bool:
        """Whether the server said that the reply is complete."""
        return self._marked_done or self._assembler.is_closed

    @property
    def is_whole(self) -> bool:
        """Whether the reply is complete should nothing more arrive."""
        return self.done or self._assembler.is_whole

    def feed(self, data: bytes) -> list[str]:
        """Takes what arrived; returns the pieces of text in it."""
        self.begun = True
        self._size += len(data)
        if self._size > self._largest_bytes:
            reason = f"its reply is longer than {self._largest_bytes:,} bytes"
            raise broken_off(self._profile, reason)
        if not self._events:
            self._before_events += data
        try:
            return self._take(self._lines.feed(data))
        except (ValueError, RecursionError) as error:
            raise self._odd(error) from error

    def end(self) -> list[str]:
        """Takes the end of the body: also a whole reply, from a server that does not stream."""
        try:
            text = self._take(self._lines.end())
        except (ValueError, RecursionError) as error:
            # A line without its end was cut.
            raise broken_off(self._profile, BROKEN_OFF) from error
        return text if self._events or self.done else self._take_whole(bytes(self._before_events))

    def _take_whole(self, body: bytes) -> list[str]:
        try:
            text = self._take([body.removeprefix(BOM).decode("utf-8")])
        except (ValueError, RecursionError) as error:
            reason = f"it begins with {shown(body)!r}" if body else "it is empty"
            raise malformed(self._profile, reason) from error
        self._marked_done = True
        return text

    def completion(self) -> Completion:
        """The whole reply, after its end."""
        if self._assembler.failure:
            raise broken_off(self._profile, self._assembler.failure)
        if not self.is_whole:
            raise broken_off(self._profile, BROKEN_OFF)
        if not self._events:
            raise malformed(self._profile, "it is empty")
        try:
            return self._assembler.completion()
        except (ValueError, RecursionError) as error:
            raise self._odd(error) from error

    def _odd(self, error: Exception) -> MalformedReply:
        """Who has sent an event of the dialect has the right address."""
        if isinstance(error, UselessReply):
            return odd_reply(self._profile, str(error), usage_told(error.usage))
        return (odd_reply if self._events else malformed)(self._profile, reason_of(error))

    def _take(self, payloads: list[str]) -> list[str]:
        texts = [self._rejoined(self._take_payload(payload)) for payload in payloads]
        return [text for text in texts if text]

    def _rejoined(self, text: str) -> str:
        """The text with the half of a character that came before it, and without one at its end."""
        text, half = split_half(self._half + text)
        self._half = half
        return rejoined(text)

    def _take_payload(self, payload: str) -> str:
        if payload == DONE:
            self._marked_done = True
        if self.done:
            return ""
        event: Any = json.loads(payload)
        if not isinstance(event, dict):
            raise ValueError(f"a piece of it is {shown(payload.encode())!r}")
        if (trouble := self._assembler.trouble(event)) is not None:
            raise triage_chunk(trouble, self._profile)
        self._events += 1
        if not self._assembler.is_idle(event):
            self.pieces += 1
        return self._assembler.feed(event)


def reason_of(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def usage_told(usage: Usage) -> Usage | None:
    return None if usage == Usage() else usage


def shown(data: bytes) -> str:
    return data[:SHOWN_CHARACTERS].decode("utf-8", errors="replace")
