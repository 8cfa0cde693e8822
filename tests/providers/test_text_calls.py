import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.message import ToolSpec
from agent.providers.call_reader import WrittenCall
from agent.providers.text_calls import Written, before_calls, written_calls


def tool(name: str, required: tuple[str, ...] = (), **properties: dict[str, Any]) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return ToolSpec(name=name, description="", parameters=schema)


TEXT = {"type": "string"}
TOOLS = (
    tool("read", ("path",), path=TEXT, limit={"type": "integer"}),
    tool("write", ("path", "content"), path=TEXT, content=TEXT),
    tool(
        "todo",
        items={"type": "array", "items": TEXT},
        done={"type": "boolean"},
        share={"type": "number"},
        note={"anyOf": [TEXT, {"type": "null"}]},
        after={"anyOf": [{"type": "integer"}, {"type": "null"}]},
    ),
    tool("list"),
)


def call(name: str, **arguments: object) -> WrittenCall:
    return WrittenCall(name, json.dumps(arguments, ensure_ascii=False))


def found(text: str) -> Written:
    return written_calls(text, TOOLS)


def qwen(name: str, **parameters: str) -> str:
    body = "".join(
        f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in parameters.items()
    )
    return f"<tool_call>\n<function={name}>\n{body}</function>\n</tool_call>"


# A program that ends a call in one of its texts before it begins another one.
PARSER = (
    'END = """</parameter>\n</function>\n</tool_call>"""\n'
    'BEGIN = """<tool_call>\n<function=read>\n<parameter=path>\n"""\nprint(BEGIN)'
)
A_WRITE = qwen("write", path="a.py", content="x = 1\n\nif x:\n    pass")


def test_a_call_in_qwens_xml_is_found_and_the_rest_stays_text() -> None:
    assert found(f"I write it.\n\n{A_WRITE}") == Written(
        "I write it.", (call("write", path="a.py", content="x = 1\n\nif x:\n    pass"),)
    )


def test_several_calls_in_one_text_keep_their_order() -> None:
    text = f"{A_WRITE}\n\nAnd then:\n\n{qwen('read', path='b.py')}\n{qwen('list')}"
    assert found(text) == Written(
        "And then:",
        (
            call("write", path="a.py", content="x = 1\n\nif x:\n    pass"),
            call("read", path="b.py"),
            call("list"),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        qwen("read", path="a.py").removeprefix("<tool_call>\n"),
        qwen("read", path="a.py").removesuffix("\n</tool_call>"),
        qwen("read", path="a.py").replace("</function>\n", ""),
        qwen("read", path="a.py").replace("</parameter>\n", ""),
        qwen("read", path="a.py").replace("</parameter>\n</function>\n", ""),
        qwen("read", path="a.py").replace("\n", ""),
        qwen("read", path="a.py").replace("</function>", "</function>\n</function>"),
        qwen("read", path="a.py").replace("<function=read>", '<function="read">'),
        "<function=read>\n<parameter=path>\na.py\n</parameter>",
    ],
)
def test_a_tag_that_is_missing_or_wrong_does_not_hide_a_call(text: str) -> None:
    assert found(f"Let me look.\n{text}") == Written("Let me look.", (call("read", path="a.py"),))


def test_a_value_without_its_closer_ends_where_the_next_one_begins() -> None:
    text = (
        "<tool_call>\n<function=write>\n<parameter=path>\na.py\n"
        "<parameter=content>\nx = 1\n</function>\n</tool_call>"
    )
    assert found(text).calls == (call("write", path="a.py", content="x = 1"),)


@pytest.mark.parametrize(
    "content",
    [
        'text.split("</parameter>")',
        "a\n</tool_call>\nb",
        "end with </function></tool_call>",
        qwen("read", path="b.py"),
        f"An example:\n{qwen('read', path='b.py')}\nThat is all.",
        f"{qwen('write', path='b', content='c')}\n{qwen('list')}",
        "open = '<parameter=path>'",
        "<tool_call>",
        "<think>\nhm\n</think>",
        '{"name": "read", "arguments": {}}\n</tool_call>',
        '<function name="f">\n<parameter name="x">\n1\n</parameter>\n</function>',
        f"```xml\n{qwen('read', path='b.py')}\n```\nand\n```\n{qwen('list')}\n```",
    ],
)
def test_tags_inside_a_value_are_a_part_of_it(content: str) -> None:
    text = qwen("write", path="a.md", content=content)
    assert found(text) == Written("", (call("write", path="a.md", content=content),))
    followed = f"{text}\n{qwen('read', path='c.py')}"
    assert found(followed).calls == (
        call("write", path="a.md", content=content),
        call("read", path="c.py"),
    )


BOUNDARY = (
    "\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=read>\n<parameter=path>\n"
)


@pytest.mark.parametrize(
    "content",
    [
        "</parameter>\nis how a value ends",
        "</function>",
        "1\n</parameter>\n</function>",
        PARSER,
    ],
)
def test_behind_a_value_with_torn_tags_it_is_not_sure_where_it_ends(content: str) -> None:
    text = qwen("write", path="a.md", content=content)
    assert found(text) == Written("", (call("write", path="a.md", content=content),))
    followed = f"{text}\n{qwen('read', path='c.py')}"
    assert found(followed) == Written(followed, is_unclear=True)


@pytest.mark.parametrize(
    "content",
    [
        f"END = (\n{BOUNDARY}\n)",
        f"data = [{BOUNDARY}]",
        f"def f() {{{BOUNDARY}}}",
        f'TEXT = """{BOUNDARY}"""',
        f"TEXT = '''{BOUNDARY}'''",
        f'TEXT = """{BOUNDARY}',
        f"Between two calls:\n```{BOUNDARY}\n```",
        f'echo "{BOUNDARY}"',
    ],
)
def test_a_value_like_the_end_of_a_call_and_the_beginning_of_another_is_not_cut_there(
    content: str,
) -> None:
    text = f"I write it.\n{qwen('write', path='a.md', content=content)}"
    assert found(text) == Written(text, is_unclear=True)


@pytest.mark.parametrize("content", ["", "x = 1", "a) first\nb) second", "print('it')\n# don't"])
def test_calls_that_are_whole_by_themselves_are_made_side_by_side(content: str) -> None:
    text = f"{qwen('write', path='a', content=content)}\n{qwen('write', path='b', content='[]')}"
    assert found(text).calls == (
        call("write", path="a", content=content),
        call("write", path="b", content="[]"),
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("<tool_call>", "</tool_call>", "<function=read>", "</function>"),
                *("<parameter=path>", "</parameter>", "\n", "x", "<parameter=zz>", "<function=q>"),
            ]
        ),
        max_size=24,
    )
)
def test_whatever_stands_in_a_value_it_is_whole_or_there_is_no_call(pieces: list[str]) -> None:
    content = f"[{''.join(pieces)}]"
    assert found(qwen("write", path="a.md", content=content)).calls in (
        (),
        (call("write", path="a.md", content=content),),
    )


@pytest.mark.parametrize("closer", ["</parameter>", "</function>"])
def test_where_a_closer_is_missing_none_of_the_value_takes_its_place(closer: str) -> None:
    text = qwen("write", path="a.md", content=f"end:\n{closer}\n\n{closer}\n")
    begin = text.rindex(f"{closer}\n")
    assert found(text[:begin] + text[begin + len(closer) + 1 :]).calls == ()


def test_values_follow_the_schema_and_nothing_else() -> None:
    text = qwen(
        "todo",
        items='["1", "2"]',
        done="True",
        share="0.5",
        note="12",
        after="null",
        other="3",
    )
    assert found(text).calls == (
        call("todo", items=["1", "2"], done=True, share=0.5, note="12", after=None, other="3"),
    )


def test_a_value_that_is_not_what_the_schema_wants_stays_text() -> None:
    text = qwen("todo", items="first, second", done="maybe", share="half", after="5.5")
    assert found(text).calls == (
        call("todo", items="first, second", done="maybe", share="half", after="5.5"),
    )


def test_numbers_as_text_stay_text_where_text_is_wanted() -> None:
    assert found(qwen("write", path="7", content="007")).calls == (
        call("write", path="7", content="007"),
    )


def test_a_list_in_pythons_spelling_is_a_list() -> None:
    assert found(qwen("todo", items="['a', 'b']")).calls == (call("todo", items=["a", "b"]),)


def test_line_ends_at_the_edges_of_a_value_are_kept_but_for_the_templates_own() -> None:
    assert found(qwen("write", path="a", content="\n\nx\n")).calls == (
        call("write", path="a", content="\n\nx\n"),
    )


@pytest.mark.parametrize("before", ["", "A call looks like this:\n\n", f"{A_WRITE}\n"])
def test_a_call_that_words_follow_is_only_an_example(before: str) -> None:
    text = f"{before}{A_WRITE}\nThen the file is there."
    assert found(text) == Written(text, is_unclear=True)


@pytest.mark.parametrize("mark", ["<|im_end|>", "</think>"])
def test_a_mark_of_the_models_own_behind_a_call_says_nothing(mark: str) -> None:
    assert found(f"{A_WRITE}\n{mark}").calls == found(A_WRITE).calls


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "read", "arguments": {"path": "a.py"}}\n</tool_call>',
        '<tool_call>{"name": "read", "parameters": {"path": "a.py"}}</tool_call>',
        '<tool_call>\n{"name": "read", "arguments": "{\\"path\\": \\"a.py\\"}"}\n</tool_call>',
        '<tool_call>\n{"name": "read", "arguments": {"path": "a.py"}}',
        '{"name": "read", "arguments": {"path": "a.py"}}\n</tool_call>',
    ],
)
def test_a_call_in_hermes_json_is_found(text: str) -> None:
    assert found(f"Look:\n{text}") == Written("Look:", (call("read", path="a.py"),))


def test_hermes_json_may_hold_closing_tags_and_line_ends() -> None:
    text = (
        '<tool_call>\n{"name": "write", "arguments": {"path": "a", "content": "x\n</tool_call>"}}'
        "\n</tool_call>\n"
    )
    assert found(text + text).calls == (
        call("write", path="a", content="x\n</tool_call>"),
        call("write", path="a", content="x\n</tool_call>"),
    )


def test_json_without_tags_is_a_call_only_for_a_model_that_writes_so() -> None:
    text = '{"name": "read", "arguments": {"path": "a.py"}}'
    assert found(text) == Written(text)
    assert written_calls(text, TOOLS, bare=True).calls == (call("read", path="a.py"),)
    said = f"I answer {text} now."
    assert written_calls(said, TOOLS, bare=True) == Written(said)


@pytest.mark.parametrize(
    "text",
    [
        "I would use <function=read> for that.",
        "The tag <tool_call> opens a call.",
        "No call at all.",
        "",
    ],
)
def test_what_is_no_call_stays_text(text: str) -> None:
    assert found(text) == Written(text)


@pytest.mark.parametrize(
    "text",
    [
        qwen("delete", path="a.py"),
        '<tool_call>\n{"name": "delete", "arguments": {}}\n</tool_call>',
        f"I delete it:\n{qwen('delete', path='a.py')}\n",
        qwen("read", path="a.py").replace("path", "file").replace("<parameter", "<param"),
    ],
)
def test_what_is_written_as_a_call_and_cannot_be_made_is_told(text: str) -> None:
    assert found(text) == Written(text, is_unclear=True)


def test_a_known_call_beside_an_unknown_one_is_made_out() -> None:
    unknown = qwen("delete", path="a.py")
    assert found(f"{unknown}\n{qwen('list')}") == Written(unknown, (call("list"),))


WHOLE = A_WRITE.rindex("</parameter>") + len("</parameter>")


@pytest.mark.parametrize("length", range(len("<tool_call>"), WHOLE))
def test_a_call_that_does_not_end_is_no_call_wherever_it_breaks_off(length: int) -> None:
    text = A_WRITE[:length]
    assert found(text) == Written(text, is_cut=True)


@pytest.mark.parametrize("length", range(WHOLE, len(A_WRITE)))
def test_a_call_with_every_value_whole_is_taken_or_told_as_cut(length: int) -> None:
    text = A_WRITE[:length]
    whole = found(A_WRITE)
    assert found(text) in (whole, Written(text, is_cut=True))


@pytest.mark.parametrize(
    "content",
    [
        'text.split("</parameter>")\nprint(1)',
        "x = 1\n\nclose = '</function>'\nprint(1)",
        'end = "</parameter></function></tool_call>"\nprint(1)',
        f"An example:\n{qwen('read', path='b.py')}\nThat is all.",
        f"```xml\n{qwen('write', path='b', content='c')}\n```\nThat is all.",
        PARSER,
        f"{PARSER}\n```\n{qwen('read', path='b.py')}\n```\n",
    ],
)
def test_a_value_with_tags_that_is_cut_is_never_taken_for_a_shorter_one(content: str) -> None:
    text = qwen("write", path="a.md", content=content)
    whole = (call("write", path="a.md", content=content),)
    assert found(text).calls == whole
    for length in range(text.index("content>"), len(text)):
        assert found(text[:length]).calls in ((), whole), text[:length]


@pytest.mark.parametrize(
    "text",
    [
        A_WRITE[: A_WRITE.index("if x")],
        f"{qwen('list')}\n{A_WRITE[: A_WRITE.index('if x')]}",
        '<tool_call>\n{"name": "write", "arguments": {"path": "a", "content": "x',
        "I write it.\n<tool_call>\n<function=wri",
        "I write it.\n<tool_call>",
    ],
)
def test_an_unclosed_call_is_told_as_cut_and_nothing_of_the_text_is_made(text: str) -> None:
    assert found(text) == Written(text, is_cut=True)


EXAMPLES = (
    qwen("read", path="b.py"),
    qwen("read", path="b.py").removeprefix("<tool_call>\n"),
    '<tool_call>\n{"name": "read", "arguments": {"path": "b.py"}}\n</tool_call>',
    '{"name": "read", "arguments": {"path": "b.py"}}\n</tool_call>',
)


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("A call looks like this:\n\n```\n", "\n```\nThen the file is read."),
        ("A call looks like this:\n\n```xml\n", "\n```"),
        ("A call looks like this:\n\n~~~~\n```\n", "\n~~~~\n"),
        ("- as in\n  ```xml\n", "\n  ```\n- and so on"),
        ("```\nx = 1\n```\n\n````markdown\n```\n", "\n```\n````\n"),
        ("```\nThe block has no end.\n", ""),
        ("I parse it with `", "`."),
        ("I parse it with ``", "``."),
        ('text = """', '"""'),
        ("> ", ""),
    ],
)
@pytest.mark.parametrize("bare", [False, True])
def test_a_call_that_is_only_shown_is_not_made(
    before: str, behind: str, example: str, bare: bool
) -> None:
    if before.endswith(("`", "> ")):
        example = example.replace("\n", "")
    text = f"{before}{example}{behind}"
    assert written_calls(text, TOOLS, bare=bare) == Written(text)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_call_behind_one_that_is_only_shown_is_made(example: str) -> None:
    shown = f"It looks like `<tool_call>`:\n```xml\n{example}\n```"
    assert found(f"{shown}\n\n{A_WRITE}") == Written(shown, found(A_WRITE).calls)


@pytest.mark.parametrize("example", [*EXAMPLES[:3], EXAMPLES[3].removesuffix("\n</tool_call>")])
def test_a_text_that_is_one_code_block_is_a_call_for_a_model_that_writes_so(example: str) -> None:
    text = f"```json\n{example}\n```\n"
    assert found(text) == Written(text)
    assert written_calls(text, TOOLS, bare=True) == Written("", (call("read", path="b.py"),))


def test_a_call_may_follow_words_on_their_line() -> None:
    assert found(f"Let me look.{qwen('read', path='a.py')}") == Written(
        "Let me look.", (call("read", path="a.py"),)
    )


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (f"I write it.\n\n{A_WRITE[:60]}", "I write it."),
        (f"I write it.\n{A_WRITE}\n{A_WRITE[:60]}", "I write it."),
        (f"{A_WRITE}\nDone, I", ""),
        ("I write it.\n<tool_call>\n<func", "I write it."),
        ("I write it.\n<function=wri", "I write it."),
        ('I write it.\n<tool_call>\n{"name": "write", "arguments": {"path": "a', "I write it."),
        (f"```xml\n{qwen('list')}\n```\nI wri", f"```xml\n{qwen('list')}\n```\nI wri"),
        (f"{qwen('delete', path='a')}\nI wri", f"{qwen('delete', path='a')}\nI wri"),
        ("I write", "I write"),
    ],
)
def test_of_a_cut_text_only_what_stands_before_the_first_call_is_left(
    text: str, before: str
) -> None:
    assert before_calls(text, TOOLS) == before


def test_a_cut_call_without_tags_leaves_nothing_of_a_model_that_writes_so() -> None:
    text = '{"name": "write", "arguments": {"path": "a'
    assert before_calls(text, TOOLS) == text
    assert before_calls(text, TOOLS, bare=True) == ""


def test_a_call_inside_a_thought_counts_when_nothing_follows() -> None:
    thought = f"<think>\nI look.\n{qwen('list')}\n</think>\n"
    assert found(thought) == Written("<think>I look.</think>", (call("list"),))


def test_a_call_inside_a_thought_is_a_draft_when_something_follows() -> None:
    thought = f"<think>\n{qwen('list')}\n</think>\n"
    assert found(f"{thought}All is done.") == Written(f"{thought}All is done.")
    assert found(thought + qwen("read", path="a")).calls == (call("read", path="a"),)


def test_a_call_inside_a_thought_may_speak_of_thoughts() -> None:
    write = qwen("write", path="a.md", content="the tag </think> ends a thought")
    assert found(f"<think>\n{write}\n</think>").calls == (
        call("write", path="a.md", content="the tag </think> ends a thought"),
    )


def test_a_text_full_of_tags_takes_no_time_and_is_left_alone_beyond_a_bound() -> None:
    content = "</parameter>\n</function>\n"
    many = qwen("write", path="a", content=content * 1_100)
    assert found(many) == Written(many, is_unclear=True)
    some = content * 900
    assert found(qwen("write", path="a", content=some)).calls == (
        call("write", path="a", content=some),
    )
    mixed = qwen("write", path="a", content=f"{content}<parameter=path>\n" * 600)
    assert len(found(mixed).calls) <= 1


def test_without_tools_nothing_is_a_call() -> None:
    assert written_calls(A_WRITE, ()) == Written(A_WRITE)
