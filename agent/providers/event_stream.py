"""Reads the body of a streamed reply: bytes in, pieces of text out, the whole reply at the end.

The SDKs' own readers hide whether the stream ended as it should, pass a flat error object on as an
empty chunk and make nothing at all of a reply that is not a stream.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from agent.domain.message import Completion
from agent.domain.profile import Profile
from agent.providers.triage import malformed, triage_chunk, unavailable

Json = Mapping[str, Any]
DONE = "[DONE]"
SHOWN_CHARACTERS = 80
LARGEST_BYTES = 64_000_000
"""No reply is longer; one without an end would fill the memory."""


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
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Raises UnicodeDecodeError, a ValueError, when a line is not UTF-8."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [payload for line in lines if (payload := self._payload(line))]

    def end(self) -> list[str]:
        return self.feed(b"\n")

    @staticmethod
    def _payload(line: bytes) -> str:
        return line[5:].strip().decode("utf-8") if line.startswith(b"data:") else ""


class StreamedReply:
    """One reply on its way; every failure is a ProviderError with the sentence for the user."""

    def __init__(self, profile: Profile, assembler: Assembler) -> None:
        self.begun = False
        """Whether anything has arrived."""
        self.pieces = 0
        """Events that carried something of the reply."""
        self._size = 0
        self._marked_done = False
        self._profile = profile
        self._lines = DataLines()
        self._assembler = assembler
        self._events = 0
        self._before_events = bytearray()

    @property
    def done(self) -> bool:
        """Whether the server said that the reply is complete."""
        return self._marked_done or self._assembler.is_closed

    def feed(self, data: bytes) -> list[str]:
        """Takes what arrived; returns the pieces of text in it."""
        self.begun = True
        self._size += len(data)
        if not self._events:
            self._before_events += data
        try:
            if self._size > LARGEST_BYTES:
                raise ValueError(f"it is longer than {LARGEST_BYTES:,} bytes")
            return self._take(self._lines.feed(data))
        except (ValueError, RecursionError) as error:
            raise malformed(self._profile, reason_of(error)) from error

    def end(self) -> list[str]:
        """Takes the end of the body: also a whole reply, from a server that does not stream."""
        try:
            text = self._take(self._lines.end())
        except (ValueError, RecursionError) as error:
            raise malformed(self._profile, reason_of(error)) from error
        return text if self._events or self.done else self._take_whole(bytes(self._before_events))

    def _take_whole(self, body: bytes) -> list[str]:
        try:
            text = self._take([body.decode("utf-8")])
        except (ValueError, RecursionError) as error:
            reason = f"it begins with {shown(body)!r}" if body else "it is empty"
            raise malformed(self._profile, reason) from error
        self._marked_done = True
        return text

    def completion(self) -> Completion:
        """The whole reply, after its end."""
        if self._assembler.failure:
            raise unavailable(self._profile, self._assembler.failure)
        if not (self.done or self._assembler.is_whole):
            raise unavailable(self._profile, "it broke the reply off in the middle")
        if not self._events:
            raise malformed(self._profile, "it is empty")
        try:
            return self._assembler.completion()
        except (ValueError, RecursionError) as error:
            raise malformed(self._profile, reason_of(error)) from error

    def _take(self, payloads: list[str]) -> list[str]:
        texts = [self._take_payload(payload) for payload in payloads]
        return [text for text in texts if text]

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


def shown(data: bytes) -> str:
    return data[:SHOWN_CHARACTERS].decode("utf-8", errors="replace")
