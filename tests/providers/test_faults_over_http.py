"""Every adapter against a server in which everything goes wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import pytest

from agent.domain.message import Completion, ModelRequest, SessionKey, ToolSpec, Usage, text_message
from agent.domain.profile import Dialect, Profile
from agent.errors import MalformedReply, ProviderError
from agent.providers.dialects import client_of
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FAULTS, FaultPlan
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

pytestmark = pytest.mark.anyio
DIALECTS: tuple[Dialect, ...] = ("openai_chat", "openai_responses", "anthropic_messages")
TEXT = {"type": "string"}
TOOLS = (
    ToolSpec(
        name="write",
        description="Writes a file.",
        parameters={
            "type": "object",
            "properties": {
                "path": TEXT,
                "content": TEXT,
                "lines": {"type": "array", "items": {"type": "integer"}},
                "append": {"type": "boolean"},
            },
            "required": ["path", "content"],
        },
    ),
    ToolSpec(
        name="read",
        description="Reads a file.",
        parameters={"type": "object", "properties": {"path": TEXT}, "required": ["path"]},
    ),
)
SAID = "Ich schreibe die Datei – und sehe sie mir an."
Calls = list[tuple[str, dict[str, object]]]
TWO: Calls = [
    ("write", {"path": "7", "content": "x = 'ä'\n\n  y: [1]\n", "lines": [1, 2], "append": True}),
    ("read", {"path": "ü.py"}),
]
CLOSERS = 'a = text.split("</parameter>")\n</function>\n</tool_call>\nend</parameter>'
ONE: Calls = [("write", {"path": "ä.py", "content": CLOSERS})]
EXPECTED: dict[str, Calls] = {"two": TWO, "one": ONE, "none": []}
SHOWN = """A call is written like this:

```xml
<tool_call>
<function=read>
<parameter=path>
b.py
</parameter>
</function>
</tool_call>
```

or as `<tool_call>{"name": "read", "arguments": {"path": "b.py"}}</tool_call>`. Then I wait."""
LOST = frozenset(fault.name for fault in FAULTS.values() if fault.costs)


def request(subject: str) -> ModelRequest:
    return ModelRequest(
        messages=(text_message("system", "be brief"), text_message("user", "write")),
        tools=TOOLS,
        max_output_tokens=2_048,
        session=SessionKey(role="executor", subject=subject),
        turn=0,
    )


def session(subject: str, calls: Calls, said: str = SAID) -> ScriptedSession:
    scripted = tuple(ScriptedCall(tool=name, arguments=given) for name, given in calls)
    reply = ScriptedReply(say=said, calls=scripted)
    return ScriptedSession(role="executor", subject=subject, replies=(reply,))


SCRIPT = Script(
    version=1,
    description="a test",
    name="test.yaml",
    sessions=(
        *(session(subject, calls) for subject, calls in EXPECTED.items()),
        *(session(f"shown-{subject}", calls, SHOWN) for subject, calls in EXPECTED.items()),
    ),
)


@contextmanager
def serving(plan: FaultPlan, dialect: Dialect) -> Iterator[Profile]:
    with RehearsalServer(SCRIPT, Conditions(faults=plan)) as server:
        yield Profile(
            name="test",
            dialect=dialect,
            base_url=server.base_url,
            model="rehearsal",
            session_header=True,
            first_byte_seconds=0.5 if "hang" in plan.names else 20,
            stall_seconds=0.3 if "stall" in plan.names else 20,
        )


def made(completion: Completion) -> Calls:
    return [(call.name, json.loads(call.arguments)) for call in completion.message.tool_calls]


async def sent_until_served(profile: Profile, asked: ModelRequest) -> tuple[Completion, int]:
    """The reply, and how many tries it took; as whoever sends requests does it."""
    async with client_of(profile, "key") as client:
        for tries in range(1, 6):
            try:
                with anyio.fail_after(20):
                    completion = await client.complete(asked, lambda _: None)
            except ProviderError:
                continue
            if completion.stop_reason != "max_tokens":
                return completion, tries
    raise AssertionError("never served")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_never_changes_what_a_reply_says(fault: str, dialect: Dialect) -> None:
    with serving(FaultPlan(names=(fault,), share=1.0), dialect) as profile:
        for subject, expected in EXPECTED.items():
            completion, tries = await sent_until_served(profile, request(subject))
            assert made(completion) == expected
            assert completion.message.text.startswith(SAID) or fault == "call-in-reasoning"
            assert completion.stop_reason == ("tool_calls" if expected else "end_turn")
            assert tries == 1 or fault in LOST


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_empty_reply_tells_what_it_was_counted(dialect: Dialect) -> None:
    with serving(FaultPlan(names=("empty-reply",), share=1.0), dialect) as profile:
        async with client_of(profile, "key") as client:
            with pytest.raises(MalformedReply, match="neither text nor a tool call") as caught:
                await client.complete(request("one"), lambda _: None)
    assert isinstance(caught.value.usage, Usage)
    assert caught.value.usage.input_tokens > 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", ["drop", "early-end", "stall", "error-chunk", "empty-reply"])
async def test_who_has_begun_a_reply_is_not_said_to_have_a_wrong_address(
    fault: str, dialect: Dialect
) -> None:
    with serving(FaultPlan(names=(fault,), share=1.0), dialect) as profile:
        async with client_of(profile, "key") as client:
            with pytest.raises(ProviderError) as caught:
                await client.complete(request("one"), lambda _: None)
    assert "base_url" not in str(caught.value).lower()
    assert "peer closed" not in str(caught.value)


@pytest.mark.parametrize("seed", range(25))
async def test_faults_in_any_combination_never_change_what_a_reply_says(seed: int) -> None:
    dialect = DIALECTS[seed % len(DIALECTS)]
    plan = FaultPlan(names=tuple(FAULTS), share=0.9, seed=seed)
    with serving(plan, dialect) as profile:
        for subject, expected in EXPECTED.items():
            completion, _ = await sent_until_served(profile, request(subject))
            assert made(completion) == expected


@pytest.mark.parametrize("writes_calls", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_call_that_the_text_only_shows_is_never_made(
    dialect: Dialect, writes_calls: bool
) -> None:
    with serving(FaultPlan(), dialect) as profile:
        known = profile.model_copy(update={"text_calls": writes_calls})
        for subject, expected in EXPECTED.items():
            completion, _ = await sent_until_served(known, request(f"shown-{subject}"))
            assert (completion.message.text, made(completion)) == (SHOWN, expected)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_call_written_beside_one_that_is_shown_is_made(dialect: Dialect) -> None:
    with serving(FaultPlan(names=("qwen-xml",), share=1.0), dialect) as profile:
        completion, _ = await sent_until_served(profile, request("shown-two"))
        assert (completion.message.text, made(completion)) == (SHOWN, TWO)
