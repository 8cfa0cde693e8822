"""What a refusal teaches of an endpoint."""

from typing import Any

import pytest

from agent.domain.profile import Profile
from agent.errors import (
    ContextOverflow,
    ProviderError,
    RequestRefused,
    RequestTooLarge,
    SchemaRejected,
)
from agent.providers.mending import mended

PROFILE = Profile(
    name="p",
    base_url="https://api.test/v1",
    model="m",
    sampling={"temperature": 0.7, "top_p": 0.8},
    strict_tools="true",
    replay_reasoning=True,
)
CASES: list[tuple[ProviderError, dict[str, Any]]] = [
    (SchemaRejected("no", "seed"), {"omit_fields": ("seed",)}),
    (SchemaRejected("no", "top_p"), {"sampling": {"temperature": 0.7}, "omit_fields": ("top_p",)}),
    (SchemaRejected("no", "strict"), {"strict_tools": "omit"}),
    (SchemaRejected("no", "reasoning_content"), {"replay_reasoning": False}),
    (
        SchemaRejected("no", "max_completion_tokens"),
        {"max_output_field": "max_tokens", "omit_fields": ("max_completion_tokens",)},
    ),
    (RequestTooLarge("no", 4_096, of_output=True), {"max_output_tokens": 4_096}),
    (ContextOverflow("no", 65_536), {"window_tokens": 65_536}),
]


@pytest.mark.parametrize(("error", "changes"), CASES)
def test_a_refusal_changes_the_profile_once(error: ProviderError, changes: dict[str, Any]) -> None:
    better = mended(PROFILE, error)
    assert better == PROFILE.model_copy(update=changes)
    assert mended(better, error) is None


@pytest.mark.parametrize(
    "error",
    [
        RequestRefused("no"),
        ContextOverflow("no"),
        ContextOverflow("no", 1_000_000),
        RequestTooLarge("no", 6_000),
        RequestTooLarge("no", of_output=True),
    ],
)
def test_a_refusal_that_names_nothing_new_teaches_nothing(error: ProviderError) -> None:
    assert mended(PROFILE, error) is None


def test_all_fields_that_a_refusal_names_are_left_out_at_once() -> None:
    better = mended(PROFILE, SchemaRejected("no", "top_p", "seed", "strict"))
    assert better == PROFILE.model_copy(
        update={
            "sampling": {"temperature": 0.7},
            "omit_fields": ("top_p", "seed"),
            "strict_tools": "omit",
        }
    )


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"dialect": "anthropic_messages"}, "thinking"),
        ({"dialect": "openai_responses"}, "encrypted_content"),
        ({"extra_body": {"thinking": {"type": "enabled"}}}, "thinking"),
    ],
)
def test_thoughts_that_are_refused_are_neither_asked_for_nor_sent(
    own: dict[str, Any], field: str
) -> None:
    profile = PROFILE.model_copy(update=own)
    better = mended(profile, SchemaRejected("no", field))
    assert better == profile.model_copy(update={"omit_fields": (field,)})


def test_the_two_names_of_the_reservation_are_not_tried_in_turn() -> None:
    once = mended(PROFILE, SchemaRejected("no", "max_completion_tokens"))
    assert once is not None
    assert mended(once, SchemaRejected("no", "max_tokens")) is None
