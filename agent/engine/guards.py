"""Patterns of a session that gets nowhere: pure readers of its transcript."""

from agent.domain.session import SessionState

NUDGE_AT = 3
STOP_AT = 6
CUTS_STOP_AT = 4
"""Replies cut off by length, one after the other."""


def repeated_turns(session: SessionState) -> int:
    """How many of the last replies made the same calls with the same results."""
    count = 0
    last: tuple[tuple[str, str, str], ...] | None = None
    for turn in reversed(turns(session)):
        if not turn or (last is not None and turn != last):
            break
        last = turn
        count += 1
    return count


def turns(session: SessionState) -> list[tuple[tuple[str, str, str], ...]]:
    """For each reply: its calls as name, arguments and result."""
    results = {
        part.call_id: part.text
        for message in session.messages
        if message.role == "tool"
        for part in message.parts
        if part.type == "tool_result"
    }
    return [
        tuple((c.name, c.arguments, results.get(c.call_id, "")) for c in message.tool_calls)
        for message in session.messages
        if message.role == "assistant"
    ]
