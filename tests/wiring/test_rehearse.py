from pathlib import Path

import pytest

from agent.config import load_settings
from agent.domain.limits import Limit
from agent.errors import ConfigError, ScriptError, UsageError
from agent.rehearsal.faults import FAULTS, FaultPlan
from agent.rehearsal.flavours import CEREBRAS, REHEARSAL
from agent.wiring.rehearse import (
    RehearsalOptions,
    client_environment,
    limit_of,
    other_endpoints,
    prepare_rehearsal,
    with_limits,
)

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
    with pytest.raises(UsageError) as raised:
        limit_of(text)
    assert str(raised.value) == (
        f"{text!r} is not a limit; write one like tokens/minute=300k or requests/day=2400:fixed, "
        "with one of the windows second, minute, hour, day"
    )


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


def test_a_profile_of_one_s_own_is_played_with_the_manners_of_the_one_it_is_like() -> None:
    own = {"fast": {"like": "cerebras", "model": "m-9", "window_tokens": 9_000}}
    conditions = prepare_rehearsal(RehearsalOptions(profile="fast"), own).conditions
    assert (conditions.flavour, conditions.models) == (CEREBRAS, ("m-9",))
    assert conditions.window_tokens == 9_000


def test_what_a_profile_says_can_be_said_otherwise() -> None:
    options = RehearsalOptions(profile="cerebras", model="m-9", window_tokens=2_048, charge="usage")
    conditions = prepare_rehearsal(options).conditions
    assert (conditions.models, conditions.window_tokens) == (("m-9",), 2_048)
    assert conditions.charging.mode == "usage"


def asked_of(options: RehearsalOptions, home: Path, settings: str = "") -> dict[str, str]:
    """The variables to set, without the address that differs each time."""
    config = home / ".config" / "gardener" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(settings, encoding="utf-8")
    variables = client_environment(prepare_rehearsal(options), {"HOME": str(home)}, None)
    return {name: value for name, value in variables.items() if not name.endswith("BASE_URL")}


@pytest.mark.parametrize(
    ("profile", "asked"),
    [
        ("cerebras", ("cerebras", "gpt-oss-120b")),
        ("vllm", ("vllm", "rehearsal")),
        (None, ("openai", "rehearsal")),
        ("rehearsal", ("openai", "rehearsal")),
    ],
)
def test_a_client_is_told_which_profile_and_model_to_ask_for(
    tmp_path: Path, profile: str | None, asked: tuple[str, str]
) -> None:
    variables = asked_of(RehearsalOptions(profile=profile), tmp_path)
    assert variables == dict(zip(("GARDENER_PROFILE", "GARDENER_MODEL"), asked, strict=True))


def test_a_role_that_would_ask_elsewhere_is_told_too(tmp_path: Path) -> None:
    settings = (
        'profile = "anthropic"\nmodel = "claude"\n'
        '[roles.executor]\nprofile = "groq"\nmodel = "fast"\n'
        '[roles.judge]\nmodel = "other"\n'
    )
    variables = asked_of(RehearsalOptions(profile="cerebras"), tmp_path, settings)
    assert variables == {
        "GARDENER_PROFILE": "cerebras",
        "GARDENER_MODEL": "gpt-oss-120b",
        "GARDENER_EXECUTOR_PROFILE": "cerebras",
        "GARDENER_EXECUTOR_MODEL": "gpt-oss-120b",
    }


def test_whoever_is_asked_when_the_rehearsal_is_full_is_named(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "gardener" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('fallback = ["groq"]\n[roles.judge]\nfallback = ["openai", "groq"]\n')
    settings = load_settings({"HOME": str(tmp_path)})
    assert other_endpoints(settings) == ("groq", "openai")
