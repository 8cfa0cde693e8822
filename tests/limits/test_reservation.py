"""How much output is reserved, and what that costs; figures worked out by hand."""

from datetime import UTC, datetime

import pytest

from agent.domain.limits import Admission, Limit
from agent.domain.profile import Profile
from agent.errors import (
    AuthError,
    DayLimitReached,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from agent.limits.refusals import pause_seconds
from agent.limits.reservation import TurnKind, admission_of, charge, reservation

MINUTE = Limit(unit="tokens", window="minute", amount=300_000)
PRO = Profile(
    name="pro",
    base_url="https://example.org",
    model="coder",
    max_output_tokens=16_384,
    limits=(MINUTE,),
    charge="admission",
    reservation_cap_tokens=16_384,
)
BY_USE = PRO.model_copy(update={"charge": "usage"})
TRIAL = PRO.model_copy(
    update={"limits": (MINUTE.model_copy(update={"amount": 30_000}),), "window_tokens": 65_536}
)


@pytest.mark.parametrize(
    ("kind", "tokens"), [("look", 2_048), ("write", 8_192), ("deliver", 16_384)]
)
def test_where_a_reservation_costs_it_is_as_small_as_the_turn(kind: TurnKind, tokens: int) -> None:
    assert (reservation(PRO, kind, 30_000), reservation(BY_USE, kind, 30_000)) == (tokens, 16_384)


def test_a_cut_reply_doubles_the_reservation_up_to_the_maximum() -> None:
    assert [
        reservation(PRO, "look", 30_000, cut_at_tokens=cut) for cut in (None, 2_048, 9_000)
    ] == [2_048, 4_096, 16_384]


def test_the_window_leaves_the_rest_of_it() -> None:
    assert [reservation(BY_USE, "look", used) for used in (120_000, 131_000, 140_000)] == [
        11_072,
        256,
        256,
    ]


def test_a_limit_smaller_than_the_window_leaves_the_rest_of_it() -> None:
    assert reservation(TRIAL, "deliver", 14_000) == 16_000


def test_the_charge_is_input_and_reservation_up_to_the_cap() -> None:
    assert [charge(PRO, 64_000, reserved) for reserved in (1, 4_096, 16_384, 40_960)] == [
        64_001,
        68_096,
        80_384,
        80_384,
    ]
    assert charge(BY_USE, 64_000, 40_960) == 104_960


def test_cached_input_is_expected_to_be_free_where_the_data_says_so() -> None:
    free = PRO.model_copy(update={"cached_tokens_count": False})
    assert (charge(free, 10_000, 1_000, 8_000), charge(PRO, 10_000, 1_000, 8_000)) == (
        3_000,
        11_000,
    )


def test_an_admission_carries_what_the_profile_says() -> None:
    assert admission_of(
        PRO,
        account="acme",
        run_id="run-1",
        role="judge",
        subject="round-2",
        estimated_tokens=10_000,
        reserved_tokens=2_048,
    ) == Admission(
        account="acme",
        model="coder",
        limits=(MINUTE,),
        run_id="run-1",
        role="judge",
        subject="round-2",
        estimated_tokens=10_000,
        reserved_tokens=2_048,
        charged_tokens=12_048,
        charge="admission",
        reservation_cap_tokens=16_384,
        profile="pro",
    )


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("full", 7.0), 7.0),
        (RateLimited("full", 0.0), 0.0),
        (RateLimited("full"), 60.0),
        (DayLimitReached("full", 5_000.0), 5_000.0),
        (DayLimitReached("full"), 5_400.0),
        (QuotaExhausted("full"), 5_400.0),
        (Unavailable("down", 9.0), None),
        (AuthError("key"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_full_endpoint_is_left_alone(error: ProviderError, seconds: float | None) -> None:
    assert pause_seconds(error, datetime(2026, 1, 2, 22, 30, tzinfo=UTC)) == seconds
