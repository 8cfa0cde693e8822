"""Makes the next request as large as it should be, and asks."""

from dataclasses import dataclass

from agent.context.ladder import KEPT_TOKENS, batch, on_entry, squeeze
from agent.context.transcript import Meter, Size, build
from agent.context.working_size import working_size
from agent.domain.event import TranscriptShortened
from agent.domain.message import Completion, ToolSpec
from agent.domain.profile import Profile
from agent.domain.reduction import Reduction
from agent.domain.session import SessionState
from agent.engine.dispatch import Tools
from agent.engine.model_call import ask
from agent.engine.run_context import Model, RunContext
from agent.errors import ContextOverflow, RequestTooLarge
from agent.limits.reservation import SMALLEST_TOKENS, TurnKind, reservation

SHORTEN_TO_SHARE = 0.35
"""A batch goes on to this share of the size aimed at, so that the next one is far away."""
KEPT_SHARE = 0.4
LEAST_FREED_SHARE = 0.15
"""A batch that frees less of the size aimed at is not worth what it takes out of the cache."""
LOOKING_FACTOR = 2
"""Roles that compare a plan with a repository look at more at once than who changes it."""
FULL_SHARE = 1.1
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

    @property
    def size(self) -> Size:
        return self.meter.size(self.session, self.specs, self.tail, self.model.margin)

    @property
    def reserved(self) -> int:
        cut = self.session.cut_at_tokens
        return reservation(self.model.profile, self.kind, self.size.surely, cut_at_tokens=cut)

    @property
    def bound(self) -> int:
        """The most input that fits beside the reservation."""
        return self.model.profile.window_tokens - self.reserved


async def fitted(context: RunContext, session: SessionState, tools: Tools, tail: str) -> Completion:
    """Asks with a request of the size aimed at, in any case one that fits the window.

    One that the endpoint calls too large is made smaller and sent once more. Raises
    ContextOverflow when no more can be shortened.
    """
    draft = shortened(context, session, tools, tail)
    size, reserved, bound = draft.size, draft.reserved, draft.bound
    if size.surely > bound:
        raise ContextOverflow(
            f"session {session.key} needs up to {size.surely:,} tokens and {bound:,} fit; "
            "split the task, or use a profile with a larger window"
        )
    try:
        return await send(context, draft, reserved)
    except ContextOverflow as error:
        smaller = smaller_reservation(error, reserved)
        known = error.window_tokens or size.expected
        excess = size.expected - int(known * SHORTEN_TO_SHARE)
        if smaller == reserved and not force(context, draft, excess, known):
            raise
        return await send(context, draft, smaller)


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
    return Draft(session, model, meter, specs, tail, turn_kind(session, tools), aim)


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


def turn_kind(session: SessionState, tools: Tools) -> TurnKind:
    """What the next reply probably holds, which decides how much of it is reserved.

    Roles that hand over a result may do so in any reply. An executor writes at first and after
    it has looked; after it has written it mostly runs, looks and submits.
    """
    if session.key.role != "executor":
        return "deliver"
    last = next((m for m in reversed(session.messages) if m.role == "assistant"), None)
    kinds = {tools[c.name].kind for c in last.tool_calls if c.name in tools} if last else set()
    return "look" if kinds & {"edit", "execute"} else "write"


def smaller_reservation(error: ContextOverflow, reserved_tokens: int) -> int:
    """The reservation to try after a refusal; the same when the input is what was too large."""
    if not isinstance(error, RequestTooLarge):
        return reserved_tokens
    half = max(SMALLEST_TOKENS, reserved_tokens // 2)
    return min(half, error.limit_tokens or half) if error.of_output else half
