"""One session's third request, and adapters on a transport without a network."""

from collections.abc import Callable

import httpx2

from agent.domain.message import (
    AnyPart,
    Completion,
    Message,
    ModelRequest,
    SessionKey,
    ToolResult,
    ToolSpec,
    text_message,
)
from agent.domain.profile import Profile
from agent.providers.dialects import client_of

Respond = Callable[[httpx2.Request], httpx2.Response]
READ = ToolSpec(
    name="read",
    description="Reads a file.",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}},
)


def ignore(text: str) -> None:
    pass


def request_after(*reply: AnyPart, tail: str = "") -> ModelRequest:
    """System, brief, the given reply and the results of its calls, and a tail."""
    said = Message(role="assistant", parts=reply)
    results = tuple(ToolResult(call_id=call.call_id, text="x = 1") for call in said.tool_calls)
    answered = (Message(role="tool", parts=results),) if results else ()
    last = (text_message("user", tail),) if tail else ()
    return ModelRequest(
        messages=(
            text_message("system", "be brief"),
            text_message("user", "read a.py"),
            said,
            *answered,
            *last,
        ),
        tools=(READ,),
        max_output_tokens=2_048,
        session=SessionKey(role="planner", subject="plan"),
        turn=1,
    )


async def completed(profile: Profile, respond: Respond, request: ModelRequest) -> Completion:
    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
    async with client_of(profile, "sk-secret", transport) as model:
        return await model.complete(request, ignore)


def streamed(body: bytes, **headers: str) -> httpx2.Response:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(
        200, headers={"content-type": "text/event-stream", **found}, content=body
    )
