"""Results that were cut or taken out of a transcript, read again by range."""

from agent.domain.message import ToolResult
from agent.domain.session import SessionState


def lines_of(session: SessionState, call_id: str, first: int, last: int | None) -> str:
    """Lines `first` to `last` of a call's whole result, counted from 1, both shown.

    `call_id` is the call's own, or the number that the transcript gives its output. `last` None
    is the end. Raises LookupError when there is no such output, or no such line in it.
    """
    results = [
        part
        for message in session.messages
        if message.role == "tool"
        for part in message.parts
        if isinstance(part, ToolResult)
    ]
    for number, result in enumerate(results, start=1):
        if call_id in (result.call_id, str(number)):
            lines = result.text.splitlines()
            shown = lines[max(first, 1) - 1 : last]
            if not shown:
                raise LookupError(f"output {number} has {len(lines)} lines; ask for some of them")
            return "\n".join(shown)
    raise LookupError(f"there is no output {call_id}; this session has {len(results)}")
