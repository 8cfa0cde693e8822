"""Books of each kind, and a request to book."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis_server import redis_server

from agent.domain.limits import Admission, Limit
from agent.limits.books import Books
from agent.limits.redis_books import RedisBooks
from agent.limits.sqlite_books import SqliteBooks

Ask = Callable[..., Admission]


@pytest.fixture
def ask() -> Ask:
    """A request of 1,000 input and 200 output tokens; anything of it can be said otherwise."""
    plain = Admission(
        account="acme",
        model="coder",
        limits=(),
        run_id="run-1",
        role="executor",
        subject="T01",
        estimated_tokens=1_000,
        reserved_tokens=200,
        charged_tokens=1_200,
        charge="admission",
        profile="acme-pro",
    )

    def made(**other: Any) -> Admission:  # noqa: ANN401 - the fields' own types are checked
        changed = replace(plain, **other)
        if "charged_tokens" not in other:
            charged = changed.estimated_tokens + changed.reserved_tokens
            changed = replace(changed, charged_tokens=charged)
        return changed

    return made


@pytest.fixture(params=["sqlite", "redis"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    made = sqlite(tmp_path) if request.param == "sqlite" else redis(tmp_path)
    yield from made


def sqlite(folder: Path) -> Iterator[Books]:
    made = SqliteBooks(folder / "ledger.sqlite", now=0.0)
    yield made
    made.close()


def redis(folder: Path) -> Iterator[Books]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    with redis_server(folder) as url:
        made = RedisBooks(url)
        yield made
        made.close()


@pytest.fixture
def minute() -> Callable[..., Limit]:
    def made(amount: int, **other: Any) -> Limit:  # noqa: ANN401 - the fields' own types are checked
        values = {"unit": "tokens", "window": "minute", "amount": amount, "refill": "fixed"}
        return Limit.model_validate({**values, **other})

    return made
