"""What a plan will need; figures worked out by hand."""

import pytest

from agent.domain.limits import Limit
from agent.domain.profile import Profile
from agent.limits.forecast import Done, Need, forecast, model_of, needed, sentence, short, warning

MINUTE = Limit(unit="tokens", window="minute", amount=400_000)
DAY = Limit(unit="tokens", window="day", amount=24_000_000, refill="fixed")
PRO = Profile(
    name="code-pro",
    base_url="https://example.org",
    model="coder",
    limits=(MINUTE, DAY),
    charge="admission",
)
FREE = PRO.model_copy(update={"limits": ()})
NEED = Need(tokens=31_200_000, requests=900, learned_from=0)


def test_a_task_is_worked_off_in_turns_that_send_everything_again() -> None:
    """30,000 tokens at 1,500 a turn: 20 turns of 6,000 + 15,000 + 2,048."""
    assert model_of(PRO, 30_000) == (20 * 23_048, 20)


def test_a_task_without_a_size_is_taken_for_a_usual_one() -> None:
    assert model_of(PRO, 0) == model_of(PRO, 20_000)


def test_other_roles_come_on_top() -> None:
    assert needed(PRO, [30_000, 30_000]) == Need(
        tokens=round(2 * 20 * 23_048 * 1.4), requests=56, learned_from=0
    )


def test_finished_tasks_correct_it_by_their_median() -> None:
    half = Done(30_000, 10 * 23_048, 10)
    odd = Done(30_000, 20_000 * 23_048, 2_000)
    assert needed(PRO, [30_000], [half, half, odd]) == Need(
        tokens=round(10 * 23_048 * 1.4), requests=14, learned_from=3
    )


def test_limits_turn_tokens_into_time() -> None:
    assert sentence(forecast(PRO, NEED, {}), PRO) == (
        "needs about 31M tokens: 1.3 code-pro days, 78 minutes at 400k a minute"
    )


def test_a_small_plan_takes_less_than_a_tenth_of_a_day_and_a_minute() -> None:
    small = Need(tokens=280_000, requests=30, learned_from=0)
    assert sentence(forecast(PRO, small, {}), PRO) == (
        "needs about 280k tokens: less than 0.1 code-pro days, 1 minute at 400k a minute"
    )


def test_the_slowest_limit_sets_the_pace() -> None:
    requests = Limit(unit="requests", window="minute", amount=5)
    found = forecast(PRO.model_copy(update={"limits": (MINUTE, requests)}), NEED, {})
    assert (found.pace, found.minutes, found.day) == (requests, 180.0, None)


def test_without_limits_only_tokens_are_told() -> None:
    found = forecast(FREE, NEED, {})
    assert (sentence(found, FREE), warning(found, FREE, "midnight")) == (
        "needs about 31M tokens: no limits are known",
        None,
    )


def test_a_plan_that_may_not_finish_today_is_warned_of() -> None:
    small = Need(tokens=2_000_000, requests=60, learned_from=0)
    used = {"tokens": 22_500_000, "requests": 700}
    assert warning(forecast(PRO, small, {"tokens": 0}), PRO, "midnight") is None
    assert warning(forecast(PRO, small, used), PRO, "2026-01-03 00:00 UTC") == (
        "code-pro may not carry this plan today: by a rough estimate it needs 2M tokens, and 1.5M "
        "of 24M a day are left until 2026-01-03 00:00 UTC; if they run out, it stops there; "
        "go on then with: gardener resume"
    )


@pytest.mark.parametrize(
    ("tasks", "basis"),
    [(1, "an estimate from 1 finished task"), (12, "an estimate from 12 finished tasks")],
)
def test_a_warning_says_what_its_estimate_rests_on(tasks: int, basis: str) -> None:
    small = Need(tokens=2_000_000, requests=60, learned_from=tasks)
    told = warning(forecast(PRO, small, {"tokens": 23_000_000}), PRO, "midnight") or ""
    assert told.startswith(f"code-pro may not carry this plan today: by {basis} it needs 2M tokens")


def test_the_day_s_limit_that_is_nearly_used_up_is_warned_of() -> None:
    """Requests need more of their day, but of tokens less is left."""
    requests = Limit(unit="requests", window="day", amount=100, refill="fixed")
    profile = PRO.model_copy(update={"limits": (DAY, requests)})
    small = Need(tokens=2_000_000, requests=60, learned_from=0)
    found = forecast(profile, small, {"tokens": 23_000_000, "requests": 0})
    assert (found.day, found.tightest, found.left_today) == (requests, DAY, 1_000_000)
    assert warning(found, profile, "midnight", "it goes on") == (
        "code-pro may not carry this plan today: by a rough estimate it needs 2M tokens, and 1M "
        "of 24M a day are left until midnight; if they run out, it goes on"
    )


def test_several_accounts_share_the_work() -> None:
    found = forecast(PRO, NEED, {"tokens": 10_000_000}, accounts=2)
    assert (sentence(found, PRO), found.left_today, warning(found, PRO, "midnight")) == (
        "needs about 31M tokens: 0.7 code-pro days, 39 minutes at 400k a minute, by each of 2 "
        "accounts",
        38_000_000,
        None,
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_250, "1.2k"),
        (9_960, "10k"),
        (400_000, "400k"),
        (999_700, "1M"),
        (31_200_000, "31M"),
        (2_000_000_000, "2G"),
    ],
)
def test_numbers_are_short(number: int, text: str) -> None:
    assert short(number) == text
