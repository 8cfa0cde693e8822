"""What a plan will need, and how long its limits make that take; pure.

A task of `size` tokens, which its executor reads and writes, is worked off in turns, and each
turn sends everything again. With a brief of BRIEF tokens and PER_TURN new ones a turn:

    turns  = size / PER_TURN, at least FEWEST_TURNS
    tokens = turns * (BRIEF + size / 2 + reservation)

Tasks already done show how far that is off: the median of their real figures by the forecast
ones corrects it. Planning, review, judging and mended work come on top as a share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.profile import Profile
from agent.limits.admission import a_window
from agent.limits.reservation import LOOK_TOKENS, reservation

BRIEF_TOKENS = 6_000
PER_TURN_TOKENS = 1_500
FEWEST_TURNS = 6
MOST_TURNS = 60
UNSIZED_TOKENS = 20_000
"""Of a task whose plan names no size."""
OTHER_ROLES_SHARE = 0.4
"""Of the executor's tokens: what planner, gardener, judge and mended work need on top."""


@dataclass(frozen=True)
class Done:
    """A task that was worked off: its size in the plan, and what its sessions were charged."""

    size_tokens: int
    charged_tokens: int
    requests: int


@dataclass(frozen=True)
class Need:
    tokens: int
    requests: int
    learned_from: int
    """Tasks of the past that corrected the figure."""


@dataclass(frozen=True)
class Forecast:
    need: Need
    minutes: float
    """At the limits by the minute; 0 where there are none."""
    pace: Limit | None
    """The limit that sets the pace."""
    days: float
    """Whole days' allotments; 0 where there are none."""
    day: Limit | None
    """The day's limit that is the narrowest."""
    tightest: Limit | None
    """The day's limit of which the least will be left."""
    left_today: int | None
    """Of that limit, at all accounts."""
    accounts: int = 1


def model_of(profile: Profile, size_tokens: int) -> tuple[int, int]:
    """Tokens and requests of one task."""
    size = size_tokens or UNSIZED_TOKENS
    turns = min(MOST_TURNS, max(FEWEST_TURNS, -(-size // PER_TURN_TOKENS)))
    mean = BRIEF_TOKENS + min(size, profile.window_tokens) // 2
    reserved = reservation(profile, "look", mean) if profile.charge == "admission" else LOOK_TOKENS
    return turns * (mean + reserved), turns


def needed(profile: Profile, sizes: Iterable[int], done: Sequence[Done] = ()) -> Need:
    """What the tasks of these sizes will be charged."""
    modelled = [model_of(profile, size) for size in sizes]
    past = [(each, model_of(profile, each.size_tokens)) for each in done]
    token_factor = median([each.charged_tokens / model[0] for each, model in past] or [1.0])
    request_factor = median([each.requests / model[1] for each, model in past] or [1.0])
    on_top = 1 + OTHER_ROLES_SHARE
    return Need(
        tokens=round(sum(tokens for tokens, _ in modelled) * token_factor * on_top),
        requests=round(sum(turns for _, turns in modelled) * request_factor * on_top),
        learned_from=len(past),
    )


def forecast(
    profile: Profile, need: Need, used_today: dict[str, int], accounts: int = 1
) -> Forecast:
    """How long the profile's limits make it take, when so many accounts share the work.

    `used_today` has `tokens` and `requests` of all of them since midnight UTC.
    """
    paces = [
        (minutes(limit, need) / accounts, limit)
        for limit in profile.limits
        if limit.window != "day"
    ]
    slowest = max(paces, key=lambda pair: pair[0], default=None)
    of_day = [limit for limit in profile.limits if limit.window == "day"]

    def filled(limit: Limit) -> float:
        return (amount(limit, need) + used_today.get(limit.unit, 0)) / limit.amount

    day = max(of_day, key=lambda limit: amount(limit, need) / limit.amount, default=None)
    tightest = max(of_day, key=filled, default=None)
    return Forecast(
        need=need,
        minutes=slowest[0] if slowest else 0.0,
        pace=slowest[1] if slowest else None,
        days=amount(day, need) / day.amount / accounts if day else 0.0,
        day=day,
        tightest=tightest,
        left_today=max(0, tightest.amount * accounts - used_today.get(tightest.unit, 0))
        if tightest
        else None,
        accounts=accounts,
    )


def amount(limit: Limit, need: Need) -> int:
    return need.tokens if limit.unit == "tokens" else need.requests


def minutes(limit: Limit, need: Need) -> float:
    return amount(limit, need) / limit.amount * WINDOW_SECONDS[limit.window] / 60


def sentence(found: Forecast, profile: Profile) -> str:
    """`needs about 31M tokens: 1.3 code-pro days, 78 minutes at 400k a minute`."""
    parts = []
    if found.day is not None:
        days = f"{found.days:.1f}" if found.days >= 0.05 else "less than 0.1"
        parts.append(f"{days} {profile.name} days")
    if found.pace is not None:
        took = max(1, round(found.minutes))
        parts.append(f"{took:,} minute{'s' * (took > 1)} at {rate(found.pace)}")
    limits = ", ".join(parts) if parts else "no limits are known"
    if parts and found.accounts > 1:
        limits += f", by each of {found.accounts} accounts"
    return f"needs about {short(found.need.tokens)} tokens: {limits}"


def rate(limit: Limit) -> str:
    unit = "" if limit.unit == "tokens" else f" {limit.unit}"
    return f"{short(limit.amount)}{unit} {a_window(limit)}"


STOPS = "it stops there; go on then with: gardener resume"


def warning(found: Forecast, profile: Profile, resets: str, then: str = STOPS) -> str | None:
    """What to tell before a run that may not finish today, for a need that is only estimated.

    `resets` names the next midnight UTC, `then` says what the run does when the day is used up.
    """
    if found.tightest is None or found.left_today is None:
        return None
    wanted = amount(found.tightest, found.need)
    if wanted <= found.left_today:
        return None
    whole = short(found.tightest.amount * found.accounts)
    return (
        f"{profile.name} may not carry this plan today: by {basis(found.need)} it needs "
        f"{short(wanted)} {found.tightest.unit}, and {short(found.left_today)} of {whole} a day "
        f"are left until {resets}; if they run out, {then}"
    )


def basis(need: Need) -> str:
    """What an estimate rests on."""
    if not need.learned_from:
        return "a rough estimate"
    several = "s" * (need.learned_from > 1)
    return f"an estimate from {need.learned_from:,} finished task{several}"


def short(number: int) -> str:
    """Two figures or three: `31M`, `1.3M`, `400k`, `812`."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size * 0.9995:
            value = number / size
            text = f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
            return text.removesuffix(".0") + unit
    return str(number)
