"""What was used, as people and machines read it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from agent.errors import Outcome
from agent.frontends.output import SCHEMA
from agent.frontends.text import count, duration, shown
from agent.limits.admission import in_both_times
from agent.limits.ledger import Ledger, Sums
from agent.wiring.ledger import PlanForecast

HEAD = ("requests", "estimated", "reserved", "charged", "input", "output", "cached", "waited")
SMALL_USD = 0.01
LEAST_USD = 0.0001
COLUMNS = (
    "tokens: estimated is the input as expected before sending, reserved the output asked for, "
    "charged what counts against token limits; input, output and cached are the endpoint's count"
)
EMPTY = "nothing was used yet; the ledger begins with the first run"


def usage_lines(
    ledger: Ledger, plan: PlanForecast | None = None, zone: tzinfo | None = None
) -> tuple[str, ...]:
    """A table with a line for each group, the total, and what is worth saying of it."""
    lines = list(ledger_lines(ledger, zone)) if ledger.total.requests else [EMPTY]
    if plan:
        lines.append(f"the plan {plan.sentence}")
        if learned := plan.forecast.need.learned_from:
            lines.append(f"learned from {count(learned, 'finished task')} of this repository")
        if plan.read_from:
            lines.append(f"read from {plan.read_from}, where a run has it")
        if plan.warning:
            lines.append(f"warning: {plan.warning}")
    return tuple(lines)


def ledger_lines(ledger: Ledger, zone: tzinfo | None) -> tuple[str, ...]:
    assert ledger.first_at is not None
    assert ledger.last_at is not None
    total = ledger.total
    spent = (("run", ledger.runs), ("checkup", ledger.checkups))
    who = ", ".join(count(len(names), noun) for noun, names in spent if names)
    named = [(name_of(ledger, key, zone), sums) for key, sums in ledger.groups.items()]
    rows = [(ledger.by, *HEAD, "cost"), *(row(name, sums) for name, sums in named)]
    lines = [
        f"{who}, {in_both_times(ledger.first_at, zone)} to {in_both_times(ledger.last_at, zone)}",
        *table([*rows, row("total", total)]),
        COLUMNS,
        f"time lost to waiting for limits: {duration(total.waited)}",
    ]
    if total.failed:
        lines.append(f"{count(total.failed, 'request')} failed")
    if total.unreported:
        lines.append(unreported_line(total))
    if total.uncosted:
        lines.append(f"the cost of {count(total.uncosted, 'request')} is not known")
    if total.unpriced:
        lines.append(f"the price of {count(total.unpriced, 'token')} is not known")
    if ledger.rehearsed:
        lines.append(f"{count(ledger.rehearsed, 'request')} of a rehearsal: replies are scripted")
    return tuple(lines)


def unreported_line(total: Sums) -> str:
    one = total.unreported == 1
    return (
        f"the endpoint did not tell what {count(total.unreported, 'request')} used, which broke "
        f"off, came without a count or {'is' if one else 'are'} not over: "
        f"{'it was' if one else 'they were'} charged at most {total.charged_unsure:,} tokens more"
    )


def name_of(ledger: Ledger, key: str, zone: tzinfo | None) -> str:
    """A group's name; minutes and days begin in UTC and are shown in local time too."""
    match ledger.by:
        case "minute":
            instant = datetime.strptime(key, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
            return in_both_times(instant.timestamp(), zone)
        case "day":
            begin = datetime.strptime(key, "%Y-%m-%d").replace(tzinfo=UTC)
            local = begin.astimezone(zone)
            if local.utcoffset() == begin.utcoffset():
                return f"{key} UTC"
            return f"{key} UTC (from {local:%Y-%m-%d %H:%M} local time)"
        case _:
            return shown(key, 60)


def row(name: str, sums: Sums) -> tuple[str, ...]:
    figures = [f"{getattr(sums, field):,}" for field in HEAD[:-1]]
    return (name, *figures, duration(sums.waited), money(sums))


def money(sums: Sums) -> str:
    """`$0.22`, `$0.0011`, `$0.22+` where something is missing, `-` where all is."""
    lacks = bool(sums.unpriced or sums.uncosted)
    if lacks and not sums.usd:
        return "-"
    if 0 < sums.usd < LEAST_USD:
        return f"<${LEAST_USD}" + "+" * lacks
    digits = 4 if 0 < sums.usd < SMALL_USD else 2
    return f"${sums.usd:,.{digits}f}" + "+" * lacks


def table(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The first column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return tuple(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in rows
    )


def usage_record(ledger: Ledger, plan: PlanForecast | None = None) -> dict[str, Any]:
    """Instants are in UTC, waits in seconds, money in US dollars."""
    return {
        "schema": SCHEMA,
        "type": "usage",
        "outcome": Outcome.DONE.value,
        "exit_code": 0,
        "by": ledger.by,
        "runs": list(ledger.runs),
        "checkups": list(ledger.checkups),
        "first_at": instant(ledger.first_at),
        "last_at": instant(ledger.last_at),
        "rows": [{"key": key, **asdict(sums)} for key, sums in ledger.groups.items()],
        "total": asdict(ledger.total),
        "rehearsed_requests": ledger.rehearsed,
        "forecast": forecast_record(plan) if plan else None,
    }


def instant(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


def forecast_record(plan: PlanForecast) -> dict[str, Any]:
    found = plan.forecast
    return {
        "profile": plan.profile.name,
        "tokens": found.need.tokens,
        "requests": found.need.requests,
        "learned_from_tasks": found.need.learned_from,
        "minutes": round(found.minutes, 1),
        "days": round(found.days, 2),
        "left_today": found.left_today,
        "read_from": plan.read_from,
        "sentence": plan.sentence,
        "warning": plan.warning,
    }
