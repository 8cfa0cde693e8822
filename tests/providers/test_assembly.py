from typing import Any

import pytest

from agent.domain.message import (
    Completion,
    Message,
    ModelRequest,
    ReasoningPart,
    SessionKey,
    StopReason,
    TextPart,
    ToolCall,
    ToolSpec,
    Usage,
    text_message,
)
from agent.domain.profile import Profile
from agent.providers.assembly import ChatAssembler

Json = dict[str, Any]
PROFILE = Profile(name="test", base_url="http://127.0.0.1/v1", model="asked-for")
LIST = {"type": "array", "items": {"type": "string"}}
READ = ToolSpec(
    name="read",
    description="",
    parameters={"properties": {"path": {"type": "string"}, "parts": LIST}},
)
READ_LINES = READ.model_copy(update={"name": "read_lines"})
WRITE = ToolSpec(
    name="write",
    description="",
    parameters={
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
    },
)


def assembler(turn: int = 3) -> ChatAssembler:
    request = ModelRequest(
        messages=(text_message("user", "go"),),
        tools=(READ, READ_LINES, WRITE),
        max_output_tokens=512,
        session=SessionKey(role="executor", subject="T01"),
        turn=turn,
    )
    return ChatAssembler(request, PROFILE)


def delta(finish_reason: str | None = None, **fields: object) -> Json:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def piece(arguments: object = None, **entry: object) -> Json:
    """A chunk with one piece of a call; `name` goes where the dialect has it."""
    function: Json = {} if arguments is None else {"arguments": arguments}
    if "name" in entry:
        function["name"] = entry.pop("name")
    return delta(tool_calls=[{**entry, "function": function}])


def assembled(*chunks: Json, turn: int = 3) -> Completion:
    reply = assembler(turn)
    for chunk in chunks:
        reply.feed(chunk)
    return reply.completion()


def calls(*chunks: Json) -> list[tuple[str, str, str]]:
    found = assembled(*chunks).message.tool_calls
    return [(call.call_id, call.name, call.arguments) for call in found]


def test_text_is_told_piece_by_piece_and_returned_whole() -> None:
    reply = assembler()
    chunks = (delta(role="assistant", content=""), delta(content="Hel"), delta(content="lo"))
    assert [reply.feed(chunk) for chunk in chunks] == ["", "Hel", "lo"]
    reply.feed({"model": "m-1", **delta("stop")})
    reply.feed({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})
    assert reply.completion() == Completion(
        message=Message(role="assistant", parts=(TextPart(text="Hello"),)),
        stop_reason="end_turn",
        usage=Usage(input_tokens=9, output_tokens=2),
        model="m-1",
    )


def test_arguments_in_pieces_are_joined() -> None:
    assert calls(
        piece("", index=0, id="a", name="read", type="function"),
        piece('{"path"', index=0),
        piece(': "x"}', index=0),
    ) == [("a", "read", '{"path": "x"}')]


def test_a_call_in_one_delta_is_taken() -> None:
    assert calls(piece("{}", index=0, id="e0ecf32e0", name="list")) == [("e0ecf32e0", "list", "{}")]


def test_empty_ids_in_later_pieces_change_nothing() -> None:
    assert calls(
        piece("", index=0, id="a", name="read"),
        piece('{"x": ', index=0, id=""),
        piece("1}", index=0, id=None),
    ) == [("a", "read", '{"x": 1}')]


def test_calls_without_index_are_told_apart_by_id() -> None:
    assert calls(
        piece('{"n": ', id="a", name="read"),
        piece('{"n": 2}', id="b", name="read"),
        piece("1}", id="a"),
    ) == [("a", "read", '{"n": 1}'), ("b", "read", '{"n": 2}')]


def test_without_index_and_id_a_piece_continues_the_last_call() -> None:
    assert calls(piece('{"n"', name="read"), piece(": 1}")) == [("call_3_0", "read", '{"n": 1}')]


def test_without_index_and_id_a_repeated_name_continues_an_unfinished_call() -> None:
    assert calls(piece('{"n"', name="read"), piece(": 1}", name="read")) == [
        ("call_3_0", "read", '{"n": 1}')
    ]


def test_without_index_and_id_a_name_after_whole_arguments_begins_a_call() -> None:
    assert calls(piece('{"n": 1}', name="read"), piece('{"n": 2}', name="read")) == [
        ("call_3_0", "read", '{"n": 1}'),
        ("call_3_1", "read", '{"n": 2}'),
    ]


def test_a_name_repeated_in_each_piece_is_taken_once() -> None:
    assert calls(
        piece('{"n"', index=0, id="a", name="read"),
        piece(": 1}", index=0, id="a", name="read"),
    ) == [("a", "read", '{"n": 1}')]


def test_arguments_given_as_an_object_become_text() -> None:
    assert calls(piece({"path": "x"}, index=0, id="a", name="read")) == [
        ("a", "read", '{"path": "x"}')
    ]


def test_a_call_without_arguments_gets_an_empty_object() -> None:
    assert calls(piece(index=0, id="a", name="list")) == [("a", "list", "{}")]


def test_interleaved_calls_are_kept_apart() -> None:
    assert calls(
        piece("", index=0, id="a", name="read"),
        piece("", index=1, id="b", name="list"),
        piece('{"x":', index=0),
        piece('{"y":', index=1),
        piece("1}", index=0),
        piece("2}", index=1),
    ) == [("a", "read", '{"x":1}'), ("b", "list", '{"y":2}')]


def test_two_entries_of_one_index_in_one_chunk_are_one_call() -> None:
    entries = [
        {"index": 0, "id": "a", "function": {"name": "read"}},
        {"index": 0, "function": {"arguments": "{}"}},
    ]
    assert calls(delta(tool_calls=entries)) == [("a", "read", "{}")]


def test_another_id_and_name_on_a_taken_index_is_another_call() -> None:
    assert calls(
        piece('{"x":1}', index=0, id="a", name="read"),
        piece('{"y":2}', index=0, id="b", name="list"),
    ) == [("a", "read", '{"x":1}'), ("b", "list", '{"y":2}')]


def test_calls_are_in_the_order_of_their_indexes_whichever_came_first() -> None:
    assert calls(
        piece('{"x":1}', index=1, id="b", name="list"),
        piece('{"y":2}', index=0, id="a", name="read"),
    ) == [("a", "read", '{"y":2}'), ("b", "list", '{"x":1}')]


def test_an_index_may_be_written_as_text() -> None:
    assert calls(
        piece('{"path":', index="0", id="a", name="read"),
        piece('{"path":', index="1", id="b", name="read"),
        piece('"x"}', index="0"),
        piece('"y"}', index="1"),
    ) == [("a", "read", '{"path":"x"}'), ("b", "read", '{"path":"y"}')]


@pytest.mark.parametrize("entry", [{"index": 0}, {}])
def test_a_name_in_pieces_is_joined_where_a_tool_is_called_so(entry: Json) -> None:
    assert calls(
        piece("", **entry, id="a", name="wr"),
        piece(**entry, name="ite"),
        piece('{"path": "x"}', **entry),
    ) == [("a", "write", '{"path": "x"}')]
    named_again = (piece("", **entry, id="a", name="read"), piece("{}", **entry, name="_lines"))
    assert calls(*named_again)[0][:2] == ("a", "read")


def test_calls_on_one_index_without_ids_are_told_apart_by_their_ends() -> None:
    assert calls(
        piece('{"path": "x"}', index=0, name="read"),
        piece('{"path": "y"}', index=0, name="read"),
        piece("", index=0, name="read"),
        piece('{"path":', index=0),
        piece(' "z"}', index=0),
        piece("", index=0, name="list"),
        piece("{}", index=0),
    ) == [
        ("call_3_0", "read", '{"path": "x"}'),
        ("call_3_1", "read", '{"path": "y"}'),
        ("call_3_2", "read", '{"path": "z"}'),
        ("call_3_3", "list", "{}"),
    ]


def test_pieces_with_ids_on_one_index_belong_to_their_ids() -> None:
    assert calls(
        piece('{"path":', index=0, id="a", name="read"),
        piece('{"path":', index=0, id="b", name="read"),
        piece('"x"}', index=0, id="a"),
        piece('"y"}', index=0, id="b"),
    ) == [("a", "read", '{"path":"x"}'), ("b", "read", '{"path":"y"}')]


@pytest.mark.parametrize("entry", [{"index": 0}, {}])
def test_words_behind_the_arguments_are_no_part_of_them(entry: Json) -> None:
    assert calls(
        piece('{"path": "x"}', **entry, id="a", name="read"),
        piece("\n\nThat is the call.", **entry),
        piece("Really.", **entry, name="read"),
    ) == [("a", "read", '{"path": "x"}')]


@pytest.mark.parametrize(
    "chunks",
    [
        # Two calls, then their pieces, with nothing that says whose they are.
        (piece('{"path": "x", "content": "y"}'), piece('{"path": "z"}')),
        (piece('{"path": "z"}'), piece('{"path": "x", "content": "y"}')),
        (piece('{"path": "x", '), piece('{"path"'), piece('"content": "y"}'), piece(': "z"}')),
        (piece('{"path": "x", "content": "y"}'),),
        # On the same index.
        (piece('{"path": "x", "content": "y"}', index=0), piece('{"path": "z"}', index=0)),
    ],
)
def test_pieces_that_do_not_say_their_call_are_never_given_to_another(
    chunks: tuple[Json, ...],
) -> None:
    index = {"index": 0} if "index" in str(chunks) else {}
    heads = (piece("", **index, id="a", name="write"), piece("", **index, id="b", name="read"))
    with pytest.raises(ValueError, match="do not say which call they belong to"):
        assembled(*heads, *chunks, delta("stop"))


def test_a_call_without_arguments_may_stand_beside_others_in_a_stream_without_indexes() -> None:
    assert calls(
        piece("", id="a", name="read"),
        piece("", id="b", name="write"),
        piece('{"path": "x",'),
        piece('"content": "y"}'),
    ) == [("a", "read", "{}"), ("b", "write", '{"path": "x","content": "y"}')]


def test_a_call_without_the_object_around_its_name_is_taken() -> None:
    entry = {"index": 0, "id": "a", "name": "read", "arguments": {"path": "x"}}
    assert calls(delta(tool_calls=[entry])) == [("a", "read", '{"path": "x"}')]


def test_a_call_sent_again_is_one_call() -> None:
    again = piece('{"x":1}', index=0, id="a", name="read")
    elsewhere = piece('{"x":1}', index=1, id="a", name="read")
    assert calls(again, again, elsewhere) == [("a", "read", '{"x":1}')]


def test_different_calls_with_one_id_get_different_ids() -> None:
    assert calls(
        piece('{"x":1}', index=0, id="a", name="read"),
        piece('{"x":2}', index=1, id="a", name="read"),
    ) == [("a", "read", '{"x":1}'), ("call_3_1", "read", '{"x":2}')]


def test_an_empty_entry_is_no_call() -> None:
    assert calls(delta(tool_calls=[{"index": 0}]), delta("stop", content="ok")) == []


def test_what_a_server_adds_to_a_call_is_kept_for_it() -> None:
    extra = {"extra_content": {"signature": "xyz"}}
    completion = assembled(piece("{}", index=0, id="a", name="read", **extra))
    assert completion.message.parts == (
        ToolCall(call_id="a", name="read", arguments="{}", provider_data={"openai_chat": extra}),
    )


def test_a_message_instead_of_a_delta_is_taken() -> None:
    message = {"role": "assistant", "content": "whole", "tool_calls": None}
    chunk = {"choices": [{"message": message, "finish_reason": "stop"}]}
    assert assembled(chunk).message.text == "whole"


def test_a_message_behind_deltas_adds_only_what_is_new() -> None:
    told = {"role": "assistant", "content": "Hello you", "reasoning": "hm"}
    again = {"id": "a", "function": {"name": "read", "arguments": '{"path": "x"}'}}
    reply = assembler()
    reply.feed(delta(content="Hello", reasoning="hm"))
    reply.feed(piece('{"path": "x"}', index=0, id="a", name="read"))
    message = {**told, "tool_calls": [again]}
    assert reply.feed({"choices": [{"message": message, "finish_reason": "stop"}]}) == " you"
    found = reply.completion().message
    assert (found.text, len(found.tool_calls)) == ("Hello you", 1)


@pytest.mark.parametrize("ids", [True, False])
def test_calls_said_again_in_a_message_are_made_once_and_its_arguments_are_whole(
    ids: bool,
) -> None:
    def name(call_id: str) -> Json:
        return {"id": call_id} if ids else {}

    function = {"name": "read", "arguments": '{"path": "x"}'}
    again = [{**name("a"), "function": function}, {**name("b"), "function": function}]
    message = {"content": None, "tool_calls": again}
    found = calls(
        piece('{"path": "x"}', index=0, **name("a"), name="read"),
        piece('{"path"', index=1, **name("b"), name="read"),
        {"choices": [{"message": message, "finish_reason": "tool_calls"}]},
    )
    assert [(call, arguments) for _, call, arguments in found] == [("read", '{"path": "x"}')] * 2


@pytest.mark.parametrize("opening", [(), (delta(role="assistant", content=""),)])
def test_messages_instead_of_deltas_are_pieces_even_when_they_are_alike(
    opening: tuple[Json, ...],
) -> None:
    pieces = [{"choices": [{"message": {"content": text}}]} for text in ("ha", "ha", "\n", "ha")]
    assert assembled(*opening, *pieces, delta("stop")).message.text == "haha\nha"


def test_a_long_message_that_says_everything_again_adds_nothing() -> None:
    said = "All of this has been said before, in pieces."
    message = {"choices": [{"message": {"content": said}}]}
    pieces = (delta(content=said[:9]), delta(content=said[9:]))
    assert assembled(*pieces, message, delta("stop")).message.text == said


def test_only_the_first_choice_counts() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": "length"}]}
    assert assembled(other, delta(content="one"), other, delta("stop")) == assembled(
        delta(content="one"), delta("stop")
    )


def test_a_reply_that_was_cut_stays_so_whatever_reason_follows() -> None:
    chunks = (delta(content="half"), delta("length"), delta("stop"))
    assert assembled(*chunks).stop_reason == "max_tokens"


def test_a_call_written_as_text_is_made_when_no_other_came() -> None:
    written = '<tool_call>\n{"name": "read", "arguments": {"path": "x"}}\n</tool_call>'
    completion = assembled(delta(content="Look:\n"), delta(content=written), delta("stop"))
    assert completion.message.parts == (
        TextPart(text="Look:"),
        ToolCall(call_id="call_3_0", name="read", arguments='{"path": "x"}'),
    )
    assert completion.stop_reason == "tool_calls"
    native = piece('{"path": "y"}', index=0, id="a", name="read")
    assert calls(delta(content=written), native) == [("a", "read", '{"path": "y"}')]


@pytest.mark.parametrize("behind", ["", "\nThat is how it looks."])
def test_an_unclear_call_in_a_text_is_neither_made_nor_passed_over(behind: str) -> None:
    name = "read" if behind else "delete"
    text = f"Look:\n<function={name}>\n<parameter=path>\nx\n</parameter>\n</function>{behind}"
    completion = assembled(delta(content=text), delta("stop"))
    assert completion.message.parts == (TextPart(text=text),)
    assert completion.stop_reason == "unclear_call"
    with pytest.raises(ValueError, match="neither text nor a tool call"):
        assembled(delta(reasoning=text), delta("stop"))


def test_a_call_in_the_reasoning_is_made_only_when_nothing_else_was_said() -> None:
    written = "<function=read>\n<parameter=path>\nx\n</parameter>\n</function>"
    alone = assembled(delta(reasoning=f"I read.\n{written}"), delta(content="\n"), delta("stop"))
    assert [call.arguments for call in alone.message.tool_calls] == ['{"path": "x"}']
    beside = assembled(delta(reasoning=written), delta("stop", content="No, I am done."))
    assert (beside.message.tool_calls, beside.stop_reason) == ((), "end_turn")


@pytest.mark.parametrize("finish_reason", ["stop", "length"])
@pytest.mark.parametrize(
    "half",
    [
        "<tool_call>\n<function=read>\n<parameter=path>\na",
        "<function=read>\n<parameter=path>\na",
        '<tool_call>\n{"name": "read", "arguments": {"path": "a',
        "<tool_call>\n<function=re",
    ],
)
def test_of_a_written_call_that_was_cut_nothing_is_left_but_the_words_before_it(
    half: str, finish_reason: str
) -> None:
    completion = assembled(delta(content=f"I read a.\n{half}"), delta(finish_reason))
    assert completion.message.parts == (TextPart(text="I read a."),)
    assert completion.stop_reason == "max_tokens"
    alone = assembled(delta(content=half, reasoning="hm"), delta(finish_reason)).message
    assert [type(part) for part in alone.parts] == [ReasoningPart]


def test_a_whole_written_call_in_a_cut_reply_is_not_made() -> None:
    whole = "<function=read>\n<parameter=path>\na\n</parameter>\n</function>"
    completion = assembled(delta("length", content=f"I read.\n{whole}\nAnd the"))
    assert (completion.message.text, completion.stop_reason) == ("I read.", "max_tokens")


def test_words_that_were_cut_stay_as_they_came() -> None:
    assert assembled(delta("length", content="I read \n")).message.text == "I read \n"


FULL: Json = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 512}}
WRITTEN = "<function=read>\n<parameter=path>\na\n</parameter>\n</function>"


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        (piece('{"path": "a', index=0, id="a", name="read"), "max_tokens"),
        (piece('{"path": "a"}', index=0, id="a", name="read"), "tool_calls"),
        (delta(content=WRITTEN), "max_tokens"),
        (delta(content="Done."), "end_turn"),
    ],
)
def test_a_reply_that_used_its_whole_reservation_is_cut_where_its_call_may_be(
    chunk: Json, expected: StopReason
) -> None:
    assert assembled(chunk, delta("stop"), FULL).stop_reason == expected
    thought = {"completion_tokens_details": {"reasoning_tokens": 300}}
    counted = {**FULL, "usage": {**FULL["usage"], **thought}}
    assert assembled(chunk, delta("stop"), counted).stop_reason != "max_tokens"


def test_a_refused_reply_has_no_calls() -> None:
    call = piece('{"path": "a"}', index=0, id="a", name="read")
    completion = assembled(delta(content="I"), call, delta("content_filter"))
    assert completion.message.parts == (TextPart(text="I"),)
    assert completion.stop_reason == "refusal"


def test_characters_that_came_in_halves_are_whole() -> None:
    completion = assembled(
        delta(content="a\ud83d"),
        delta(content="\ude00b \ud83d"),
        piece('{"path": "\ud83d', index=0, id="a", name="read", extra_content={"x": "\ude00"}),
        piece('\ude00"}', index=0),
        delta("stop"),
    )
    assert completion.message.parts == (
        TextPart(text="a😀b \ufffd"),
        ToolCall(
            call_id="a",
            name="read",
            arguments='{"path": "😀"}',
            provider_data={"openai_chat": {"extra_content": {"x": "\ufffd"}}},
        ),
    )


def test_arguments_are_repaired_by_the_tools_schema() -> None:
    assert calls(
        piece('{"parts": "[\\"a\\"]", "path": "[1]"}', index=0, id="a", name="read"),
        piece('{"parts": "[\\"a\\"]"}', index=1, id="b", name="unknown"),
        delta("stop"),
    ) == [
        ("a", "read", '{"parts": ["a"], "path": "[1]"}'),
        ("b", "unknown", '{"parts": "[\\"a\\"]"}'),
    ]


def test_arguments_of_a_cut_reply_stay_as_they_came() -> None:
    arguments = '{"parts": "[\\"a\\"]"}'
    assert calls(piece(arguments, index=0, id="a", name="read"), delta("length")) == [
        ("a", "read", arguments)
    ]


@pytest.mark.parametrize("text", [None, "", " \n"])
@pytest.mark.parametrize("finish_reason", ["stop", "tool_calls"])
def test_a_reply_of_nothing_is_a_value_error(text: str | None, finish_reason: str) -> None:
    with pytest.raises(ValueError, match="neither text nor a tool call"):
        assembled(delta(content=text, reasoning="hm"), delta(finish_reason))


def test_a_reply_that_was_cut_before_it_said_anything_is_a_cut_reply() -> None:
    assert assembled(delta(reasoning="hm"), delta("length")).stop_reason == "max_tokens"


def test_ids_and_finish_reasons_that_are_numbers_are_names_all_the_same() -> None:
    assert calls(piece("{}", index=0, id=7, name="read")) == [("7", "read", "{}")]


def test_null_fields_and_missing_choices_are_passed_over() -> None:
    empty = {"role": None, "content": None, "tool_calls": None, "refusal": None}
    completion = assembled(
        {"choices": None, "usage": None},
        {"choices": [{"index": 0, "delta": None, "finish_reason": None}]},
        delta(**empty),
        delta("stop", content="ok"),
    )
    assert completion.message.parts == (TextPart(text="ok"),)


def test_content_as_a_list_of_parts_is_text() -> None:
    assert assembled(delta(content=[{"type": "text", "text": "a"}])).message.text == "a"


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_reasoning_stands_before_the_text(field: str) -> None:
    completion = assembled(delta(**{field: "let "}), delta(**{field: "me"}), delta(content="ok"))
    origin = {"openai_chat": {"field": field}}
    assert completion.message.parts == (
        ReasoningPart(text="let me", provider_data=origin),
        TextPart(text="ok"),
    )


def test_the_largest_count_holds_wherever_and_however_often_it_stands() -> None:
    early = {**delta(content="a"), "usage": {"prompt_tokens": 10, "completion_tokens": 1}}
    final = {
        **delta("stop"),
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 7.0,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }
    late: Json = {"choices": [], "usage": None}
    less: Json = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 7}}
    assert assembled(early, final, late, less).usage == Usage(
        input_tokens=10, output_tokens=7, cached_tokens=4, reasoning_tokens=2
    )


def test_usage_of_groq_is_found() -> None:
    chunk = {
        **delta("stop", content="ok"),
        "x_groq": {"usage": {"prompt_tokens": 5, "completion_tokens": 6}},
    }
    assert assembled(chunk).usage == Usage(input_tokens=5, output_tokens=6)


def test_a_reply_that_nobody_counted_has_zeros() -> None:
    assert assembled(delta("stop", content="ok")).usage == Usage()


@pytest.mark.parametrize(
    ("finish_reason", "has_call", "expected"),
    [
        ("stop", False, "end_turn"),
        ("stop", True, "tool_calls"),
        ("tool_calls", False, "end_turn"),
        ("tool_calls", True, "tool_calls"),
        ("length", False, "max_tokens"),
        ("length", True, "max_tokens"),
        ("content_filter", False, "refusal"),
        ("eos", False, "end_turn"),
    ],
)
def test_content_decides_where_the_finish_reason_contradicts_it(
    finish_reason: str, has_call: bool, expected: StopReason
) -> None:
    before = [piece("{}", index=0, id="a", name="read")] if has_call else [delta(content="ok")]
    assert assembled(*before, delta(finish_reason)).stop_reason == expected


def test_a_refusal_is_text_and_the_reason_to_stop() -> None:
    completion = assembled(delta(refusal="I cannot"), delta("stop"))
    assert (completion.message.text, completion.stop_reason) == ("I cannot", "refusal")


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": "none"},
        {"choices": ["text"]},
        {"choices": [{"delta": "text"}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"tool_calls": ["read"]}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": "read"}]}}]},
        {"choices": [], "usage": [1]},
        {"choices": [], "usage": {"prompt_tokens": "many"}},
        {"choices": [], "usage": {"prompt_tokens": -1}},
        {"choices": [{"delta": {"tool_calls": 5}}]},
        {"choices": [{"delta": {"tool_calls": [{"id": ["a"], "function": {"name": "x"}}]}}]},
        {"choices": [{"delta": {"content": [{"text": 5}]}}]},
        {"choices": [{"delta": {"content": "ok"}, "finish_reason": {}}, 5]},
        {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "{}"}}]}}]},
    ],
)
def test_what_the_dialect_does_not_know_is_a_value_error(chunk: Json) -> None:
    with pytest.raises(ValueError, match=r"."):
        assembled(chunk)
