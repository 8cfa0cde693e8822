"""What becomes of a reply once it is whole, whatever dialect it came in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
from agent.providers.argument_repair import fits, is_object, repaired
from agent.providers.surrogates import rejoined_in
from agent.providers.text_calls import Written, before_calls, written_calls

Told = Literal["end_turn", "max_tokens", "refusal", "unclear_call"]


@dataclass(frozen=True)
class Draft:
    """A reply as it arrived."""

    parts: tuple[AnyPart, ...]
    told: Told
    """Why it ended, as its server says; calls speak for themselves."""
    usage: Usage
    model: str
    is_guessed: bool = False
    """Whether a piece of a call did not say which call it belongs to."""


class UselessReply(ValueError):
    """A reply that came whole and says nothing; `usage` is what it was counted."""

    def __init__(self, reason: str, usage: Usage) -> None:
        self.usage = usage
        super().__init__(reason)


def whole_reply(draft: Draft, request: ModelRequest, profile: Profile) -> Completion:
    """The reply with its calls made out and repaired; of a cut reply nothing is repaired.

    Content decides where the server's reason to stop contradicts it, but for a reply that was cut
    or refused. A refused one has no calls, a cut one none that were written as text: neither is
    what the model wanted done. Raises ValueError when there is neither text nor a call, or a call
    of nothing.
    """
    parts, told = draft.parts, draft.told
    is_native = any(isinstance(part, ToolCall) for part in parts)
    if draft.is_guessed and told == "end_turn" and not all_fit(parts, request.tools):
        raise UselessReply(
            "the pieces of its tool calls do not say which call they belong to", draft.usage
        )
    if told == "end_turn" and is_native:
        parts = tuple(mended(part, request.tools) for part in parts)
        told = "max_tokens" if is_full(draft, request) and not are_readable(parts) else told
    elif told == "end_turn" and request.tools:
        parts, told = with_written_calls(parts, request, profile)
        made = any(isinstance(part, ToolCall) for part in parts)
        told = "max_tokens" if made and is_full(draft, request) else told
    if told == "refusal":
        parts = tuple(part for part in parts if not isinstance(part, ToolCall))
    elif told == "max_tokens" and not is_native:
        parts = tuple(without_written_calls(draft.parts, request, profile))
    message = Message(role="assistant", parts=tuple(rejoined_part(part) for part in parts))
    calls = bool(message.tool_calls)
    if not all(call.name for call in message.tool_calls):
        raise UselessReply("it calls a tool without naming it", draft.usage)
    if told == "end_turn" and not calls and not message.text.strip():
        raise UselessReply("it has neither text nor a tool call", draft.usage)
    return Completion(
        message=message,
        stop_reason="tool_calls" if calls and told == "end_turn" else told,
        usage=draft.usage,
        model=draft.model,
    )


def is_full(draft: Draft, request: ModelRequest) -> bool:
    """Whether all of the reservation is used: some servers give no length as the reason then."""
    said = draft.usage.output_tokens - draft.usage.reasoning_tokens
    return said >= request.max_output_tokens


def all_fit(parts: tuple[AnyPart, ...], tools: tuple[ToolSpec, ...]) -> bool:
    """Whether each call has the arguments of its own tool."""
    schemas = {tool.name: tool.parameters for tool in tools}
    calls = [part for part in parts if isinstance(part, ToolCall)]
    return all(fits(call.arguments, schemas.get(call.name, {})) for call in calls)


def are_readable(parts: tuple[AnyPart, ...]) -> bool:
    return all(is_object(part.arguments) for part in parts if isinstance(part, ToolCall))


def without_written_calls(
    parts: tuple[AnyPart, ...], request: ModelRequest, profile: Profile
) -> Iterator[AnyPart]:
    """The parts of a cut reply as far as a call begins in the text.

    Half a call that stood in the history as text would be an example to go by.
    """
    for part in parts:
        if not isinstance(part, TextPart):
            yield part
            continue
        before = before_calls(part.text, request.tools, bare=profile.text_calls)
        if before:
            yield part if before == part.text else part.model_copy(update={"text": before})
        if before != part.text:
            return


def rejoined_part(part: AnyPart) -> AnyPart:
    fields = {name: value for name, value in part.model_dump().items() if value is not None}
    clean = rejoined_in(fields)
    return part if clean == fields else part.model_copy(update=clean)


def mended(part: AnyPart, tools: tuple[ToolSpec, ...]) -> AnyPart:
    if not isinstance(part, ToolCall):
        return part
    schema = next((tool.parameters for tool in tools if tool.name == part.name), None)
    arguments = part.arguments if schema is None else repaired(part.arguments, schema)
    return part if arguments == part.arguments else part.model_copy(update={"arguments": arguments})


def with_written_calls(
    parts: tuple[AnyPart, ...], request: ModelRequest, profile: Profile
) -> tuple[tuple[AnyPart, ...], Told]:
    """The parts with calls that stand in the text, and whether one of them was cut or is unclear:
    then none is made.

    What the model thought is read only when it said nothing at all.
    """
    said = [part for part in parts if isinstance(part, TextPart) and part.text.strip()]
    thought = [part for part in parts if isinstance(part, ReasoningPart)]
    found: dict[int, Written] = {
        id(part): written_calls(part.text, request.tools, bare=profile.text_calls)
        for part in said or thought
    }
    if said and any(written.is_cut for written in found.values()):
        return parts, "max_tokens"
    if said and any(written.is_unclear for written in found.values()):
        return parts, "unclear_call"
    if any(written.is_cut or written.is_unclear for written in found.values()):
        return parts, "end_turn"
    calls = [call for written in found.values() for call in written.calls]
    if not calls:
        return parts, "end_turn"
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
    return (*spoken, *made), "end_turn"


def merged(one: Usage, other: Usage) -> Usage:
    """Counts only grow; a later report may leave out what an earlier one had."""
    pairs = {name: max(getattr(one, name), getattr(other, name)) for name in Usage.model_fields}
    return Usage.model_validate(pairs)
