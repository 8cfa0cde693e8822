"""One model session: the fold of its events."""

from dataclasses import dataclass, field

from agent.domain.event import (
    Continued,
    MessageAdded,
    ModelResponded,
    ToolFinished,
    ToolStarted,
    TranscriptShortened,
)
from agent.domain.message import Message, SessionKey, ToolCall, Usage

SessionEvent = (
    MessageAdded | ModelResponded | ToolStarted | ToolFinished | TranscriptShortened | Continued
)


@dataclass
class SessionState:
    """Its transcript and what it is waiting for."""

    key: SessionKey
    messages: list[Message]
    replies: int = 0
    started_calls: dict[str, ToolCall] = field(default_factory=dict)
    """Calls that began and have no result yet."""
    answered: set[str] = field(default_factory=set)
    shortened: set[str] = field(default_factory=set)
    last_usage: Usage | None = None
    continued: int = 0
    cut_at_tokens: int | None = None
    """What was reserved when the first of the last replies was cut off by length; None when the
    last was not."""
    cuts_in_row: int = 0

    @property
    def unanswered(self) -> tuple[ToolCall, ...]:
        """Calls of the last reply that have no result yet, in order."""
        for message in reversed(self.messages):
            if message.role == "assistant":
                return tuple(c for c in message.tool_calls if c.call_id not in self.answered)
            if message.role != "tool":
                return ()
        return ()


def take_in(session: SessionState, event: SessionEvent) -> None:
    match event:
        case MessageAdded():
            session.messages.append(event.message)
        case ModelResponded():
            session.messages.append(event.completion.message)
            session.replies += 1
            session.last_usage = event.completion.usage
            cut = event.completion.stop_reason == "max_tokens"
            first_cut = session.cut_at_tokens or event.reserved_tokens
            session.cut_at_tokens = first_cut if cut else None
            session.cuts_in_row = session.cuts_in_row + 1 if cut else 0
        case ToolStarted():
            session.started_calls[event.call.call_id] = event.call
        case ToolFinished():
            session.messages.append(Message(role="tool", parts=(event.result,)))
            session.started_calls.pop(event.result.call_id, None)
            session.answered.add(event.result.call_id)
        case TranscriptShortened():
            session.shortened.update(event.call_ids)
        case Continued():
            session.continued = event.count
