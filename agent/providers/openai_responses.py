"""The adapter for the OpenAI Responses dialect, over the official SDK.

Nothing is stored at the endpoint: each request carries the whole history, and reasoning returns to
the model in the encrypted form in which it came.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from agent.domain.message import (
    AnyPart,
    Message,
    ModelRequest,
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolResult,
)
from agent.domain.profile import Profile
from agent.providers.chat_messages import finished, sendable_arguments, wire_function
from agent.providers.client import DialectClient
from agent.providers.echo import echoed
from agent.providers.responses_assembly import DIALECT, ResponsesAssembler, Thinker
from agent.providers.sdk import Connection, OpenAIConnection

if TYPE_CHECKING:
    import httpx2

Json = dict[str, Any]
ID_CHARACTERS = 64
SEALED = "encrypted_content"


class OpenAIResponses(DialectClient):
    path: ClassVar[str] = "/responses"
    models_path: ClassVar[str] = "/models"

    def connect(self, http_client: "httpx2.AsyncClient | None") -> Connection:
        return OpenAIConnection(self._profile, self._key, http_client)

    def body(self, request: ModelRequest) -> Json:
        return request_body(request, self._profile, self.account)

    def assembler(self, request: ModelRequest) -> ResponsesAssembler:
        return ResponsesAssembler(request, self._profile, self.account)


def request_body(request: ModelRequest, profile: Profile, account: str = "") -> Json:
    thinker = None if SEALED in profile.omit_fields else Thinker(profile.model, account)
    instructions, messages = leading_system(request.messages)
    body: Json = {"model": profile.model}
    if instructions:
        body["instructions"] = instructions
    body |= {
        "input": [item for message in messages for item in input_items(message, thinker)],
        **({"include": [f"reasoning.{SEALED}"]} if thinker else {}),
        "store": False,
        "stream": True,
        "max_output_tokens": request.max_output_tokens,
    }
    if request.tools:
        body["tools"] = [
            {"type": "function", **wire_function(tool, profile)} for tool in request.tools
        ]
    return finished(body, profile)


def leading_system(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """The system text that a request begins with, and the messages behind it."""
    begin = next((n for n, each in enumerate(messages) if each.role != "system"), len(messages))
    return "\n\n".join(message.text for message in messages[:begin]), messages[begin:]


def input_items(message: Message, thinker: Thinker | None) -> Iterator[Json]:
    match message.role:
        case "tool":
            for part in message.parts:
                if isinstance(part, ToolResult):
                    yield {
                        "type": "function_call_output",
                        "call_id": part.call_id[:ID_CHARACTERS],
                        "output": part.text,
                    }
        case "assistant":
            yield from reply_items(message.parts, thinker)
        case _:
            yield {"role": message.role, "content": message.text}


def reply_items(parts: tuple[AnyPart, ...], thinker: Thinker | None) -> Iterator[Json]:
    """A reply in the order in which it came.

    Reasoning that nothing follows is left out: the endpoint refuses it without what it led to.
    """
    waiting: list[Json] = []
    for part in parts:
        match part:
            case ReasoningPart():
                waiting += reasoning_items(part, thinker)
            case TextPart() if part.text:
                yield from waiting
                waiting = []
                yield {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": part.text, "annotations": []}],
                    **echoed(part, DIALECT),
                }
            case ToolCall():
                yield from waiting
                waiting = []
                yield {
                    "type": "function_call",
                    "call_id": part.call_id[:ID_CHARACTERS],
                    "name": part.name,
                    "arguments": sendable_arguments(part.arguments),
                }


def reasoning_items(part: ReasoningPart, thinker: Thinker | None) -> list[Json]:
    """The item as it came; none that somebody else thought, or that was not encrypted."""
    sealed = echoed(part, DIALECT)
    is_own = thinker is not None and thinker.can_read(sealed)
    return [sealed["item"]] if is_own and "item" in sealed else []
