"""Messages between harness and model, in no provider's dialect."""

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.domain.readings import LimitReading
from agent.domain.value import Value

Role = Literal["planner", "gardener", "executor", "judge"]
Spender = Role | Literal["doctor"]
"""Who sends requests: a role of a run, or a checkup of the endpoint."""
ROLES: tuple[Role, ...] = ("planner", "gardener", "executor", "judge")


class Part(Value):
    """A piece of a message; `provider_data` is opaque and returns to its provider unchanged."""

    provider_data: dict[str, Any] | None = None


class TextPart(Part):
    type: Literal["text"] = "text"
    text: str


class ReasoningPart(Part):
    type: Literal["reasoning"] = "reasoning"
    text: str


class ToolCall(Part):
    """A call the model asks for.

    `arguments` is the JSON text as the model wrote it; dispatch parses and validates it.
    """

    type: Literal["tool_call"] = "tool_call"
    call_id: str
    name: str
    arguments: str


class ToolResult(Part):
    type: Literal["tool_result"] = "tool_result"
    call_id: str
    text: str
    is_error: bool = False


AnyPart = Annotated[TextPart | ReasoningPart | ToolCall | ToolResult, Field(discriminator="type")]


class Message(Value):
    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[AnyPart, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def text_message(role: Literal["system", "user", "assistant"], text: str) -> Message:
    return Message(role=role, parts=(TextPart(text=text),))


class ToolSpec(Value):
    """What a model is told of a tool; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Usage(Value):
    """Tokens as the provider counted them; cached tokens are part of the input tokens."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class SessionKey(Value):
    """Names one model session inside a run: who, on what, which attempt."""

    role: Role
    subject: str
    """The task's id, or the phase's own word where no task is at hand (`plan`, `round-2`)."""
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.role}/{self.subject}/{self.attempt}"


class ModelRequest(Value):
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    max_output_tokens: int
    session: SessionKey
    turn: int
    """Replies already received in this session."""


StopReason = Literal["end_turn", "tool_calls", "max_tokens", "refusal", "unclear_call"]
"""`unclear_call`: its text holds what may be a call, but not for certain, so none was made."""


class Completion(Value):
    """One whole reply."""

    message: Message
    stop_reason: StopReason
    usage: Usage
    model: str
    readings: tuple[LimitReading, ...] = ()
    """What the reply's headers said of the endpoint's limits."""
    rehearsed: bool = False
    """Whether the endpoint is a rehearsal, which says so in each answer."""
