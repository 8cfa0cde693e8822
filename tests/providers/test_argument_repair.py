import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.providers.argument_repair import repaired

TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": TEXT,
        "limit": {"type": "integer"},
        "share": {"type": "number"},
        "deep": {"type": "boolean"},
        "parts": {"type": "array", "items": TEXT},
        "counts": {"type": "array", "items": {"type": "integer"}},
        "todos": {"type": "array", "items": {"$ref": "#/$defs/todo"}},
        "options": {"type": "object", "additionalProperties": {"type": "integer"}},
        "place": {"anyOf": [{"$ref": "#/$defs/todo"}, {"type": "null"}]},
        "either": {"anyOf": [TEXT, {"type": "integer"}]},
        "free": {},
        "kind": {"enum": ["1", "2"]},
    },
    "$defs": {
        "todo": {"type": "object", "properties": {"text": TEXT, "done": {"type": "boolean"}}}
    },
}


def fixed(arguments: str) -> object:
    return json.loads(repaired(arguments, SCHEMA))


@pytest.mark.parametrize(
    "arguments",
    [
        '{"path": "a", "limit": 3}',
        ' {"path":"a"} ',
        "{}",
        '{"path": "5", "either": "5", "free": "[1]", "kind": "1", "unknown": "[1]"}',
        '{"path": "[1, 2]"}',
        '{"path": "{\\"a\\": 1}"}',
        '{"limit": "many", "share": "half", "deep": "maybe", "parts": "a, b"}',
        '{"limit": "5.5"}',
        '{"share": "1e999"}',
        '{"limit": 5, "path": 5}',
        '{"place": null}',
    ],
)
def test_what_fits_or_cannot_be_told_stays_as_it_was_written(arguments: str) -> None:
    assert repaired(arguments, SCHEMA) == arguments


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"limit": "5"}', {"limit": 5}),
        ('{"share": "0.5"}', {"share": 0.5}),
        ('{"share": "-1e3"}', {"share": -1000.0}),
        ('{"deep": "True"}', {"deep": True}),
        ('{"parts": "[\\"a\\", \\"b\\"]"}', {"parts": ["a", "b"]}),
        ("{\"parts\": \"['a', 'b']\"}", {"parts": ["a", "b"]}),
        ('{"parts": "```json\\n[\\"a\\"]\\n```"}', {"parts": ["a"]}),
        ('{"counts": ["1", 2]}', {"counts": [1, 2]}),
        ('{"todos": {"text": "x", "done": "false"}}', {"todos": [{"text": "x", "done": False}]}),
        ('{"todos": "[{\\"text\\": \\"7\\"}]"}', {"todos": [{"text": "7"}]}),
        ('{"options": "{\\"a\\": \\"1\\"}"}', {"options": {"a": 1}}),
        ('{"place": "{\\"text\\": \\"x\\"}"}', {"place": {"text": "x"}}),
        ('{"place": "null"}', {"place": None}),
    ],
)
def test_a_value_as_text_becomes_what_the_schema_asks_for(arguments: str, expected: object) -> None:
    assert fixed(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        json.dumps('{"path": "a"}'),
        json.dumps(json.dumps('{"path": "a"}')),
        '```json\n{"path": "a"}\n```',
        '{"path": "a"}\n\nThat is the call.',
        '{"path": "a"}\n</tool_call>',
        '{"path": "a"}\n```',
        '{"path": "a"}\n这是调用。',
        '{"path": "a"}\nÜber den Pfad (1).',
        '{"path": "a"}}',
        "{'path': 'a'}",
    ],
)
def test_an_object_that_is_wrapped_or_followed_is_taken_out(arguments: str) -> None:
    assert fixed(arguments) == {"path": "a"}


def test_line_ends_inside_a_text_stand_for_themselves() -> None:
    assert fixed('{"path": "a\nb\tc"}') == {"path": "a\nb\tc"}


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        '{"path": "a',
        '{"path": "a"',
        '{"path": ["a"}',
        '{"path": "a"}, "limit": 2}',
        '{"path": "a"}{"path": "b"}',
        '{"path": "print("} done")"}',
        '{"path": "if x == "}abc" or y]"}',
        '{"path": "a"} and so on}',
        '{"parts": "[\\"a\\", \\"b\\""}}}}{',
        '"{\\"path\\": \\"a"',
        "{'path': 'a\\d'}",
        "[1, 2]",
        "path=a",
        "{" * 100_000,
        '[{"a":' * 20_000,
    ],
)
def test_what_is_not_whole_is_left_alone(arguments: str) -> None:
    assert repaired(arguments, SCHEMA) == arguments


def test_a_list_as_text_that_is_not_whole_stays_text() -> None:
    assert fixed('{"parts": "[\\"a\\", \\"b"}') == {"parts": '["a", "b'}


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_text_that_the_schema_wants_never_changes(path: str, free: str) -> None:
    arguments = json.dumps({"path": path, "free": free, "either": path})
    assert repaired(arguments, SCHEMA) == arguments


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=8,
    ),
    st.integers(min_value=1, max_value=60),
)
def test_a_cut_object_is_never_completed(value: object, missing: int) -> None:
    whole = json.dumps({"path": "a", "free": value})
    cut = whole[: max(1, len(whole) - missing)]
    assert repaired(cut, SCHEMA) == cut
