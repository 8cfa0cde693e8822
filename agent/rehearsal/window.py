"""What a request may hold at most, and what becomes of one that holds more."""

from collections.abc import Mapping

from agent.rehearsal.conditions import DEFAULT_OUTPUT_TOKENS, Conditions
from agent.rehearsal.flavours import Flavour
from agent.rehearsal.wire import Asked, Complaint


def overflow(
    asked: Asked, prompt_tokens: int, conditions: Conditions, flavour: Flavour
) -> Complaint | None:
    """What the provider says of a request that does not fit its window; None when it fits."""
    output_tokens = asked.output_tokens or DEFAULT_OUTPUT_TOKENS
    total, window = prompt_tokens + output_tokens, conditions.window_tokens
    if total <= window or flavour.cuts_silently:
        return None
    values: Mapping[str, object] = {
        "prompt": prompt_tokens,
        "output": output_tokens,
        "total": total,
        "window": window,
    }
    by_output = prompt_tokens <= window and "overflow_by_output" in flavour.refusals
    return Complaint("overflow_by_output" if by_output else "overflow", values)


def read_tokens(prompt_tokens: int, conditions: Conditions, flavour: Flavour) -> int:
    """What the model is shown of a prompt: less than all where the server cuts silently."""
    return min(prompt_tokens, conditions.window_tokens) if flavour.cuts_silently else prompt_tokens
