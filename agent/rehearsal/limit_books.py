"""Limits as an endpoint keeps them: per account and model, over fixed windows or refilled buckets.

Time is handed in as seconds since 1970, UTC. A day of fixed windows so begins at midnight UTC, and
a minute when the clock's minute does.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from agent.domain.limits import WINDOW_SECONDS, Limit

TOLERANCE = 1e-6
"""Of a token: what refills in fractions must not miss a whole one."""
DEFAULT_RESERVATION = 16_384
"""What is booked for a request that does not say, where no cap is known."""
MOST_BOOKS = 1_000
"""Accounts and models beyond these share one book."""


@dataclass(frozen=True)
class Charging:
    """What one request costs."""

    mode: Literal["admission", "usage"] = "usage"
    """`admission`: input and reserved output are booked when a request is let in.
    `usage`: a request is let in while anything is left, and what it used is booked afterwards."""
    cap_tokens: int | None = None
    """The most of a reservation that is booked."""
    cached_count: bool = True
    """Whether cached input is booked."""
    refund: bool = False
    """Whether the part of a reservation that was not used is given back."""
    total_multiplier: int = 0
    """With a second bucket of so many times the size that cached input counts in; 0: none."""

    def reserved(self, asked: int | None) -> int:
        """What is booked for the output: as much as is asked for, up to the cap."""
        cap = DEFAULT_RESERVATION if self.cap_tokens is None else self.cap_tokens
        if asked is None:
            return cap
        return asked if self.cap_tokens is None else min(asked, cap)


@dataclass(frozen=True)
class Charge:
    """Tokens of one request; `cached` are those of `tokens` that a cache spared."""

    tokens: int
    cached: int = 0


@dataclass(frozen=True)
class Standing:
    """How one limit stands."""

    limit: Limit
    left: int
    reset_seconds: float
    """Until the window turns, or until the bucket is full."""


@dataclass(frozen=True)
class Full:
    """The limit that keeps a request out, and for how long."""

    standing: Standing
    needed: int
    wait_seconds: float
    """Infinite when the request is larger than the limit."""


class Meter(Protocol):
    """One limit's count."""

    limit: Limit

    def left(self, now: float) -> float: ...

    def reset_seconds(self, now: float) -> float: ...

    def wait_seconds(self, amount: int, now: float) -> float: ...

    def take(self, amount: int, now: float) -> None:
        """Books an amount; a negative one is given back."""
        ...


class FixedWindow:
    """Counts from zero when the window turns."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._seconds = WINDOW_SECONDS[limit.window]
        self._window = -1
        self._used = 0

    def left(self, now: float) -> float:
        self._turn(now)
        return self.limit.amount - self._used

    def reset_seconds(self, now: float) -> float:
        return self._seconds - now % self._seconds

    def wait_seconds(self, amount: int, now: float) -> float:
        if amount > self.limit.amount:
            return math.inf
        return 0.0 if amount <= self.left(now) else self.reset_seconds(now)

    def take(self, amount: int, now: float) -> None:
        self._turn(now)
        self._used = max(0, self._used + amount)

    def _turn(self, now: float) -> None:
        window = math.floor(now / self._seconds)
        if window != self._window:
            self._window, self._used = window, 0


class Bucket:
    """Refills continuously; may be overdrawn by what was used, not by what is admitted."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._rate = limit.amount / WINDOW_SECONDS[limit.window]
        self._level = float(limit.amount)
        self._at = -math.inf

    def left(self, now: float) -> float:
        if now > self._at:
            refilled = (now - self._at) * self._rate
            self._level = min(float(self.limit.amount), self._level + refilled)
            self._at = now
        return self._level

    def reset_seconds(self, now: float) -> float:
        return (self.limit.amount - self.left(now)) / self._rate

    def wait_seconds(self, amount: int, now: float) -> float:
        if amount > self.limit.amount:
            return math.inf
        missing = amount - self.left(now)
        return 0.0 if missing <= TOLERANCE else missing / self._rate

    def take(self, amount: int, now: float) -> None:
        self._level = min(float(self.limit.amount), self.left(now) - amount)


@dataclass(frozen=True)
class Counted:
    """A meter, and what of a charge it counts."""

    meter: Meter
    amount_of: Callable[[Charge], int]

    def full(self, charge: Charge, now: float) -> Full | None:
        """Something must be left even for a request that is booked afterwards."""
        needed = max(1, self.amount_of(charge))
        wait = self.meter.wait_seconds(needed, now)
        return Full(standing(self.meter, now), needed, wait) if wait > 0 else None


class Book:
    """All limits of one account and model."""

    def __init__(self, limits: tuple[Limit, ...], charging: Charging) -> None:
        self._counted = [each for limit in limits for each in counted(limit, charging)]

    def full(self, charge: Charge, now: float) -> Full | None:
        """What keeps a request out: of several limits the one that keeps longest."""
        found = [full for each in self._counted if (full := each.full(charge, now))]
        return max(found, key=lambda full: full.wait_seconds, default=None)

    def take(self, charge: Charge, now: float) -> None:
        """Books a request that nothing keeps out."""
        for each in self._counted:
            each.meter.take(each.amount_of(charge), now)

    def correct(self, charge: Charge, now: float) -> None:
        """Books tokens afterwards; negative ones are given back. No request is counted."""
        for each in self._counted:
            if each.meter.limit.unit == "tokens":
                each.meter.take(each.amount_of(charge), now)

    def standings(self, now: float) -> tuple[Standing, ...]:
        return tuple(standing(each.meter, now) for each in self._counted)


class Books:
    """The books of every account and model that has asked."""

    def __init__(self, limits: tuple[Limit, ...], charging: Charging) -> None:
        self._limits = limits
        self._charging = charging
        self._books: dict[tuple[str, str], Book] = {}

    def of(self, account: str, model: str) -> Book:
        key = (account, model)
        if key not in self._books and len(self._books) >= MOST_BOOKS:
            key = ("", "")
        if key not in self._books:
            self._books[key] = Book(self._limits, self._charging)
        return self._books[key]


def counted(limit: Limit, charging: Charging) -> list[Counted]:
    """The meters of a limit: two where cached input counts in a bucket of its own."""
    if limit.unit == "requests":
        return [Counted(meter_of(limit), lambda _: 1)]
    if charging.total_multiplier:
        whole = limit.model_copy(update={"amount": limit.amount * charging.total_multiplier})
        return [Counted(meter_of(limit), uncached), Counted(meter_of(whole), all_tokens)]
    return [Counted(meter_of(limit), all_tokens if charging.cached_count else uncached)]


def all_tokens(charge: Charge) -> int:
    return charge.tokens


def uncached(charge: Charge) -> int:
    return charge.tokens - charge.cached


def meter_of(limit: Limit) -> Meter:
    return FixedWindow(limit) if limit.refill == "fixed" else Bucket(limit)


def standing(meter: Meter, now: float) -> Standing:
    left = max(0, math.floor(meter.left(now) + TOLERANCE))
    return Standing(meter.limit, left, meter.reset_seconds(now))
