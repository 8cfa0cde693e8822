"""Each adapter in a session of several turns with the rehearsal server."""

import pytest

from agent.domain.message import (
    Message,
    ModelRequest,
    ReasoningPart,
    SessionKey,
    ToolResult,
    ToolSpec,
    text_message,
)
from agent.domain.profile import Dialect, Profile
from agent.providers.dialects import client_of
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

pytestmark = pytest.mark.anyio
READ = ToolSpec(
    name="read",
    description="",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}},
)
CALLS = tuple(ScriptedCall(tool="read", arguments={"path": name}) for name in ("ä.py", "b.py"))
SCRIPT = Script(
    version=1,
    description="a test",
    name="test.yaml",
    sessions=(
        ScriptedSession(
            role="planner",
            subject="plan",
            replies=(
                ScriptedReply(say="I look.", calls=CALLS),
                ScriptedReply(calls=CALLS[:1]),
                ScriptedReply(say="Done."),
            ),
        ),
    ),
)
EXTRA: dict[Dialect, dict[str, object]] = {
    "openai_chat": {},
    "openai_responses": {},
    "anthropic_messages": {"thinking": {"type": "adaptive"}},
}


@pytest.mark.parametrize("dialect", EXTRA)
async def test_a_session_goes_on_from_what_the_endpoint_said(dialect: Dialect) -> None:
    messages: tuple[Message, ...] = (
        text_message("system", "be brief"),
        text_message("user", "look " * 200),
    )
    texts, cached, thoughts = [], [], 0
    with RehearsalServer(SCRIPT) as server:
        profile = Profile(
            name="test",
            dialect=dialect,
            base_url=server.base_url,
            model="rehearsal",
            session_header=True,
            extra_body=EXTRA[dialect],
        )
        async with client_of(profile, "") as client:
            for turn in range(3):
                request = ModelRequest(
                    messages=(*messages, text_message("user", f"turn {turn}")),
                    tools=(READ,),
                    max_output_tokens=2_048,
                    session=SessionKey(role="planner", subject="plan"),
                    turn=turn,
                )
                reply = await client.complete(request, lambda _: None)
                texts.append((reply.message.text, len(reply.message.tool_calls)))
                cached.append(reply.usage.cached_tokens > 200)
                thoughts += sum(isinstance(p, ReasoningPart) for p in reply.message.parts)
                results = tuple(
                    ToolResult(call_id=call.call_id, text="x = 1")
                    for call in reply.message.tool_calls
                )
                messages = (*messages, reply.message, Message(role="tool", parts=results))
    assert texts == [("I look.", 2), ("", 1), ("Done.", 0)]
    assert cached == [False, True, True]
    assert (thoughts > 0) == (dialect != "openai_chat")
