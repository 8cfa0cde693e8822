"""Where the books are, and what they say: the usage, and the forecast for a plan."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from agent.config import Settings
from agent.domain.event import RunStarted
from agent.domain.limits import Limit
from agent.domain.ports import Clock
from agent.domain.profile import Profile
from agent.domain.state import fold
from agent.errors import GardenerError, RepositoryError
from agent.journal import FILE_NAME, read_entries
from agent.limits.admission import in_both_times
from agent.limits.books import REHEARSAL, Books
from agent.limits.forecast import STOPS, Done, Forecast, forecast, needed, sentence, warning
from agent.limits.gauges import effective_limits
from agent.limits.ledger import By, Ledger, Price, Prices, add_up
from agent.limits.refusals import to_midnight
from agent.limits.sqlite_books import SqliteBooks
from agent.planning.planfile import parse
from agent.providers import catalog
from agent.wiring.models import NOTHING_KEPT, accounts_of, role_profile
from agent.wiring.places import inside, read_plan, runs_folder
from agent.workspace import git
from agent.workspace.repository import RepositoryFacts

LEDGER = "ledger.sqlite"
SLEEPS = "it sleeps there until then and goes on"
PAST_RUNS = 10
"""Runs of this repository that a forecast learns from, the newest first."""


@dataclass(frozen=True)
class PlanForecast:
    forecast: Forecast
    profile: Profile
    sentence: str
    warning: str | None
    """Told where the plan may not be finished today."""
    read_from: str = ""
    """The file, where a run has it and the checkout has not."""


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


def usage(books: Books, by: By, settings: Settings, run: str = "") -> Ledger:
    """The sums of all runs, or of those whose name begins so.

    Raises ConfigError when a profile of the settings cannot be understood.
    """
    asked = {(each.profile, each.model) for each in books.bookings(run=run)}
    return add_up(books.bookings(run=run), by, prices_of(asked, settings.profiles))


def prices_of(asked: Iterable[tuple[str, str]], own: catalog.Own) -> Prices:
    """What each model costs at each profile, as far as that is known; a script costs nothing."""
    found = {}
    for name, model in asked:
        if name == REHEARSAL:
            found[name, model] = Price(0.0, 0.0)
        elif name in catalog.names(own):
            profile = catalog.profile(name, {**own, **without_price(name, own, model)}, model)
            if profile.input_usd is not None and profile.output_usd is not None:
                price = Price(profile.input_usd, profile.output_usd, profile.cached_usd)
                found[name, model] = price
    return found


def without_price(name: str, own: catalog.Own, model: str) -> catalog.Own:
    """The user's table where it prices another model than this one, without that price."""
    table = own.get(name, {})
    if table.get("model", model) == model:
        return {}
    return {name: {key: value for key, value in table.items() if not key.endswith("_usd")}}


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

    A plan that is not in the checkout is read where the newest run has it. Raises PlanError when
    the plan breaks the format, RepositoryError outside of a repository, UsageError when there is
    no such plan.
    """
    facts = await git.find_repository(place)
    path = await git.in_thread(lambda: where_it_is(facts, plan_file))
    plan = parse(read_plan(path), file=str(path))
    profile = role_profile(settings, "executor", NOTHING_KEPT)
    sizes = [task.size_tokens for task in plan.tasks]
    found = foretold(sizes, profile, settings, books, clock, runs_folder(facts), zone)
    return found if path == plan_file else replace(found, read_from=str(path))


def where_it_is(facts: RepositoryFacts, plan_file: Path) -> Path:
    """The plan file, or the same one in the worktree of the newest run that works on it."""
    if plan_file.exists():
        return plan_file
    with suppress(RepositoryError):
        name = inside(facts, plan_file)
        for journal in sorted(runs_folder(facts).glob(f"*/{FILE_NAME}"), reverse=True):
            with suppress(GardenerError):
                begun = next(iter(read_entries(journal)), None)
                if begun and isinstance(begun.event, RunStarted) and begun.event.plan_file == name:
                    path = Path(begun.event.worktree) / name
                    if path.is_file():
                        return path
    return plan_file


def foretold(
    sizes: Sequence[int],
    profile: Profile,
    settings: Settings,
    books: Books,
    clock: Clock,
    runs: Path,
    zone: tzinfo | None = None,
) -> PlanForecast:
    """What tasks of these sizes in tokens need; `runs` is the folder of past journals."""
    accounts = tuple(accounts_of(settings, profile))
    if settings.account_policy == "stop":
        accounts = accounts[:1]
    now = clock.now().astimezone(UTC)
    known = known_limits(books, accounts[0], profile, now)
    profile = profile.model_copy(update={"limits": known})
    need = needed(profile, sizes, done_tasks(runs, books))
    used = used_today(books, accounts, profile.model, now)
    found = forecast(profile, need, used, len(accounts))
    resets = in_both_times(now.timestamp() + to_midnight(now), zone)
    told = warning(found, profile, resets, at_the_limit(settings))
    return PlanForecast(found, profile, sentence(found, profile), told)


def known_limits(books: Books, account: str, profile: Profile, now: datetime) -> tuple[Limit, ...]:
    """The profile's limits, tighter where the endpoint's own headers have told so."""
    standing = books.change(account, profile.model, lambda page: page.standing)
    return effective_limits(profile.limits, standing, now.timestamp())


def at_the_limit(settings: Settings) -> str:
    """What a run does when its executor's day is used up."""
    if spare := settings.role("executor").fallback:
        return f"it goes on with {spare[0]}"
    return SLEEPS if settings.on_day_limit == "sleep" else STOPS


def used_today(
    books: Books, accounts: Collection[str], model: str, now: datetime
) -> dict[str, int]:
    """Tokens and requests of the model at these accounts since midnight UTC."""
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC).timestamp()
    today = [
        each
        for each in books.bookings(since=midnight)
        if each.account in accounts and each.model == model
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
        if state.plan is None or state.started is None or state.rehearsed:
            continue
        sizes = {task.id: task.size_tokens for task in state.plan.tasks if task.id in state.done}
        spent: dict[str, list[int]] = {}
        for each in books.bookings(run=state.started.run_id):
            if each.role == "executor" and each.subject in sizes:
                spent.setdefault(each.subject, []).append(each.charged)
        found += [Done(sizes[name], sum(parts), len(parts)) for name, parts in spent.items()]
    return tuple(found)
