"""Where the books are, and what they say: the usage, and the forecast for a plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from agent.config import Settings
from agent.domain.ports import Clock
from agent.domain.profile import Profile
from agent.domain.state import fold
from agent.errors import GardenerError
from agent.journal import FILE_NAME, read_entries
from agent.limits.admission import in_both_times
from agent.limits.books import Books
from agent.limits.forecast import Done, Forecast, forecast, needed, sentence, warning
from agent.limits.ledger import By, Ledger, Price, Prices, add_up
from agent.limits.refusals import to_midnight
from agent.limits.sqlite_books import SqliteBooks
from agent.planning.planfile import parse
from agent.providers import catalog
from agent.wiring.models import NOTHING_KEPT, role_profile
from agent.wiring.places import read_plan, runs_folder
from agent.workspace import git

LEDGER = "ledger.sqlite"
PAST_RUNS = 10
"""Runs of this repository that a forecast learns from, the newest first."""


@dataclass(frozen=True)
class PlanForecast:
    forecast: Forecast
    profile: Profile
    sentence: str
    warning: str | None
    """Told where the plan cannot be finished today."""


def open_books(settings: Settings, clock: Clock) -> Books:
    """The books that the settings name; made when there are none.

    Raises ConfigError when they cannot be used.
    """
    if settings.ledger and settings.ledger.startswith(("redis://", "rediss://")):
        from agent.limits.redis_books import RedisBooks

        # The clocks of several hosts differ.
        return RedisBooks(settings.ledger, by_server=True)
    path = Path(settings.ledger) if settings.ledger else settings.state_folder / LEDGER
    return SqliteBooks(path, now=clock.now().timestamp())


def usage(books: Books, by: By, run: str = "") -> Ledger:
    """The sums of all runs, or of those whose name begins so."""
    return add_up(books.bookings(run=run), by, prices_of(map(catalog.profile, catalog.names())))


def prices_of(profiles: Iterable[Profile]) -> Prices:
    return {
        (profile.name, profile.model): Price(
            profile.input_usd, profile.output_usd, profile.cached_usd
        )
        for profile in profiles
        if profile.input_usd is not None and profile.output_usd is not None
    }


async def plan_forecast(
    *,
    place: Path,
    settings: Settings,
    books: Books,
    clock: Clock,
    plan_file: Path,
    zone: tzinfo | None = None,
) -> PlanForecast:
    """What the plan needs at the executor's limits, learned from past runs of the repository.

    Raises PlanError when the plan breaks the format, RepositoryError outside of a repository.
    """
    facts = await git.find_repository(place)
    plan = parse(read_plan(plan_file), file=str(plan_file))
    profile = role_profile(settings, "executor", NOTHING_KEPT)
    sizes = [task.size_tokens for task in plan.tasks]
    need = needed(profile, sizes, done_tasks(runs_folder(facts), books))
    return told(profile, forecast(profile, need, used_today(books, profile, clock)), clock, zone)


def told(
    profile: Profile, found: Forecast, clock: Clock, zone: tzinfo | None = None
) -> PlanForecast:
    now = clock.now().astimezone(UTC)
    resets = in_both_times(now.timestamp() + to_midnight(now), zone)
    return PlanForecast(found, profile, sentence(found, profile), warning(found, profile, resets))


def used_today(books: Books, profile: Profile, clock: Clock) -> dict[str, int]:
    """Tokens and requests of the profile's model since midnight UTC."""
    now = clock.now().astimezone(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC).timestamp()
    today = [
        each
        for each in books.bookings(since=midnight)
        if (each.profile, each.model) == (profile.name, profile.model)
    ]
    return {"tokens": sum(each.charged for each in today), "requests": len(today)}


def done_tasks(folder: Path, books: Books) -> tuple[Done, ...]:
    """Tasks that past runs finished, with what their executors were charged."""
    found: list[Done] = []
    for journal in sorted(folder.glob(f"*/{FILE_NAME}"), reverse=True)[:PAST_RUNS]:
        try:
            state = fold(entry.event for entry in read_entries(journal))
        except GardenerError:
            continue
        if state.plan is None or state.started is None or state.started.rehearsal:
            continue
        sizes = {task.id: task.size_tokens for task in state.plan.tasks if task.id in state.done}
        spent: dict[str, list[int]] = {}
        for each in books.bookings(run=state.started.run_id):
            if each.role == "executor" and each.subject in sizes:
                spent.setdefault(each.subject, []).append(each.charged)
        found += [Done(sizes[name], sum(parts), len(parts)) for name, parts in spent.items()]
    return tuple(found)
