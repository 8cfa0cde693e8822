"""The table of faults, and the dice that choose which request is hit by which."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from random import Random

from agent.domain.profile import Dialect
from agent.errors import UsageError
from agent.rehearsal import faults_bytes as sent
from agent.rehearsal import faults_chunks as chunk
from agent.rehearsal import faults_instead as instead
from agent.rehearsal import faults_reply as said
from agent.rehearsal.wire import Asked, WireReply

EVERY = "all"
MOST_IN_A_ROW = 2
"""Requests of one account that transient faults cost in a row."""
REMEMBERED = 10_000
CLOSERS = ("</parameter>", "</function>", "</tool_call>")
WANTS = {
    "chat": "chat completions",
    "text_arguments": "any dialect but messages",
    "call": "a tool call",
    "calls": "several tool calls",
    "closers": "closing tags in an argument",
    "wide": "text beyond ASCII",
}
MISSING_IN: dict[Dialect, frozenset[str]] = {
    "openai_responses": frozenset({"chat"}),
    "anthropic_messages": frozenset({"chat", "text_arguments"}),
}
SECOND_SHARE = 0.5
"""How often one more fault joins the first."""


@dataclass(frozen=True)
class Fault:
    """One way to go wrong; `act` is the function in its module that says how."""

    act: Callable[..., object]
    stage: str
    """`instead` of a reply, in the `reply`, in its `chunks`, in the `bytes` of its stream."""
    needs: frozenset[str] = frozenset()
    """What a request or its reply must have; see `traits`."""
    costs: bool = False
    """Whether the reply is lost with it."""
    booked: bool = True
    """Whether the request counts against the limits."""

    @property
    def name(self) -> str:
        return self.act.__name__.replace("_", "-")

    @property
    def about(self) -> str:
        return (self.act.__doc__ or "").partition("\n")[0]

    @property
    def wants(self) -> tuple[str, ...]:
        """What a request or its reply must have, in words; nothing that most have."""
        return tuple(words for need, words in WANTS.items() if need in self.needs)

    def fits(self, dialect: Dialect) -> bool:
        """Whether it can be played in a dialect."""
        missing = MISSING_IN.get(dialect, frozenset())
        return not self.needs & missing


def table(stage: str, *rows: tuple[Callable[..., object], str], costs: bool = False) -> list[Fault]:
    return [Fault(act, stage, frozenset(needs.split()), costs) for act, needs in rows]


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        *(
            Fault(act, "instead", costs=True, booked=False)
            for act in (
                instead.rate_minute,
                instead.rate_day,
                instead.rate_queue,
                instead.rate_empty,
                instead.error_500,
                instead.error_529,
                instead.html_403,
                instead.empty_400,
                instead.key_refused,
                instead.no_credit,
                instead.model_gone,
            )
        ),
        Fault(instead.hang, "instead", costs=True),
        *table(
            "reply",
            (said.arguments_by_character, "call stream"),
            (said.arguments_twice_encoded, "call text_arguments"),
            (said.text_after_arguments, "call text_arguments"),
            (said.qwen_xml, "call objects plain"),
            (said.qwen_xml_no_opener, "call objects plain"),
            (said.qwen_xml_wrong_closer, "call objects plain parameters"),
            (said.qwen_xml_closers_inside, "call single objects closers"),
            (said.hermes_json, "call objects"),
            (said.calls_in_one_text, "calls objects plain"),
            (said.call_in_reasoning, "call objects plain chat"),
            (said.call_in_think_tags, "call objects plain"),
            (said.finish_contradicts, "chat"),
        ),
        *table("reply", (said.length_cut, ""), (said.empty_reply, ""), costs=True),
        *table(
            "chunks",
            (chunk.name_repeated, "call stream chat"),
            (chunk.index_missing, "call stream chat"),
            (chunk.id_missing, "call stream chat"),
            (chunk.arguments_as_object, "call objects stream chat"),
            (chunk.message_for_delta, "stream chat"),
            (chunk.empty_choices, "stream chat"),
            (chunk.null_fields, "stream chat"),
            (chunk.usage_missing, "stream chat"),
            (chunk.usage_early, "stream chat"),
            (chunk.usage_twice, "stream chat"),
            (chunk.calls_interleaved, "calls stream chat"),
            (chunk.two_fragments_in_one, "call stream chat"),
            (chunk.text_after_call, "call stream chat"),
        ),
        *table(
            "bytes",
            (sent.utf8_split, "wide stream"),
            (sent.odd_pieces, "stream"),
            (sent.comments_between, "stream"),
            (sent.crlf_lines, "stream"),
            (sent.done_missing, "stream chat"),
        ),
        *table(
            "bytes",
            (sent.stall, "stream"),
            (sent.drop, "stream"),
            (sent.early_end, "stream"),
            (sent.error_chunk, "stream"),
            costs=True,
        ),
    )
}
STAGES = ("instead", "reply", "chunks", "bytes")


@dataclass(frozen=True)
class FaultPlan:
    """Which faults are on."""

    names: tuple[str, ...] = ()
    share: float = 0.2
    """Of the requests that could be hit, how many are."""
    seed: int = 0
    transient: bool = True
    """Whether a request that was hit is served clean when it comes again."""
    stall_seconds: float = 120.0
    """How long a stalled stream is silent."""


NO_FAULTS = FaultPlan()


def fault_names(given: Iterable[str]) -> tuple[str, ...]:
    """The names of faults, `all` written out.

    Raises UsageError at a name that no fault has.
    """
    names: list[str] = []
    for name in given:
        if name != EVERY and name not in FAULTS:
            near = get_close_matches(name, FAULTS, n=3, cutoff=0.4)
            told = f"did you mean {' or '.join(map(repr, near))}?"
            every = f"use {EVERY} or one of {', '.join(FAULTS)}"
            raise UsageError(f"no fault named {name!r}; {told if near else every}")
        names += FAULTS if name == EVERY else [name]
    return tuple(dict.fromkeys(names))


class Dice:
    """Chooses the faults of each request; the same seed and order give the same faults."""

    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan
        self._faults = [FAULTS[name] for name in plan.names]
        self._thrown = 0
        self._hit: OrderedDict[str, None] = OrderedDict()
        self._in_a_row: dict[str, int] = {}

    def throw(self, account: str, identity: str, traits: frozenset[str]) -> tuple[Fault, ...]:
        """The faults of the next request, in the order they are played.

        `identity` is the same when a request is sent again.
        """
        if not self._faults:
            return ()
        self._thrown += 1
        key = hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()
        chosen = self._chosen(Random(f"{self._plan.seed}:{self._thrown}"), traits)
        if self._plan.transient:
            tired = self._in_a_row.get(account, 0) >= MOST_IN_A_ROW
            if key in self._hit or (tired and any(fault.costs for fault in chosen)):
                chosen = ()
        if chosen:
            self._hit[key] = None
            if len(self._hit) > REMEMBERED:
                self._hit.popitem(last=False)
        costs = any(fault.costs for fault in chosen)
        self._in_a_row[account] = self._in_a_row.get(account, 0) + 1 if costs else 0
        return chosen

    def _chosen(self, random: Random, traits: frozenset[str]) -> tuple[Fault, ...]:
        fitting = [fault for fault in self._faults if fault.needs <= traits]
        if random.random() >= self._plan.share or not fitting:
            return ()
        order = random.sample(fitting, len(fitting))
        chosen = {order[0].stage: order[0]}
        for fault in order[1:]:
            alone = "instead" in chosen or fault.stage == "instead"
            if not alone and fault.stage not in chosen and random.random() < SECOND_SHARE:
                chosen[fault.stage] = fault
        return tuple(chosen[stage] for stage in STAGES if stage in chosen)


def traits(asked: Asked, reply: WireReply) -> frozenset[str]:
    """What faults may need of a request and its reply."""
    arguments = [said.arguments_of(call) for call in reply.calls]
    texts = [str(value) for each in arguments for value in each.values()]
    has_closers = any(closer in text for text in texts for closer in CLOSERS)
    found = {
        "call": bool(reply.calls),
        "calls": len(reply.calls) > 1,
        "objects": all(said.is_object(call) for call in reply.calls),
        "parameters": all(arguments),
        "single": len(reply.calls) == 1,
        "closers": has_closers,
        "plain": not has_closers,
        "chat": asked.dialect == "openai_chat",
        "text_arguments": asked.dialect != "anthropic_messages",
        "stream": asked.streamed,
        "wide": not written(reply).isascii(),
    }
    return frozenset(name for name, has in found.items() if has)


def written(reply: WireReply) -> str:
    return "".join((reply.text, reply.reasoning, *(call.arguments for call in reply.calls)))


def play_on_reply(faults: Sequence[Fault], reply: WireReply) -> WireReply:
    """The reply as the faults leave it."""
    for fault in faults:
        if fault.stage == "reply":
            changed = fault.act(reply)
            assert isinstance(changed, WireReply)
            reply = changed
    return reply
