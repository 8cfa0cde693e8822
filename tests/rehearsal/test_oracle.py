import json
from typing import Any

import pytest

from agent.rehearsal.oracle import SAYS, oracle_reply
from agent.rehearsal.schema_sample import sample
from agent.rehearsal.script import ScriptedCall, ScriptedReply
from agent.rehearsal.wire import Asked

READ = {
    "type": "function",
    "function": {
        "name": "read",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}, "from": {"type": "integer"}},
            "required": ["path"],
        },
    },
}
LIST = {"type": "function", "function": {"name": "list"}}
HI = {"role": "user", "content": "hi"}


def asked(*messages: dict[str, Any], **fields: Any) -> Asked:  # noqa: ANN401 - fields of Asked
    return Asked(dialect="openai_chat", model="m", messages=(HI, *messages), **fields)


def test_without_tools_it_only_says_what_it_is() -> None:
    assert oracle_reply(asked()) == ScriptedReply(say=SAYS)
    assert "scripted" in SAYS


@pytest.mark.parametrize(
    ("last", "end"),
    [
        ("1", "one"),
        ("21", "nineteen, twenty, twenty-one"),
        ("150", "one hundred forty-nine, one hundred fifty"),
        ("5000", "nine hundred ninety-nine, one thousand"),
    ],
)
def test_it_counts_when_it_is_asked_to(last: str, end: str) -> None:
    ask = {"role": "user", "content": f"Count from 1 to {last} in words."}
    said = oracle_reply(asked(ask)).say
    assert said.startswith("one")
    assert said.endswith(end)
    assert said.count(",") == min(int(last), 1_000) - 1


def test_the_first_tool_is_called_with_arguments_that_fit() -> None:
    assert oracle_reply(asked(tools=(READ, LIST))) == ScriptedReply(
        say=SAYS, calls=(ScriptedCall(tool="read", arguments={"path": "rehearsal"}),)
    )


def test_a_tool_is_called_once() -> None:
    called = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "read"}}]}
    assert oracle_reply(asked(called, tools=(READ,))) == ScriptedReply(say=SAYS)


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("none", []),
        ("auto", ["read"]),
        ("required", ["read"]),
        ({"type": "function", "function": {"name": "list"}}, ["list"]),
        ({"type": "function", "name": "list"}, ["list"]),
    ],
)
def test_the_choice_of_tools_is_heeded(choice: object, called: list[str]) -> None:
    reply = oracle_reply(asked(tools=(READ, LIST), tool_choice=choice))
    assert [call.tool for call in reply.calls] == called


NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}},
    "required": ["name"],
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, None),
        ({"type": "string", "minLength": 12}, "rehearsal..."),
        ({"type": "string", "maxLength": 3}, "reh"),
        ({"type": "string", "format": "date"}, "2026-01-02"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "maximum": -4}, -4),
        ({"type": "number", "minimum": 7, "multipleOf": 4}, 8),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": ["null", "string"]}, "rehearsal"),
        ({"enum": ["add", "remove"]}, "add"),
        ({"const": 3}, 3),
        ({"type": "string", "minLength": "x", "maxLength": None}, "rehearsal"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": "x"}, []),
        ({"type": "integer", "minimum": "x", "maximum": float("inf")}, 1),
        ({"type": "object", "required": [{"a": 1}, "b"]}, {"b": None}),
        ({"type": "object", "required": "abc", "properties": 5}, {}),
        ({"allOf": [{"properties": 5, "required": "a"}, 5]}, {}),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        (
            {
                "allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}],
                "type": "object",
            },
            {"a": 1},
        ),
        (
            {
                "type": "object",
                "properties": {"first": {"$ref": "#/$defs/node"}},
                "required": ["first"],
                "$defs": {"node": NODE},
            },
            {"first": {"name": "rehearsal"}},
        ),
    ],
)
def test_a_sample_fits_its_schema(schema: dict[str, Any], value: object) -> None:
    assert sample(schema) == value


def test_a_schema_that_needs_itself_comes_to_an_end() -> None:
    endless = {
        "type": "object",
        "properties": {"next": {"$ref": "#"}},
        "required": ["next"],
    }
    assert isinstance(sample(endless), dict)


THRICE = {name: {"$ref": "#"} for name in "abc"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": THRICE, "required": ["a", "b", "c"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 10**9},
        {"type": "string", "minLength": 10**12},
    ],
)
def test_a_schema_that_wants_too_much_gets_little(schema: dict[str, Any]) -> None:
    assert len(json.dumps(sample(schema))) < 1_000_000
