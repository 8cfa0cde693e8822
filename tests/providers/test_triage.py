"""Every refusal becomes the one error that says what to do."""

import re

import pytest
from providers.wire_cases import CHUNKS, RECORDED, Chunk, Wire, wrapped
from providers.wire_variants import DOCUMENTED, MADE, MADE_CHUNKS

from agent.domain.profile import Profile
from agent.errors import Action, ContextOverflow, ProviderError, RequestTooLarge, SchemaRejected
from agent.providers.catalog import profile as ready
from agent.providers.triage import (
    broken_off,
    malformed,
    odd_reply,
    triage,
    triage_chunk,
    unavailable,
    unreachable,
)

PROFILE = Profile(name="cerebras", base_url="https://api.test/v1", model="m-1", key_env="TEST_KEY")


def figure_of(error: ProviderError) -> int | str | None:
    match error:
        case SchemaRejected(fields=fields):
            return ", ".join(fields)
        case RequestTooLarge(limit_tokens=limit):
            return limit
        case ContextOverflow(window_tokens=window):
            return window
    return None


def one_sentence(error: ProviderError) -> bool:
    return "\n" not in str(error) and "https://api.test/v1" in str(error) and "; " in str(error)


CASES = {**RECORDED, **DOCUMENTED, **MADE}
THREAD = r"[\w.-]+/[\w.-]+/(issues|pull)/\d+"
FILE = r"[\w.-]+/[\w.-]+/(blob|tree)/main/\S+"


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


@pytest.mark.parametrize("case", CHUNKS + MADE_CHUNKS, ids=lambda case: case.name)
def test_an_error_in_a_stream_becomes_exactly_one_action(case: Chunk) -> None:
    error = triage_chunk(case.chunk, PROFILE)
    assert (type(error), error.action) == (case.error, case.action)
    assert one_sentence(error)


def test_there_are_enough_recorded_refusals_and_they_cover_every_action() -> None:
    assert len({(case.status, case.body, *case.headers) for case in RECORDED.values()}) >= 60
    assert {case.action for case in RECORDED.values()} == set(Action)


def test_what_is_called_recorded_says_where_it_can_be_read() -> None:
    sources = [case.source for case in RECORDED.values()] + [case.source for case in CHUNKS]
    pattern = re.compile(rf"{THREAD}|{FILE}|https://\S+")
    assert [source for source in sources if not pattern.fullmatch(source)] == []
    pages = [case.source for case in DOCUMENTED.values()]
    assert [page for page in pages if not page.startswith("https://")] == []


def test_no_case_stands_twice() -> None:
    assert len(CASES) == len(RECORDED) + len(DOCUMENTED) + len(MADE)


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


def test_several_fields_are_named_together() -> None:
    body = wrapped(
        "body.seed: property 'body.seed' is unsupported\nproperty 'body.n' is unsupported"
    )
    assert str(triage(400, {}, body, PROFILE)) == (
        "https://api.test/v1 does not take the fields 'seed' and 'n' (HTTP 400: body.seed: "
        "property 'body.seed' is unsupported property 'body.n' is unsupported); add them to "
        "omit_fields of the profile 'cerebras'"
    )


def test_a_long_message_is_cut_to_one_line() -> None:
    error = triage(400, {}, wrapped("why\n" * 1000), PROFILE)
    assert len(str(error)) < 500
    assert "\n" not in str(error)


MOVED = {"anthropic": {"base_url": "http://127.0.0.1:9"}}
LOCAL = Profile(name="openai", base_url="http://127.0.0.1:9/v1", model="m")


@pytest.mark.parametrize(
    ("profile", "advice"),
    [
        (ready("anthropic"), "check base_url of the profile 'anthropic'"),
        (ready("cerebras"), "check base_url of the profile 'cerebras'"),
        (LOCAL, "check OPENAI_BASE_URL or base_url of the profile 'openai'"),
        (PROFILE, "check OPENAI_BASE_URL or base_url of the profile 'cerebras'"),
        (ready("anthropic", MOVED), "check base_url of the profile 'anthropic'"),
    ],
    ids=["native", "ready", "own address", "own profile", "moved"],
)
def test_trouble_with_the_address_names_the_setting_that_holds_it(
    profile: Profile, advice: str
) -> None:
    sentences = [
        str(error)
        for error in (
            unreachable(profile, "Connection refused"),
            unavailable(profile, "it is silent"),
            malformed(profile, "it is empty"),
            triage(404, {}, "", profile),
        )
    ]
    assert [text for text in sentences if advice not in text] == []


@pytest.mark.parametrize(
    ("dialect", "ending"),
    [
        (
            "openai_chat",
            "sent a reply that is not in the chat dialect: it is empty; check base_url of the "
            "profile 'p', which mostly ends in /v1",
        ),
        (
            "openai_responses",
            "sent a reply that is not in the responses dialect: it is empty; check base_url of the "
            "profile 'p', which mostly ends in /v1",
        ),
        (
            "anthropic_messages",
            "sent a reply that is not in the messages dialect: it is empty; check base_url of the "
            "profile 'p'",
        ),
    ],
)
def test_a_malformed_reply_is_told_in_the_words_of_its_dialect(dialect: str, ending: str) -> None:
    profile = Profile.model_validate(
        {"name": "p", "dialect": dialect, "base_url": "https://api.test", "model": "m"}
    )
    text = str(malformed(profile, "it is empty")).replace("OPENAI_BASE_URL or ", "")
    assert text == f"https://api.test {ending}"


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/openai/v1", "/compatible-mode/v4"])
def test_an_address_that_ends_in_a_version_is_not_told_to_end_in_one(path: str) -> None:
    profile = Profile(name="p", base_url=f"https://api.test{path}", model="m")
    assert str(malformed(profile, "it is empty")).endswith("base_url of the profile 'p'")


def test_who_has_begun_a_reply_is_not_told_to_look_at_the_address() -> None:
    for error in (broken_off(LOCAL, "it is silent"), odd_reply(LOCAL, "it says nothing")):
        assert "base_url" not in str(error).lower()
        assert "gardener resume" in str(error)
