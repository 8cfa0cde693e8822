"""How a booking ends, and what a refusal leaves behind; pure."""

from dataclasses import replace

from agent.domain.message import Usage
from agent.limits.books import RECENT_RATIOS, Booking, Standing

DISTRUST_SECONDS = 3600.0
"""How long a declared bucket is not believed after the endpoint refused what should fit."""
DISTRUST_FROM_SECONDS = 5.0
"""A shorter pause says that the endpoint is busy, not that a minute's limit is used up."""
TELLING_TOKENS = 1_000
"""A smaller request says more of what surrounds each message than of how estimates err."""


def settled(booking: Booking, usage: Usage, now: float) -> Booking:
    """The booking with what was really used; unchanged figures where nothing was reported."""
    counted = counted_at(booking, now)
    if not usage.input_tokens and not usage.output_tokens:
        return replace(booking, state="settled", counted_at=counted)
    fresh = usage.input_tokens - (0 if booking.cached_counts else usage.cached_tokens)
    output = booking.reserve_counted if booking.charging == "admission" else usage.output_tokens
    return replace(
        booking,
        state="settled",
        counted_at=counted,
        charged=max(0, fresh) + output,
        input=usage.input_tokens,
        output=usage.output_tokens,
        cached=usage.cached_tokens,
    )


def failed(booking: Booking, now: float, *, is_refused: bool) -> Booking:
    """A refused request costs no tokens; any other may have been counted before it broke."""
    charged = 0 if is_refused else booking.charged
    return replace(booking, state="failed", counted_at=counted_at(booking, now), charged=charged)


def counted_at(booking: Booking, now: float) -> float:
    return booking.counted_at if booking.charging == "admission" else now


def with_ratio(standing: Standing, booking: Booking, usage: Usage) -> Standing:
    """The standing with one more measurement of how far estimates are off."""
    if not usage.input_tokens or booking.estimated < TELLING_TOKENS:
        return standing
    ratios = (*standing.ratios, usage.input_tokens / booking.estimated)[-RECENT_RATIOS:]
    return standing.model_copy(update={"ratios": ratios})


def closed(standing: Standing, now: float, seconds: float) -> Standing:
    """The standing after the endpoint said it is full, against what the books expected."""
    distrust = now + DISTRUST_SECONDS if seconds >= DISTRUST_FROM_SECONDS else 0.0
    return standing.model_copy(
        update={
            "blocked_at": now,
            "blocked_until": max(standing.blocked_until, now + seconds),
            "sliding_until": max(standing.sliding_until, distrust),
        }
    )
