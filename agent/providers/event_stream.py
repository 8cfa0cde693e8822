"""Reads the body of a streamed reply: bytes in, pieces of text out, the whole reply at the end.

The SDK's own reader hides whether the stream ended with `[DONE]`, passes a flat error object on
as an empty chunk and makes nothing at all of a reply that is not a stream.
"""

import json
from typing import Any

from agent.domain.message import Completion
from agent.domain.profile import Profile
from agent.providers.assembly import Assembler
from agent.providers.triage import error_in, malformed, triage_chunk, unavailable

DONE = "[DONE]"
SHOWN_CHARACTERS = 80


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

    def __init__(self, profile: Profile, turn: int) -> None:
        self.begun = False
        """Whether anything has arrived."""
        self.done = False
        """Whether the server said that the reply is complete."""
        self._profile = profile
        self._lines = DataLines()
        self._assembler = Assembler(turn, profile.model)
        self._chunks = 0
        self._before_chunks = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Takes what arrived; returns the pieces of text in it."""
        self.begun = True
        if not self._chunks:
            self._before_chunks += data
        try:
            return self._take(self._lines.feed(data))
        except ValueError as error:
            raise malformed(self._profile, str(error)) from error

    def end(self) -> list[str]:
        """Takes the end of the body: also a whole reply, from a server that does not stream."""
        try:
            text = self._take(self._lines.end())
        except ValueError as error:
            raise malformed(self._profile, str(error)) from error
        return text if self._chunks or self.done else self._take_whole(bytes(self._before_chunks))

    def _take_whole(self, body: bytes) -> list[str]:
        try:
            text = self._take([body.decode("utf-8")])
        except ValueError as error:
            reason = f"it begins with {shown(body)!r}" if body else "it is empty"
            raise malformed(self._profile, reason) from error
        self.done = True
        return text

    def completion(self) -> Completion:
        """The whole reply, after its end."""
        if self._assembler.finish_reason == "error":
            raise unavailable(self._profile, "it ended the reply with an error")
        if not (self.done or self._assembler.finish_reason):
            raise unavailable(self._profile, "it broke the reply off in the middle")
        if not self._chunks:
            raise malformed(self._profile, "it is empty")
        try:
            return self._assembler.completion()
        except ValueError as error:
            raise malformed(self._profile, str(error)) from error

    def _take(self, payloads: list[str]) -> list[str]:
        texts = [self._take_payload(payload) for payload in payloads]
        return [text for text in texts if text]

    def _take_payload(self, payload: str) -> str:
        if payload == DONE:
            self.done = True
        if self.done:
            return ""
        chunk: Any = json.loads(payload)
        if not isinstance(chunk, dict):
            raise ValueError(f"a piece of it is {shown(payload.encode())!r}")
        if error_in(chunk) is not None:
            raise triage_chunk(chunk, self._profile)
        self._chunks += 1
        return self._assembler.feed(chunk)


def shown(data: bytes) -> str:
    return data[:SHOWN_CHARACTERS].decode("utf-8", errors="replace")
