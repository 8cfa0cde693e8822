"""What a checkup asks for is booked beside whatever else spends the account's limits."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import get_args

import anyio
import pytest
from fakes import START, FakeClock
from providers.doctor.conftest import TRUST, rehearsal

from agent.context.tokens import message_tokens
from agent.domain.limits import Limit
from agent.domain.message import ModelRequest, SessionKey, text_message
from agent.domain.profile import Dialect, Profile
from agent.errors import DayLimitReached
from agent.limits.books import Books, Owner
from agent.limits.governor import AccountGovernor
from agent.limits.ledger import Ledger, add_up
from agent.limits.reservation import admission_of
from agent.limits.sqlite_books import SqliteBooks
from agent.providers.dialects import client_of
from agent.providers.doctor.checkup import Checkup
from agent.providers.doctor.diagnosis import diagnose
from agent.providers.doctor.examination import examine
from agent.providers.doctor.probes import Account, Doctor
from agent.providers.doctor.recording import Recorder
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.server import RehearsalServer
from agent.wiring.till import AccountTill

pytestmark = pytest.mark.anyio
DIALECTS = get_args(Dialect)
MINUTE = Limit(unit="tokens", window="minute", amount=60_000)
AT_ADMISSION = Charging("admission")
KEY = "sk-1"
ACCOUNT = "there#1"


def profile_of(server: RehearsalServer, **fields: object) -> Profile:
    fields = {"base_url": server.base_url, "model": "rehearsal", "charge": "admission", **fields}
    return Profile.model_validate({"name": "box", "key_env": "K", **fields})


def owner(name: str) -> Owner:
    return Owner(name, lambda _: False)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = SqliteBooks(tmp_path / "ledger.sqlite", now=START.timestamp())
    yield made
    made.close()


async def consult(
    profile: Profile, books: Books, clock: FakeClock, steps: list[str] | None = None
) -> Checkup:
    governor = AccountGovernor(books, clock, owner("doctor"))
    account = Account(
        "K",
        KEY,
        lambda learned, client: client_of(learned, KEY, client),
        AccountTill(governor, books, clock, ACCOUNT, "doctor-1"),
    )
    tell = (steps if steps is not None else []).append
    recorder = Recorder(clock.monotonic, TRUST)
    # Loading an SDK takes its time, which is none of the endpoint's.
    await client_of(profile, KEY).connect(None).aclose()
    with anyio.fail_after(120):
        doctor = Doctor(account, clock, recorder, on_step=tell)
        return diagnose(await examine(doctor, profile))


def ledger_of(books: Books) -> Ledger:
    return add_up(books.bookings(), "role", {})


def agree(ledger: Ledger, server: RehearsalServer) -> None:
    total, counted = ledger.total, server.totals()
    assert (total.requests, total.input, total.output, total.cached, total.charged) == (
        counted["requests"],
        counted["told_prompt_tokens"],
        counted["told_completion_tokens"],
        counted["told_cached_tokens"],
        counted["charged_tokens"],
    )


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_ledger_has_what_the_endpoint_counted_to_the_token(
    books: Books, clock: FakeClock, dialect: Dialect
) -> None:
    conditions = Conditions(limits=(MINUTE,), charging=AT_ADMISSION, window_tokens=32_768)
    with rehearsal(conditions, clock) as server:
        profile = profile_of(server, dialect=dialect, window_tokens=32_768, limits=[MINUTE])
        checkup = await consult(profile, books, clock)
    agree(ledger_of(books), server)
    assert server.totals()["refused"] == {"400": 1}
    assert checkup.blocked is None
    tasks = add_up(books.bookings(), "task", {}).groups
    assert {name: sums.requests for name, sums in tasks.items()} == {
        "overflow": 1,
        "text": 1,
        "tool": 1,
    }
    assert list(ledger_of(books).groups) == ["doctor"]


@pytest.mark.parametrize("fault", ["error-500", "rate-minute", "key-refused", "qwen-xml"])
async def test_a_refused_try_is_in_the_ledger_too(
    books: Books, clock: FakeClock, fault: str
) -> None:
    conditions = Conditions(faults=FaultPlan((fault,), share=1.0, transient=True))
    with rehearsal(conditions, clock) as server:
        await consult(profile_of(server, charge="usage"), books, clock)
    total, counted = ledger_of(books).total, server.totals()
    assert total.failed == sum(counted["refused"].values()) > 0
    assert (total.requests, total.input, total.output, total.charged, total.unreported) == (
        counted["requests"],
        counted["told_prompt_tokens"],
        counted["told_completion_tokens"],
        counted["charged_tokens"],
        0,
    )


async def test_more_than_a_whole_limit_waits_for_the_whole_limit(
    books: Books, clock: FakeClock
) -> None:
    conditions = Conditions(limits=(MINUTE,), charging=AT_ADMISSION, window_tokens=65_536)
    steps: list[str] = []
    with rehearsal(conditions, clock) as server:
        checkup = await consult(profile_of(server, limits=[MINUTE]), books, clock, steps)
    agree(ledger_of(books), server)
    assert checkup.changes == {"window_tokens": 65_536}
    assert [step for step in steps if "used up" in step] == [
        "again in 3 s, because 60,000 tokens a minute are used up"
    ]


async def work(profile: Profile, books: Books, clock: FakeClock, requests: int) -> None:
    """A run beside the checkup: the same account, other books in memory."""
    governor = AccountGovernor(books, clock, owner("run"))
    session = SessionKey(role="executor", subject="T01")
    async with client_of(profile, KEY) as client:
        for turn in range(requests):
            text = text_message("user", f"{turn} " + "word " * 15_000)
            request = ModelRequest(
                messages=(text,), tools=(), max_output_tokens=1_024, session=session, turn=turn
            )
            admission = admission_of(
                profile,
                account=ACCOUNT,
                run_id="run-1",
                role="executor",
                subject="T01",
                estimated_tokens=message_tokens(text),
                reserved_tokens=1_024,
            )
            booking = await governor.admit(admission, lambda *_: None)
            done = await client.complete(request, lambda _: None)
            governor.settle(booking, done.usage, done.readings)


async def test_a_run_beside_it_is_never_pushed_over_its_limit(
    books: Books, clock: FakeClock
) -> None:
    conditions = Conditions(limits=(MINUTE,), charging=AT_ADMISSION, window_tokens=32_768)
    with rehearsal(conditions, clock) as server:
        profile = profile_of(server, window_tokens=32_768, limits=[MINUTE])
        async with anyio.create_task_group() as group:
            group.start_soon(work, profile, books, clock, 8)
            group.start_soon(partial(consult, profile, books, clock))
    agree(ledger_of(books), server)
    assert server.totals()["refused"] == {"400": 1}
    requests = {name: sums.requests for name, sums in ledger_of(books).groups.items()}
    assert requests == {"doctor": 3, "executor": 8}


async def test_a_day_that_is_used_up_by_the_ledger_alone_keeps_back_only_what_is_large(
    books: Books, clock: FakeClock
) -> None:
    day = Limit(unit="tokens", window="day", amount=17_000, refill="fixed")
    with rehearsal(Conditions(), clock) as server:
        profile = profile_of(server, limits=[day])
        await work(profile, books, clock, 1)
        checkup = await consult(profile, books, clock)
        assert server.totals()["requests"] == 3
    said = {aspect.name: aspect.said for aspect in checkup.aspects}
    assert checkup.blocked is None
    assert said["key"] == "accepted (K)"
    assert said["overflow"].startswith(
        "not tried: by the ledger the limit of 17,000 tokens a day of rehearsal is used up until "
        "2026-01-03 00:00 UTC"
    )


async def test_after_a_day_s_refusal_the_endpoint_is_asked_again_and_the_books_are_mended(
    books: Books, clock: FakeClock
) -> None:
    full = Conditions(faults=FaultPlan(("rate-day",), share=1.0, transient=False))
    with rehearsal(full, clock) as server:
        profile = profile_of(server)
        for _ in range(2):
            checkup = await consult(profile, books, clock)
            assert isinstance(checkup.blocked, DayLimitReached)
            assert "By the ledger" not in checkup.findings[0].message
        assert server.totals()["requests"] == 2
    with rehearsal(Conditions(), clock) as upgraded:
        checkup = await consult(profile_of(upgraded), books, clock)
        assert checkup.blocked is None
        await work(profile_of(upgraded), books, clock, 1)
