"""The account of every token: sums over the books, by whatever is asked for; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from agent.domain.message import Spender
from agent.limits.books import REHEARSAL, Booking

By = Literal["role", "task", "model", "account", "minute", "day", "run"]
MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens; `cached` None costs as much as other input."""

    input: float
    output: float
    cached: float | None = None


FREE = Price(0.0, 0.0)
Prices = Mapping[tuple[str, str], Price]
"""By profile and model."""


@dataclass(frozen=True)
class Sums:
    """What a group of requests came to; tokens, seconds, US dollars."""

    requests: int = 0
    failed: int = 0
    """Of the requests, those that were not served."""
    unreported: int = 0
    """Of the requests, those that may have been counted and whose use the endpoint did not tell:
    they broke off, came without a count, or are not over."""
    estimated: int = 0
    """Input tokens as expected."""
    reserved: int = 0
    """Output tokens asked for."""
    charged: int = 0
    """What counts against token limits, but for the unreported."""
    charged_unsure: int = 0
    """The most that was charged for the unreported, and what the limits are kept by."""
    input: int = 0
    output: int = 0
    cached: int = 0
    """Of the input."""
    waited: float = 0.0
    usd: float = 0.0
    unpriced: int = 0
    """Tokens whose price is not known."""
    uncosted: int = 0
    """Of the unreported, those that may have cost something."""

    def plus(self, other: "Sums") -> "Sums":
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in FIELDS})


FIELDS = tuple(Sums.__dataclass_fields__)


@dataclass(frozen=True)
class Ledger:
    """Sums of all, and of each group in the order of its key."""

    by: By
    total: Sums = Sums()
    groups: dict[str, Sums] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    checkups: tuple[str, ...] = ()
    """Names under which a doctor has spent."""
    first_at: float | None = None
    last_at: float | None = None
    rehearsed: int = 0
    """Requests that a script answered."""


KEYS: dict[By, Callable[[Booking], str]] = {
    "role": lambda each: each.role,
    "task": lambda each: each.subject,
    "model": lambda each: each.model,
    "account": lambda each: each.account,
    "minute": lambda each: f"{datetime.fromtimestamp(each.booked_at, UTC):%Y-%m-%dT%H:%MZ}",
    "day": lambda each: f"{datetime.fromtimestamp(each.booked_at, UTC):%Y-%m-%d}",
    "run": lambda each: each.run,
}
"""Minutes and days are those of UTC in which a request was let in."""


def add_up(bookings: Iterable[Booking], by: By, prices: Prices) -> Ledger:
    key = KEYS[by]
    total, groups, names = Sums(), dict[str, Sums](), dict[str, Spender]()
    first_at = last_at = None
    rehearsed = 0
    for each in bookings:
        one = sums_of(each, prices)
        total = total.plus(one)
        name = key(each)
        groups[name] = groups.get(name, Sums()).plus(one)
        names[each.run] = each.role
        rehearsed += each.profile == REHEARSAL
        first_at = each.booked_at if first_at is None else min(first_at, each.booked_at)
        last_at = each.booked_at if last_at is None else max(last_at, each.booked_at)
    ordered = {name: groups[name] for name in sorted(groups)}
    checkups = tuple(name for name, role in names.items() if role == "doctor")
    runs = tuple(name for name in names if name not in checkups)
    return Ledger(by, total, ordered, runs, checkups, first_at, last_at, rehearsed)


def sums_of(booking: Booking, prices: Prices) -> Sums:
    price = prices.get((booking.profile, booking.model))
    unsure = booking.input is None and booking.charged > 0
    one = Sums(
        requests=1,
        failed=int(booking.state == "failed"),
        unreported=int(unsure),
        estimated=booking.estimated,
        reserved=booking.reserved,
        charged=0 if unsure else booking.charged,
        charged_unsure=booking.charged if unsure else 0,
        input=booking.input or 0,
        output=booking.output or 0,
        cached=booking.cached or 0,
        waited=booking.waited,
        uncosted=int(unsure and price != FREE),
    )
    if price is None:
        return replace(one, unpriced=one.input + one.output)
    return replace(one, usd=cost(one, price))


def cost(sums: Sums, price: Price) -> float:
    cached = price.input if price.cached is None else price.cached
    fresh = sums.input - sums.cached
    return (fresh * price.input + sums.cached * cached + sums.output * price.output) / MILLION
