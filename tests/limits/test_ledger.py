"""Sums of what was used, and their price."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.domain.limits import Admission
from agent.limits.books import Booking, State, booking_of
from agent.limits.ledger import By, Ledger, Price, Sums, add_up

Ask = Callable[..., Admission]
NEW_YEAR = 1_767_225_600.0
"""2026-01-01 00:00 UTC."""
PRICES = {("acme-pro", "coder"): Price(input=2.0, output=8.0, cached=0.5)}


def bookings(ask: Ask) -> tuple[Booking, ...]:
    plain = booking_of(ask(), charged=1_200, at=NEW_YEAR + 30, owner="here:1", waited=1.5)
    done = replace(plain, state="settled", charged=1_100, input=900, output=100, cached=600)
    return (
        done,
        replace(done, role="judge", subject="round-1", booked_at=NEW_YEAR + 90_000, waited=0.0),
        replace(plain, state="failed", charged=0, booked_at=NEW_YEAR + 61, run="run-2"),
        replace(plain, state="settled", model="other", booked_at=NEW_YEAR + 59),
    )


def test_everything_is_summed(ask: Ask) -> None:
    found = add_up(bookings(ask), "run", PRICES)
    assert found == Ledger(
        by="run",
        total=Sums(
            requests=4,
            failed=1,
            unreported=1,
            estimated=4_000,
            reserved=800,
            charged=2_200,
            charged_unsure=1_200,
            input=1_800,
            output=200,
            cached=1_200,
            waited=4.5,
            usd=2 * (300 * 2.0 + 600 * 0.5 + 100 * 8.0) / 1e6,
            uncosted=1,
        ),
        groups=found.groups,
        runs=("run-1", "run-2"),
        first_at=NEW_YEAR + 30,
        last_at=NEW_YEAR + 90_000,
    )


def test_it_is_summed_by_what_is_asked_for(ask: Ask) -> None:
    wanted: dict[By, dict[str, int]] = {
        "role": {"executor": 3, "judge": 1},
        "task": {"T01": 3, "round-1": 1},
        "model": {"coder": 3, "other": 1},
        "account": {"acme": 4},
        "minute": {"2026-01-01T00:00Z": 2, "2026-01-01T00:01Z": 1, "2026-01-02T01:00Z": 1},
        "day": {"2026-01-01": 3, "2026-01-02": 1},
        "run": {"run-1": 3, "run-2": 1},
    }
    found = {
        by: {name: sums.requests for name, sums in add_up(bookings(ask), by, {}).groups.items()}
        for by in wanted
    }
    assert found == wanted


def test_groups_add_up_to_the_total(ask: Ask) -> None:
    found = add_up(bookings(ask), "role", PRICES)
    total = Sums()
    for sums in found.groups.values():
        total = total.plus(sums)
    assert total == found.total


@pytest.mark.parametrize(
    ("state", "charged", "unsure"),
    [("failed", 0, 0), ("failed", 1_200, 1_200), ("settled", 1_200, 1_200), ("open", 1_200, 1_200)],
)
def test_what_nobody_told_is_bounded_and_its_cost_is_not_known(
    ask: Ask, state: State, charged: int, unsure: int
) -> None:
    untold = replace(bookings(ask)[3], model="coder", state=state, charged=charged)
    total = add_up([untold], "role", PRICES).total
    assert (total.charged, total.charged_unsure) == (0, unsure)
    assert (total.unreported, total.uncosted, total.usd) == (int(unsure > 0),) * 2 + (0.0,)


def test_a_broken_reply_of_a_script_costs_nothing(ask: Ask) -> None:
    broken = replace(bookings(ask)[2], charged=900)
    total = add_up([broken], "role", {("acme-pro", "coder"): Price(0.0, 0.0)}).total
    assert (total.unreported, total.uncosted) == (1, 0)


def test_what_has_no_price_is_counted(ask: Ask) -> None:
    found = add_up(bookings(ask), "role", {})
    assert (found.total.usd, found.total.unpriced) == (0.0, 2_000)


def test_cached_input_without_a_price_costs_what_other_input_does(ask: Ask) -> None:
    prices = {("acme-pro", "coder"): Price(input=2.0, output=8.0)}
    assert add_up(bookings(ask)[:1], "role", prices).total.usd == (900 * 2.0 + 100 * 8.0) / 1e6


def test_rehearsed_requests_are_told_apart(ask: Ask) -> None:
    scripted = [replace(each, profile="rehearsal") for each in bookings(ask)[:2]]
    assert add_up([*bookings(ask), *scripted], "role", PRICES).rehearsed == 2


def test_an_empty_ledger_has_no_sums() -> None:
    assert add_up((), "day", PRICES) == Ledger(by="day")
