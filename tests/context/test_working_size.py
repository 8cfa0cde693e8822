"""The size aimed at is the one with most useful turns a minute."""

import math

import pytest

from agent.context.ladder import KEPT_TOKENS
from agent.context.working_size import GROWTH_TOKENS, LOOKS_AGAIN, working_size
from agent.domain.limits import Limit
from agent.domain.profile import Profile
from agent.limits.reservation import charge

OPENING, RESERVED = 5_000, 2_048


def profile(tokens_a_minute: int | None = 400_000, **fields: object) -> Profile:
    limits = (
        (Limit(unit="tokens", window="minute", amount=tokens_a_minute),) if tokens_a_minute else ()
    )
    values = {"name": "p", "base_url": "http://x", "model": "m", "limits": limits}
    return Profile.model_validate(values | fields)


ADMISSION = profile(charge="admission", reservation_cap_tokens=16_384)


def size(of: Profile, opening: int = OPENING) -> int:
    return working_size(of, opening, RESERVED)


def turns_a_minute(of: Profile, aim: int) -> float:
    """Useful turns in a long session that is kept at a size, each charged as the endpoint does."""
    held = OPENING + KEPT_TOKENS
    spent = useful = 0.0
    prompt = seen = held
    while useful < 3_000:
        spent += charge(of, prompt, RESERVED, expected_cached_tokens=seen)
        useful += 1
        seen, prompt = prompt, prompt + GROWTH_TOKENS
        if prompt > aim:
            prompt, seen = held, OPENING
            looks = [charge(of, held, RESERVED, expected_cached_tokens=held)] * int(LOOKS_AGAIN)
            spent += sum(looks)
    (limit,) = of.limits
    return useful / (spent / limit.amount)


@pytest.mark.parametrize("amount", [300_000, 400_000])
def test_no_other_size_gives_more_turns(amount: int) -> None:
    limits = (Limit(unit="tokens", window="minute", amount=amount),)
    of = ADMISSION.model_copy(update={"limits": limits})
    best = max(turns_a_minute(of, aim) for aim in range(16_000, 126_000, 1_000))
    assert turns_a_minute(of, size(of)) > 0.97 * best
    assert turns_a_minute(of, 120_000) < 0.6 * best


def test_it_is_what_the_arithmetic_says() -> None:
    held = OPENING + KEPT_TOKENS
    room = math.sqrt(2 * LOOKS_AGAIN * (held + RESERVED) * GROWTH_TOKENS)
    assert size(ADMISSION) == int(held + room)


def test_what_is_charged_for_a_reply_makes_small_requests_pay_less() -> None:
    assert size(profile(charge="usage")) < size(ADMISSION)


def test_where_cached_tokens_do_not_count_more_may_be_held() -> None:
    free = ADMISSION.model_copy(update={"cached_tokens_count": False})
    assert size(ADMISSION) * 1.1 < size(free) < 131_072 / 2


def test_a_larger_opening_is_carried_on_top() -> None:
    assert size(ADMISSION, OPENING + 10_000) > size(ADMISSION) + 10_000


def test_without_limits_the_price_of_cached_tokens_decides() -> None:
    cheap = profile(None, input_usd=1.0, cached_usd=0.1)
    dear = profile(None, input_usd=1.0, cached_usd=1.0)
    assert size(dear) < size(cheap)


def test_a_limit_that_never_binds_counts_as_none() -> None:
    assert size(profile(20_000_000)) == size(profile(None))


def test_a_slow_model_makes_a_limit_bind_less() -> None:
    limits = {"charge": "usage", "input_usd": 1.0, "cached_usd": 0.1}
    fast = profile(600_000, tokens_per_second=3_000.0, **limits)
    slow = profile(600_000, tokens_per_second=60.0, **limits)
    assert size(fast) < size(slow)


@pytest.mark.parametrize("window", [8_192, 16_384, 32_768])
def test_it_fits_a_small_window_beside_the_reservation(window: int) -> None:
    assert size(profile(window_tokens=window)) <= 0.9 * (window - RESERVED)


def test_it_passes_a_small_limit_of_a_minute() -> None:
    assert size(profile(20_000)) <= 0.9 * (20_000 - RESERVED)
