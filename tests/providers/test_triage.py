"""Every recorded refusal becomes the one error that says what to do."""

import pytest
from providers.wire_cases import CASES, CHUNKS, Chunk, Wire, wrapped

from agent.domain.profile import Profile
from agent.errors import ContextOverflow, ProviderError, RequestTooLarge, SchemaRejected
from agent.providers.triage import triage, triage_chunk

PROFILE = Profile(name="cerebras", base_url="https://api.test/v1", model="m-1", key_env="TEST_KEY")


def figure_of(error: ProviderError) -> int | str | None:
    match error:
        case SchemaRejected(field=field):
            return field
        case RequestTooLarge(limit_tokens=limit):
            return limit
        case ContextOverflow(window_tokens=window):
            return window
    return None


def one_sentence(error: ProviderError) -> bool:
    return "\n" not in str(error) and "https://api.test/v1" in str(error) and "; " in str(error)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_becomes_exactly_one_action(case: Wire) -> None:
    error = triage(case.status, case.headers, case.body, PROFILE, request_bytes=case.request_bytes)
    assert (type(error), error.action, error.wait_seconds, figure_of(error)) == (
        case.error,
        case.action,
        case.seconds,
        case.figure,
    )
    assert one_sentence(error)


@pytest.mark.parametrize("case", CHUNKS, ids=lambda case: case.name)
def test_an_error_in_a_stream_becomes_exactly_one_action(case: Chunk) -> None:
    error = triage_chunk(case.chunk, PROFILE)
    assert (type(error), error.action) == (case.error, case.action)
    assert one_sentence(error)


def test_there_are_enough_recorded_refusals() -> None:
    assert len(CASES) >= 60


def test_the_sentence_names_key_place_and_reason() -> None:
    error = triage(401, {}, wrapped("Incorrect API key provided."), PROFILE)
    assert str(error) == (
        "https://api.test/v1 refuses the key in TEST_KEY (HTTP 401: Incorrect API key provided); "
        "check that it is current and made for this endpoint"
    )


def test_a_field_is_named_with_what_to_do() -> None:
    body = wrapped("seed: Extra inputs are not permitted")
    assert str(triage(400, {}, body, PROFILE)) == (
        "https://api.test/v1 does not take the field 'seed' "
        "(HTTP 400: seed: Extra inputs are not permitted); "
        "add it to omit_fields of the profile 'cerebras'"
    )


def test_a_long_message_is_cut_to_one_line() -> None:
    error = triage(400, {}, wrapped("why\n" * 1000), PROFILE)
    assert len(str(error)) < 500
    assert "\n" not in str(error)
