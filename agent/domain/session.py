"""One model session: the fold of its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.domain.event import (
    Continued,
    MessageAdded,
    ModelResponded,
    Nudged,
    ToolFinished,
    ToolPrinted,
    ToolStarted,
    TranscriptShortened,
)
from agent.domain.message import Message, SessionKey, ToolCall, Usage
from agent.domain.reduction import Reduction

Reductions = dict[str, tuple[Reduction, ...]]
"""What was reduced of each call's result, in the order it was decided."""
SessionEvent = (
    ToolPrinted
    | MessageAdded
    | Nudged
    | ModelResponded
    | ToolStarted
    | ToolFinished
    | TranscriptShortened
    | Continued
)


@dataclass
class SessionState:
    """Its transcript and what it is waiting for."""

    key: SessionKey
    messages: list[Message]
    """Results stand here whole, whatever the model is shown of them."""
    opening_messages: int = 0
    """How many of them the session was opened with."""
    replies: int = 0
    started_calls: dict[str, ToolCall] = field(default_factory=dict)
    """Calls that began and have no result yet."""
    printed: dict[str, str] = field(default_factory=dict)
    """What those have printed so far, by the call's id."""
    is_interrupted: bool = False
    """Whether a call of the last reply has an unknown outcome."""
    answered: set[str] = field(default_factory=set)
    reductions: Reductions = field(default_factory=dict)
    last_usage: Usage | None = None
    """Of the last reply; None when the transcript is fresh."""
    counted_messages: int = 0
    """How many messages the input tokens of `last_usage` are of."""
    counted_reductions: Reductions = field(default_factory=dict)
    """What was reduced in those."""
    handovers: int = 0
    """Times the session went on with a fresh transcript."""
    continued: int = 0
    """Reminders since it last changed something."""
    continued_at: int = 0
    """The reply, counted from 1, that the last of them answered."""
    nudged_at: int = 0
    """The same of the last nudge; 0 before the first."""
    cut_at_tokens: int | None = None
    """What was reserved when the first of the last replies was cut off by length; None when the
    last was not."""
    spoiled_in_row: int = 0
    """Replies in a row that were cut off, or that might have held a call."""

    @property
    def unanswered(self) -> tuple[ToolCall, ...]:
        """Calls of the last reply that have no result yet, in order."""
        for message in reversed(self.messages):
            if message.role == "assistant":
                return tuple(c for c in message.tool_calls if c.call_id not in self.answered)
            if message.role != "tool":
                return ()
        return ()


def begin(key: SessionKey, opening: tuple[Message, ...]) -> SessionState:
    return SessionState(key, list(opening), opening_messages=len(opening))


def hand_over(session: SessionState, opening: tuple[Message, ...]) -> None:
    """Goes on with a fresh transcript; replies, and what the session was told, still count."""
    session.messages = list(opening)
    session.opening_messages = len(opening)
    session.started_calls, session.answered = {}, set()
    session.reductions, session.counted_reductions = {}, {}
    session.last_usage, session.counted_messages = None, 0
    session.handovers += 1


def forget(sessions: Iterable[SessionState], task_id: str) -> None:
    """Lets go of all that was said on a task that is done; what was counted stays.

    Nobody goes on with it, and its transcripts are in the journal.
    """
    for session in sessions:
        if session.key.role == "executor" and session.key.subject == task_id:
            session.messages, session.opening_messages = [], 0
            session.started_calls, session.answered = {}, set()
            session.reductions, session.counted_reductions = {}, {}


def take_in(session: SessionState, event: SessionEvent) -> None:
    match event:
        case MessageAdded():
            session.messages.append(event.message)
        case Nudged():
            session.messages.append(event.message)
            session.nudged_at = session.replies
        case ModelResponded():
            session.counted_messages = len(session.messages)
            session.counted_reductions = dict(session.reductions)
            session.messages.append(event.completion.message)
            session.replies += 1
            session.is_interrupted = False
            session.last_usage = event.completion.usage
            cut = event.completion.stop_reason == "max_tokens"
            first_cut = session.cut_at_tokens or event.reserved_tokens
            session.cut_at_tokens = first_cut if cut else None
            is_spoiled = event.completion.stop_reason in ("max_tokens", "unclear_call")
            session.spoiled_in_row = session.spoiled_in_row + 1 if is_spoiled else 0
        case ToolStarted():
            session.started_calls[event.call.call_id] = event.call
        case ToolPrinted():
            session.printed[event.call_id] = session.printed.get(event.call_id, "") + event.text
        case ToolFinished():
            session.messages.append(Message(role="tool", parts=(event.result,)))
            session.started_calls.pop(event.result.call_id, None)
            session.printed.pop(event.result.call_id, None)
            session.answered.add(event.result.call_id)
            session.is_interrupted = session.is_interrupted or event.interrupted
        case TranscriptShortened():
            old = (Reduction(call_id=name, kind="one_line") for name in event.call_ids)
            for reduction in (*old, *event.reductions):
                before = session.reductions.get(reduction.call_id, ())
                session.reductions[reduction.call_id] = (*before, reduction)
        case Continued():
            session.continued = event.count
            session.continued_at = session.replies
