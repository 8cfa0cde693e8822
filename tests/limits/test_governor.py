"""Admission in virtual time: waits to the second, refusals, corrections, and who goes first."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import anyio
import pytest
from virtual_time import VirtualClock

from agent.domain.limits import Admission, Limit
from agent.domain.message import Usage
from agent.domain.readings import LimitReading
from agent.errors import DayLimitReached, RequestTooLarge
from agent.limits.books import Booking, Books, Owner, Standing
from agent.limits.governor import AccountGovernor

pytestmark = pytest.mark.anyio
Ask = Callable[..., Admission]
Minute = Callable[..., Limit]
BERLIN = timezone(timedelta(hours=1))
ME = Owner("here:1", lambda name: name == "here:99")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def governor(books: Books, clock: VirtualClock) -> AccountGovernor:
    return AccountGovernor(books, clock, ME, zone=BERLIN)


@pytest.fixture
def exact(books: Books, ask: Ask) -> Ask:
    """Requests whose estimates were right so far, so that they are booked without a margin."""

    def work(page: object) -> None:
        page.standing = Standing(ratios=(1.0,) * 20)  # type: ignore[attr-defined]

    books.change("acme", "coder", work)
    return ask


class Seen:
    """Sends requests and notes when they went and what was told."""

    def __init__(self, governor: AccountGovernor, clock: VirtualClock) -> None:
        self.governor, self.clock = governor, clock
        self.went: list[tuple[str, float]] = []
        self.told: list[tuple[float, str]] = []

    async def send(self, admission: Admission, *, after: float = 0.0, times: int = 1) -> None:
        await self.clock.sleep(after)
        for _ in range(times):
            await self.governor.admit(admission, lambda *told: self.told.append(told))
            self.went.append((admission.run_id, round(self.clock.seconds, 2)))


@pytest.fixture
def seen(governor: AccountGovernor, clock: VirtualClock) -> Seen:
    return Seen(governor, clock)


def only(books: Books) -> Booking:
    (booking,) = books.bookings()
    return booking


async def test_a_profile_without_limits_is_booked_and_never_waits(
    seen: Seen, books: Books, clock: VirtualClock, ask: Ask
) -> None:
    await clock.play(partial(seen.send, ask(), times=5))
    assert (seen.went, seen.told) == ([("run-1", 0.0)] * 5, [])
    assert [each.charged for each in books.bookings()] == [1_650] * 5


async def test_a_wait_is_told_once_and_as_long_as_needed(
    seen: Seen, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    await clock.play(partial(seen.send, exact(limits=(minute(2_500),)), times=3))
    assert (seen.went, seen.told) == (
        [("run-1", 0.0), ("run-1", 0.0), ("run-1", 60.5)],
        [(60.5, "2,500 tokens a minute are used up")],
    )


async def test_what_is_waited_is_booked_and_the_books_own_time_is_not(
    governor: AccountGovernor, clock: VirtualClock, books: Books, exact: Ask, minute: Minute
) -> None:
    class Slow:
        """A machine on which everything takes its time."""

        now, sleep = clock.now, clock.sleep

        def monotonic(self) -> float:
            clock.seconds += 0.05
            return clock.seconds

    slow = AccountGovernor(books, Slow(), ME, zone=BERLIN)
    asked = exact(limits=(minute(1_200),))

    async def send() -> None:
        for _ in range(2):
            await slow.admit(asked, lambda *_: None)

    await clock.play(send)
    first, second = (each.waited for each in books.bookings())
    assert first == 0
    assert 60 < second < 62


async def test_requests_are_limited_beside_tokens(
    seen: Seen, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    limits = (minute(100_000), minute(2, unit="requests"))
    await clock.play(partial(seen.send, exact(limits=limits), times=3))
    assert (seen.went[-1], seen.told) == (
        ("run-1", 60.5),
        [(60.5, "2 requests a minute are used up")],
    )


async def test_a_request_larger_than_a_window_is_refused_with_what_to_change(
    governor: AccountGovernor, books: Books, ask: Ask, minute: Minute
) -> None:
    large = ask(limits=(minute(1_199),))
    with pytest.raises(RequestTooLarge) as caught:
        await governor.admit(large, lambda *_: None)
    assert (str(caught.value), caught.value.limit_tokens) == (
        "one request of 1,200 tokens, 200 of them reserved for the reply, can never pass the "
        "limit of 1,199 tokens a minute of coder; lower max_output_tokens, split the task, or use "
        "a profile with larger limits",
        1_199,
    )
    assert (governor.wait_seconds(large), list(books.bookings())) == (math.inf, [])


async def test_a_used_up_day_stops_the_run_and_names_the_reset_in_both_times(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    clock.seconds = 82_800.0
    asked = exact(limits=(minute(1_200, window="day"),))
    await governor.admit(asked, lambda *_: None)
    assert governor.wait_seconds(asked) == 3_600
    with pytest.raises(DayLimitReached) as caught:
        await governor.admit(asked, lambda *_: None)
    assert (str(caught.value), caught.value.reset_seconds) == (
        "the limit of 1,200 tokens a day of coder is used up until 2026-01-03 00:00 UTC "
        "(01:00 local time); go on then with: gardener resume",
        3_600,
    )


async def test_the_last_minute_of_a_day_is_waited_out(
    seen: Seen, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    clock.seconds = 86_380.0
    await clock.play(partial(seen.send, exact(limits=(minute(1_200, window="day"),)), times=2))
    assert seen.went == [("run-1", 86_380.0), ("run-1", 86_400.0)]


async def test_a_reply_gives_back_what_it_did_not_use(
    governor: AccountGovernor, books: Books, exact: Ask, minute: Minute
) -> None:
    """Charged by usage: 2,200 booked, 1,020 used, so 1,480 more fit at once."""
    asked = exact(limits=(minute(2_500),), reserved_tokens=1_200, charge="usage")
    booking = await governor.admit(asked, lambda *_: None)
    governor.settle(booking, Usage(input_tokens=1_000, output_tokens=20), ())
    assert governor.wait_seconds(replace(asked, charged_tokens=1_480)) == 0
    assert governor.wait_seconds(replace(asked, charged_tokens=1_481)) == 60.5
    settled = only(books)
    assert (settled.state, settled.charged, settled.input, settled.output, settled.cached) == (
        "settled",
        1_020,
        1_000,
        20,
        0,
    )


async def test_a_reservation_charged_at_admission_is_not_given_back(
    governor: AccountGovernor, books: Books, ask: Ask
) -> None:
    booking = await governor.admit(
        ask(reserved_tokens=900, reservation_cap_tokens=500, charged_tokens=1_500), lambda *_: None
    )
    governor.settle(booking, Usage(input_tokens=1_100, output_tokens=20), ())
    assert only(books).charged == 1_100 + 500


async def test_cached_input_is_free_where_the_data_says_so(
    governor: AccountGovernor, books: Books, ask: Ask
) -> None:
    booking = await governor.admit(ask(cached_tokens_count=False), lambda *_: None)
    governor.settle(booking, Usage(input_tokens=1_000, output_tokens=9, cached_tokens=768), ())
    assert (only(books).charged, only(books).cached) == (232 + 200, 768)


async def test_without_a_count_the_booking_stands(
    governor: AccountGovernor, books: Books, exact: Ask
) -> None:
    booking = await governor.admit(exact(), lambda *_: None)
    governor.settle(booking, Usage(), ())
    assert (only(books).state, only(books).charged, only(books).input) == ("settled", 1_200, None)


async def test_a_second_settlement_changes_nothing(
    governor: AccountGovernor, books: Books, exact: Ask
) -> None:
    booking = await governor.admit(exact(), lambda *_: None)
    governor.settle(booking, Usage(input_tokens=900, output_tokens=1), ())
    before = only(books)
    governor.settle(booking, Usage(input_tokens=5, output_tokens=5), ())
    governor.fail(booking, 60.0)
    assert only(books) == before


async def test_a_refusal_with_seconds_keeps_everybody_out_so_long(
    governor: AccountGovernor, seen: Seen, clock: VirtualClock, books: Books, exact: Ask
) -> None:
    booking = await governor.admit(exact(), lambda *_: None)
    governor.fail(booking, 23.0)
    other = AccountGovernor(books, clock, Owner("here:2", lambda _: False))
    assert other.wait_seconds(exact(run_id="run-2")) == 23
    await clock.play(partial(seen.send, exact()))
    assert (seen.went, seen.told) == ([("run-1", 23.0)], [(23.0, "the endpoint asked for a pause")])
    assert [(each.state, each.charged) for each in books.bookings()] == [
        ("failed", 0),
        ("open", 1_200),
    ]


async def test_a_refusal_for_hours_stops_the_run(governor: AccountGovernor, ask: Ask) -> None:
    booking = await governor.admit(ask(), lambda *_: None)
    governor.fail(booking, 7_200.0)
    with pytest.raises(DayLimitReached, match="closed to this account until 2026-01-02 02:00 UTC"):
        await governor.admit(ask(), lambda *_: None)


async def test_a_pause_is_waited_for_as_long_as_it_is_said_to(
    books: Books, clock: VirtualClock, exact: Ask
) -> None:
    patient = AccountGovernor(books, clock, ME, longest_wait_seconds=300.0)
    patient.fail(await patient.admit(exact(), lambda *_: None), 240.0)
    seen = Seen(patient, clock)
    await clock.play(partial(seen.send, exact()))
    assert seen.went == [("run-1", 240.0)]


async def test_no_wait_is_longer_than_it_is_said_to_be(
    books: Books, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    hasty = AccountGovernor(books, clock, ME, zone=BERLIN, longest_wait_seconds=20.0)
    asked = exact(limits=(minute(1_200),))
    await hasty.admit(asked, lambda *_: None)
    with pytest.raises(DayLimitReached) as caught:
        await hasty.admit(asked, lambda *_: None)
    assert (str(caught.value), caught.value.reset_seconds) == (
        "the limit of 1,200 tokens a minute of coder is used up until 2026-01-02 00:01 UTC "
        "(01:01 local time); go on then with: gardener resume, or set max_wait_seconds to more "
        "than 20",
        60.5,
    )


async def test_a_break_without_a_refusal_stays_counted(
    governor: AccountGovernor, books: Books, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_200),))
    governor.fail(await governor.admit(asked, lambda *_: None), None)
    assert (only(books).state, governor.wait_seconds(asked)) == ("failed", 60.5)


@pytest.mark.parametrize("end", ["settle", "fail"])
async def test_a_rehearsed_request_is_booked_as_a_script_s(
    governor: AccountGovernor, books: Books, exact: Ask, end: str
) -> None:
    booking = await governor.admit(exact(), lambda *_: None)
    governor.mark_rehearsed(booking)
    if end == "settle":
        governor.settle(booking, Usage(input_tokens=900, output_tokens=1), ())
    else:
        governor.fail(booking, None)
    governor.mark_rehearsed(booking)
    assert (only(books).profile, only(books).charged > 0) == ("rehearsal", True)


async def test_a_bucket_that_refuses_is_not_believed_for_a_while(
    governor: AccountGovernor, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(2_400, refill="bucket"),))
    for _ in range(2):
        await governor.admit(asked, lambda *_: None)
    assert governor.wait_seconds(asked) == 30.5
    booking = await governor.admit(exact(charged_tokens=0, estimated_tokens=0), lambda *_: None)
    governor.fail(booking, 10.0)
    assert governor.wait_seconds(asked) == 60.5


def reading(**values: object) -> LimitReading:
    return LimitReading.model_validate({"unit": "tokens", "window": "minute", **values})


async def settled_with(
    governor: AccountGovernor, admission: Admission, *readings: LimitReading
) -> None:
    booking = await governor.admit(admission, lambda *_: None)
    usage = Usage(input_tokens=admission.estimated_tokens, output_tokens=9)
    governor.settle(booking, usage, readings)


async def test_a_smaller_limit_in_a_header_replaces_the_assumed_one(
    governor: AccountGovernor, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(10_000),))
    await settled_with(governor, asked, reading(limit=1_500))
    assert governor.wait_seconds(asked) == 60.5


async def test_a_larger_limit_in_a_header_changes_nothing(
    governor: AccountGovernor, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_500),))
    await settled_with(governor, asked, reading(limit=10_000, remaining=9_000))
    assert governor.wait_seconds(asked) == 60.5


async def test_a_limit_that_only_a_header_names_is_kept(
    governor: AccountGovernor, exact: Ask
) -> None:
    await settled_with(governor, exact(), reading(unit="requests", limit=1))
    assert governor.wait_seconds(exact()) == 60.5


async def test_use_by_somebody_else_shows_in_what_remains(
    governor: AccountGovernor, exact: Ask, minute: Minute
) -> None:
    """Of 5,000 the endpoint has 1,000 left, though only 1,200 were ours: 2,800 are foreign."""
    asked = exact(limits=(minute(5_000),))
    await settled_with(governor, asked, reading(limit=5_000, remaining=1_000))
    assert governor.wait_seconds(asked) == 60.5
    assert governor.wait_seconds(replace(asked, charged_tokens=1_000)) == 0


async def test_more_that_remains_than_the_books_say_is_not_believed(
    governor: AccountGovernor, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_200),))
    await settled_with(governor, asked, reading(limit=1_200, remaining=1_200))
    assert governor.wait_seconds(asked) == 60.5


async def test_a_told_reset_aligns_the_fixed_window(
    governor: AccountGovernor, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_200),))
    await settled_with(governor, asked, reading(limit=1_200, remaining=0, reset_seconds=7.25))
    assert governor.wait_seconds(asked) == 7.25


async def test_estimates_are_booked_with_a_margin_until_they_prove_right(
    governor: AccountGovernor, clock: VirtualClock, books: Books, ask: Ask
) -> None:
    for _ in range(12):
        await settled_with(governor, ask())
    await governor.admit(ask(), lambda *_: None)
    *_, last = books.bookings()
    assert last.charged == 1_200


async def test_the_line_is_served_in_turn(
    seen: Seen, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    """One request a minute fits: two runs take turns, though one asks far more often."""
    limits = (minute(1_200),)
    busy, other = exact(limits=limits), exact(limits=limits, run_id="run-2")
    await clock.play(
        partial(seen.send, busy, times=2),
        partial(seen.send, busy, after=0.1, times=2),
        partial(seen.send, other, after=30.0),
    )
    assert seen.went[:3] == [("run-1", 0.0), ("run-2", 60.5), ("run-1", 121.0)]


async def test_a_small_request_does_not_overtake_for_ever(
    seen: Seen, clock: VirtualClock, exact: Ask, minute: Minute
) -> None:
    """A large request waits for room; small ones of another run do not keep taking it."""
    limits = (minute(1_200),)
    large = exact(limits=limits, run_id="large")
    small = exact(limits=limits, run_id="small", estimated_tokens=200, reserved_tokens=100)
    await clock.play(
        partial(seen.send, small, times=12), partial(seen.send, large, after=1.0, times=2)
    )
    first = next(at for run, at in seen.went if run == "large")
    assert (first, len(seen.went)) == (60.5, 14)


async def test_who_leaves_the_line_keeps_nobody_waiting(
    governor: AccountGovernor, clock: VirtualClock, books: Books, exact: Ask, minute: Minute
) -> None:
    asked = exact(limits=(minute(1_200),))
    await governor.admit(asked, lambda *_: None)

    async def impatient() -> None:
        with anyio.CancelScope() as scope:
            await governor.admit(asked, lambda *_: scope.cancel())

    await clock.play(impatient)
    assert clock.seconds + governor.wait_seconds(replace(asked, run_id="run-2")) == 60.5
    assert [each.state for each in books.bookings()] == ["open"]


async def test_what_a_dead_process_left_open_counts_as_booked(
    books: Books, clock: VirtualClock, governor: AccountGovernor, exact: Ask
) -> None:
    asked = exact(charge="usage")
    await AccountGovernor(books, clock, Owner("here:99", ME.is_dead)).admit(asked, lambda *_: None)
    await governor.admit(asked, lambda *_: None)
    assert [(each.owner, each.state, each.charged) for each in books.bookings()] == [
        ("here:99", "settled", 1_200),
        ("here:1", "open", 1_200),
    ]


async def test_time_is_that_of_the_clock_in_utc(
    governor: AccountGovernor, books: Books, ask: Ask
) -> None:
    await governor.admit(ask(), lambda *_: None)
    assert datetime.fromtimestamp(only(books).booked_at, UTC) == datetime(2026, 1, 2, tzinfo=UTC)
