"""How long nobody should send anything after a refusal; pure."""

from datetime import datetime, timedelta

from agent.errors import DayLimitReached, ProviderError, RateLimited, Unreachable

MINUTE_SECONDS = 60.0


def pause_seconds(error: ProviderError, now: datetime) -> float | None:
    """None when the endpoint is not full.

    A minute's limit without a figure takes a minute, a day's until midnight UTC. An allotment
    that no window fills again keeps its account out until the next day, when it is tried again.
    """
    if isinstance(error, RateLimited):
        return MINUTE_SECONDS if error.wait_seconds is None else error.wait_seconds
    if isinstance(error, DayLimitReached):
        return to_midnight(now) if error.wait_seconds is None else error.wait_seconds
    return None


def refused_seconds(error: ProviderError, now: datetime) -> float | None:
    """What to hand to `Governor.fail`: None when the request may have been counted."""
    seconds = pause_seconds(error, now)
    may_count = error.may_count and not isinstance(error, Unreachable)
    return seconds if seconds is not None or may_count else 0.0


def to_midnight(now: datetime) -> float:
    """Seconds to the next midnight of `now`'s own zone, which is UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()
