"""Reads error bodies: flat or wrapped, JSON, text or a web page, whole or in a stream."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

from agent.providers.told import refused_fields

MESSAGE_CHARACTERS = 300
SMALL_BYTES = 16_384
"""No window in use is so small that a body shorter than this does not fit it."""
Size = Literal["short", "middling", "long"]
STATUS_OF_WORDS = (
    (r"rate.?limit|quota|too_many", 429),
    (r"context_length|invalid_request|tool_use_failed", 400),
    (r"authentication|api_key", 401),
    (r"overloaded|server_error|unavailable|timeout", 503),
)
"""Inside a stream there is no status line; the words stand in."""


@dataclass(frozen=True)
class Trouble:
    """What an endpoint says went wrong."""

    status: int
    """0 when it is not known."""
    message: str
    words: str
    """Code, type, message and what else it says, in lower case."""
    is_page: bool = False
    is_empty: bool = False
    param: str = ""
    """The field that the error is about, where it has a place for that."""
    headers: Mapping[str, str] = dataclass_field(default_factory=dict)
    """In lower case."""
    request_bytes: int | None = None
    """The length of the refused body, None when it is not known."""
    window_tokens: int = 0
    """The window as the profile has it."""

    @property
    def should_retry(self) -> bool | None:
        """What the endpoint says itself of sending the request again."""
        told = self.headers.get("x-should-retry", "").lower()
        return {"true": True, "false": False}.get(told)

    @property
    def request_size(self) -> Size:
        """`middling`: it would fit even if the profile names a window many times too large."""
        least = max(self.window_tokens // 3, SMALL_BYTES)
        if self.request_bytes is None or self.request_bytes >= least:
            return "long"
        return "short" if self.request_bytes < SMALL_BYTES else "middling"

    @property
    def is_mute(self) -> bool:
        """Whether it has no words, or those of a gateway about an answer without any."""
        return self.is_empty or "(no body)" in self.words

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the endpoint does not take."""
        return refused_fields(self.message, self.param, self.words)

    @property
    def said(self) -> str:
        """The endpoint's own words, fit for one sentence."""
        message = " ".join(self.message.split())
        if len(message) > MESSAGE_CHARACTERS:
            message = message[: MESSAGE_CHARACTERS - 1] + "…"
        status = f"HTTP {self.status}" if self.status else ""
        return ": ".join(text for text in (status, message.rstrip(".")) if text)


def read_body(status: int, body: str) -> Trouble:
    text = body.strip()
    if text[:1] == "<":
        return Trouble(status, "a web page", "", is_page=True)
    try:
        error = error_in(json.loads(text)) if text else ""
    except ValueError:
        error = text
    return trouble_of(status, text if error is None else error)


def read_chunk(chunk: Mapping[str, object]) -> Trouble:
    """An error object in a stream; Cerebras and others put the status beside or inside it."""
    error = error_in(chunk)
    inside = error if isinstance(error, dict) else {}
    for told in (chunk.get("status_code"), inside.get("status_code"), inside.get("code")):
        if re.fullmatch(r"[45]\d\d", str(told)):
            return trouble_of(int(str(told)), error)
    trouble = trouble_of(0, error)
    status = next((s for words, s in STATUS_OF_WORDS if re.search(words, trouble.words)), 0)
    return trouble_of(status, error)


def error_in(body: object) -> object | None:
    """The error inside a decoded body, None when it has none."""
    if isinstance(body, list) and body:
        return error_in(body[0])
    if not isinstance(body, dict):
        return None
    for name in ("error", "detail"):
        if body.get(name):
            inner: object = body[name]
            return error_in(inner) or inner
    is_flat = (
        "choices" not in body
        and isinstance(body.get("message"), str)
        and ("type" in body or "code" in body)
    )
    return body if is_flat or body.get("object") == "error" else None


def trouble_of(status: int, error: object) -> Trouble:
    if not isinstance(error, dict):
        text = error if isinstance(error, str) else json.dumps(error)
        return Trouble(status, text, text.lower(), is_empty=not text)
    message = error.get("message") or json.dumps(error)
    words = [error.get("code"), error.get("type"), message, error.get("metadata")]
    param = str(error.get("param") or "")
    # Some relays put the whole reason where the field's name belongs.
    words += [param if " " in param else "", f"n_ctx {error['n_ctx']}" if "n_ctx" in error else ""]
    return Trouble(
        status, str(message), " ".join(str(word) for word in words if word).lower(), param=param
    )
