"""Several accounts: who sends, who waits, who stops."""

import math
from collections.abc import Callable

import pytest

from agent.domain.limits import Admission
from agent.domain.message import Usage
from agent.domain.readings import LimitReading
from agent.errors import AuthError
from agent.limits.pool import Policy, Pool, account_name

Ask = Callable[..., Admission]
DAY = 40_000.0


class Waits:
    """A governor that only knows how long each account would wait."""

    def __init__(self, **seconds: float) -> None:
        self.seconds = seconds

    def wait_seconds(self, admission: Admission) -> float:
        return self.seconds[admission.account]

    async def admit(self, admission: Admission, on_wait: Callable[[float, str], None]) -> int:
        raise NotImplementedError

    def mark_rehearsed(self, booking: int) -> None:
        raise NotImplementedError

    def settle(self, booking: int, usage: Usage, readings: tuple[LimitReading, ...]) -> None:
        raise NotImplementedError

    def fail(self, booking: int, wait_seconds: float | None) -> None:
        raise NotImplementedError


def pool(policy: Policy, **seconds: float) -> tuple[Pool, Waits]:
    waits = Waits(**seconds)
    return Pool(("a", "b", "c"), waits, policy), waits


@pytest.mark.parametrize(
    ("policy", "waits", "chosen"),
    [
        ("switch", (0.0, 0.0, 0.0), "a"),
        ("switch", (2.0, 0.0, 0.0), "a"),
        ("switch", (20.0, 9.0, 4.0), "c"),
        ("switch", (20.0, 0.0, 0.0), "b"),
        ("wait", (20.0, 0.0, 0.0), "a"),
        ("wait", (DAY, 30.0, 0.0), "c"),
        ("stop", (DAY, 0.0, 0.0), "a"),
        ("switch", (DAY, DAY, math.inf), "a"),
    ],
)
def test_the_policy_chooses_the_account(
    ask: Ask, policy: Policy, waits: tuple[float, float, float], chosen: str
) -> None:
    made, _ = pool(policy, a=waits[0], b=waits[1], c=waits[2])
    assert made.choose(ask()).account == chosen


def test_a_role_stays_where_it_went_for_the_cache(ask: Ask) -> None:
    made, waits = pool("switch", a=20.0, b=0.0, c=0.0)
    assert made.choose(ask()).account == "b"
    waits.seconds["a"] = 0.0
    assert [made.choose(ask(role=role)).account for role in ("executor", "judge")] == ["b", "a"]


def test_a_dropped_account_is_used_no_more(ask: Ask) -> None:
    made, _ = pool("wait", a=0.0, b=0.0, c=0.0)
    assert made.drop("a", "the key of a is wrong; correct it")
    assert made.choose(ask()).account == "b"
    assert made.drop("b", "no credit") is True
    assert made.drop("c", "no credit") is False
    with pytest.raises(AuthError, match="the key of a is wrong; correct it"):
        made.choose(ask())


@pytest.mark.parametrize(
    ("policy", "replaced"), [("switch", True), ("wait", True), ("stop", False)]
)
def test_another_account_replaces_one_whose_day_is_used_up(
    ask: Ask, policy: Policy, replaced: bool
) -> None:
    made, _ = pool(policy, a=DAY, b=DAY, c=5.0)
    assert made.has_other(ask()) is replaced
    made.drop("c", "no credit")
    assert not made.has_other(ask())


def test_the_policy_to_stop_leaves_no_account_even_when_its_key_fails(ask: Ask) -> None:
    made, _ = pool("stop", a=0.0, b=0.0, c=0.0)
    assert not made.drop("a", "the key of a is wrong; correct it")
    assert made.choose(ask()).account == "a"


def test_an_account_is_named_by_endpoint_and_a_mark_of_its_key() -> None:
    first, second = (account_name("https://api.example.org/v1", key) for key in ("one", "two"))
    assert first.startswith("api.example.org#")
    assert len({first, second}) == 2
    assert "one" not in first
    assert account_name("http://127.0.0.1:8000/v1", "") == "127.0.0.1:8000"
