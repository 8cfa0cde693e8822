"""What becomes of a reply once it is whole, whatever dialect it came in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.domain.message import (
    AnyPart,
    Completion,
    Message,
    ModelRequest,
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolSpec,
    Usage,
)
from agent.domain.profile import Profile
from agent.providers.argument_repair import repaired
from agent.providers.text_calls import Written, written_calls

Told = Literal["end_turn", "max_tokens", "refusal"]


@dataclass(frozen=True)
class Draft:
    """A reply as it arrived."""

    parts: tuple[AnyPart, ...]
    told: Told
    """Why it ended, as its server says; calls speak for themselves."""
    usage: Usage
    model: str


def whole_reply(draft: Draft, request: ModelRequest, profile: Profile) -> Completion:
    """The reply with its calls made out and repaired; of a cut reply nothing is repaired.

    Content decides where the server's reason to stop contradicts it, but for a reply that was cut.
    Raises ValueError when there is neither text nor a call, or a call of nothing.
    """
    parts, told = draft.parts, draft.told
    if told == "end_turn":
        if any(isinstance(part, ToolCall) for part in parts):
            parts = tuple(mended(part, request.tools) for part in parts)
        elif request.tools:
            parts, is_cut = with_written_calls(parts, request, profile)
            told = "max_tokens" if is_cut else told
    message = Message(role="assistant", parts=parts)
    calls = bool(message.tool_calls)
    if not all(call.name for call in message.tool_calls):
        raise ValueError("it calls a tool without naming it")
    if told == "end_turn" and not calls and not message.text.strip():
        raise ValueError("it has neither text nor a tool call")
    return Completion(
        message=message,
        stop_reason="tool_calls" if calls and told != "max_tokens" else told,
        usage=draft.usage,
        model=draft.model,
    )


def mended(part: AnyPart, tools: tuple[ToolSpec, ...]) -> AnyPart:
    if not isinstance(part, ToolCall):
        return part
    schema = next((tool.parameters for tool in tools if tool.name == part.name), None)
    arguments = part.arguments if schema is None else repaired(part.arguments, schema)
    return part if arguments == part.arguments else part.model_copy(update={"arguments": arguments})


def with_written_calls(
    parts: tuple[AnyPart, ...], request: ModelRequest, profile: Profile
) -> tuple[tuple[AnyPart, ...], bool]:
    """The parts with calls that stand in the text, and whether one of them was cut.

    What the model thought is read only when it said nothing at all.
    """
    said = [part for part in parts if isinstance(part, TextPart) and part.text.strip()]
    thought = [part for part in parts if isinstance(part, ReasoningPart)]
    found: dict[int, Written] = {
        id(part): written_calls(part.text, request.tools, bare=profile.text_calls)
        for part in said or thought
    }
    if any(written.is_cut for written in found.values()):
        return parts, bool(said)
    calls = [call for written in found.values() for call in written.calls]
    if not calls:
        return parts, False
    left: Iterator[AnyPart] = (
        part.model_copy(update={"text": found[id(part)].text}) if part in said else part
        for part in parts
    )
    made = (
        ToolCall(
            call_id=f"call_{request.turn}_{position}", name=call.name, arguments=call.arguments
        )
        for position, call in enumerate(calls)
    )
    spoken = (part for part in left if not isinstance(part, TextPart) or part.text)
    return (*spoken, *made), False


def count(usage: Mapping[str, Any], name: str) -> int:
    """A count of tokens; 0 where it is missing. Raises ValueError when it is none."""
    value = usage.get(name) or 0
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not is_whole or value < 0:
        raise ValueError(f"its {name} is not a count")
    return int(value)


def merged(one: Usage, other: Usage) -> Usage:
    """Counts only grow; a later report may leave out what an earlier one had."""
    pairs = {name: max(getattr(one, name), getattr(other, name)) for name in Usage.model_fields}
    return Usage.model_validate(pairs)


def an_object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name; empty where there is none."""
    value = parent.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"its {name} is not an object")
    return value
