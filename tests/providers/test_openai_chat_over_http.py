"""The adapter over real connections: broken ones, and the rehearsal server's."""

import json
import threading
from collections.abc import Callable, Iterator

import anyio
import pytest

from agent.domain.message import (
    Completion,
    Message,
    ModelRequest,
    SessionKey,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
    text_message,
)
from agent.domain.profile import Profile
from agent.errors import ContextOverflow, ModelUnknown, RequestRefused, Unavailable
from agent.providers.catalog import profile as ready_profile
from agent.providers.openai_chat import OpenAIChat
from agent.rehearsal.local_http import Answer, LocalServer
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

PROFILE = Profile(name="test", base_url="", model="m-1")
REQUEST = ModelRequest(
    messages=(text_message("user", "write a.py"),),
    tools=(),
    max_output_tokens=2_048,
    session=SessionKey(role="executor", subject="T02"),
    turn=0,
)
STREAM = b"""\
data: {"choices":[{"delta":{"content":"Now b."},"index":0}]}

data: {"choices":[{"delta":{},"finish_reason":"stop","index":0}]}

data: [DONE]

"""
pytestmark = pytest.mark.anyio


def ignore(text: str) -> None:
    pass


async def test_an_endpoint_that_is_not_there_is_told_with_the_reason() -> None:
    with LocalServer(lambda _: Answer(200, "text/plain", ())) as server:
        url = f"{server.url}/v1"
    async with OpenAIChat(PROFILE.model_copy(update={"base_url": url}), "sk") as model:
        with pytest.raises(Unavailable, match=rf"cannot reach {url}: Connection refused"):
            await model.complete(REQUEST, ignore)


async def over_http(
    pieces: Callable[[threading.Event], Iterator[bytes]],
    status: int = 200,
    request: ModelRequest = REQUEST,
    **fields: object,
) -> Completion:
    """The reply to one request over a real connection; the event is set when it has ended."""
    ended = threading.Event()
    answer = Answer(status, "text/event-stream", pieces(ended), streamed=True)
    with LocalServer(lambda _: answer) as server:
        profile = PROFILE.model_copy(update={"base_url": f"{server.url}/v1", **fields})
        try:
            async with OpenAIChat(profile, "sk") as model:
                with anyio.fail_after(20):
                    return await model.complete(request, ignore)
        finally:
            ended.set()


async def test_a_connection_cut_in_the_middle_is_unavailable() -> None:
    def pieces(_: threading.Event) -> Iterator[bytes]:
        yield STREAM[:70]
        raise ConnectionResetError

    with pytest.raises(Unavailable, match="connection was closed in the middle"):
        await over_http(pieces)


async def test_a_reply_that_stops_is_given_up_after_the_stall_time() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield STREAM[:70]
        ended.wait(20)

    with pytest.raises(Unavailable, match=r"the reply stopped for more than 0.05 s"):
        await over_http(pieces, stall_seconds=0.05)


async def test_a_reply_that_does_not_begin_is_given_up() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        ended.wait(20)
        yield STREAM

    with pytest.raises(Unavailable, match=r"no reply began within 0.2 s"):
        await over_http(pieces, first_byte_seconds=0.2)


async def test_a_reply_of_nothing_but_signs_of_life_is_given_up() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        while not ended.wait(0.02):
            yield b': working\n\ndata: {"choices": []}\n\n'

    with pytest.raises(Unavailable, match=r"the reply stopped for more than 0.1 s"):
        await over_http(pieces, first_byte_seconds=0.3, stall_seconds=0.1)


SHORT = REQUEST.model_copy(update={"max_output_tokens": 1})
NOTHING = b'data: {"choices": [{"delta": {"content": ""}}]}\n\n'


async def test_a_reply_of_empty_pieces_is_given_up() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        while not ended.wait(0.02):
            yield NOTHING

    with pytest.raises(Unavailable, match=r"the reply stopped for more than 0.1 s"):
        await over_http(pieces, first_byte_seconds=0.3, stall_seconds=0.1)


async def test_a_reply_that_only_trickles_is_given_up_by_the_length_of_its_reservation() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        while not ended.wait(0.02):
            yield STREAM[: STREAM.index(b"\n\n") + 2]

    with pytest.raises(Unavailable, match=r"the reply did not end within 1.75 s"):
        await over_http(pieces, request=SHORT, first_byte_seconds=0.5, stall_seconds=0.25)


async def test_a_line_that_does_not_end_is_given_up_too() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield b'data: {"choices": [{"delta": {"content": "'
        while not ended.wait(0.02):
            yield b"a"

    with pytest.raises(Unavailable, match=r"the reply stopped for more than 0.1 s"):
        await over_http(pieces, first_byte_seconds=0.3, stall_seconds=0.1)


@pytest.mark.parametrize("begin", [b"data: ", STREAM[:70], b'{"choices": "', b"<html>"])
async def test_a_reply_without_an_end_is_given_up_at_a_bound(begin: bytes) -> None:
    sent = [0]

    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield begin
        while not ended.is_set():
            sent[0] += 65_536
            yield b"a" * 65_536

    # One mebibyte, and four kibibytes for each token of the reservation.
    with pytest.raises(Unavailable, match=r"its reply is longer than 1,052,672 bytes"):
        await over_http(pieces, request=SHORT)
    assert sent[0] < 16 << 20


async def test_a_refusal_without_an_end_is_read_up_to_a_bound() -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield b'{"error": {"message": "no"}}'
        while not ended.is_set():
            yield b" " * 65_536

    with pytest.raises(RequestRefused, match="HTTP 400: no"):
        await over_http(pieces, status=400)


async def test_a_connection_lost_behind_the_end_of_a_reply_does_not_matter() -> None:
    def pieces(_: threading.Event) -> Iterator[bytes]:
        yield STREAM
        raise ConnectionResetError

    assert (await over_http(pieces)).message.text == "Now b."


@pytest.mark.parametrize("finish_reason", ["length", "stop"])
async def test_of_a_written_call_that_was_cut_only_the_words_before_it_are_left(
    finish_reason: str,
) -> None:
    half = "I write it.\n\n<tool_call>\n<function=write>\n<parameter=path>\na.py\n</parameter>\n"
    chunks = (
        {"choices": [{"delta": {"content": half}}]},
        {"choices": [{"delta": {"content": "<parameter=content>\nx = 1\n"}}]},
        {"choices": [{"delta": {}, "finish_reason": finish_reason}]},
    )

    def pieces(_: threading.Event) -> Iterator[bytes]:
        for chunk in chunks:
            yield b"data: %s\n\n" % json.dumps(chunk).encode()

    write = ToolSpec(
        name="write",
        description="",
        parameters={
            "type": "object",
            "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
            "required": ["path", "content"],
        },
    )
    request = REQUEST.model_copy(update={"tools": (write,)})
    completion = await over_http(pieces, request=request)
    assert completion.message.parts == (TextPart(text="I write it."),)
    assert completion.stop_reason == "max_tokens"


async def test_letters_cut_in_the_middle_by_the_network_are_whole() -> None:
    body = json.dumps({"choices": [{"delta": {"content": "ä€😀"}}]}, ensure_ascii=False).encode()

    def pieces(_: threading.Event) -> Iterator[bytes]:
        for byte in b"data: " + body + b"\n\n" + STREAM:
            yield bytes([byte])

    assert (await over_http(pieces)).message.text == "ä€😀Now b."


@pytest.mark.parametrize("stream", [STREAM, STREAM.removesuffix(b"data: [DONE]\n\n")])
async def test_a_stream_kept_open_after_its_end_is_a_whole_reply(stream: bytes) -> None:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield stream
        ended.wait(20)

    completion = await over_http(pieces, stall_seconds=0.3)
    assert completion.message.text == "Now b."


async def test_a_running_request_can_be_cancelled() -> None:
    begun = anyio.Event()

    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield STREAM[:70]
        ended.wait(20)

    ended = threading.Event()
    answer = Answer(200, "text/event-stream", pieces(ended), streamed=True)
    with LocalServer(lambda _: answer) as server:
        profile = PROFILE.model_copy(update={"base_url": f"{server.url}/v1"})
        async with OpenAIChat(profile, "sk") as model, anyio.create_task_group() as tasks:
            with anyio.fail_after(20):
                tasks.start_soon(model.complete, REQUEST, lambda _: begun.set())
                await begun.wait()
                tasks.cancel_scope.cancel()
        ended.set()


SAID = "I write the file and look at it, then at the other one as well."
SOURCE = "x = 'ä'\n" * 20
SCRIPT = Script(
    version=1,
    description="a test",
    name="test.yaml",
    sessions=(
        ScriptedSession(
            role="executor",
            subject="T02",
            replies=(
                ScriptedReply(
                    say=SAID,
                    calls=(
                        ScriptedCall(tool="write", arguments={"path": "a.py", "content": SOURCE}),
                        ScriptedCall(tool="read", arguments={"path": "a.py"}),
                    ),
                ),
                ScriptedReply(say="Done."),
            ),
        ),
    ),
)


@pytest.fixture
def rehearsal() -> Iterator[RehearsalServer]:
    with RehearsalServer(SCRIPT) as server:
        yield server


def rehearsing(server: RehearsalServer, **fields: object) -> OpenAIChat:
    update = {"base_url": server.base_url, **fields}
    return OpenAIChat(ready_profile("rehearsal").model_copy(update=update), "")


async def test_a_session_of_two_turns_with_the_rehearsal(rehearsal: RehearsalServer) -> None:
    told: list[str] = []
    async with rehearsing(rehearsal) as model:
        first = await model.complete(REQUEST, told.append)
        results = tuple(
            ToolResult(call_id=call.call_id, text="done") for call in first.message.tool_calls
        )
        messages = (*REQUEST.messages, first.message, Message(role="tool", parts=results))
        following = REQUEST.model_copy(update={"messages": messages, "turn": 1})
        second = await model.complete(following, told.append)

    arguments = json.dumps({"path": "a.py", "content": SOURCE}, ensure_ascii=False)
    assert first == Completion(
        message=Message(
            role="assistant",
            parts=(
                TextPart(text=SAID),
                ToolCall(call_id="call_0_0", name="write", arguments=arguments),
                ToolCall(call_id="call_0_1", name="read", arguments='{"path": "a.py"}'),
            ),
        ),
        stop_reason="tool_calls",
        usage=Usage(input_tokens=5, output_tokens=84),
        model="rehearsal",
        rehearsed=True,
    )
    assert second == Completion(
        message=Message(role="assistant", parts=(TextPart(text="Done."),)),
        stop_reason="end_turn",
        usage=Usage(input_tokens=100, output_tokens=2, cached_tokens=5),
        model="rehearsal",
        rehearsed=True,
    )
    assert told == [SAID[:48], SAID[48:], "Done."]
    assert [(seen.session, seen.turn, seen.from_app) for seen in rehearsal.requests] == [
        ("executor/T02/1", 0, False),
        ("executor/T02/1", 1, False),
    ]


async def test_a_turn_that_is_not_scripted_is_refused(rehearsal: RehearsalServer) -> None:
    async with rehearsing(rehearsal) as model:
        with pytest.raises(
            RequestRefused, match=r"script test.yaml has no reply for executor/T02/1 turn 7"
        ):
            await model.complete(REQUEST.model_copy(update={"turn": 7}), ignore)


async def test_a_model_that_the_rehearsal_does_not_play(rehearsal: RehearsalServer) -> None:
    async with rehearsing(rehearsal, model="gpt") as model:
        with pytest.raises(ModelUnknown, match="'gpt'; name another, such as rehearsal"):
            await model.complete(REQUEST, ignore)


async def test_a_request_longer_than_the_window(rehearsal: RehearsalServer) -> None:
    messages = (text_message("user", "word " * 100_000),)
    async with rehearsing(rehearsal) as model:
        with pytest.raises(ContextOverflow, match="maximum context length is 131072"):
            await model.complete(REQUEST.model_copy(update={"messages": messages}), ignore)
