"""A recording endpoint: proves that a program really calls the model it is configured for.

Its answers carry a token that nobody can guess, so a program that shows the token has asked.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from agent.rehearsal.dialects import BY_PATH
from agent.rehearsal.flavours import REHEARSAL
from agent.rehearsal.local_http import Answer, LocalServer, Received
from agent.rehearsal.refusals import refuse
from agent.rehearsal.token_count import content_text, count_tokens
from agent.rehearsal.wire import Complaint, Json, WireReply, json_answer, model_list

MODEL = "recording-endpoint"
SECRET_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "cookie"})


@dataclass(frozen=True)
class RecordedCall:
    """One request for a reply."""

    path: str
    model: str
    text: str
    """What the program said, one message a line."""
    headers: Mapping[str, str]
    """Without those that may hold a key."""
    key_sent: bool
    streamed: bool


class RecordingEndpoint:
    """Answers any model under any path of the usual dialects, from start to stop."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        self._http = LocalServer(self._answer)
        self._calls: list[RecordedCall] = []

    @property
    def base_url(self) -> str:
        return f"{self._http.url}/v1"

    @property
    def port(self) -> int:
        return self._http.port

    @property
    def calls(self) -> tuple[RecordedCall, ...]:
        return tuple(self._calls)

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.stop()

    def _answer(self, received: Received) -> Answer:
        path = received.path.partition("?")[0].rstrip("/")
        if received.method == "GET" and path.endswith("/models"):
            return json_answer(200, model_list(MODEL))
        dialect = next((BY_PATH[end] for end in BY_PATH if path.endswith(end)), None)
        if dialect is None or received.method != "POST":
            where = {"method": received.method, "path": path}
            return refuse(REHEARSAL, Complaint("path", where))
        try:
            request = json.loads(received.body)
        except ValueError:
            request = None
        if not isinstance(request, dict):
            return refuse(REHEARSAL, Complaint("json"))
        call = recorded(received, path, request)
        self._calls.append(call)
        return dialect.answer(self._reply(call, request), request)

    def _reply(self, call: RecordedCall, request: Json) -> WireReply:
        text = f"This is the recorded answer {self.token}."
        wanted = request.get("response_format")
        if isinstance(wanted, dict) and wanted.get("type") == "json_object":
            text = json.dumps({"answer": text})
        return WireReply(
            reply_id=f"recorded-{len(self._calls)}",
            model=call.model or MODEL,
            text=text,
            calls=(),
            finish_reason="stop",
            prompt_tokens=count_tokens(len(call.text)),
            cached_tokens=0,
            completion_tokens=count_tokens(len(text)),
        )


def recorded(received: Received, path: str, request: Json) -> RecordedCall:
    headers = received.headers
    return RecordedCall(
        path=path,
        model=str(request.get("model") or ""),
        text="\n".join(said(request)),
        headers={name: text for name, text in headers.items() if name not in SECRET_HEADERS},
        key_sent=any(headers.get(name) for name in SECRET_HEADERS),
        streamed=bool(request.get("stream")),
    )


def said(request: Json) -> Iterator[str]:
    """The texts of a request, in each dialect's own places."""
    for place in ("system", "instructions", "messages", "input"):
        value = request.get(place)
        if isinstance(value, list):
            for message in value:
                if isinstance(message, dict):
                    yield content_text(message.get("content"))
        elif value:
            yield content_text(value)
