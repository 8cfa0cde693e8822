"""Each adapter in a session of several turns with the rehearsal server."""

import json
from itertools import permutations

import httpx2
import pytest
from providers.conversation import completed, request_after

from agent.domain.message import (
    Message,
    ModelRequest,
    ReasoningPart,
    SessionKey,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
    text_message,
)
from agent.domain.profile import Dialect, Profile
from agent.errors import RequestRefused
from agent.providers.dialects import client_of
from agent.providers.echo import Json, kept
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
DIALECTS: tuple[Dialect, ...] = ("openai_chat", "openai_responses", "anthropic_messages")
EXTRA: dict[Dialect, dict[str, object]] = {
    "openai_chat": {},
    "openai_responses": {},
    "anthropic_messages": {"thinking": {"type": "adaptive"}},
}


def profile_of(dialect: Dialect, url: str) -> Profile:
    return Profile(
        name="test",
        dialect=dialect,
        base_url=url,
        model="rehearsal",
        session_header=True,
        replay_reasoning=True,
        extra_body=EXTRA[dialect],
    )


@pytest.mark.parametrize("dialect", EXTRA)
async def test_a_session_goes_on_from_what_the_endpoint_said(dialect: Dialect) -> None:
    messages: tuple[Message, ...] = (
        text_message("system", "be brief"),
        text_message("user", "look " * 200),
    )
    texts, cached, thoughts = [], [], 0
    with RehearsalServer(SCRIPT) as server:
        profile = profile_of(dialect, server.base_url)
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


@pytest.mark.parametrize("dialects", list(permutations(DIALECTS)), ids="-".join)
async def test_a_session_goes_on_at_an_endpoint_of_another_dialect(
    dialects: tuple[Dialect, ...],
) -> None:
    """The server refuses reasoning that it did not seal for this dialect."""
    messages: tuple[Message, ...] = (text_message("system", "be brief"), text_message("user", "go"))
    texts = []
    with RehearsalServer(SCRIPT) as server:
        for turn, dialect in enumerate(dialects):
            request = ModelRequest(
                messages=messages,
                tools=(READ,),
                max_output_tokens=2_048,
                session=SessionKey(role="planner", subject="plan"),
                turn=turn,
            )
            async with client_of(profile_of(dialect, server.base_url), "") as client:
                reply = await client.complete(request, lambda _: None)
            texts.append((reply.message.text, len(reply.message.tool_calls)))
            results = tuple(
                ToolResult(call_id=call.call_id, text="x = 1") for call in reply.message.tool_calls
            )
            messages = (*messages, reply.message, Message(role="tool", parts=results))
    assert texts == [("I look.", 2), ("", 1), ("Done.", 0)]


async def test_a_session_goes_on_with_another_account_of_the_same_endpoint() -> None:
    """Reasoning is sealed for an organization: the server refuses that of another."""
    seen = []
    with RehearsalServer(SCRIPT) as server:
        profile = profile_of("openai_responses", server.base_url)
        messages: tuple[Message, ...] = (text_message("user", "go"),)
        for turn, key in enumerate(("one", "two", "two")):
            request = ModelRequest(
                messages=messages,
                tools=(READ,),
                max_output_tokens=2_048,
                session=SessionKey(role="planner", subject="plan"),
                turn=turn,
            )
            async with client_of(profile, key) as client:
                sent = json.dumps(client.body(request))
                reply = await client.complete(request, lambda _: None)
            seen.append(sent.count('"type": "reasoning"'))
            results = tuple(
                ToolResult(call_id=call.call_id, text="x = 1") for call in reply.message.tool_calls
            )
            messages = (*messages, reply.message, Message(role="tool", parts=results))
    assert seen == [0, 0, 1]


FOREIGN = "left by another"
LEFT: dict[Dialect, tuple[Json, Json, Json]] = {
    # What each dialect leaves in reasoning, text and calls.
    "openai_chat": ({"field": FOREIGN}, {}, {"extra_content": FOREIGN}),
    "openai_responses": (
        {"model": "rehearsal", "item": {"type": "reasoning", "encrypted_content": FOREIGN}},
        {"phase": FOREIGN},
        {},
    ),
    "anthropic_messages": (
        {"model": "rehearsal", "block": {"type": "thinking", "signature": FOREIGN}},
        {},
        {"caller": FOREIGN},
    ),
}


@pytest.mark.parametrize("left", DIALECTS)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_a_dialect_left_in_a_part_is_sent_to_no_other(
    dialect: Dialect, left: Dialect
) -> None:
    reasoning, text, call = (kept(left, fields) for fields in LEFT[left])
    parts = (
        ReasoningPart(text="a thought", provider_data=reasoning),
        TextPart(text="I look.", provider_data=text),
        ToolCall(call_id="c1", name="read", arguments="{}", provider_data=call),
    )
    plain = tuple(part.model_copy(update={"provider_data": None}) for part in parts)
    adapter = client_of(profile_of(dialect, "http://127.0.0.1"), "")
    sent = adapter.body(request_after(*parts))
    assert (FOREIGN in json.dumps(sent)) == (dialect == left)
    if dialect != left:
        assert sent == adapter.body(request_after(*plain))


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_request_can_be_written_whatever_characters_its_history_has(
    dialect: Dialect,
) -> None:
    half = ToolCall(call_id="c1", name="read", arguments='{"path": "\\ud83d"}')
    request = request_after(TextPart(text="half \ud83d"), half, tail="half \ude00")
    seen: list[bytes] = []

    def respond(sent: httpx2.Request) -> httpx2.Response:
        seen.append(sent.content)
        return httpx2.Response(400, json={"error": {"message": "no"}})

    with pytest.raises(RequestRefused):
        await completed(profile_of(dialect, "http://127.0.0.1/v1"), respond, request)
    assert seen[0].decode().count("half \ufffd") + seen[0].decode().count("half \\ufffd") == 2
