import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.readings import Unit, Window
from agent.rehearsal.limit_books import (
    DEFAULT_RESERVATION,
    MOST_BOOKS,
    Book,
    Books,
    Charge,
    Charging,
    Full,
    Standing,
)

MINUTE = 60.0
MIDNIGHT = 1_767_312_000.0
"""2026-01-02T00:00:00Z."""
AT_ADMISSION = Charging("admission", cap_tokens=16_384)


def limit(unit: Unit, window: Window, amount: int, refill: str = "bucket") -> Limit:
    return Limit.model_validate(
        {"unit": unit, "window": window, "amount": amount, "refill": refill}
    )


def book(*limits: Limit, charging: Charging = AT_ADMISSION) -> Book:
    return Book(limits, charging)


def admit(into: Book, tokens: int, now: float, cached: int = 0) -> float:
    """How long the request would have to wait; 0 when it was let in."""
    charge = Charge(tokens, cached)
    full = into.full(charge, now)
    if full is None:
        into.take(charge, now)
        return 0.0
    return full.wait_seconds


def test_a_fixed_minute_is_empty_again_when_the_minute_turns() -> None:
    fixed = book(limit("tokens", "minute", 300_000, "fixed"))
    begin = MIDNIGHT + 45
    assert [admit(fixed, 100_000, begin) for _ in range(4)] == [0, 0, 0, 15]
    assert admit(fixed, 1, begin + 14.5) == 0.5
    assert admit(fixed, 300_000, begin + 15) == 0


def test_a_fixed_day_turns_at_midnight_utc() -> None:
    fixed = book(limit("tokens", "day", 24_000_000, "fixed"))
    assert admit(fixed, 24_000_000, MIDNIGHT - 3_600) == 0
    assert admit(fixed, 1, MIDNIGHT - 3_600) == 3_600
    assert admit(fixed, 1, MIDNIGHT) == 0


def test_a_bucket_refills_as_time_goes_by() -> None:
    bucket = book(limit("tokens", "minute", 300_000))
    assert admit(bucket, 300_000, 0) == 0
    assert admit(bucket, 50_000, 0) == pytest.approx(10)
    assert admit(bucket, 50_000, 9) == pytest.approx(1)
    assert admit(bucket, 50_000, 10) == 0
    assert admit(bucket, 300_000, 10 + MINUTE) == 0


def test_what_is_larger_than_the_limit_never_fits() -> None:
    small = limit("tokens", "minute", 30_000, "fixed")
    assert admit(book(small), 30_001, 0) == math.inf
    assert admit(book(small.model_copy(update={"refill": "bucket"})), 30_001, 0) == math.inf


def test_a_refused_request_is_booked_nowhere() -> None:
    both = book(limit("requests", "minute", 2, "fixed"), limit("tokens", "minute", 100, "fixed"))
    assert admit(both, 90, 0) == 0
    assert admit(both, 20, 0) == MINUTE
    assert admit(both, 10, 0) == 0
    assert admit(both, 1, 0) == MINUTE


def test_of_several_full_limits_the_one_that_keeps_longest_is_told() -> None:
    day, minute = limit("tokens", "day", 100, "fixed"), limit("tokens", "minute", 100, "fixed")
    both = book(minute, day)
    admit(both, 100, MIDNIGHT)
    assert both.full(Charge(50), MIDNIGHT + 20) == Full(
        standing=Standing(day, left=0, reset_seconds=86_380), needed=50, wait_seconds=86_380
    )


def test_a_request_booked_by_use_is_let_in_while_anything_is_left() -> None:
    used = book(limit("tokens", "minute", 1_000, "fixed"), charging=Charging())
    assert admit(used, 0, 0) == 0
    used.correct(Charge(999), 0)
    assert admit(used, 0, 0) == 0
    used.correct(Charge(500), 0)
    assert used.standings(0) == (Standing(limit("tokens", "minute", 1_000, "fixed"), 0, 60),)
    assert admit(used, 0, 0) == MINUTE


def test_an_overdrawn_bucket_is_paid_back_first() -> None:
    used = book(limit("tokens", "minute", 6_000), charging=Charging())
    used.correct(Charge(6_500), 0)
    assert admit(used, 0, 0) == pytest.approx(5.01)
    assert admit(used, 0, 5) == pytest.approx(0.01)
    assert admit(used, 0, 5.01) == 0


def test_cached_input_costs_nothing_where_it_does_not_count() -> None:
    charging = Charging("admission", cached_count=False)
    exempt = book(limit("tokens", "minute", 1_000, "fixed"), charging=charging)
    assert [admit(exempt, 1_000, 0, cached=600) for _ in range(3)] == [0, 0, MINUTE]


def test_a_second_bucket_counts_cached_input_too() -> None:
    charging = Charging("admission", total_multiplier=3)
    dual = book(limit("tokens", "minute", 1_000, "fixed"), charging=charging)
    assert [admit(dual, 1_000, 0, cached=900) for _ in range(4)] == [0, 0, 0, MINUTE]


@pytest.mark.parametrize(
    ("asked", "cap", "reserved"),
    [
        (1, 16_384, 1),
        (512, 16_384, 512),
        (40_960, 16_384, 16_384),
        (None, 16_384, 16_384),
        (40_960, None, 40_960),
        (None, None, DEFAULT_RESERVATION),
    ],
)
def test_a_reservation_is_booked_up_to_the_cap(
    asked: int | None, cap: int | None, reserved: int
) -> None:
    assert Charging("admission", cap_tokens=cap).reserved(asked) == reserved


def test_accounts_and_models_are_counted_apart() -> None:
    books = Books((limit("requests", "minute", 1, "fixed"),), AT_ADMISSION)
    names = [("a", "m"), ("a", "m"), ("b", "m"), ("a", "n")]
    assert [admit(books.of(*name), 1, 0) for name in names] == [0, MINUTE, 0, 0]


def test_accounts_without_end_share_one_book() -> None:
    books = Books((), AT_ADMISSION)
    for number in range(MOST_BOOKS):
        books.of("a", str(number))
    assert books.of("a", "one more") is books.of("b", "another")


JOBS = st.lists(st.tuples(st.floats(0, 40), st.integers(1, 400)), max_size=60)


@given(JOBS, st.sampled_from(["fixed", "bucket"]))
def test_no_window_ever_admits_more_than_its_limit(
    jobs: list[tuple[float, int]], refill: str
) -> None:
    """A fixed window never holds more than the limit; a bucket never gives more than refills."""
    bound = limit("tokens", "minute", 500, refill)
    counted, now, admitted = book(bound), 0.0, []
    for pause, tokens in jobs:
        now += pause
        if admit(counted, tokens, now) == 0:
            admitted.append((now, tokens))
    for start, _ in admitted:
        if refill == "fixed":
            window = start // MINUTE
            assert sum(t for at, t in admitted if at // MINUTE == window) <= 500
        else:
            for end in [at for at, _ in admitted if at >= start]:
                given_out = sum(t for at, t in admitted if start <= at <= end)
                assert given_out <= 500 + (end - start) * 500 / WINDOW_SECONDS["minute"] + 0.01
