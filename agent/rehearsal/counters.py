"""What the endpoint has counted, per account, model and minute: the other side of the ledger."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

MOST_ROWS = 100_000


@dataclass
class Count:
    """Requests and tokens; `told` are those of replies that clients have with their usage."""

    requests: int = 0
    """Every one that asked for a reply, also those that could not be read."""
    admitted: int = 0
    """Those that were let in and counted against the limits."""
    refused: dict[str, int] = field(default_factory=dict)
    """By status, a 429 also by what was full: `429 tokens/minute`."""
    faults: dict[str, int] = field(default_factory=dict)
    charged_tokens: int = 0
    """What the limits have counted."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    told: int = 0
    told_prompt_tokens: int = 0
    told_completion_tokens: int = 0
    told_cached_tokens: int = 0


@dataclass(frozen=True)
class Entry:
    """One request, as it is counted."""

    account: str
    model: str
    at: float
    refused: str = ""
    faults: tuple[str, ...] = ()
    admitted: bool = False
    charged_tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Counters:
    """Sums of entries; a row for each account, model and minute, and one for all."""

    def __init__(self) -> None:
        self._totals = Count()
        self._rows: dict[tuple[str, str, str], Count] = {}

    def add(self, entry: Entry) -> None:
        for count in self._counts(entry):
            add_to(count, entry)

    def tell(self, entry: Entry) -> None:
        """The reply to an entry that was added has arrived whole, with its usage."""
        for count in self._counts(entry):
            count.told += 1
            count.told_prompt_tokens += entry.prompt_tokens
            count.told_completion_tokens += entry.completion_tokens
            count.told_cached_tokens += entry.cached_tokens

    def _counts(self, entry: Entry) -> list[Count]:
        key = (entry.account, entry.model, minute_of(entry.at))
        if key not in self._rows and len(self._rows) >= MOST_ROWS:
            return [self._totals]
        return [self._totals, self._rows.setdefault(key, Count())]

    def totals(self) -> Mapping[str, Any]:
        return asdict(self._totals)

    def report(self) -> Mapping[str, Any]:
        rows = [
            {"account": account, "model": model, "minute": minute, **asdict(count)}
            for (account, model, minute), count in sorted(self._rows.items())
        ]
        return {"totals": self.totals(), "rows": rows}


def add_to(count: Count, entry: Entry) -> None:
    count.requests += 1
    for name in entry.faults:
        count.faults[name] = count.faults.get(name, 0) + 1
    if entry.refused:
        count.refused[entry.refused] = count.refused.get(entry.refused, 0) + 1
    if not entry.admitted:
        return
    count.admitted += 1
    count.charged_tokens += entry.charged_tokens
    count.prompt_tokens += entry.prompt_tokens
    count.completion_tokens += entry.completion_tokens
    count.cached_tokens += entry.cached_tokens


def minute_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")
