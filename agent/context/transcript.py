"""A session's transcript as the messages of its next request, and how large that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.context.history import History, Kinds
from agent.context.tokens import MESSAGE_OVERHEAD, Count, estimate, message_tokens, spec_tokens
from agent.context.view import view
from agent.domain.message import Message, ModelRequest, ToolResult, ToolSpec, text_message
from agent.domain.session import Reductions, SessionState

LARGEST_LIE = 0.7
"""What an endpoint reports as used is at least this share of what it counts for its window."""
FRESH_MARGIN = 1.45
"""How many times as many tokens as estimated what was added may have."""
FARTHEST = 4
"""A count so many times as large or small as the estimate is not of that text."""
SLACK_TOKENS = 256
"""Markers that a chat template puts between messages."""
LEAST_SCALE, MOST_SCALE = 0.6, 2.0
"""How far a text's tokens may be off their estimate, as far as one request can teach it."""


@dataclass(frozen=True)
class Size:
    """Input tokens of the next request."""

    expected: int
    surely: int
    """What it is at most."""


@dataclass
class Meter:
    """What one session's messages look like to its model, and their sizes; each counted once."""

    count: Count = estimate
    history: History = field(default_factory=History)
    scale: float = 1.0
    """Tokens that the endpoint counted, by the estimate, in the last reply of this session."""
    _shown: list[Message] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)
    _reduced: list[int] = field(default_factory=list)
    """How many reductions each message was shown with."""
    _before: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The same and its tokens, before the last change of a message."""
    _handovers: int = 0
    _specs: int = 0

    def take(self, session: SessionState, kinds: Kinds) -> None:
        """Brings everything up to the session as it is."""
        if session.handovers != self._handovers:
            self._shown, self._counts, self._reduced, self._before = [], [], [], {}
            self._handovers = session.handovers
        self.history.take(session, kinds)
        self.refresh(session)

    def refresh(self, session: SessionState) -> None:
        """Shows the messages as they are reduced by now."""
        for at, message in enumerate(session.messages):
            reduced = reductions_in(message, session.reductions)
            if at < len(self._shown) and reduced == self._reduced[at]:
                continue
            shown = self._view(message, session.reductions)
            if at == len(self._shown):
                self._shown.append(shown)
                self._counts.append(message_tokens(shown, self.count))
                self._reduced.append(reduced)
            else:
                self._before[at] = self._reduced[at], self._counts[at]
                self._shown[at] = shown
                self._counts[at] = message_tokens(shown, self.count)
                self._reduced[at] = reduced

    def result_sizes(self) -> dict[str, int]:
        """Tokens that are shown of each call's result."""
        return {
            made.call.call_id: self._counts[made.at] - MESSAGE_OVERHEAD
            for made in self.history.made
        }

    @property
    def sizes(self) -> Sequence[int]:
        """Tokens of each message as it is shown."""
        return self._counts

    def messages(self) -> tuple[Message, ...]:
        return tuple(self._shown)

    def opening_tokens(self, session: SessionState, tools: tuple[ToolSpec, ...]) -> int:
        """What every request of the session begins with, by the estimate."""
        return self.specs(tools) + sum(self._counts[: session.opening_messages])

    def specs(self, tools: tuple[ToolSpec, ...]) -> int:
        if not self._specs and tools:
            self._specs = spec_tokens(tools, self.count)
        return self._specs

    def size(
        self, session: SessionState, tools: tuple[ToolSpec, ...], tail: str, margin: float
    ) -> Size:
        """Tokens of the next request.

            expected = tokens counted by the endpoint for the last request
                     + tokens of its reply + estimate of what came after
                     - estimate of what was reduced since

        so only the difference is a guess. A fresh transcript is estimated whole, and may really
        be `margin` times as large. An endpoint that reports less than it counts is believed as
        far as LARGEST_LIE.
        """
        tail_tokens = message_tokens(text_message("user", tail), self.count) if tail else 0
        whole = self.specs(tools) + sum(self._counts) + tail_tokens
        usage, counted = session.last_usage, session.counted_messages
        saved = self._saved(session)
        then = whole + saved - sum(self._counts[counted:])
        if usage is None or not is_believed(usage.input_tokens, then):
            return Size(whole, math.ceil(whole * margin))
        scale = max(LEAST_SCALE, min(MOST_SCALE, usage.input_tokens / max(1, then)))
        reply = usage.output_tokens or self._counts[counted]
        fresh = sum(self._counts[counted + 1 :])
        known, least = usage.input_tokens + reply, self.specs(tools) + tail_tokens
        expected = max(least, known + round(scale * (fresh - saved)))
        added = FRESH_MARGIN * max(1.0, scale) * fresh
        taken = LARGEST_LIE * min(1.0, scale) * saved
        most = max(least, known + math.ceil(added - taken) + SLACK_TOKENS)
        self.scale = scale
        return Size(expected, max(most, min(whole, round(expected / LARGEST_LIE))))

    def _saved(self, session: SessionState) -> int:
        """The estimate of what was reduced after the last reply in what it counted."""
        now, then = session.reductions, session.counted_reductions
        if now == then:
            return 0
        saved = 0
        for at, message in enumerate(session.messages[: session.counted_messages]):
            reduced = reductions_in(message, then)
            if self._reduced[at] == reduced:
                continue
            known, before = self._before.get(at, (-1, 0))
            if known != reduced:
                before = message_tokens(self._view(message, then), self.count)
                self._before[at] = reduced, before
            saved += before - self._counts[at]
        return saved

    def _view(self, message: Message, reductions: Reductions) -> Message:
        if not reductions_in(message, reductions):
            return message
        numbers = {made.call.call_id: made.number for made in self.history.made}
        parts = tuple(
            view(part, reductions.get(part.call_id, ()), numbers.get(part.call_id, 0))
            if isinstance(part, ToolResult)
            else part
            for part in message.parts
        )
        return Message(role=message.role, parts=parts)


def reductions_in(message: Message, reductions: Reductions) -> int:
    """How many reductions hold for the results in a message; they are only ever added."""
    if message.role != "tool" or not reductions:
        return 0
    return sum(
        len(reductions.get(part.call_id, ()))
        for part in message.parts
        if isinstance(part, ToolResult)
    )


def is_believed(counted_tokens: int, estimated_tokens: int) -> bool:
    """Whether a count can be of that text: some servers report nothing, a sum, or a part."""
    return estimated_tokens <= FARTHEST * counted_tokens <= FARTHEST**2 * estimated_tokens


def build(
    session: SessionState,
    messages: tuple[Message, ...],
    tools: tuple[ToolSpec, ...],
    tail: str,
    reserved_tokens: int,
) -> ModelRequest:
    """The next request: the stable transcript, then a short tail that is rendered fresh."""
    if tail:
        messages = (*messages, text_message("user", tail))
    return ModelRequest(
        messages=messages,
        tools=tools,
        max_output_tokens=reserved_tokens,
        session=session.key,
        turn=session.replies,
    )
