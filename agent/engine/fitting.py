"""Makes the next request as large as it should be, and asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.context.ladder import KEPT_TOKENS, batch, on_entry, squeeze
from agent.context.transcript import Meter, Size, build
from agent.context.working_size import working_size
from agent.domain.event import TranscriptShortened
from agent.domain.message import Completion, ToolSpec
from agent.domain.profile import Profile
from agent.domain.reduction import Reduction
from agent.domain.session import SessionState
from agent.engine.dispatch import LOOKING_KINDS, Tools, kinds_in
from agent.engine.model_call import ask
from agent.engine.run_context import Model, RunContext
from agent.errors import ContextOverflow, RequestTooLarge
from agent.limits.reservation import LOOK_TOKENS, SMALLEST_TOKENS, TurnKind, reservation

LARGEST_REPLY = 4
"""A reply never makes history shorter for more than this part of the window."""
SHORTEN_TO_SHARE = 0.2
"""A batch goes on to this share of the size aimed at, so that the next one is far away; what is
kept and the opening are about as large."""
KEPT_SHARE = 0.4
LEAST_FREED_SHARE = 0.15
"""A batch that frees less of the size aimed at is not worth what it takes out of the cache."""
LOOKING_FACTOR = 2
"""Roles that compare a plan with a repository look at more at once than who changes it."""
FULL_SHARE = 1.1
LOOKS_IN_A_ROW = 3
"""After so many replies that only looked, the next is a look too in more than three of four cases,
which is where reserving less begins to pay."""
SMALL_WRITES = 3
"""So many changes tell how large a session's changes are."""
MOST_HANDOVERS = 3
FEWEST_TURNS_LEFT = 5
"""A handover costs two turns or three; with fewer left it brings nothing."""


@dataclass(frozen=True)
class Draft:
    """The next request before it is built."""

    session: SessionState
    model: Model
    meter: Meter
    specs: tuple[ToolSpec, ...]
    tail: str
    kind: TurnKind
    aim: int
    """The size to keep the session at."""
    margin: float
    """How many times as large as estimated a fresh request may really be."""

    @property
    def size(self) -> Size:
        return self.meter.size(self.session, self.specs, self.tail, self.margin)

    @property
    def reserved(self) -> int:
        return self._reserved(self.size.surely)

    @property
    def bound(self) -> int:
        """The most input beside the reply wanted: history makes room before a reply does."""
        window = self.model.profile.window_tokens
        return window - min(self._reserved(0), window // LARGEST_REPLY)

    @property
    def tokens(self) -> tuple[int, int]:
        """What is expected and what is reserved."""
        return self.size.expected, self.reserved

    def demand_fit(self) -> None:
        """Raises ContextOverflow when the request may be over the window."""
        surely, fits = self.size.surely, self.model.profile.window_tokens - self.reserved
        if surely > fits:
            raise ContextOverflow(
                f"session {self.session.key} needs up to {surely:,} tokens and {fits:,} fit; "
                "split the task, or use a profile with a larger window"
            )

    def _reserved(self, input_tokens: int) -> int:
        cut = self.session.cut_at_tokens
        return reservation(self.model.profile, self.kind, input_tokens, cut_at_tokens=cut)


async def fitted(context: RunContext, draft: Draft, tools: Tools) -> Completion:
    """Asks with a request of the size aimed at, in any case one that fits the window.

    One that the endpoint calls too large is made smaller and sent once more. Raises
    ContextOverflow when it is too large then, or cannot be made smaller.
    """
    draft.demand_fit()
    sent = draft.tokens
    try:
        return await send(context, draft, draft.reserved)
    except ContextOverflow as error:
        again = shortened(context, draft.session, tools, draft.tail)
        draft, reserved = smaller(context, again, sent, error)
        if (draft.size.expected, reserved) == sent:
            raise
        return await send(context, draft, reserved)


def smaller(
    context: RunContext, draft: Draft, sent: tuple[int, int], error: ContextOverflow
) -> tuple[Draft, int]:
    """What to try after a refusal, and its reservation: by what it taught of the window or the
    largest reply, else with half of the history, else with half of the reservation.

    The endpoint has the last word, so what may fit is tried. Raises ContextOverflow when it
    cannot.
    """
    try:
        draft.demand_fit()
    except ContextOverflow:
        draft = replace(draft, margin=1.0)
        draft.demand_fit()
        return draft, draft.reserved
    if draft.tokens != sent:
        return draft, draft.reserved
    expected, reserved = sent
    if isinstance(error, RequestTooLarge) or not force(context, draft, expected // 2, expected):
        return draft, max(SMALLEST_TOKENS, reserved // 2)
    return draft, draft.reserved


async def send(context: RunContext, draft: Draft, reserved_tokens: int) -> Completion:
    session, expected = draft.session, draft.size.expected
    messages = draft.meter.messages()
    request = build(session, messages, draft.specs, draft.tail, reserved_tokens)
    return await ask(context, session, request, expected)


def shortened(context: RunContext, session: SessionState, tools: Tools, tail: str) -> Draft:
    """The draft after the ladder: what came in is clipped, and what is over the aim is reduced."""
    draft = draft_of(context, session, tools, tail)
    meter, made = draft.meter, draft.meter.history.made
    if made and session.messages[-1].role != "assistant":
        opening = session.messages[: session.opening_messages]
        room = max(draft.aim - meter.opening_tokens(session, draft.specs), draft.aim // 2)
        tell(context, draft, tuple(on_entry(made, opening, session.reductions, room, meter.count)))
    size, bound = draft.size, draft.bound
    if size.surely > bound:
        force(context, draft, size.surely - int(bound * SHORTEN_TO_SHARE), bound)
        if (excess := draft.size.surely - draft.bound) > 0:
            tell(context, draft, squeeze(meter.result_sizes(), int(excess / meter.scale) + 1))
    elif size.expected > draft.aim:
        excess = size.expected - int(draft.aim * SHORTEN_TO_SHARE)
        reductions, freed = batch_of(draft, excess, draft.aim)
        if freed >= LEAST_FREED_SHARE * draft.aim:
            tell(context, draft, reductions)
    return draft


def draft_of(context: RunContext, session: SessionState, tools: Tools, tail: str) -> Draft:
    model = context.models[session.key.role]
    meter = context.meter(str(session.key))
    meter.take(session, {name: tool.kind for name, tool in tools.items()})
    specs = tuple(tool.spec for tool in tools.values())
    aim = context.limits.working_tokens or aim_of(model.profile, session, meter, specs)
    kind = turn_kind(session, tools, meter.sizes)
    return Draft(session, model, meter, specs, tail, kind, aim, model.margin)


def aim_of(
    profile: Profile, session: SessionState, meter: Meter, specs: tuple[ToolSpec, ...]
) -> int:
    opening = round(meter.opening_tokens(session, specs) * meter.scale)
    size = working_size(profile, opening, reservation(profile, "look", opening))
    return size if session.key.role == "executor" else LOOKING_FACTOR * size


def force(context: RunContext, draft: Draft, excess_tokens: int, fits_tokens: int) -> bool:
    """Reduces old results whatever it costs the cache; False when nothing is left to reduce."""
    reductions, _ = batch_of(draft, excess_tokens, fits_tokens)
    tell(context, draft, reductions)
    return bool(reductions)


def batch_of(
    draft: Draft, excess_tokens: int, whole_tokens: int
) -> tuple[tuple[Reduction, ...], int]:
    """The batch that saves so many tokens as the endpoint counts them.

    Of `whole_tokens` the newest results may keep a part.
    """
    meter, scale = draft.meter, draft.meter.scale
    return batch(
        meter.history.made,
        draft.session.reductions,
        int(excess_tokens / scale),
        meter.result_sizes(),
        kept_tokens=int(min(KEPT_TOKENS, whole_tokens * KEPT_SHARE) / scale),
        count=meter.count,
    )


def tell(context: RunContext, draft: Draft, reductions: tuple[Reduction, ...]) -> None:
    if reductions:
        context.tell(TranscriptShortened(session=draft.session.key, reductions=reductions))
        draft.meter.refresh(draft.session)


def is_full(context: RunContext, draft: Draft) -> bool:
    """Whether the session is better handed over: too large, and nothing left to reduce."""
    session, expected = draft.session, draft.size.expected
    opening = draft.meter.opening_tokens(session, draft.specs)
    return (
        expected > FULL_SHARE * draft.aim
        and 2 * opening <= expected
        and session.handovers < MOST_HANDOVERS
        and context.limits.turns_per_session - session.replies >= FEWEST_TURNS_LEFT
    )


def turn_kind(session: SessionState, tools: Tools, sizes: Sequence[int]) -> TurnKind:
    """What the next reply probably holds, which decides how much of it is reserved.

    Roles that hand over a result may do so in any reply. An executor writes at first and after
    it has looked; after it has written it mostly runs, looks and submits. One that goes on and
    on looking is not about to write, and one that writes a little at a time goes on so.
    `sizes` are the tokens of the session's messages.
    """
    if session.key.role != "executor":
        return "deliver"
    replies = [
        (kinds_in(message, tools), sizes[at])
        for at, message in enumerate(session.messages)
        if message.role == "assistant"
    ]
    kinds = [kinds for kinds, _ in replies]
    if kinds and kinds[-1] & {"edit", "execute"}:
        return "look"
    last = kinds[-LOOKS_IN_A_ROW:]
    if len(last) == LOOKS_IN_A_ROW and all(each and each <= LOOKING_KINDS for each in last):
        return "look"
    written = [size for kinds, size in replies if "edit" in kinds]
    is_small = len(written) >= SMALL_WRITES and 2 * max(written) <= LOOK_TOKENS
    return "look" if is_small else "write"
