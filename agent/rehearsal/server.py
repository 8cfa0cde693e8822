"""The rehearsal server: a scripted model that is reached as a real one is."""

import json
import re
import threading
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

from agent.domain.message import SessionKey
from agent.rehearsal.chat_dialect import (
    Json,
    WireCall,
    WireReply,
    answer_chat,
    error_answer,
    json_answer,
    model_list,
    refused,
)
from agent.rehearsal.local_http import Answer, LocalServer, Received
from agent.rehearsal.script import Script, ScriptedReply, reply_for
from agent.rehearsal.token_count import PrefixMemory, count_tokens, prompt_text

MODEL = "rehearsal"
WINDOW_TOKENS = 131_072
DEFAULT_OUTPUT_TOKENS = 4_096
SESSION_HEADER = "x-gardener-session"
SESSION = re.compile(r"(?P<role>[^/;]+)/(?P<subject>[^/;]+)/(?P<attempt>\d+); turn=(?P<turn>\d+)")
FINISH_REASONS = {"end_turn": "stop"}


@dataclass(frozen=True)
class SeenRequest:
    """One chat request and how it was answered."""

    path: str
    session: str
    """Empty for a request that belongs to no session."""
    turn: int | None
    from_app: bool
    """Whether the built program sent it, and not gardener."""
    model: str
    streamed: bool
    prompt_tokens: int
    cached_tokens: int
    status: int


class RehearsalServer:
    """Serves one script from start to stop; every reply says `system_fingerprint: rehearsal`."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._http = LocalServer(self._answer)
        self._lock = threading.Lock()
        self._requests: list[SeenRequest] = []
        self._memory = PrefixMemory()

    @property
    def base_url(self) -> str:
        return f"{self._http.url}/v1"

    @property
    def requests(self) -> tuple[SeenRequest, ...]:
        with self._lock:
            return tuple(self._requests)

    def start(self) -> None:
        self._http.start()

    def stop(self) -> None:
        self._http.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _answer(self, received: Received) -> Answer:
        match received.method, received.path.partition("?")[0]:
            case "GET", "/v1/models":
                return json_answer(200, model_list(MODEL))
            case "GET", "/v1/rehearsal/log":
                return json_answer(200, {"requests": [asdict(seen) for seen in self.requests]})
            case "POST", "/v1/chat/completions":
                return self._chat(received)
            case method, path:
                message = f"no {method} {path} here"
                return error_answer(404, message, "not_found", "invalid_request_error")

    def _chat(self, received: Received) -> Answer:
        request = chat_request(received.body)
        if isinstance(request, str):
            return refused(request)
        prompt = prompt_text(request)
        header = received.headers.get(SESSION_HEADER, "")
        try:
            key, turn = session_of(header)
        except ValueError as error:
            return refused(f"{SESSION_HEADER}: {error}")
        prompt_tokens = count_tokens(len(prompt))
        chosen = self._choose(request, key, turn, prompt_tokens)
        with self._lock:
            seen = SeenRequest(
                path=received.path,
                session=str(key or ""),
                turn=turn,
                from_app=key is None,
                model=request["model"],
                streamed=bool(request.get("stream")),
                prompt_tokens=prompt_tokens,
                cached_tokens=min(prompt_tokens, count_tokens(self._memory.add(prompt))),
                status=chosen.status if isinstance(chosen, Answer) else 200,
            )
            self._requests.append(seen)
            number = len(self._requests)
        if isinstance(chosen, Answer):
            return chosen
        return answer_chat(wire_reply(chosen, seen, number), request)

    def _choose(
        self, request: Json, key: SessionKey | None, turn: int | None, prompt_tokens: int
    ) -> ScriptedReply | Answer:
        """The scripted reply, or the refusal where a real endpoint would refuse too."""
        model = request["model"]
        if not model.startswith(MODEL):
            message = f"The model {model!r} does not exist; this server plays {MODEL!r}."
            return error_answer(404, message, "model_not_found", "invalid_request_error")
        if too_long := overflow(request, prompt_tokens):
            return refused(too_long, "context_length_exceeded")
        script = self._script
        if key is None or turn is None:
            if script.endpoint is None:
                return refused(f"script {script.name} has no reply for the program's own requests")
            return ScriptedReply(say=script.endpoint.reply)
        reply = reply_for(script, key, turn)
        return reply or refused(f"script {script.name} has no reply for {key} turn {turn}")


def chat_request(body: bytes) -> Json | str:
    """The request, or what is wrong with it."""
    try:
        request = json.loads(body)
    except ValueError:
        return "We could not parse the JSON body of your request."
    if not isinstance(request, dict) or not isinstance(request.get("model"), str):
        return "you must provide a model parameter"
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages must be a list that is not empty"
    if not all(isinstance(message, dict) for message in messages):
        return "each of the messages must be an object"
    return request


def session_of(header: str) -> tuple[SessionKey, int] | tuple[None, None]:
    """Who asks, from the session header; nobody when there is none.

    Raises ValueError when the header is not `role/subject/attempt; turn=N`.
    """
    if not header:
        return None, None
    match = SESSION.fullmatch(header)
    if not match:
        raise ValueError("must be role/subject/attempt; turn=N")
    key = SessionKey.model_validate(
        {"role": match["role"], "subject": match["subject"], "attempt": int(match["attempt"])}
    )
    return key, int(match["turn"])


def overflow(request: Json, prompt_tokens: int) -> str:
    """What a server says of a request that does not fit the window; empty when it fits."""
    asked = request.get("max_completion_tokens") or request.get("max_tokens")
    output_tokens = asked if isinstance(asked, int) else DEFAULT_OUTPUT_TOKENS
    if prompt_tokens + output_tokens <= WINDOW_TOKENS:
        return ""
    return (
        f"This model's maximum context length is {WINDOW_TOKENS} tokens. However, you requested "
        f"{prompt_tokens + output_tokens} tokens ({prompt_tokens} in the messages, "
        f"{output_tokens} in the completion). Please reduce the length of the messages."
    )


def wire_reply(reply: ScriptedReply, seen: SeenRequest, number: int) -> WireReply:
    calls = wire_calls(reply, seen.turn)
    written = len(reply.say) + sum(len(call.name) + len(call.arguments) for call in calls)
    return WireReply(
        reply_id=f"chatcmpl-rehearsal-{number}",
        model=seen.model,
        text=reply.say,
        calls=calls,
        finish_reason=finish_reason(reply),
        prompt_tokens=seen.prompt_tokens,
        cached_tokens=seen.cached_tokens,
        completion_tokens=count_tokens(written),
    )


def wire_calls(reply: ScriptedReply, turn: int | None) -> tuple[WireCall, ...]:
    return tuple(
        WireCall(
            call_id=f"call_{turn}_{position}",
            name=call.tool,
            arguments=call.arguments
            if isinstance(call.arguments, str)
            else json.dumps(call.arguments, ensure_ascii=False),
        )
        for position, call in enumerate(reply.calls)
    )


def finish_reason(reply: ScriptedReply) -> str:
    if reply.stop:
        return FINISH_REASONS.get(reply.stop, reply.stop)
    return "tool_calls" if reply.calls else "stop"
