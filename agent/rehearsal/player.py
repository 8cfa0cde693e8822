"""Which reply comes next: from the script, or made up without one."""

import json
import re

from agent.domain.message import SessionKey
from agent.rehearsal.oracle import oracle_reply
from agent.rehearsal.script import Script, ScriptedReply, reply_for
from agent.rehearsal.wire import Asked, Complaint, WireCall

SESSION = re.compile(r"(?P<role>[^/;]+)/(?P<subject>[^/;]+)/(?P<attempt>\d+); turn=(?P<turn>\d+)")
FINISH_REASONS = {"end_turn": "stop"}


class Player:
    """Knows which turns of a session were spoiled, so that the script does not run ahead.

    A reply that came to nothing is a turn for the client and none for the script.
    """

    def __init__(self, script: Script | None) -> None:
        self._script = script
        self._spoiled: dict[str, set[int]] = {}

    def choose(
        self, asked: Asked, key: SessionKey | None, turn: int | None
    ) -> ScriptedReply | Complaint:
        script = self._script
        if script is None:
            return oracle_reply(asked)
        if key is None or turn is None:
            if script.endpoint is None:
                return bad(f"script {script.name} has no reply for the program's own requests")
            return ScriptedReply(say=script.endpoint.reply)
        spoiled = sum(each < turn for each in self._spoiled.get(str(key), ()))
        reply = reply_for(script, key, turn - spoiled)
        return reply or bad(f"script {script.name} has no reply for {key} turn {turn}")

    def note(self, key: SessionKey | None, turn: int | None, *, spoiled: bool) -> None:
        """Remembers how a turn was served; a client that sends it again gets it anew."""
        if key is None or turn is None:
            return
        if spoiled:
            self._spoiled.setdefault(str(key), set()).add(turn)
        elif str(key) in self._spoiled:
            self._spoiled[str(key)].discard(turn)


def bad(message: str) -> Complaint:
    return Complaint("bad", {"message": message})


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


def wire_calls(reply: ScriptedReply, prefix: object) -> tuple[WireCall, ...]:
    return tuple(
        WireCall(
            call_id=f"call_{prefix}_{position}",
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
