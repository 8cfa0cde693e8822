"""When one more request fits a limit, computed from what was booked; pure, no clock.

Instants are seconds since 1970, UTC. Three ways to count:

- sliding: what was booked in the last window's length counts. No sum over any window of that
  length, wherever it begins, is ever over the limit, so this is safe for every endpoint, and it
  is what an unknown alignment gets.
- turning: the count falls to zero at known instants. Days turn at midnight UTC; shorter windows
  are counted so once replies have said when they turn, which is known as a span: what may have
  come after the turn counts in the new window, and nothing of it is spent before the span's end.
- bucket: `amount` at most, refilled continuously with `amount` a window.

A request is charged by the endpoint a little after it is booked here, so bookings are taken as
GUARD_SECONDS later than they were written: a delay once, not a loss of throughput.
"""

import math
from dataclasses import dataclass, replace

from agent.domain.limits import WINDOW_SECONDS, Limit

GUARD_SECONDS = 0.5
TOLERANCE_SECONDS = 0.002
"""Clocks are read in microseconds and slept on in less; an instant so near has come."""


@dataclass(frozen=True)
class Use:
    """So much of the limit's unit was taken at that instant."""

    at: float
    amount: int


@dataclass(frozen=True)
class Turn:
    """A window turns at some instant of this span, and again a window's length later."""

    earliest: float
    latest: float


MIDNIGHT = Turn(0.0, 0.0)


@dataclass(frozen=True)
class Gauge:
    """One limit and what is known to count against it."""

    limit: Limit
    uses: tuple[Use, ...]
    """Everything since `since`, in any order."""
    since: float
    """A bucket is taken as empty at that instant, the worst case."""
    turn: Turn | None = None
    """When a fixed window turns; None where that is not known."""
    is_sliding: bool = False
    """Distrusts a declared bucket: counts it the safe way."""

    @property
    def seconds(self) -> float:
        return WINDOW_SECONDS[self.limit.window]

    @property
    def guard(self) -> float:
        return min(GUARD_SECONDS, self.seconds / 4)

    @property
    def known_turn(self) -> Turn | None:
        if self.limit.refill == "bucket" or self.is_sliding:
            return None
        return MIDNIGHT if self.limit.window == "day" else self.turn


def with_use(gauge: Gauge, at: float, amount: int) -> Gauge:
    return replace(gauge, uses=(*gauge.uses, Use(at, amount)))


def earliest(gauge: Gauge, amount: int, start: float) -> float:
    """The first instant, not before `start`, at which `amount` fits; infinite when it never does.

    Uses that lie in the future count already.
    """
    if amount > gauge.limit.amount:
        return math.inf
    if gauge.known_turn is not None:
        turned = _when_turned(gauge, gauge.known_turn, amount, start)
        is_day = gauge.limit.window == "day"
        # Of a day only what came after midnight is known; of others the safe way is there too.
        return turned if is_day else min(turned, _when_expired(gauge, amount, start))
    if gauge.limit.refill == "bucket" and not gauge.is_sliding:
        return _when_refilled(gauge, amount, start)
    return _when_expired(gauge, amount, start)


def used(gauge: Gauge, at: float) -> int:
    """What counts against the limit at an instant, uses after it included."""
    if gauge.known_turn is not None:
        return _used_since(gauge, gauge.known_turn.earliest + _windows(gauge, gauge.known_turn, at))
    if gauge.limit.refill == "bucket" and not gauge.is_sliding:
        settled = replace(gauge, uses=tuple(use for use in gauge.uses if use.at <= at))
        last, debt = _debt(settled)
        left = max(0.0, debt - _rate(gauge) * max(0.0, at - last))
        return math.ceil(left) + sum(use.amount for use in gauge.uses if use.at > at)
    begun = at - gauge.seconds - gauge.guard
    return sum(use.amount for use in gauge.uses if use.at > begun)


def _windows(gauge: Gauge, turn: Turn, at: float) -> float:
    """Seconds from the known turn to the last one that surely is over at an instant."""
    return math.floor((at - turn.latest) / gauge.seconds) * gauge.seconds


def _used_since(gauge: Gauge, begun: float) -> int:
    return sum(use.amount for use in gauge.uses if use.at + gauge.guard >= begun)


def _when_turned(gauge: Gauge, turn: Turn, amount: int, start: float) -> float:
    passed = _windows(gauge, turn, start)
    while _used_since(gauge, turn.earliest + passed) + amount > gauge.limit.amount:
        passed += gauge.seconds
    return max(start, turn.latest + passed)


def _when_expired(gauge: Gauge, amount: int, start: float) -> float:
    """Waits until enough of the uses have left the window, the oldest first."""
    length = gauge.seconds + gauge.guard
    ends = sorted((use.at + length, use.amount) for use in gauge.uses if use.at + length > start)
    excess = sum(amount for _, amount in ends) + amount - gauge.limit.amount
    at = start
    for end, freed in ends:
        if excess <= 0:
            break
        excess -= freed
        at = end
    return at


def _when_refilled(gauge: Gauge, amount: int, start: float) -> float:
    last, debt = _debt(gauge)
    missing = debt + amount - gauge.limit.amount
    return max(start, last + missing / _rate(gauge)) if missing > 0 else start


def _rate(gauge: Gauge) -> float:
    return gauge.limit.amount / gauge.seconds


def _debt(gauge: Gauge) -> tuple[float, float]:
    """What is missing to a full bucket right after the last use, and when that was."""
    last, debt = gauge.since, float(gauge.limit.amount)
    for use in sorted(gauge.uses, key=lambda use: use.at):
        at = max(last, use.at + gauge.guard)
        debt = max(0.0, debt - _rate(gauge) * (at - last)) + use.amount
        last = at
    return last, debt
