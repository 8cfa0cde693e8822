"""One endpoint: reads a request, refuses it or lets it in, and answers it."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from agent.domain.message import SessionKey
from agent.rehearsal.accounts import Accounts, key_in
from agent.rehearsal.clock import ServerTime
from agent.rehearsal.conditions import MODEL, Conditions, flavour_in
from agent.rehearsal.counters import Counters, Entry
from agent.rehearsal.dialects import Dialect
from agent.rehearsal.faults import Dice, Fault, play_on_reply, traits
from agent.rehearsal.faults_instead import Scene
from agent.rehearsal.limit_books import Book, Books, Charge, Full
from agent.rehearsal.limit_headers import limit_headers
from agent.rehearsal.local_http import Answer, Received
from agent.rehearsal.player import Player, Policy, finish_reason, wire_calls
from agent.rehearsal.reading import SESSION_HEADER, read_request, read_session
from agent.rehearsal.refusals import refuse, refuse_full
from agent.rehearsal.rules import complaint_about
from agent.rehearsal.script import Script, ScriptedReply
from agent.rehearsal.seal import owner
from agent.rehearsal.sending import Delivery, counted, cut_at_reservation, send
from agent.rehearsal.token_count import PrefixMemory, count_tokens, prompt_text
from agent.rehearsal.visit import SeenRequest, Visit, unread
from agent.rehearsal.window import overflow, read_tokens
from agent.rehearsal.wire import Asked, Complaint, WireReply

REMEMBERED_REQUESTS = 50_000
MOST_MEMORIES = 200
UNMARKED_TOKENS = 4
"""What stands behind the last cache mark of a request."""


class Endpoint:
    """All state is behind one lock; nothing waits while it is held."""

    def __init__(
        self, script: Script | Policy | None, conditions: Conditions, time: ServerTime
    ) -> None:
        self._conditions = conditions
        self._time = time
        self._player = Player(script)
        self._dice = Dice(conditions.faults)
        self._books = Books(conditions.limits, conditions.charging)
        self._accounts = Accounts()
        self._counters = Counters()
        self._memories: dict[tuple[str, str], PrefixMemory] = {}
        self._seen: deque[SeenRequest] = deque(maxlen=REMEMBERED_REQUESTS)
        self._replies = 0
        self._lock = threading.Lock()

    @property
    def seen(self) -> tuple[SeenRequest, ...]:
        with self._lock:
            return tuple(self._seen)

    def counted(self) -> Mapping[str, Any]:
        with self._lock:
            return self._counters.report()

    def answer(self, dialect: Dialect, received: Received) -> Answer:
        """Answers a request for a reply; waits as the endpoint's pace wants it."""
        asked, session = read_request(dialect, received), read_session(received)
        with self._lock:
            if isinstance(asked, Complaint):
                return self._unread(dialect, received, asked)
            if isinstance(session, Complaint):
                return self._unread(dialect, received, session)
            decided = self._judge(self._visit(dialect, received, asked, session))
        if isinstance(decided, Answer):
            return decided
        answer = send(decided, self._conditions, self._time)
        told = decided.entry
        return answer if told is None else replace(answer, arrives=partial(self._tell, told))

    def _tell(self, entry: Entry) -> None:
        with self._lock:
            self._counters.tell(entry)

    def _unread(self, dialect: Dialect, received: Received, complaint: Complaint) -> Answer:
        """Refuses a request of which nothing is known but who sent it."""
        answer = refuse(flavour_in(self._conditions.flavour, dialect.name), complaint)
        account, now = self._accounts.name(received.headers), self._time.now()
        self._counters.add(Entry(account, "", now, str(answer.status)))
        is_app = SESSION_HEADER not in received.headers
        self._seen.append(unread(received.path, account, now, answer.status, is_app=is_app))
        return answer

    def _visit(
        self,
        dialect: Dialect,
        received: Received,
        asked: Asked,
        session: tuple[SessionKey | None, int | None],
    ) -> Visit:
        flavour = flavour_in(self._conditions.flavour, dialect.name)
        prompt = prompt_text({"messages": asked.messages, "tools": asked.tools})
        per_token = self._conditions.characters_per_token
        prompt_tokens = count_tokens(len(prompt), per_token)
        account = self._accounts.name(received.headers)
        memory = self._memory(account, asked.model)
        known = memory.shared(prompt) if asked.caches else 0
        shared = min(prompt_tokens, count_tokens(known, per_token))
        scene = Scene(
            flavour=flavour,
            dialect=dialect.name,
            model=asked.model,
            now=self._time.now(),
            scale=self._time.told(1.0),
            stall_seconds=self._conditions.faults.stall_seconds,
            keep_silent=lambda seconds: self._time.keep_silent(seconds, received.is_gone),
        )
        return Visit(
            path=received.path,
            dialect=dialect,
            asked=asked,
            flavour=flavour,
            account=account,
            owner=owner(key_in(received.headers)),
            key=session[0],
            turn=session[1],
            begun=self._player.begun(*session),
            scene=scene,
            prompt=prompt,
            prompt_tokens=prompt_tokens,
            cached_tokens=shared - shared % flavour.cache_block_tokens,
        )

    def _memory(self, account: str, model: str) -> PrefixMemory:
        """Accounts and models beyond the bound have no cache."""
        if (account, model) not in self._memories and len(self._memories) >= MOST_MEMORIES:
            return PrefixMemory()
        return self._memories.setdefault((account, model), PrefixMemory())

    def _judge(self, visit: Visit) -> Answer | Delivery:
        """What becomes of a request, written into every book."""
        chosen = self._complaint(visit) or self._player.choose(visit.asked, visit.key, visit.turn)
        if isinstance(chosen, Complaint):
            answer = refuse(visit.flavour, chosen)
            return self._refused(visit, answer, str(answer.status))
        book = self._books.of(visit.account, visit.asked.model)
        full = book.full(self._charge(visit), visit.scene.now)
        if full is not None:
            return self._turned_away(visit, book, full)
        plain = self._reply(visit, chosen)
        faults = self._dice.throw(visit.account, visit.identity, traits(visit.asked, plain))
        for fault in faults:
            if not fault.booked:
                played = fault.act(visit.scene)
                assert isinstance(played, Answer)
                self._player.note(visit.key, visit.turn, spoiled=True)
                return self._refused(visit, played, f"{played.status} {fault.name}", faults)
        return self._let_in(visit, book, plain, faults)

    def _complaint(self, visit: Visit) -> Complaint | None:
        conditions, asked = self._conditions, visit.asked
        if not conditions.serves(asked.model):
            served = (*conditions.models, MODEL)[0]
            return Complaint("model", {"model": asked.model, "served": served})
        return complaint_about(asked, visit.flavour) or overflow(
            asked, visit.prompt_tokens, conditions, visit.flavour
        )

    def _charge(self, visit: Visit) -> Charge:
        """What the request costs when it is let in: nothing yet where use is booked."""
        charging = self._conditions.charging
        if charging.mode == "usage":
            return Charge(0)
        reserved = charging.reserved(visit.asked.output_tokens)
        return Charge(visit.prompt_tokens + reserved, visit.cached_tokens)

    def _turned_away(self, visit: Visit, book: Book, full: Full) -> Answer:
        scene, limit = visit.scene, full.standing.limit
        standings = book.standings(scene.now)
        answer = refuse_full(
            visit.flavour, full, standings, visit.asked.model, scene.now, scene.scale
        )
        return self._refused(visit, answer, f"{answer.status} {limit.unit}/{limit.window}")

    def _refused(
        self, visit: Visit, answer: Answer, reason: str, faults: tuple[Fault, ...] = ()
    ) -> Answer:
        entry = Entry(visit.account, visit.asked.model, visit.scene.now, reason, names_of(faults))
        self._write(visit, entry, answer.status)
        return answer

    def _reply(self, visit: Visit, chosen: ScriptedReply) -> WireReply:
        self._replies += 1
        flavour, asked, cached = visit.flavour, visit.asked, visit.cached_tokens
        prompt_tokens = read_tokens(visit.prompt_tokens, self._conditions, flavour)
        stored = 0
        if asked.dialect == "anthropic_messages" and asked.caches:
            stored = max(0, prompt_tokens - cached - UNMARKED_TOKENS)
        prefix = self._replies if visit.turn is None else visit.turn
        reply = WireReply(
            reply_id=f"rehearsal-{self._replies}",
            model=asked.model,
            text=chosen.say,
            calls=wire_calls(chosen, prefix),
            finish_reason=finish_reason(chosen),
            prompt_tokens=prompt_tokens,
            cached_tokens=min(cached, prompt_tokens),
            completion_tokens=0,
            reasoning=chosen.think,
            stored_tokens=stored,
            seal=f"{visit.owner}/{self._replies}" if asked.wants_reasoning else "",
        )
        return counted(reply)

    def _let_in(
        self, visit: Visit, book: Book, plain: WireReply, faults: tuple[Fault, ...]
    ) -> Delivery:
        asked, scene = visit.asked, visit.scene
        reply = counted(play_on_reply(faults, plain))
        still = traits(asked, reply)
        faults = tuple(f for f in faults if f.stage in BEFORE_THE_WIRE or f.needs <= still)
        if self._conditions.keeps_reservation:
            reply = cut_at_reservation(reply, asked.output_tokens)
        is_cut = reply.finish_reason == "length" != plain.finish_reason
        spoiled = is_cut or any(fault.costs for fault in faults)
        self._player.note(visit.key, visit.turn, spoiled=spoiled)
        self._memory(visit.account, asked.model).add(visit.prompt)
        charged = self._book(visit, book, reply)
        entry = Entry(
            visit.account,
            asked.model,
            scene.now,
            faults=names_of(faults),
            admitted=True,
            charged_tokens=charged,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            cached_tokens=reply.cached_tokens,
        )
        self._write(visit, entry, 200)
        style, standings = visit.flavour.headers, book.standings(scene.now)
        headers = limit_headers(style, standings, scene.now, scene.scale)
        told = entry if is_told(visit, faults) else None
        return Delivery(visit.dialect, asked, reply, faults, scene, headers, told)

    def _book(self, visit: Visit, book: Book, reply: WireReply) -> int:
        """Books a request on its limits; returns the tokens they have counted."""
        charging, now = self._conditions.charging, visit.scene.now
        charge = self._charge(visit)
        book.take(charge, now)
        used = Charge(reply.prompt_tokens + reply.completion_tokens, visit.cached_tokens)
        if charging.mode == "usage":
            book.correct(used, now)
            charge = used
        elif charging.refund and used.tokens < charge.tokens:
            book.correct(Charge(used.tokens - charge.tokens), now)
            charge = used
        return charge.tokens - (0 if charging.cached_count else charge.cached)

    def _write(self, visit: Visit, entry: Entry, status: int) -> None:
        self._counters.add(entry)
        self._seen.append(
            SeenRequest(
                path=visit.path,
                session=str(visit.key or ""),
                turn=visit.turn,
                from_app=visit.key is None,
                model=visit.asked.model,
                streamed=visit.asked.streamed,
                prompt_tokens=visit.prompt_tokens,
                cached_tokens=visit.cached_tokens,
                status=status,
                account=visit.account,
                at=entry.at,
                reserved_tokens=visit.asked.output_tokens,
                completion_tokens=entry.completion_tokens,
                charged_tokens=entry.charged_tokens,
                faults=entry.faults,
            )
        )


BEFORE_THE_WIRE = ("instead", "reply")


def names_of(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    return tuple(fault.name for fault in faults)


def is_told(visit: Visit, faults: tuple[Fault, ...]) -> bool:
    """Whether the client will learn what was used, unless it leaves before the end."""
    lost = any(f.costs and f.stage in ("instead", "bytes") for f in faults)
    uncounted = any(f.name == "usage-missing" for f in faults)
    asked = visit.asked
    always = asked.dialect != "openai_chat" or visit.flavour.chat.usage != "asked"
    return not (lost or uncounted) and (not asked.streamed or asked.wants_usage or always)
