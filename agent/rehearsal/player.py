"""Which reply comes next: from the script, or made up without one."""

import json
import re
from collections.abc import Callable

from agent.domain.message import ROLES, SessionKey
from agent.rehearsal.oracle import SAYS, oracle_reply
from agent.rehearsal.script import Script, ScriptedReply, reply_for
from agent.rehearsal.wire import Asked, Complaint, WireCall

SESSION = re.compile(
    r"(?P<role>[^/;]+)/(?P<subject>[^/;]+)/(?P<attempt>\d{1,9}); turn=(?P<turn>\d{1,9})"
)
Policy = Callable[[Asked], ScriptedReply | Complaint]
"""Replies to whatever is asked, in place of a script."""
FINISH_REASONS = {"end_turn": "stop"}


class Player:
    """Knows which turns of a session were spoiled, so that the script does not run ahead.

    A reply that came to nothing is a turn for the client and none for the script.
    """

    def __init__(self, script: Script | Policy | None) -> None:
        self._script = script
        self._spoiled: dict[str, set[int]] = {}
        self._latest: dict[str, int] = {}
        self._begun: dict[str, int] = {}

    def begun(self, key: SessionKey | None, turn: int | None) -> int:
        """How often the session has begun anew, as it does when another run asks the same.

        Turn 0 after a later turn begins it: what was spoiled before is forgotten.
        """
        if key is None or turn is None:
            return 0
        name = str(key)
        if turn == 0 < self._latest.get(name, 0):
            self._begun[name] = self._begun.get(name, 0) + 1
            self._latest[name] = 0
            self._spoiled.pop(name, None)
        self._latest[name] = max(turn, self._latest.get(name, 0))
        return self._begun.get(name, 0)

    def choose(
        self, asked: Asked, key: SessionKey | None, turn: int | None
    ) -> ScriptedReply | Complaint:
        """The built program's own requests get the script's one reply, unless they ask for more
        than words: a call, or a count."""
        script = self._script
        if script is None:
            return oracle_reply(asked)
        if not isinstance(script, Script):
            return script(asked)
        if key is None or turn is None:
            made_up = oracle_reply(asked)
            if made_up.calls or made_up.say != SAYS:
                return made_up
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
    role = next((role for role in ROLES if match and match["role"] == role), None)
    if not match or role is None:
        raise ValueError("must be role/subject/attempt; turn=N")
    key = SessionKey(role=role, subject=match["subject"], attempt=int(match["attempt"]))
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
