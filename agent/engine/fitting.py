"""Makes the next request fit: its history within the window, its reservation beside it."""

from dataclasses import dataclass

from agent.context.transcript import SHORTEN_TO_SHARE, build, input_bound, to_shorten
from agent.domain.event import TranscriptShortened
from agent.domain.message import Completion, ToolSpec
from agent.domain.session import SessionState
from agent.engine.dispatch import Tools
from agent.engine.model_call import ask
from agent.engine.run_context import Model, RunContext
from agent.errors import ContextOverflow, RequestTooLarge
from agent.limits.reservation import SMALLEST_TOKENS, TurnKind, reservation

LARGEST_REPLY = 4
"""A reply never makes history shorter for more than this part of the window."""


@dataclass(frozen=True)
class Size:
    """Tokens of a request."""

    estimated: int
    reserved: int


@dataclass(frozen=True)
class Draft:
    """The next request of a session, before it is built."""

    context: RunContext
    session: SessionState
    tools: Tools
    tail: str

    @property
    def model(self) -> Model:
        return self.context.models[self.session.key.role]

    def size(self, margin: float) -> Size:
        """The size at which it fits the window, should it really be `margin` times as large.

        History is shortened before the reply gets less room than it wants. Raises ContextOverflow
        when it cannot fit.
        """
        window = self.model.profile.window_tokens
        wanted = min(self._reserved(0), window // LARGEST_REPLY)
        bound = input_bound(self.model.profile, wanted, margin)
        size = self._measured(margin)
        if size.estimated > bound:
            excess = size.estimated - int(bound * SHORTEN_TO_SHARE)
            shorten_by(self.context, self.session, excess)
            size = self._measured(margin)
        if round(size.estimated * margin) + size.reserved > window:
            fits = input_bound(self.model.profile, size.reserved, margin)
            raise ContextOverflow(
                f"session {self.session.key} needs about {size.estimated:,} tokens and {fits:,} "
                "surely fit; split the task, or use a profile with a larger window"
            )
        return size

    def smaller(self, sent: Size, error: ContextOverflow) -> Size:
        """The size to try after a refusal: by what it taught of the window or the largest reply,
        else with half of the history, else with half of the reservation.

        The endpoint has the last word, so what may fit is tried. Raises ContextOverflow when it
        cannot.
        """
        try:
            size = self.size(self.model.margin)
        except ContextOverflow:
            return self.size(1.0)
        if size != sent:
            return size
        if isinstance(error, RequestTooLarge) or not shorten_by(
            self.context, self.session, sent.estimated // 2
        ):
            return Size(sent.estimated, max(SMALLEST_TOKENS, sent.reserved // 2))
        return self.size(self.model.margin)

    async def send(self, size: Size) -> Completion:
        request = build(self.session, self._specs, self.tail, size.reserved)
        return await ask(self.context, self.session, request, size.estimated)

    @property
    def _specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self.tools.values())

    def _measured(self, margin: float) -> Size:
        meter = self.context.meter(str(self.session.key))
        estimated = meter.estimate(self.session, self._specs, self.tail)
        return Size(estimated, self._reserved(round(estimated * margin)))

    def _reserved(self, input_tokens: int) -> int:
        return reservation(
            self.model.profile,
            turn_kind(self.session, self.tools),
            input_tokens,
            cut_at_tokens=self.session.cut_at_tokens,
        )


async def fitted(context: RunContext, session: SessionState, tools: Tools, tail: str) -> Completion:
    """Asks for the next reply with a request that fits the window.

    One that the endpoint calls too large is made smaller and sent once more. Raises
    ContextOverflow when it is too large then, or cannot be made smaller.
    """
    draft = Draft(context, session, tools, tail)
    size = draft.size(draft.model.margin)
    try:
        return await draft.send(size)
    except ContextOverflow as error:
        smaller = draft.smaller(size, error)
        if smaller == size:
            raise
        return await draft.send(smaller)


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


def shorten_by(context: RunContext, session: SessionState, excess_tokens: int) -> bool:
    """Turns old results into one line each; False when none is left."""
    calls = to_shorten(session, excess_tokens)
    if calls:
        context.tell(TranscriptShortened(session=session.key, call_ids=calls))
    return bool(calls)
