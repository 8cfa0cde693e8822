"""When a request may go, and what forbids it for good; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from statistics import fmean

from agent.domain.limits import Admission, Limit
from agent.errors import DayLimitReached, RequestTooLarge
from agent.limits.books import Ticket
from agent.limits.gauges import SHORT
from agent.limits.windows import TOLERANCE_SECONDS, Gauge, earliest, with_use

LONGEST_WAIT_SECONDS = 75.0
"""A limit or a pause that keeps longer than this stops the run, unless it is said otherwise."""
MOST_PATIENCE_SECONDS = 3600.0
"""No setting asks to wait for longer."""
FIRST_MARGIN = 1.45
"""Input that is booked for input that is estimated, before enough was measured: right even for an
estimate that is 30 % too low."""
ENOUGH_RATIOS = 12
STEADY_SPREAD = 0.04
"""Estimates that are less even than this are never booked with less than FIRST_MARGIN."""
LARGEST_MARGIN = 1.5
LARGEST_SURPRISE = 1.4
"""What was not seen yet is taken for at most LARGEST_MARGIN, or this many times the mean."""


@dataclass(frozen=True)
class Opening:
    """The first instant at which a request fits, and the limit that keeps it so long."""

    at: float
    keeps: Limit | None = None


def margin(ratios: Sequence[float]) -> float:
    """How much more than the estimate is booked until the real figure is known.

    Never less than the worst that was measured lately; beyond it mean and five deviations, more
    of few measurements: estimates that are out by up to 30 % either way give 1.5, exact ones
    1.0. It is given back when the reply comes.
    """
    mean = fmean(ratios) if ratios else 1.0
    if len(ratios) < ENOUGH_RATIOS:
        return max(FIRST_MARGIN * max(1.0, mean), *ratios, 1.0)
    # Unlike pstdev without fractions: this runs several times a turn.
    spread = math.sqrt(fmean((ratio - mean) ** 2 for ratio in ratios))
    guess = mean + spread * (5 + 24 / len(set(ratios)))
    if spread > STEADY_SPREAD:
        guess = max(guess, FIRST_MARGIN)
    return max(1.0, *ratios, min(guess, max(LARGEST_MARGIN, LARGEST_SURPRISE * mean)))


def amount_to_book(admission: Admission, limits: Sequence[Limit], ratios: Sequence[float]) -> int:
    """The charge with the margin on its input, but never more than a whole window."""
    extra = round(admission.estimated_tokens * (margin(ratios) - 1))
    windows = [limit.amount for limit in limits if limit.unit == "tokens"]
    most = min(windows, default=admission.charged_tokens + extra)
    return max(admission.charged_tokens, min(admission.charged_tokens + extra, most))


def refuse_too_large(admission: Admission, limits: Sequence[Limit]) -> None:
    """Raises RequestTooLarge when no waiting helps."""
    for limit in limits:
        if limit.unit == "tokens" and admission.charged_tokens > limit.amount:
            raise RequestTooLarge(
                f"one request of {admission.charged_tokens:,} tokens, "
                f"{admission.reserved_tokens:,} of them reserved for the reply, can never pass "
                f"the limit of {in_words(limit)} of {admission.model}; lower max_output_tokens, "
                "split the task, or use a profile with larger limits",
                limit.amount,
            )


def opening(gauges: Sequence[Gauge], tokens: int, start: float) -> Opening:
    """When one request of so many tokens fits every limit."""
    at, keeps = start, None
    moved = True
    while moved:
        moved = False
        for gauge in gauges:
            amount = tokens if gauge.limit.unit == "tokens" else 1
            if (when := earliest(gauge, amount, at)) > at:
                at, keeps, moved = when, gauge.limit, math.isfinite(when)
            if math.isinf(at):
                return Opening(at, keeps)
    return Opening(at, keeps)


def behind(
    line: Sequence[Ticket], gauges: Sequence[Gauge], start: float, longest: float
) -> tuple[tuple[Gauge, ...], float]:
    """The gauges as they are when all in line have gone, and when the last of them goes.

    Who waits for hours keeps back nobody who waits for `longest` seconds at most.
    """
    placed, at = tuple(gauges), start
    for ticket in line:
        there = opening(placed, ticket.tokens, at)
        if there.at - start > longest and is_long(there.keeps):
            continue
        if math.isfinite(there.at):
            at = there.at
            placed = tuple(
                with_use(each, at, ticket.tokens if each.limit.unit == "tokens" else 1)
                for each in placed
            )
    return placed, at


def is_long(limit: Limit | None) -> bool:
    return limit is not None and limit.window not in SHORT


@dataclass(frozen=True)
class Patience:
    """How long one wait may be, and the local time zone, None for the machine's own."""

    longest_seconds: float = LONGEST_WAIT_SECONDS
    zone: tzinfo | None = None

    def stop_at_long_wait(self, model: str, there: Opening, now: float) -> None:
        """Raises DayLimitReached when a limit keeps longer."""
        if there.keeps is not None:
            reason = f"the limit of {in_words(there.keeps)} of {model} is used up"
            self._stop(reason, there.at, now, may_wait=there.keeps.window != "day")

    def stop_at_long_pause(self, model: str, until: float, now: float) -> None:
        """Raises DayLimitReached when the endpoint asked for a longer pause."""
        reason = f"the endpoint of {model} is closed to this account"
        self._stop(reason, until, now, may_wait=True)

    def _stop(self, reason: str, until: float, now: float, *, may_wait: bool) -> None:
        seconds = until - now
        if seconds <= self.longest_seconds + TOLERANCE_SECONDS:
            return
        advice = "go on then with: gardener resume"
        if may_wait and seconds <= MOST_PATIENCE_SECONDS:
            advice += f", or set max_wait_seconds to more than {self.longest_seconds:g}"
        raise DayLimitReached(
            f"{reason} until {in_both_times(until, self.zone)}; {advice}", seconds
        )


def in_both_times(instant: float, zone: tzinfo | None) -> str:
    """An instant in UTC, and in local time where that differs; `zone` None stands for the
    machine's own."""
    utc = datetime.fromtimestamp(math.ceil(instant), UTC)
    local = utc.astimezone(zone)
    if local.utcoffset() == utc.utcoffset():
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    shown = f"{local:%H:%M}" if local.date() == utc.date() else f"{local:%Y-%m-%d %H:%M}"
    return f"{utc:%Y-%m-%d %H:%M} UTC ({shown} local time)"


def in_words(limit: Limit) -> str:
    return f"{limit.amount:,} {limit.unit} {a_window(limit)}"


def a_window(limit: Limit) -> str:
    return "an hour" if limit.window == "hour" else f"a {limit.window}"
