"""What was used, for people and machines."""

import json
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest

from agent.domain.profile import Profile
from agent.errors import UsageError
from agent.frontends.commands_usage import usage
from agent.frontends.text import duration
from agent.frontends.usage import COLUMNS, money, usage_lines, usage_record
from agent.limits.books import Booking
from agent.limits.forecast import Forecast, Need
from agent.limits.ledger import By, Price, Sums, add_up
from agent.limits.sqlite_books import SqliteBooks
from agent.wiring.ledger import PlanForecast

BERLIN = timezone(timedelta(hours=1))
BOOKING = Booking(
    account="acme",
    model="coder",
    profile="pro",
    run="20260101-a",
    role="executor",
    subject="T01",
    booked_at=1_767_308_400.0,
    counted_at=1_767_308_400.0,
    estimated=30_500,
    reserved=2_048,
    reserve_counted=2_048,
    charged=32_048,
    charging="admission",
    cached_counts=True,
    owner="here:1",
    waited=61.2,
    state="settled",
    input=30_000,
    output=400,
    cached=28_000,
)
JUDGE = replace(
    BOOKING,
    role="judge",
    profile="rehearsal",
    booked_at=1_767_312_000.0,
    waited=0.0,
    state="failed",
    charged=0,
    input=None,
    output=None,
    cached=None,
)
UNTOLD = replace(BOOKING, state="failed", input=None, output=None, cached=None)
TABLE = """
role      requests  estimated  reserved  charged   input  output  cached      waited   cost
executor         1     30,500     2,048   32,048  30,000     400  28,000  1 min 02 s  $0.06
judge            1     30,500     2,048        0       0       0       0         0 s  $0.00
total            2     61,000     4,096   32,048  30,000     400  28,000  1 min 02 s  $0.06
"""
PRICES = {("pro", "coder"): Price(input=2.0, output=8.0)}
PLAN = PlanForecast(
    Forecast(Need(31_000_000, 900, 3), 78.4, None, 1.29, None, None, 12),
    Profile(name="pro", base_url="https://example.org", model="coder"),
    "needs about 31M tokens: 1.3 days of pro",
    "this plan cannot finish today",
)


def test_a_person_reads_a_table() -> None:
    assert usage_lines(add_up((BOOKING, JUDGE), "role", PRICES), PLAN, BERLIN) == (
        "1 run, 2026-01-01 23:00 UTC (2026-01-02 00:00 local time) to "
        "2026-01-02 00:00 UTC (01:00 local time)",
        *TABLE.strip().splitlines(),
        COLUMNS,
        "time lost to waiting for limits: 1 min 02 s",
        "1 request failed",
        "1 request of a rehearsal: replies are scripted",
        "the plan needs about 31M tokens: 1.3 days of pro",
        "learned from 3 finished tasks of this repository",
        "warning: this plan cannot finish today",
    )


def test_minutes_and_days_are_in_utc_and_local_time() -> None:
    def first(by: str) -> str:
        lines = usage_lines(add_up((BOOKING,), by, PRICES), None, BERLIN)  # type: ignore[arg-type]
        return lines[2].split("  ")[0]

    assert (first("minute"), first("day")) == (
        "2026-01-01 23:00 UTC (2026-01-02 00:00 local time)",
        "2026-01-01 UTC (from 2026-01-01 01:00 local time)",
    )


def test_what_is_not_known_is_said() -> None:
    lines = usage_lines(add_up((BOOKING, UNTOLD), "role", {}), None, BERLIN)
    assert lines[-3:] == (
        "the endpoint did not tell what 1 request used, which broke off, came without a count or "
        "is not over: it was charged at most 32,048 tokens more",
        "the cost of 1 request is not known",
        "the price of 30,400 tokens is not known",
    )
    assert lines[-7].endswith("  -")


def test_a_sum_of_money_that_lacks_something_has_a_plus() -> None:
    lines = usage_lines(add_up((BOOKING, UNTOLD, UNTOLD), "role", PRICES), None, BERLIN)
    assert lines[3].endswith("  $0.06+")
    assert lines[-2:] == (
        "the endpoint did not tell what 2 requests used, which broke off, came without a count or "
        "are not over: they were charged at most 64,096 tokens more",
        "the cost of 2 requests is not known",
    )


def test_money_that_is_all_unknown_is_no_sum() -> None:
    lines = usage_lines(add_up((UNTOLD,), "role", PRICES), None, BERLIN)
    assert lines[2].endswith("  -")


@pytest.mark.parametrize(
    ("usd", "uncosted", "shown"),
    [
        (0.0, 0, "$0.00"),
        (0.0011, 1, "$0.0011+"),
        (0.00002, 0, "<$0.0001"),
        (0.22, 1, "$0.22+"),
        (1_234.5, 0, "$1,234.50"),
    ],
)
def test_small_money_keeps_its_figures(usd: float, uncosted: int, shown: str) -> None:
    assert money(Sums(usd=usd, uncosted=uncosted)) == shown


@pytest.mark.parametrize(
    ("by", "named"), [("minute", "2026-01-01 23:00 UTC"), ("day", "2026-01-01 UTC")]
)
def test_where_the_clocks_show_utc_a_time_stands_once(by: By, named: str) -> None:
    lines = usage_lines(add_up((BOOKING,), by, PRICES), None, UTC)
    assert lines[0] == "1 run, 2026-01-01 23:00 UTC to 2026-01-01 23:00 UTC"
    assert lines[2].split("  ")[0] == named


def test_a_checkup_is_no_run() -> None:
    checkup = replace(BOOKING, role="doctor", run="doctor-20260101")
    ledger = add_up((BOOKING, checkup, replace(checkup, subject="tool")), "role", PRICES)
    assert usage_lines(ledger, None, UTC)[0].startswith("1 run, 1 checkup, 2026-01-01")
    only = add_up((checkup,), "role", PRICES)
    assert usage_lines(only, None, UTC)[0].startswith("1 checkup, 2026-01-01")
    assert usage_record(ledger)["checkups"] == ["doctor-20260101"]


def test_an_empty_ledger_says_so() -> None:
    assert usage_lines(add_up((), "role", PRICES)) == (
        "nothing was used yet; the ledger begins with the first run",
    )


def test_a_plan_that_only_a_run_has_is_named_with_its_place() -> None:
    found = replace(PLAN, read_from="/there/plans/a.md", warning=None)
    assert usage_lines(add_up((), "role", PRICES), found)[-1] == (
        "read from /there/plans/a.md, where a run has it"
    )


def test_a_machine_reads_the_same() -> None:
    sums = {
        "requests": 1,
        "failed": 0,
        "unreported": 0,
        "estimated": 30_500,
        "reserved": 2_048,
        "charged": 32_048,
        "charged_unsure": 0,
        "input": 30_000,
        "output": 400,
        "cached": 28_000,
        "waited": 61.2,
        "usd": 0.0632,
        "unpriced": 0,
        "uncosted": 0,
    }
    assert usage_record(add_up((BOOKING,), "role", PRICES), PLAN) == {
        "schema": 1,
        "type": "usage",
        "outcome": "done",
        "exit_code": 0,
        "by": "role",
        "runs": ["20260101-a"],
        "checkups": [],
        "first_at": "2026-01-01T23:00:00+00:00",
        "last_at": "2026-01-01T23:00:00+00:00",
        "rows": [{"key": "executor", **sums}],
        "total": sums,
        "rehearsed_requests": 0,
        "forecast": {
            "profile": "pro",
            "tokens": 31_000_000,
            "requests": 900,
            "learned_from_tasks": 3,
            "minutes": 78.4,
            "days": 1.29,
            "left_today": 12,
            "read_from": "",
            "sentence": "needs about 31M tokens: 1.3 days of pro",
            "warning": "this plan cannot finish today",
        },
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (0.2, "1 s"), (59.0, "59 s"), (425.0, "7 min 05 s"), (4_800.0, "1 h 20 min")],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GARDENER_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state"


def test_the_command_reads_the_ledger_of_the_state_folder(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    books = SqliteBooks(state / "ledger.sqlite", now=0.0)
    for name in ("20260101-a", "20260102-b"):
        books.change("acme", "coder", lambda page, name=name: page.add(replace(BOOKING, run=name)))  # type: ignore[misc]
    books.close()
    usage("task", "20260102", None, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["rows"][0]["key"]) == (["20260102-b"], "T01")


OWN = """
[profiles.own]
base_url = "https://example.org/v1"
model = "mine"
input_usd = 2.0
output_usd = 8.0

[profiles.cerebras]
input_usd = 1.0
output_usd = 1.0
"""


@pytest.mark.parametrize(
    ("profile", "model", "usd", "unpriced"),
    [
        ("own", "mine", 0.0632, 0),
        ("own", "another", 0.0, 30_400),
        ("cerebras", "gpt-oss-120b", 0.0304 - 28_000 * 0.65e-6, 0),
        ("openai", "gpt-6-astra", 0.068, 0),
        ("gone", "mine", 0.0, 30_400),
        ("rehearsal", "rehearsal", 0.0, 0),
    ],
)
def test_money_is_counted_by_the_user_s_profiles_and_every_known_model(
    state: Path,
    capsys: pytest.CaptureFixture[str],
    profile: str,
    model: str,
    usd: float,
    unpriced: int,
) -> None:
    config = state.parent / "config/gardener/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(OWN, encoding="utf-8")
    books = SqliteBooks(state / "ledger.sqlite", now=0.0)
    books.change(
        "acme", model, lambda page: page.add(replace(BOOKING, profile=profile, model=model))
    )
    books.close()
    usage("role", None, None, as_json=True)
    total = json.loads(capsys.readouterr().out)["total"]
    assert (round(total["usd"], 6), total["unpriced"]) == (round(usd, 6), unpriced)


def test_the_command_begins_an_empty_ledger(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usage("role", None, None, as_json=False)
    assert capsys.readouterr().out.startswith("nothing was used yet")
    assert (state / "ledger.sqlite").is_file()


def test_an_unknown_word_is_answered_with_the_known_ones(state: Path) -> None:
    with pytest.raises(UsageError, match="nothing to sum by 'week'; use one of role, task, model"):
        usage("week", None, None, as_json=False)


def test_an_unknown_run_is_named(state: Path) -> None:
    with pytest.raises(UsageError, match="no run named 'x' is in the ledger"):
        usage("role", "x", None, as_json=False)
