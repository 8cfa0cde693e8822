"""Each secret has one mark wherever it stands, and what is no secret stays as it is."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.event import Entry, ModelResponded
from agent.domain.message import Completion, Message, SessionKey, TextPart, ToolCall, Usage
from agent.domain.redaction import Redactor

KNOWN = {
    "A_TOKEN": 'odd"one\\with/signs',
    "B_KEY": "0123456789abcdef",
    "C_KEY": "0123456789abcdef-longer",
    "SAME": "0123456789abcdef",
    "WORD": "development",
    "SHORT": "abc123",
    "BLOCK": "first-line-of-it\nsecond-line-of-it",
}
REDACTOR = Redactor(KNOWN)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("x 0123456789abcdef y", "x [hidden:B_KEY] y"),
        ("0123456789abcdef-longer", "[hidden:C_KEY]"),
        ('odd"one\\with/signs', "[hidden:A_TOKEN]"),
        ("first-line-of-it\n1\tsecond-line-of-it", "[hidden:BLOCK.1]\n1\t[hidden:BLOCK.2]"),
        ("a development of abc123", "a development of abc123"),
        ("cut 012345678… here", "cut [hidden:C_KEY]… here"),
        ("cut …89abcdef-longer", "cut …[hidden:C_KEY]"),
        ("01234… is too little", "01234… is too little"),
    ],
)
def test_known_values_are_hidden_behind_their_names(text: str, hidden: str) -> None:
    assert REDACTOR.hide(text) == hidden


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-Ab12Cd34Ef56Gh78Ij90Kl12",
        "sk-ant-api03-Ab12Cd34Ef56Gh78Ij90Kl12",
        "csk-0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f",
        "gsk_0a1b2c3d4e5fA7B8C9D0E1F2a3b4c5d6e7f",
        "ghp_0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f",
        "github_pat_0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f01",
        "glpat-0a1b2c3d4e5f6a7b8c9d",
        "AKIA0A1B2C3D4E5F6G7H",
        "AIza0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7",
        "xoxb-0a1b2c3d4e5f-6a7b8c9d0e1f",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fw",
    ],
)
def test_keys_are_known_by_their_shape(key: str) -> None:
    hidden = Redactor({}).hide(f'key = "{key}"')
    assert key not in hidden
    assert hidden.startswith('key = "[hidden:')
    assert hidden.endswith(']"')


@pytest.mark.parametrize(
    "text",
    [
        "task-one risk-free disk-usage",
        "sk-your-key-goes-here-as-it-is",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx11",
        "class sk-toggleable__content-arrow",
        "AKIAIOSFODNN",
        "commit 0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f0a1b",
    ],
)
def test_what_is_no_key_stays(text: str) -> None:
    assert Redactor({}).hide(text) == text


@given(st.lists(st.sampled_from([*KNOWN.values(), " ", "…", "x", "[hidden:B_KEY]"]), max_size=12))
def test_hiding_twice_is_hiding_once(pieces: list[str]) -> None:
    once = REDACTOR.hide(" ".join(pieces))
    assert REDACTOR.hide(once) == once


def test_ids_and_opaque_data_stay_and_arguments_stay_json() -> None:
    secret = KNOWN["A_TOKEN"]
    arguments = json.dumps({"command": f"echo {secret}", "n": 1})
    call = ToolCall(
        call_id=f"id-{secret}", name="run", arguments=arguments, provider_data={"sealed": secret}
    )
    event = ModelResponded(
        session=SessionKey(role="executor", subject="T01"),
        completion=Completion(
            message=Message(role="assistant", parts=(TextPart(text=f"key {secret}"), call)),
            stop_reason="tool_calls",
            usage=Usage(),
            model="m",
        ),
        estimated_tokens=1,
        reserved_tokens=1,
        seconds=0,
    )
    assert REDACTOR.may_hide(event.model_dump_json())
    hidden = REDACTOR.hide_in(event)
    text, made = hidden.completion.message.parts
    assert text == TextPart(text="key [hidden:A_TOKEN]")
    assert made == call.model_copy(
        update={"arguments": '{"command": "echo [hidden:A_TOKEN]", "n": 1}'}
    )
    assert REDACTOR.hide_in(hidden) == hidden


def test_an_event_without_secrets_is_passed_on_as_it_is() -> None:
    event = Entry.model_fields
    assert REDACTOR.hide_in(event) is event


def test_looking_for_secrets_is_cheap_for_a_large_result() -> None:
    text = "the task-name of a line in a file\n" * 3_000
    begun = time.process_time()
    assert not REDACTOR.may_hide(text.replace("sk-", "s-"))
    assert REDACTOR.hide(text) == text
    assert time.process_time() - begun < 0.25
