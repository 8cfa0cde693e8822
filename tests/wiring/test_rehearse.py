from pathlib import Path

import pytest

from agent.domain.limits import Limit
from agent.errors import ConfigError, ScriptError, UsageError
from agent.rehearsal.faults import FAULTS, FaultPlan
from agent.rehearsal.flavours import CEREBRAS, REHEARSAL
from agent.wiring.rehearse import RehearsalOptions, limit_of, prepare_rehearsal, with_limits

MINUTE = Limit(unit="tokens", window="minute", amount=300_000)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("tokens/minute=300000", MINUTE),
        ("tokens/minute=300k", MINUTE),
        ("tokens/minute=300k:fixed", MINUTE.model_copy(update={"refill": "fixed"})),
        ("tokens/day=24M", Limit(unit="tokens", window="day", amount=24_000_000, refill="fixed")),
        ("tokens/day=24M:bucket", Limit(unit="tokens", window="day", amount=24_000_000)),
        ("requests/second=5", Limit(unit="requests", window="second", amount=5)),
    ],
)
def test_a_limit_is_read_as_it_is_written(text: str, limit: Limit) -> None:
    assert limit_of(text) == limit


@pytest.mark.parametrize("text", ["", "300k", "tokens/week=1", "tokens/minute=0", "tokens/day=x"])
def test_what_is_no_limit_is_told_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="is not a limit; write one like tokens/minute=300k"):
        limit_of(text)


def test_a_limit_that_is_given_takes_the_place_of_the_profile_s() -> None:
    day = Limit(unit="tokens", window="day", amount=1_000, refill="fixed")
    lower = MINUTE.model_copy(update={"amount": 5})
    assert with_limits((day, MINUTE), (lower,)) == (lower, day)


def test_without_anything_there_are_no_limits_and_no_faults() -> None:
    conditions = prepare_rehearsal(RehearsalOptions()).conditions
    assert (conditions.flavour, conditions.limits, conditions.faults) == (
        REHEARSAL,
        (),
        FaultPlan(),
    )
    assert conditions.serves("rehearsal")


def test_what_is_given_is_on() -> None:
    options = RehearsalOptions(
        profile="cerebras",
        limits=("tokens/minute=300k",),
        faults=("all",),
        faults_share=0.5,
        faults_stay=True,
        seed=7,
        tokens_per_second=50.0,
        first_token_seconds=0.3,
    )
    conditions = prepare_rehearsal(options).conditions
    assert conditions.flavour == CEREBRAS
    assert MINUTE in conditions.limits
    assert conditions.faults == FaultPlan(tuple(FAULTS), 0.5, 7, transient=False)
    assert (conditions.tokens_per_second, conditions.first_token_seconds) == (50.0, 0.3)


def test_what_cannot_be_played_is_refused_before_anything_listens(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no profile named 'x'"):
        prepare_rehearsal(RehearsalOptions(profile="x"))
    with pytest.raises(UsageError, match="no fault named 'x'"):
        prepare_rehearsal(RehearsalOptions(faults=("x",)))
    with pytest.raises(ScriptError, match="cannot read the script"):
        prepare_rehearsal(RehearsalOptions(script=tmp_path / "none.yaml"))
