"""The gauges of one account and model: its limits, with what counts against each; pure."""

from collections.abc import Sequence

from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.readings import Unit, Window
from agent.limits.books import Charge, Page, Standing
from agent.limits.windows import Gauge, Turn, Use

MINUTE_SECONDS = WINDOW_SECONDS["minute"]
SHORT: tuple[Window, ...] = ("second", "minute")
LOOK_BACK = {"second": 10.0, "minute": 5.0, "hour": 2.0, "day": 2.0}
"""Windows of history a bucket is computed from."""
LEARNED_SECONDS = 86_400.0
"""A limit that a header told holds so long; a plan may be upgraded."""


def effective_limits(
    declared: Sequence[Limit], standing: Standing, now: float
) -> tuple[Limit, ...]:
    """The declared limits, made tighter by what the endpoint's headers told.

    A limit that only a header named is counted the safe way.
    """
    told = {
        (each.unit, each.window): each.amount
        for each in standing.learned
        if each.amount is not None and each.at > now - LEARNED_SECONDS
    }
    limits = [tightened(limit, told.pop((limit.unit, limit.window), None)) for limit in declared]
    adopted = (
        Limit(unit=unit, window=window, amount=amount, refill="fixed")
        for (unit, window), amount in sorted(told.items())
    )
    return (*limits, *adopted)


def tightened(limit: Limit, amount: int | None) -> Limit:
    if amount is None or amount >= limit.amount:
        return limit
    return limit.model_copy(update={"amount": amount})


def read_gauges(
    page: Page, standing: Standing, limits: Sequence[Limit], now: float
) -> tuple[Gauge, ...]:
    """Reads each length of history once; that of long windows summed by minutes."""
    read: dict[float, tuple[Charge, ...]] = {}
    gauges = []
    for limit in limits:
        since = horizon(limit, now)
        if since not in read:
            read[since] = page.charges(since, now, by_minute=limit.window not in SHORT)
        uses = [Use(each.at, amount_of(limit.unit, each)) for each in read[since]]
        gauges.append(gauge_of(limit, uses, standing, since, now))
    return tuple(gauges)


def horizon(limit: Limit, now: float) -> float:
    """Since when history is read, on a whole minute where it is summed by minutes."""
    if limit.window == "day" and limit.refill == "fixed":
        return now // WINDOW_SECONDS["day"] * WINDOW_SECONDS["day"]
    since = now - LOOK_BACK[limit.window] * WINDOW_SECONDS[limit.window]
    return since if limit.window in SHORT else since // MINUTE_SECONDS * MINUTE_SECONDS


def gauge_of(
    limit: Limit, uses: Sequence[Use], standing: Standing, since: float, now: float
) -> Gauge:
    name = (limit.unit, limit.window)
    others = [
        Use(each.at, each.amount)
        for each in standing.corrections
        if (each.unit, each.window) == name and each.at >= since
    ]
    turns = [
        Turn(each.turns_from, each.turns_by)
        for each in standing.learned
        if (each.unit, each.window) == name
        and each.turns_from is not None
        and each.turns_by is not None
    ]
    return Gauge(
        limit=limit,
        uses=(*uses, *others),
        since=since,
        turn=turns[0] if turns else None,
        # A day turns at midnight whatever a minute's refusal says.
        is_sliding=limit.window in SHORT and standing.sliding_until > now,
    )


def amount_of(unit: Unit, charge: Charge) -> int:
    return charge.tokens if unit == "tokens" else charge.requests
