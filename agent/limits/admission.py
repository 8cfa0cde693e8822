"""When a request may go, and what forbids it for good; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from statistics import fmean, pstdev

from agent.domain.limits import Admission, Limit
from agent.errors import DayLimitReached, RequestTooLarge
from agent.limits.books import Ticket
from agent.limits.gauges import SHORT
from agent.limits.windows import Gauge, earliest, with_use

FIRST_MARGIN = 1.45
"""Input that is booked for input that is estimated, before enough was measured: right even for an
estimate that is 30 % too low."""
LARGEST_MARGIN = 1.6
ENOUGH_RATIOS = 12
LONGEST_WAIT_SECONDS = 75.0
"""A limit by the hour or day, or a pause, that keeps longer than this stops the run."""


@dataclass(frozen=True)
class Opening:
    """The first instant at which a request fits, and the limit that keeps it so long."""

    at: float
    keeps: Limit | None = None


def margin(ratios: Sequence[float]) -> float:
    """How much more than the estimate is booked until the real figure is known.

    Mean and three deviations of what was measured: estimates that are right on average and out
    by up to 30 % either way give 1.5, exact ones 1.0. It is given back when the reply comes.
    """
    if len(ratios) < ENOUGH_RATIOS:
        return min(LARGEST_MARGIN, max((FIRST_MARGIN, *ratios)))
    spread = pstdev(ratios) * (3 + 8 / len(ratios))
    return min(LARGEST_MARGIN, max(1.0, max(ratios), fmean(ratios) + spread))


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
    line: Sequence[Ticket], gauges: Sequence[Gauge], start: float
) -> tuple[tuple[Gauge, ...], float]:
    """The gauges as they are when all in line have gone, and when the last of them goes."""
    placed, at = tuple(gauges), start
    for ticket in line:
        there = opening(placed, ticket.tokens, at)
        if there.at - start > LONGEST_WAIT_SECONDS and is_long(there.keeps):
            continue  # Its owner stops, and keeps nobody waiting.
        if math.isfinite(there.at):
            at = there.at
            placed = tuple(
                with_use(each, at, ticket.tokens if each.limit.unit == "tokens" else 1)
                for each in placed
            )
    return placed, at


def is_long(limit: Limit | None) -> bool:
    return limit is not None and limit.window not in SHORT


def stop_at_long_wait(model: str, there: Opening, now: float, zone: tzinfo | None) -> None:
    """Raises DayLimitReached when only an hour's or day's reset helps."""
    if is_long(there.keeps) and there.at - now > LONGEST_WAIT_SECONDS:
        assert there.keeps is not None
        reason = f"the limit of {in_words(there.keeps)} of {model} is used up"
        raise day_limit(reason, there.at, now, zone)


def stop_at_long_block(model: str, until: float, now: float, zone: tzinfo | None) -> None:
    """Raises DayLimitReached when the endpoint asked for a pause longer than a minute's."""
    if until - now > LONGEST_WAIT_SECONDS:
        raise day_limit(f"the endpoint of {model} is closed to this account", until, now, zone)


def day_limit(reason: str, until: float, now: float, zone: tzinfo | None) -> DayLimitReached:
    return DayLimitReached(
        f"{reason} until {in_both_times(until, zone)}; go on then with: gardener resume",
        until - now,
    )


def in_both_times(instant: float, zone: tzinfo | None) -> str:
    """An instant in UTC and in local time; `zone` None stands for the machine's own."""
    utc = datetime.fromtimestamp(math.ceil(instant), UTC)
    local = utc.astimezone(zone)
    shown = f"{local:%H:%M}" if local.date() == utc.date() else f"{local:%Y-%m-%d %H:%M}"
    return f"{utc:%Y-%m-%d %H:%M} UTC ({shown} local time)"


def in_words(limit: Limit) -> str:
    return f"{limit.amount:,} {limit.unit} a {limit.window}"
