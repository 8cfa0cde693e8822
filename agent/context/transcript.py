"""A session's transcript as the messages of its next request, within the window."""

from dataclasses import dataclass, field

from agent import prompts
from agent.context.tokens import message_tokens, spec_tokens
from agent.domain.message import Message, ModelRequest, ToolResult, ToolSpec, text_message
from agent.domain.profile import Profile
from agent.domain.session import SessionState

SHORTEN_TO_SHARE = 0.6
"""Shortening goes on to this share of the bound, so that the next batch is far away."""
KEPT_RESULTS = 4
"""The newest results are never shortened: the model is working with them."""


@dataclass
class Meter:
    """Counts each message of one session once."""

    counts: list[int] = field(default_factory=list)
    specs: int = 0

    def estimate(self, session: SessionState, tools: tuple[ToolSpec, ...], tail: str) -> int:
        """Tokens of the next request, before anything is shortened."""
        if not self.specs and tools:
            self.specs = spec_tokens(tools)
        for message in session.messages[len(self.counts) :]:
            self.counts.append(message_tokens(message))
        saved = sum(
            self.counts[index] - message_tokens(shorten(message))
            for index, message in enumerate(session.messages)
            if is_shortened(message, session.shortened)
        )
        tail_tokens = message_tokens(text_message("user", tail)) if tail else 0
        return self.specs + sum(self.counts) - saved + tail_tokens


def input_bound(profile: Profile, reserved_tokens: int, margin: float) -> int:
    """The most input tokens a request may be estimated at, when really it may be `margin` times
    as many."""
    return int((profile.window_tokens - reserved_tokens) / margin)


def build(
    session: SessionState, tools: tuple[ToolSpec, ...], tail: str, reserved_tokens: int
) -> ModelRequest:
    """The next request: the stable transcript, then a short tail that is rendered fresh."""
    messages = [
        shorten(message) if is_shortened(message, session.shortened) else message
        for message in session.messages
    ]
    if tail:
        messages.append(text_message("user", tail))
    return ModelRequest(
        messages=tuple(messages),
        tools=tools,
        max_output_tokens=reserved_tokens,
        session=session.key,
        turn=session.replies,
    )


def to_shorten(session: SessionState, excess_tokens: int) -> tuple[str, ...]:
    """Calls whose results become one line, oldest first, until `excess_tokens` are saved."""
    results = [
        (part.call_id, message_tokens(message) - message_tokens(shorten(message)))
        for message in session.messages
        if message.role == "tool"
        for part in message.parts
        if isinstance(part, ToolResult) and part.call_id not in session.shortened
    ]
    chosen: list[str] = []
    for call_id, saved in results[:-KEPT_RESULTS]:
        if excess_tokens <= 0:
            break
        if saved > 0:
            chosen.append(call_id)
            excess_tokens -= saved
    return tuple(chosen)


def is_shortened(message: Message, shortened: set[str]) -> bool:
    return bool(shortened) and any(
        isinstance(part, ToolResult) and part.call_id in shortened for part in message.parts
    )


def shorten(message: Message) -> Message:
    """The message with each result as one line; call and result stay together."""
    return Message(
        role=message.role,
        parts=tuple(
            part.model_copy(update={"text": one_line(part)})
            if isinstance(part, ToolResult)
            else part
            for part in message.parts
        ),
    )


def one_line(result: ToolResult) -> str:
    lines = result.text.splitlines() or [""]
    return prompts.render(
        "session/feedback#shortened", first=lines[0][:120], lines=len(lines), failed=result.is_error
    )
