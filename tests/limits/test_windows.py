"""When one more request fits, against figures worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.limits import Limit
from agent.limits.windows import Gauge, Turn, Use, earliest, used, with_use

FIXED = Limit(unit="tokens", window="minute", amount=100, refill="fixed")
BUCKET = Limit(unit="tokens", window="minute", amount=120, refill="bucket")
DAY = Limit(unit="tokens", window="day", amount=100, refill="fixed")
LONG_AGO = -1e6


def gauge(limit: Limit, *uses: tuple[float, int], turns_at: float | None = None) -> Gauge:
    turn = None if turns_at is None else Turn(turns_at, turns_at)
    made = tuple(Use(at, amount) for at, amount in uses)
    return Gauge(limit=limit, uses=made, since=LONG_AGO, turn=turn)


def test_an_unaligned_window_waits_for_the_oldest_to_leave() -> None:
    busy = gauge(FIXED, (0, 40), (10, 40))
    assert [earliest(busy, amount, 20) for amount in (20, 21, 60, 61, 100)] == [
        20,
        60.5,
        60.5,
        70.5,
        70.5,
    ]


def test_more_than_a_whole_window_never_fits() -> None:
    assert earliest(gauge(FIXED), 101, 0) == math.inf


def test_a_known_turn_frees_everything_at_once() -> None:
    busy = gauge(FIXED, (0, 40), (10, 60), turns_at=12.0)
    assert [earliest(busy, 1, start) for start in (11, 12, 13)] == [12, 12, 13]


def test_what_was_sent_right_before_a_turn_counts_after_it_too() -> None:
    busy = gauge(FIXED, (11.8, 100), turns_at=12.0)
    assert earliest(busy, 1, 12) == 72


def test_a_turn_known_roughly_is_awaited_to_its_end_and_counted_from_its_beginning() -> None:
    def rough(*uses: tuple[float, int]) -> Gauge:
        made = tuple(Use(at, amount) for at, amount in uses)
        return Gauge(FIXED, made, since=LONG_AGO, turn=Turn(12.0, 15.0))

    assert earliest(rough((0, 100)), 1, 13) == 15
    assert earliest(rough((14.5, 60)), 50, 16) == 75


def test_a_turn_known_roughly_keeps_nobody_longer_than_one_that_is_not_known() -> None:
    busy = Gauge(FIXED, (Use(62, 100),), since=LONG_AGO, turn=Turn(0.0, 25.0))
    assert [earliest(busy, 1, start) for start in (84, 86)] == [122.5, 122.5]


def test_a_day_turns_at_midnight_utc() -> None:
    assert earliest(gauge(DAY, (86_000, 100)), 1, 86_100) == 86_400


def test_a_bucket_refills_evenly() -> None:
    """120 a minute are 2 a second; 120 are taken at 0, which counts from 0.5 on."""
    busy = gauge(BUCKET, (0, 120))
    assert [earliest(busy, amount, 1) for amount in (1, 10, 120)] == [1, 5.5, 60.5]


def test_a_bucket_without_known_history_begins_empty() -> None:
    assert earliest(Gauge(BUCKET, (), since=0), 10, 0) == 5


def test_a_distrusted_bucket_counts_the_safe_way() -> None:
    busy = Gauge(BUCKET, (Use(0, 120),), since=LONG_AGO, is_sliding=True)
    assert earliest(busy, 10, 1) == 60.5


def test_what_counts_now_includes_what_is_booked_later() -> None:
    uses = ((0.0, 40), (10.0, 30), (30.0, 20))
    assert (
        used(gauge(FIXED, *uses), 20),
        used(gauge(FIXED, *uses), 65),
        used(gauge(FIXED, *uses, turns_at=15.0), 20),
        used(gauge(BUCKET, *uses), 20.5),
    ) == (90, 50, 20, 20 + 30 - 20 + 20)


AMOUNTS = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 100)), max_size=40)


@given(AMOUNTS)
def test_the_safe_count_is_never_over_in_any_window(asked: list[tuple[float, int]]) -> None:
    now, busy = 0.0, gauge(FIXED)
    for pause, amount in asked:
        now = earliest(busy, amount, now + pause)
        busy = with_use(busy, now, amount)
    for begin in busy.uses:
        inside = [use.amount for use in busy.uses if begin.at <= use.at <= begin.at + 60]
        assert sum(inside) <= 100


@given(AMOUNTS)
def test_the_safe_count_satisfies_a_bucket(asked: list[tuple[float, int]]) -> None:
    now, busy = 0.0, gauge(FIXED)
    level, at = 100.0, 0.0
    for pause, amount in asked:
        now = earliest(busy, amount, now + pause)
        busy = with_use(busy, now, amount)
        level = min(100.0, level + (now - at) * 100 / 60) - amount
        at = now
        assert level > -1e-6


@given(AMOUNTS)
def test_a_bucket_is_never_overdrawn(asked: list[tuple[float, int]]) -> None:
    now, busy = 0.0, gauge(BUCKET)
    level, at = 120.0, 0.0
    for pause, amount in asked:
        now = earliest(busy, amount, now + pause)
        busy = with_use(busy, now, amount)
        level = min(120.0, level + (now - at) * 2) - amount
        at = now
        assert level > -1e-6


@pytest.mark.parametrize("turns_at", [0.0, 7.0, -53.0, 1_234_567.0])
@given(asked=AMOUNTS)
def test_an_aligned_window_is_never_over(turns_at: float, asked: list[tuple[float, int]]) -> None:
    now, busy = 0.0, gauge(FIXED, turns_at=turns_at)
    counted: dict[int, int] = {}
    for pause, amount in asked:
        now = earliest(busy, amount, now + pause)
        busy = with_use(busy, now, amount)
        window = math.floor((now - turns_at) / 60)
        counted[window] = counted.get(window, 0) + amount
    assert all(amount <= 100 for amount in counted.values())
