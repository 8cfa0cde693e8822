import http.client
import json
import urllib.error
import urllib.request
from typing import Any

import openai
import pytest

from agent.rehearsal.recorder import RecordedCall, RecordingEndpoint

MESSAGES: list[Any] = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": "what is on my list?"},
]


def post(endpoint: RecordingEndpoint, path: str, body: object) -> Any:  # noqa: ANN401 - any JSON
    request = urllib.request.Request(
        endpoint.base_url + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": "Bearer sk-secret"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def test_a_program_on_the_standard_library_is_recorded() -> None:
    with RecordingEndpoint() as endpoint:
        body = {"model": "any", "messages": MESSAGES}
        reply = post(endpoint, "/chat/completions", body)
    assert endpoint.token in reply["choices"][0]["message"]["content"]
    (call,) = endpoint.calls
    assert call == RecordedCall(
        path="/v1/chat/completions",
        model="any",
        text="be brief\nwhat is on my list?",
        headers=call.headers,
        key_sent=True,
        streamed=False,
    )
    assert call.headers["content-type"] == "application/json"
    assert "sk-secret" not in repr(call)


def test_a_program_on_the_sdk_is_recorded_streaming_or_not() -> None:
    with (
        RecordingEndpoint() as endpoint,
        openai.OpenAI(base_url=endpoint.base_url, api_key="sk") as client,
    ):
        whole = client.chat.completions.create(model="any", messages=MESSAGES)
        with client.chat.completions.create(model="any", messages=MESSAGES, stream=True) as chunks:
            pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert whole.choices[0].message.content == "".join(pieces)
    assert endpoint.token in "".join(pieces)
    assert [call.streamed for call in endpoint.calls] == [False, True]


def test_a_program_on_the_responses_api_is_recorded_streaming_or_not() -> None:
    with (
        RecordingEndpoint() as endpoint,
        openai.OpenAI(base_url=endpoint.base_url, api_key="sk") as client,
    ):
        whole = client.responses.create(model="any", input="what is on my list?")
        with client.responses.stream(model="any", input=MESSAGES) as events:
            streamed = events.get_final_response()
    assert whole.output_text == streamed.output_text
    assert endpoint.token in whole.output_text
    assert [call.text for call in endpoint.calls] == [
        "what is on my list?",
        "be brief\nwhat is on my list?",
    ]


def test_a_program_on_the_messages_api_is_recorded() -> None:
    body = {"model": "any", "system": "be brief", "messages": MESSAGES[1:]}
    with RecordingEndpoint() as endpoint:
        reply = post(endpoint, "/messages", body)
        request = urllib.request.Request(
            f"{endpoint.base_url}/messages", json.dumps({**body, "stream": True}).encode()
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            lines = response.read().decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    pieces = [e["delta"]["text"] for e in events if e["type"] == "content_block_delta"]
    assert "".join(pieces) == reply["content"][0]["text"]
    assert endpoint.token in reply["content"][0]["text"]
    assert [call.text for call in endpoint.calls] == ["be brief\nwhat is on my list?"] * 2


def test_a_program_that_wants_json_gets_json() -> None:
    body = {"messages": MESSAGES, "response_format": {"type": "json_object"}}
    with RecordingEndpoint() as endpoint:
        reply = post(endpoint, "/chat/completions", body)
    assert endpoint.token in json.loads(reply["choices"][0]["message"]["content"])["answer"]


def test_a_body_in_chunks_is_read() -> None:
    body = json.dumps({"model": "any", "messages": MESSAGES}).encode()
    with RecordingEndpoint() as endpoint:
        host = endpoint.base_url.removeprefix("http://").removesuffix("/v1")
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.request(
            "POST", "/v1/chat/completions", iter([body[:10], body[10:]]), encode_chunked=True
        )
        reply = json.load(connection.getresponse())
        connection.close()
    assert endpoint.token in reply["choices"][0]["message"]["content"]


def test_each_endpoint_has_a_token_of_its_own() -> None:
    tokens = {RecordingEndpoint().token for _ in range(20)}
    assert len(tokens) == 20


def test_the_list_of_models_is_no_call() -> None:
    with (
        RecordingEndpoint() as endpoint,
        openai.OpenAI(base_url=endpoint.base_url, api_key="sk") as client,
    ):
        assert [model.id for model in client.models.list()] == ["recording-endpoint"]
    assert endpoint.calls == ()


@pytest.mark.parametrize(
    ("path", "body", "status"), [("/chat/completions", b"{", 400), ("/embeddings", b"{}", 404)]
)
def test_what_is_no_request_for_a_reply_is_no_call(path: str, body: bytes, status: int) -> None:
    with RecordingEndpoint() as endpoint:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{endpoint.base_url}{path}", body, timeout=20)
        with caught.value:
            assert caught.value.code == status
    assert endpoint.calls == ()
