import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from agent.rehearsal.conditions import Conditions
from agent.rehearsal.flavours_more import FLAVOURS
from agent.rehearsal.script import (
    EndpointReply,
    Script,
    ScriptedCall,
    ScriptedReply,
    ScriptedSession,
)
from agent.rehearsal.server import RehearsalServer
from agent.rehearsal.visit import SeenRequest

SCRIPT = Script(
    version=1,
    description="a test",
    name="test.yaml",
    sessions=(
        ScriptedSession(
            role="planner",
            replies=(
                ScriptedReply(
                    say="s" * 100, calls=(ScriptedCall(tool="list", arguments={"path": "."}),)
                ),
                ScriptedReply(
                    calls=(ScriptedCall(tool="list", arguments='{"path'),), stop="length"
                ),
            ),
        ),
    ),
    endpoint=EndpointReply(reply="hello from the script"),
)
MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture
def server() -> Iterator[RehearsalServer]:
    with RehearsalServer(SCRIPT) as running:
        yield running


def send(
    server: RehearsalServer, body: bytes | dict[str, Any], session: str = ""
) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.base_url}/chat/completions", data)
    if session:
        request.add_header("X-Gardener-Session", session)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def get(server: RehearsalServer, path: str) -> Any:  # noqa: ANN401 - any JSON
    with urllib.request.urlopen(f"{server.base_url}{path}", timeout=20) as response:
        return json.load(response)


def message_of(text: str) -> str:
    message: str = json.loads(text)["error"]["message"]
    return message


def test_a_whole_reply(server: RehearsalServer) -> None:
    status, text = send(
        server, {"model": "rehearsal", "messages": MESSAGES}, "planner/plan/1; turn=0"
    )
    assert status == 200
    assert json.loads(text) == {
        "id": "chatcmpl-rehearsal-1",
        "object": "chat.completion",
        "created": 0,
        "model": "rehearsal",
        "system_fingerprint": "rehearsal",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "s" * 100,
                    "tool_calls": [
                        {
                            "id": "call_0_0",
                            "type": "function",
                            "function": {"name": "list", "arguments": '{"path": "."}'},
                        }
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 33,
            "total_tokens": 36,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def test_a_streamed_reply_comes_in_pieces(server: RehearsalServer) -> None:
    body = {
        "model": "rehearsal-small",
        "messages": MESSAGES,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    _, text = send(server, body, "planner/plan/1; turn=0")
    *events, done = [line.removeprefix("data: ") for line in text.splitlines() if line]
    chunks = [json.loads(event) for event in events]
    assert done == "[DONE]"
    assert {chunk["system_fingerprint"] for chunk in chunks} == {"rehearsal"}
    assert {chunk["model"] for chunk in chunks} == {"rehearsal-small"}
    choices = [chunk["choices"][0] for chunk in chunks[:-1]]
    call = {"index": 0, "id": "call_0_0", "type": "function"}
    assert [choice["delta"] for choice in choices] == [
        {"role": "assistant", "content": ""},
        {"content": "s" * 48},
        {"content": "s" * 48},
        {"content": "s" * 4},
        {"tool_calls": [{**call, "function": {"name": "list", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"path": "."}'}}]},
        {},
    ]
    assert [choice["finish_reason"] for choice in choices] == [None] * 6 + ["tool_calls"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["prompt_tokens"] == 3


def test_a_stream_that_nobody_asked_to_count_has_no_usage(server: RehearsalServer) -> None:
    _, text = send(server, {"model": "rehearsal", "messages": MESSAGES, "stream": True})
    assert "usage" not in text


def test_broken_arguments_and_the_finish_reason_are_sent_as_scripted(
    server: RehearsalServer,
) -> None:
    _, text = send(server, {"model": "rehearsal", "messages": MESSAGES}, "planner/plan/1; turn=1")
    (choice,) = json.loads(text)["choices"]
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == '{"path'
    assert choice["finish_reason"] == "length"


def test_the_program_s_own_request_gets_the_endpoint_s_reply(server: RehearsalServer) -> None:
    _, text = send(server, {"model": "rehearsal", "messages": MESSAGES})
    assert json.loads(text)["choices"][0]["message"]["content"] == "hello from the script"
    (seen,) = server.requests
    assert server.requests == (
        SeenRequest(
            path="/v1/chat/completions",
            session="",
            turn=None,
            from_app=True,
            model="rehearsal",
            streamed=False,
            prompt_tokens=3,
            cached_tokens=0,
            status=200,
            account="no-key",
            at=seen.at,
            completion_tokens=6,
            charged_tokens=9,
        ),
    )


def test_the_log_tells_what_was_asked(server: RehearsalServer) -> None:
    send(server, {"model": "rehearsal", "messages": MESSAGES}, "planner/plan/1; turn=0")
    send(server, {"model": "rehearsal", "messages": MESSAGES}, "judge/pass-1/1; turn=0")
    requests = get(server, "/rehearsal/log")["requests"]
    assert [(seen["session"], seen["turn"], seen["status"]) for seen in requests] == [
        ("planner/plan/1", 0, 200),
        ("judge/pass-1/1", 0, 400),
    ]
    assert [seen["cached_tokens"] for seen in requests] == [0, 3]


def test_the_log_tells_the_share_of_the_input_that_a_cache_has_spared(
    server: RehearsalServer,
) -> None:
    longer = [*MESSAGES, {"role": "user", "content": "a" * 30}]
    for turn, messages in enumerate((MESSAGES, longer)):
        send(server, {"model": "rehearsal", "messages": messages}, f"planner/plan/1; turn={turn}")
    log = get(server, "/rehearsal/log")
    first, second = log["requests"]
    spared, asked = second["cached_tokens"], second["prompt_tokens"]
    assert (first["cached_share"], second["cached_share"]) == (0.0, round(spared / asked, 4))
    assert 0 < spared < asked
    assert log["cached_share"] == round(spared / (first["prompt_tokens"] + asked), 4)


def test_the_counters_are_served(server: RehearsalServer) -> None:
    send(server, {"model": "rehearsal", "messages": MESSAGES}, "planner/plan/1; turn=0")
    counters = get(server, "/rehearsal/counters")
    assert counters == server.counters()
    assert (counters["totals"]["requests"], len(counters["rows"])) == (1, 1)


def test_the_models_it_plays(server: RehearsalServer) -> None:
    assert [model["id"] for model in get(server, "/models")["data"]] == ["rehearsal"]


@pytest.mark.parametrize(
    ("flavour", "told"),
    [
        ("vllm", {"max_model_len": 8_192}),
        ("groq", {"context_window": 8_192}),
        ("openrouter", {"context_length": 8_192}),
        ("openai", {}),
    ],
)
def test_the_window_is_in_the_list_of_models_where_a_provider_tells_it(
    flavour: str, told: dict[str, int]
) -> None:
    entry = {"id": "a/b", "object": "model", "created": 0, "owned_by": "rehearsal", **told}
    conditions = Conditions(flavour=FLAVOURS[flavour], models=("a/b",), window_tokens=8_192)
    with RehearsalServer(None, conditions) as server:
        assert get(server, "/models") == {"object": "list", "data": [entry]}
        assert get(server, "/models/a/b") == entry
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(server, "/models/gone")
        with caught.value:
            assert caught.value.code == (400 if flavour == "openrouter" else 404)


@pytest.mark.parametrize(
    ("body", "session", "status", "message"),
    [
        (b"{", "", 400, "We could not parse the JSON body of your request."),
        ({"messages": MESSAGES}, "", 400, "you must provide a model parameter"),
        ({"model": "rehearsal"}, "", 400, "messages must be a list that is not empty"),
        (
            {"model": "rehearsal", "messages": ["x"]},
            "",
            400,
            "each of the messages must be an object",
        ),
        ({"model": "gpt", "messages": MESSAGES}, "", 404, "The model 'gpt' does not exist"),
        ({"model": "rehearsal", "messages": MESSAGES}, "planner", 400, "must be role/subject"),
        (
            {"model": "rehearsal", "messages": MESSAGES},
            "cook/a/1; turn=0",
            400,
            "x-gardener-session",
        ),
        (
            {"model": "rehearsal", "messages": MESSAGES},
            "planner/plan/1; turn=2",
            400,
            "script test.yaml has no reply for planner/plan/1 turn 2",
        ),
        (
            {"model": "rehearsal", "messages": MESSAGES, "max_tokens": 131_072},
            "",
            400,
            "maximum context length is 131072 tokens",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(
    server: RehearsalServer, body: bytes | dict[str, Any], session: str, status: int, message: str
) -> None:
    found, text = send(server, body, session)
    assert found == status
    assert message in message_of(text)


def test_a_script_without_an_endpoint_refuses_the_program() -> None:
    with RehearsalServer(SCRIPT.model_copy(update={"endpoint": None})) as server:
        status, text = send(server, {"model": "rehearsal", "messages": MESSAGES})
    assert status == 400
    assert message_of(text) == "script test.yaml has no reply for the program's own requests"


def test_a_path_that_is_not_there(server: RehearsalServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server, "/nothing")
    with caught.value:
        assert caught.value.code == 404


def test_a_client_that_leaves_is_no_event(
    server: RehearsalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    host, port = server.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    body = json.dumps({"model": "rehearsal", "messages": MESSAGES, "stream": True}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    for sent in (b"", head.encode(), head.encode() + body):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(sent)
            reset = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    assert send(server, {"model": "rehearsal", "messages": MESSAGES})[0] == 200
    server.stop()
    assert capsys.readouterr().err == ""


def test_nothing_runs_on_after_the_stop() -> None:
    before = threading.active_count()
    server = RehearsalServer(SCRIPT)
    server.start()
    host, port = server.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as idle:
        assert send(server, {"model": "rehearsal", "messages": MESSAGES})[0] == 200
        server.stop()
        assert idle.recv(1) == b""
    assert threading.active_count() == before
    server.stop()
