"""A run over endpoints with limits and faults: it waits, goes elsewhere, or stops and can go on."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
import yaml
from fakes import START
from redis_server import redis_server
from scenario import (
    HONEST,
    Played,
    Session,
    calls,
    executor,
    gardener,
    judge,
    planner,
    played,
)

from agent.config import load_settings
from agent.domain.event import PHASES, ModelRefused, ModelReplaced, Throttled, Warned
from agent.domain.limits import Limit
from agent.errors import Outcome, UsageError
from agent.frontends.commands_run import closing_lines
from agent.frontends.markdown import to_markdown
from agent.frontends.report import build_report
from agent.frontends.status import status_lines, status_of
from agent.frontends.text import REHEARSAL
from agent.journal import FILE_NAME, read_entries
from agent.limits.ledger import Ledger, add_up
from agent.limits.redis_books import RedisBooks
from agent.limits.sqlite_books import SqliteBooks
from agent.rehearsal.clock import VirtualTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.flavours_more import flavour_of
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.script import load_script
from agent.rehearsal.server import RehearsalServer
from agent.wiring import RunResult, start_run
from agent.wiring.ledger import plan_forecast


class OneTime:
    """The run's clock, over the server's time: who waits makes it pass for both."""

    def __init__(self) -> None:
        self.server = VirtualTime(START.timestamp())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.now(), UTC)

    def monotonic(self) -> float:
        return self.server.now()

    async def sleep(self, seconds: float) -> None:
        self.server.advance(seconds)


SESSIONS = (planner(), gardener(), executor(HONEST), judge())
Serve = Callable[..., RehearsalServer]
Go = Callable[..., Played]


@pytest.fixture
def one_time() -> OneTime:
    return OneTime()


def refusing(*names: str) -> Conditions:
    return Conditions(faults=FaultPlan(names=names, share=1.0, transient=False))


@pytest.fixture
def serve(tmp_path: Path, one_time: OneTime) -> Iterator[Serve]:
    """Starts an endpoint that plays the whole run, under conditions."""
    script = tmp_path / "script.yaml"
    with ExitStack() as stack:

        def start(
            conditions: Conditions | None = None, sessions: Sequence[Session] = SESSIONS
        ) -> RehearsalServer:
            told = {"version": 1, "description": "test", "sessions": list(sessions)}
            script.write_text(yaml.safe_dump(told), encoding="utf-8")
            server = RehearsalServer(load_script(script), conditions, one_time.server)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def go(tmp_path: Path, repository: Path, one_time: OneTime) -> Go:
    """Runs over endpoints as if they were a provider's."""

    def begin(
        profiles: dict[str, dict[str, Any]], keys: dict[str, str] | None = None, **overrides: object
    ) -> Played:
        environment = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", **(keys or {})}
        tables = {name: {"model": "rehearsal", **table} for name, table in profiles.items()}
        given = {"profile": next(iter(tables)), "profiles": tables, **overrides}
        settings = load_settings(environment, repository, given)

        async def run() -> RunResult:
            return await start_run(
                place=repository,
                settings=settings,
                request="Greet me by name.\n",
                phases=PHASES,
                clock=one_time,
            )

        return played(anyio.run(run), repository)

    return begin


def test_a_role_whose_endpoint_is_used_up_goes_on_with_its_fallback(serve: Serve, go: Go) -> None:
    first, second = serve(refusing("rate-day")), serve()
    ran = go(
        {"first": {"base_url": first.base_url}, "second": {"base_url": second.base_url}},
        fallback=("second",),
    )
    assert ran.result.outcome == Outcome.DONE
    assert [(e.role, e.profile) for e in ran.of(ModelReplaced)] == [
        ("planner", "second"),
        ("gardener", "second"),
        ("executor", "second"),
        ("judge", "second"),
    ]


def test_a_role_stays_on_its_fallback_and_the_closed_endpoint_is_not_asked_again(
    serve: Serve, go: Go
) -> None:
    give_up = calls(("give_up", {"reason": "no idea"}))
    twice = (executor(give_up, attempt=1), executor(HONEST, attempt=2))
    sessions = (planner(), gardener(), *twice, judge())
    first, second = serve(refusing("rate-day"), sessions), serve(None, sessions)
    ran = go(
        {"first": {"base_url": first.base_url}, "second": {"base_url": second.base_url}},
        fallback=("second",),
    )
    assert ran.result.outcome == Outcome.DONE
    assert [e.role for e in ran.of(ModelReplaced)] == ["planner", "gardener", "executor", "judge"]
    refused = [(e.session.role, e.is_replaced, e.again) for e in ran.of(ModelRefused)]
    roles = ("planner", "gardener", "executor", "judge")
    assert refused == [(role, True, False) for role in roles]


def test_without_a_fallback_a_used_up_day_ends_with_75_and_the_way_on(serve: Serve, go: Go) -> None:
    ran = go({"first": {"base_url": serve(refusing("rate-day")).base_url}})
    assert ran.result.outcome == Outcome.LIMIT
    assert "gardener resume" in ran.result.message


def test_a_wrong_key_is_told_and_not_hidden_by_a_fallback(serve: Serve, go: Go) -> None:
    first, second = serve(refusing("key-refused")), serve()
    ran = go(
        {"first": {"base_url": first.base_url}, "second": {"base_url": second.base_url}},
        fallback=("second",),
    )
    assert (ran.result.outcome, ran.of(ModelReplaced)) == (Outcome.USAGE, [])


TWO_KEYS = {"ONE_API_KEY": "key-one", "TWO_API_KEY": "key-two"}


def test_a_used_up_day_is_told_with_the_key_that_was_refused(serve: Serve, go: Go) -> None:
    # By this seed the first request meets the used-up day, and the second one the refused key.
    faults = FaultPlan(("rate-day", "key-refused"), share=1.0, seed=3, transient=False)
    base_url = serve(Conditions(faults=faults)).base_url
    account = {"base_url": base_url, "key_env": "ONE_API_KEY", "accounts": ["TWO_API_KEY"]}
    ran = go({"first": account}, TWO_KEYS)
    assert ran.result.outcome == Outcome.LIMIT
    assert "gardener resume" in ran.result.message
    assert f"{base_url} refuses the key in TWO_API_KEY" in ran.result.message


def test_every_key_that_is_refused_is_told_by_its_own_name(serve: Serve, go: Go) -> None:
    base_url = serve(refusing("key-refused")).base_url
    account = {"base_url": base_url, "key_env": "ONE_API_KEY", "accounts": ["TWO_API_KEY"]}
    ran = go({"first": account}, TWO_KEYS)
    assert ran.result.outcome == Outcome.USAGE
    for name in TWO_KEYS:
        assert ran.result.message.count(f"{base_url} refuses the key in {name}") == 1


def day_warnings(ran: Played) -> list[str]:
    return [each.message for each in ran.of(Warned) if "today" in each.message]


def test_a_day_of_too_few_tokens_is_told_before_a_task_begins(serve: Serve, go: Go) -> None:
    limit = {"unit": "tokens", "window": "day", "amount": 60_000}
    ran = go({"first": {"base_url": serve().base_url, "limits": [limit]}})
    assert [told.partition(", and ")[0] for told in day_warnings(ran)] == [
        "first may not carry this plan today: by a rough estimate it needs 72k tokens"
    ]


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("stop", "if they run out, it stops there; go on then with: gardener resume"),
        ("sleep", "if they run out, it sleeps there until then and goes on"),
    ],
)
def test_a_day_of_which_only_the_endpoint_knows_is_told_with_what_the_run_will_do(
    serve: Serve, go: Go, then: str, told: str
) -> None:
    limit = Limit(unit="tokens", window="day", amount=60_000, refill="fixed")
    tells = flavour_of("cerebras-code-pro")
    counts = Conditions(tells, limits=(limit,), charging=Charging("admission"))
    ran = go({"first": {"base_url": serve(counts).base_url}}, on_day_limit=then)
    (warned,) = day_warnings(ran)
    assert " of 60k a day are left until 2026-01-03 00:00 UTC" in warned
    assert warned.endswith(told)


def test_a_day_that_may_not_do_is_told_with_the_fallback_that_stands_by(
    serve: Serve, go: Go
) -> None:
    limit = {"unit": "tokens", "window": "day", "amount": 60_000}
    first, second = serve(), serve()
    ran = go(
        {
            "first": {"base_url": first.base_url, "limits": [limit]},
            "second": {"base_url": second.base_url},
        },
        fallback=("second",),
    )
    (warned,) = day_warnings(ran)
    assert warned.endswith("; if they run out, it goes on with second")
    assert (ran.result.outcome, ran.of(ModelReplaced)) == (Outcome.DONE, [])


def test_a_used_up_day_is_slept_over_when_the_settings_say_so(serve: Serve, go: Go) -> None:
    limit = Limit(unit="tokens", window="day", amount=24_000, refill="fixed")
    counts = Conditions(limits=(limit,), charging=Charging("admission"))
    table = {
        "base_url": serve(counts).base_url,
        "limits": [limit.model_dump()],
        "charge": "admission",
    }
    ran = go({"first": table}, on_day_limit="sleep")
    assert ran.result.outcome == Outcome.DONE
    assert ran.state.waited_seconds > 20 * 3600
    assert {(e.was_sent, e.again) for e in ran.of(ModelRefused)} == {(False, True)}


def test_a_minute_s_limit_makes_the_run_wait_and_nothing_is_refused(serve: Serve, go: Go) -> None:
    limit = Limit(unit="tokens", window="minute", amount=16_000)
    counts = Conditions(limits=(limit,), charging=Charging("admission"))
    table = {
        "base_url": serve(counts).base_url,
        "limits": [limit.model_dump()],
        "charge": "admission",
    }
    ran = go({"first": table})
    assert ran.result.outcome == Outcome.DONE
    assert {each.reason for each in ran.of(Throttled)} == {"16,000 tokens a minute are used up"}
    assert ran.of(ModelRefused) == []


@pytest.mark.parametrize(("longest", "outcome"), [(75.0, Outcome.LIMIT), (3_600.0, Outcome.DONE)])
def test_an_hour_s_limit_is_waited_for_as_long_as_the_settings_allow(
    serve: Serve, go: Go, longest: float, outcome: Outcome
) -> None:
    limit = Limit(unit="tokens", window="hour", amount=16_000)
    counts = Conditions(limits=(limit,), charging=Charging("admission"))
    table = {
        "base_url": serve(counts).base_url,
        "limits": [limit.model_dump()],
        "charge": "admission",
    }
    ran = go({"first": table}, max_wait_seconds=longest)
    assert ran.result.outcome == outcome
    assert all(each.seconds <= longest for each in ran.of(Throttled))


def test_a_minute_s_limit_that_keeps_too_long_ends_with_75_and_the_way_on(
    serve: Serve, go: Go
) -> None:
    limit = {"unit": "tokens", "window": "minute", "amount": 16_000, "refill": "fixed"}
    table = {"base_url": serve().base_url, "limits": [limit], "charge": "admission"}
    ran = go({"first": table}, max_wait_seconds=20)
    assert ran.result.outcome == Outcome.LIMIT
    assert "the limit of 16,000 tokens a minute of rehearsal is used up" in ran.result.message
    assert "gardener resume, or set max_wait_seconds to more than 20" in ran.result.message


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic_messages"])
def test_the_ledger_agrees_with_the_endpoint_s_own_counters_to_the_token(
    serve: Serve, go: Go, tmp_path: Path, dialect: str
) -> None:
    limit = Limit(unit="tokens", window="minute", amount=30_000)
    server = serve(Conditions(limits=(limit,), charging=Charging("admission")))
    address = server.root_url if dialect == "anthropic_messages" else server.base_url
    table = {"base_url": address, "dialect": dialect, "charge": "admission"}
    ran = go({"first": {**table, "limits": [limit.model_dump()]}})
    assert ran.result.outcome == Outcome.DONE
    total, counted = ledger_of(tmp_path).total, server.totals()
    assert (total.requests, total.failed, counted["refused"]) == (counted["requests"], 0, {})
    assert (total.charged, total.input, total.output, total.cached) == (
        counted["charged_tokens"],
        counted["told_prompt_tokens"],
        counted["told_completion_tokens"],
        counted["told_cached_tokens"],
    )
    assert total.cached > 0


def test_among_faults_the_ledger_has_every_token_that_was_told(
    serve: Serve, go: Go, tmp_path: Path
) -> None:
    names = ("drop", "error-500", "rate-minute", "qwen-xml", "usage-twice", "usage-early")
    server = serve(Conditions(faults=FaultPlan(names=names, share=0.7, seed=3)))
    ran = go({"first": {"base_url": server.base_url}})
    assert ran.result.outcome == Outcome.DONE
    total, counted = ledger_of(tmp_path).total, server.totals()
    assert total.failed > 0
    assert (total.requests, total.input, total.output, total.cached) == (
        counted["requests"],
        counted["told_prompt_tokens"],
        counted["told_completion_tokens"],
        counted["told_cached_tokens"],
    )


@pytest.mark.parametrize("mode", ["admission", "usage"])
def test_a_refusal_before_it_is_served_is_charged_as_the_endpoint_does(
    serve: Serve, go: Go, tmp_path: Path, mode: Literal["admission", "usage"]
) -> None:
    faults = FaultPlan(names=("error-500", "error-529"), share=0.7, seed=3)
    server = serve(Conditions(charging=Charging(mode), faults=faults))
    ran = go({"first": {"base_url": server.base_url, "charge": mode}})
    assert ran.result.outcome == Outcome.DONE
    total, counted = ledger_of(tmp_path).total, server.totals()
    assert total.failed == sum(counted["refused"].values()) > 0
    assert (total.charged, total.charged_unsure, total.unreported) == (
        counted["charged_tokens"],
        0,
        0,
    )


@pytest.mark.parametrize("fault", ["model-gone", "key-refused", "error-500"])
def test_a_run_that_was_served_nothing_is_charged_nothing(
    serve: Serve, go: Go, tmp_path: Path, fault: str
) -> None:
    server = serve(refusing(fault))
    go({"first": {"base_url": server.base_url, "charge": "admission"}}, request_attempts=3)
    total = ledger_of(tmp_path).total
    assert (total.requests, total.failed) == (server.totals()["requests"],) * 2
    assert (server.totals()["charged_tokens"], total.charged, total.charged_unsure) == (0, 0, 0)


@pytest.mark.parametrize("fault", ["drop", "early-end", "error-chunk"])
def test_what_broke_off_is_said_to_be_a_bound(
    serve: Serve, go: Go, tmp_path: Path, fault: str
) -> None:
    server = serve(Conditions(faults=FaultPlan(names=(fault,), share=0.7, seed=3)))
    assert go({"first": {"base_url": server.base_url}}).result.outcome == Outcome.DONE
    total, counted = ledger_of(tmp_path).total, server.totals()
    lost = counted["admitted"] - counted["told"]
    assert (total.failed, total.unreported) == (lost, lost)
    assert lost > 0
    told = counted["told_prompt_tokens"] + counted["told_completion_tokens"]
    assert total.charged == told < counted["charged_tokens"] <= told + total.charged_unsure


def ledger_of(tmp_path: Path) -> Ledger:
    (path,) = (tmp_path / "home").rglob("ledger.sqlite")
    books = SqliteBooks(path, now=START.timestamp())
    try:
        return add_up(books.bookings(), "role", {})
    finally:
        books.close()


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_the_books_are_kept_in_redis_when_the_settings_say_so(
    serve: Serve, go: Go, tmp_path: Path
) -> None:
    with redis_server(tmp_path) as url:
        ran = go({"first": {"base_url": serve().base_url}}, ledger=url)
        assert ran.result.outcome == Outcome.DONE
        books = RedisBooks(url)
        roles = [booking.role for booking in books.bookings(run=ran.result.run_id)]
        books.close()
    assert roles == ["planner", "gardener", "executor", "judge"]
    assert not list((tmp_path / "home").rglob("ledger.sqlite"))


def test_a_run_against_a_rehearsal_says_so_wherever_it_is_looked_at(
    serve: Serve, go: Go, tmp_path: Path
) -> None:
    """The profile is a provider's own, with its prices; only the address is the rehearsal's."""
    faults = FaultPlan(names=("drop", "error-500"), share=0.7, seed=3)
    server = serve(Conditions(faults=faults))
    ran = go({"groq": {"base_url": server.base_url, "input_usd": 1.0, "output_usd": 1.0}})
    told = [each.message for each in ran.of(Warned)]
    assert told == [f"{server.base_url} is a rehearsal: replies are scripted"]
    entries = tuple(read_entries(ran.result.run_folder / FILE_NAME))
    assert ran.state.started is not None
    assert (ran.state.started.rehearsal, ran.state.rehearsed) == (False, True)
    assert to_markdown(build_report(entries)).splitlines()[2] == f"> **{REHEARSAL}**"
    failed = ledger_of(tmp_path).total.failed
    assert build_report(entries).unanswered == failed > 0
    assert f"- refused or broken off: {failed} requests" in to_markdown(build_report(entries))
    assert status_lines(status_of(entries))[0] == REHEARSAL
    assert closing_lines(entries)[0] == REHEARSAL
    ledger = ledger_of(tmp_path)
    assert (ledger.rehearsed, ledger.total.failed > 0) == (ledger.total.requests, True)


@pytest.mark.parametrize("name", ["its own", "another"])
def test_a_plan_that_only_a_run_has_is_forecast_from_there(
    serve: Serve, go: Go, tmp_path: Path, repository: Path, one_time: OneTime, name: str
) -> None:
    ran = go({"first": {"base_url": serve().base_url}})
    started = ran.state.started
    assert started is not None
    plan_file = repository / (started.plan_file if name == "its own" else "plans/another.md")
    assert not plan_file.exists()
    settings = load_settings({"HOME": str(tmp_path / "home")}, repository, {"profile": "groq"})
    books = SqliteBooks(":memory:", now=START.timestamp())
    work = partial(
        plan_forecast,
        place=repository,
        settings=settings,
        books=books,
        clock=one_time,
        plan_file=plan_file,
    )
    if name == "another":
        with pytest.raises(UsageError, match="cannot read the plan"):
            anyio.run(work)
    else:
        found = anyio.run(work)
        where = str(Path(started.worktree) / started.plan_file)
        assert (found.read_from, found.forecast.need.tokens > 0) == (where, True)
