import json
from typing import Any

import pytest

from agent.domain.message import ModelRequest, SessionKey, text_message
from agent.domain.profile import Profile
from agent.errors import ContextOverflow, MalformedReply, RateLimited, Unavailable
from agent.providers.assembly import ChatAssembler
from agent.providers.event_stream import DataLines, StreamedReply

PROFILE = Profile(name="test", base_url="http://127.0.0.1/v1", model="m")
REQUEST = ModelRequest(
    messages=(text_message("user", "go"),),
    tools=(),
    max_output_tokens=512,
    session=SessionKey(role="executor", subject="T01"),
    turn=0,
)


def new_reply() -> StreamedReply:
    return StreamedReply(PROFILE, ChatAssembler(REQUEST, PROFILE))


def event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def text(content: str, finish_reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content}, "finish_reason": finish_reason}]}


def read(*data: bytes) -> StreamedReply:
    reply = new_reply()
    for part in data:
        reply.feed(part)
    reply.end()
    return reply


def test_lines_are_found_however_the_bytes_are_cut() -> None:
    body = b': comment\r\ndata: {"a": 1}\r\n\r\nevent: x\ndata:two\n\ndata: last'
    for size in range(1, len(body)):
        lines = DataLines()
        parts = [body[i : i + size] for i in range(0, len(body), size)]
        found = [payload for part in parts for payload in lines.feed(part)] + lines.end()
        assert found == ['{"a": 1}', "two", "last"]


def test_line_separators_inside_text_do_not_cut_a_line() -> None:
    content = "a\u2028b\u0085c\x0cd"
    assert read(event(text(content, "stop"))).completion().message.text == content


def test_a_stream_that_ends_without_a_word_is_broken_off() -> None:
    with pytest.raises(Unavailable, match="broke the reply off"):
        read(event(text("half"))).completion()


def test_a_finish_reason_or_the_done_mark_ends_a_stream() -> None:
    finished = read(event(text("a", "stop")))
    marked = read(event(text("a")), b"data: [DONE]\n\n")
    assert finished.completion() == marked.completion()
    assert (finished.done, marked.done) == (False, True)


def test_a_reply_in_one_piece_is_taken() -> None:
    message = {"role": "assistant", "content": "whole"}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}, indent=2)
    reply = new_reply()
    assert (reply.feed(body.encode()), reply.end()) == ([], ["whole"])
    assert reply.completion().message.text == "whole"


def test_a_web_page_is_a_malformed_reply() -> None:
    with pytest.raises(MalformedReply, match=r"begins with '<html>.*OPENAI_BASE_URL"):
        read(b"<html>\n<body>welcome</body>")


def test_an_empty_body_is_a_malformed_reply() -> None:
    with pytest.raises(MalformedReply, match="it is empty"):
        read()


@pytest.mark.parametrize("line", [b"data: {broken\n\n", b"data: [1]\n\n", b"data: \xff\n\n"])
def test_a_line_that_is_no_json_object_is_a_malformed_reply(line: bytes) -> None:
    with pytest.raises(MalformedReply):
        read(line)


def test_a_finish_reason_of_error_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="ended the reply with an error"):
        read(event(text("", "error"))).completion()


def test_a_mark_of_the_byte_order_hides_nothing() -> None:
    assert read(b"\xef\xbb\xbf" + event(text("a", "stop"))).completion().message.text == "a"
    body = {"choices": [{"message": {"content": "b"}, "finish_reason": "stop"}]}
    whole = read(b"\xef\xbb\xbf" + json.dumps(body).encode())
    assert whole.completion().message.text == "b"


def test_halves_of_a_character_are_told_as_one() -> None:
    halves = [
        b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % half
        for half in (rb"a\ud83d", rb"\ude00b", rb"\ude00", rb"\ud83d")
    ]
    reply = new_reply()
    assert [reply.feed(half) for half in halves] == [["a"], ["😀b"], ["\ufffd"], []]


@pytest.mark.parametrize(
    "body",
    [
        event(text("half"))[:-9],
        event(text("a")) + event(text("half"))[:-9],
        event(text("a")) + b"data: ",
        # The reason to stop came early, and what followed may go on.
        event(text("a", "stop")) + event(text("b")),
        event(text("a", "stop")) + event(text("b"))[:-9],
    ],
)
def test_a_stream_that_ends_in_the_middle_is_broken_off(body: bytes) -> None:
    with pytest.raises(Unavailable, match="broke the reply off"):
        read(body).completion()


def test_a_reply_longer_than_its_bound_is_given_up() -> None:
    piece = event(text("a" * 100))
    reply = StreamedReply(PROFILE, ChatAssembler(REQUEST, PROFILE), largest_bytes=3 * len(piece))
    for _ in range(3):
        reply.feed(piece)
    with pytest.raises(Unavailable, match=f"its reply is longer than {3 * len(piece)} bytes"):
        reply.feed(b"\n")


@pytest.mark.parametrize(
    ("chunk", "pieces"),
    [
        (text("a"), 1),
        (text("", "stop"), 1),
        ({"choices": [{"delta": {"reasoning": "hm"}}]}, 1),
        ({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}, 1),
        ({"choices": [{"message": {"content": "a"}}]}, 1),
        (text(""), 0),
        ({"choices": [{"delta": {"role": "assistant", "content": None}}]}, 0),
        ({"choices": []}, 0),
        ({"choices": [], "usage": {"completion_tokens": 5}}, 0),
    ],
)
def test_only_what_adds_to_the_reply_is_a_sign_that_it_goes_on(
    chunk: dict[str, Any], pieces: int
) -> None:
    reply = new_reply()
    reply.feed(event(chunk))
    assert reply.pieces == pieces


def test_an_error_in_the_stream_is_triaged_by_its_status() -> None:
    error = {"message": "Tokens per minute limit exceeded", "code": "token_quota_exceeded"}
    with pytest.raises(RateLimited, match="HTTP 429: Tokens per minute"):
        read(event(text("a")), event({"error": error, "status_code": 429}))


def test_an_error_in_the_stream_without_status_is_triaged_by_its_words() -> None:
    error = {"message": "Please reduce", "type": "x", "code": "context_length_exceeded"}
    with pytest.raises(ContextOverflow):
        read(event(error))


def test_an_error_beside_choices_is_an_error() -> None:
    chunk = {**text("", "error"), "error": {"code": 502, "message": "Upstream went away"}}
    with pytest.raises(Unavailable, match="Upstream went away"):
        read(event(chunk))
