import re
from typing import Any

import pytest

from agent.domain.key_names import usual_key_name
from agent.domain.limits import Limit
from agent.domain.profile import Profile
from agent.errors import ConfigError
from agent.providers.catalog import names, profile, with_models

PROMISED = (
    "cerebras cerebras-developer cerebras-free cerebras-trial cerebras-code-pro cerebras-code-max "
    "anthropic openai openai-responses fireworks openrouter groq together dashscope vllm llamacpp "
    "ollama lmstudio rehearsal"
)


@pytest.mark.parametrize("found", with_models(), ids=lambda found: f"{found.name}/{found.model}")
def test_every_profile_says_where_its_figures_come_from_and_when_they_held(found: Profile) -> None:
    assert re.search(r"\w\.(ai|com|dev|net)\b", found.source) or found.name == "rehearsal"
    assert re.fullmatch(r"2026-\d\d-\d\d", found.dated)
    assert found.window_tokens > found.max_output_tokens


def test_the_paid_tier_has_its_whole_window() -> None:
    found = profile("cerebras")
    assert (found.model, found.window_tokens) == ("gpt-oss-120b", 131_072)


def test_the_tier_that_is_paid_by_use_has_a_name_of_its_own() -> None:
    found = profile("cerebras-developer")
    assert found == profile("cerebras").model_copy(update={"name": "cerebras-developer"})
    assert "developer tier" in found.source


def test_the_promised_profiles_are_there() -> None:
    assert set(PROMISED.split()) <= set(names())


@pytest.mark.parametrize("name", names())
def test_what_is_said_of_a_key_in_a_file_fits_every_ready_profile(name: str) -> None:
    assert profile(name).key_env == usual_key_name(name)


def test_only_the_rehearsal_is_told_the_session() -> None:
    assert [name for name in names() if profile(name).session_header] == ["rehearsal"]


def test_the_profile_of_the_plan_that_charges_at_admission() -> None:
    found = profile("cerebras-code-pro")
    assert found == Profile(
        name="cerebras-code-pro",
        base_url="https://api.cerebras.ai/v1",
        model="gpt-oss-120b",
        key_env="CEREBRAS_API_KEY",
        window_tokens=131_072,
        max_output_tokens=8_192,
        limits=(
            Limit(unit="tokens", window="minute", amount=300_000, refill="bucket"),
            Limit(unit="tokens", window="day", amount=24_000_000, refill="fixed"),
        ),
        charge="admission",
        reservation_cap_tokens=16_384,
        tokens_per_second=3000.0,
        source=found.source,
        dated="2026-11-21",
    )


@pytest.mark.parametrize(
    ("name", "model", "sampling"),
    [
        ("cerebras", "qwen-3-coder-480b", {"temperature": 0.7, "top_p": 0.8}),
        (
            "vllm",
            "Qwen/Qwen3-Coder-30B-A3B-Instruct",
            {"temperature": 0.7, "top_p": 0.8, "top_k": 20.0, "repetition_penalty": 1.05},
        ),
        (
            "llamacpp",
            "qwen3-coder",
            {"temperature": 0.7, "top_p": 0.8, "top_k": 20.0, "repeat_penalty": 1.05},
        ),
        (
            "lmstudio",
            "qwen/qwen3-coder-30b",
            {"temperature": 0.7, "top_p": 0.8, "top_k": 20.0, "repeat_penalty": 1.05},
        ),
        ("dashscope", "qwen3-coder-plus", {"temperature": 0.7, "top_p": 0.8}),
        ("ollama", "qwen3-coder:30b", {"temperature": 0.7, "top_p": 0.8}),
        ("openai", "qwen3-coder", {}),
        ("cerebras", "gpt-oss-120b", {}),
    ],
)
def test_qwen_coder_gets_its_sampling_as_far_as_the_endpoint_takes_it(
    name: str, model: str, sampling: dict[str, float]
) -> None:
    assert profile(name, model=model).sampling == sampling


def test_another_model_brings_its_own_window_and_price() -> None:
    found = profile("cerebras", model="qwen-3.8-27b")
    assert (found.window_tokens, found.input_usd, found.tokens_per_second) == (65_536, 0.99, 1850.0)
    unknown = profile("cerebras", model="new-model")
    assert (unknown.window_tokens, unknown.input_usd) == (131_072, None)
    assert profile("cerebras-free", model="qwen-3.8-27b").window_tokens == 8_192


def test_a_limit_of_one_model_is_not_held_against_another() -> None:
    assert profile("cerebras").limits != ()
    assert profile("cerebras", model="qwen-3.8-27b").limits == ()


def test_those_who_book_the_reservation_charge_at_admission() -> None:
    booking = {name for name in names() if profile(name).charge == "admission"}
    cerebras = {name for name in names() if name.startswith("cerebras")}
    assert booking == {"openai", "openai-responses", "groq", *cerebras}


@pytest.mark.parametrize(
    ("name", "model", "longest_tokens"),
    [
        ("anthropic", "claude-haiku-5-5", 100_000),
        ("dashscope", "qwen3-coder-plus", 128_000),
        ("openrouter", "qwen/qwen3-coder-plus", 128_000),
        ("openai", "gpt-6.1-sol", 272_000),
    ],
)
def test_no_prompt_can_be_so_long_that_its_price_is_another(
    name: str, model: str, longest_tokens: int
) -> None:
    found = profile(name, model=model)
    assert found.input_usd is not None
    assert found.window_tokens - found.max_output_tokens <= longest_tokens


def test_the_trial_takes_no_request_that_its_minute_never_admits() -> None:
    found = profile("cerebras-trial")
    minute = next(each for each in found.limits if (each.unit, each.window) == ("tokens", "minute"))
    assert found.window_tokens <= minute.amount


def test_a_table_of_the_user_lies_over_the_ready_profile() -> None:
    own = {"cerebras": {"model": "qwen-3.8-27b", "window_tokens": 131_072, "accounts": ["KEY_2"]}}
    found = profile("cerebras", own)
    assert found == profile("cerebras", model="qwen-3.8-27b").model_copy(
        update={"window_tokens": 131_072, "accounts": ("KEY_2",)}
    )
    assert profile("cerebras") == profile("cerebras", {"groq": {"model": "m"}})


def test_a_new_profile_is_like_a_ready_one_or_stands_alone() -> None:
    limit = {"unit": "tokens", "window": "minute", "amount": 250_000}
    own: dict[str, dict[str, Any]] = {
        "fast": {"like": "cerebras-code-pro", "limits": [limit], "input_usd": 1},
        "home": {"base_url": "http://10.0.0.5/v1", "model": "m", "sampling": {"top_p": 0.9}},
    }
    assert names(own)[-2:] == ("fast", "home")
    assert profile("fast", own) == profile("cerebras-code-pro").model_copy(
        update={"name": "fast", "limits": (Limit.model_validate(limit),), "input_usd": 1.0}
    )
    assert profile("home", own) == Profile(
        name="home",
        base_url="http://10.0.0.5/v1",
        own_base_url="http://10.0.0.5/v1",
        model="m",
        sampling={"top_p": 0.9},
        source="the settings",
    )
    assert {"fast", "home"} <= {found.name for found in with_models(own)}


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("cerebras", {"windw_tokens": 1}, r"profiles.cerebras: no field named 'windw_tokens'; did "
         r"you mean 'window_tokens'\?"),
        ("cerebras", {"name": "x"}, "no field named 'name'"),
        ("cerebras", {"own_base_url": "x"}, "no field named 'own_base_url'"),
        ("cerebras", {"window_tokens": "8k"}, r"profiles.cerebras.window_tokens: must be a valid "
         r"integer; correct or remove"),
        ("cerebras", {"window_tokens": "8192"}, "must be a valid integer"),
        ("cerebras", {"limits": [{"unit": "token"}]}, r"profiles.cerebras.limits.0.unit: must be"),
        ("cerebras", {"max_output_tokens": 200_000}, "must be less than window_tokens"),
        ("mine", {"like": "cerebas"}, r"profiles.mine.like: no ready profile named 'cerebas'; did "
         r"you mean 'cerebras'\?"),
        ("mine", {"model": "m"}, "profiles.mine: base_url is missing"),
        ("mine", {"base_url": 5}, "profiles.mine.base_url: must be a text"),
    ],
)  # fmt: skip
def test_a_table_that_says_something_else_is_refused_with_the_place(
    name: str, table: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        profile(name, {name: table})


@pytest.mark.parametrize("table", [{"key_env": "csk-123"}, {"accounts": ["csk-123"]}])
def test_a_key_where_its_variable_belongs_is_refused_and_not_shown(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="not keys; name the variables") as caught:
        profile("cerebras", {"cerebras": table})
    assert "csk" not in str(caught.value)


def test_an_unknown_name_is_told_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"no profile named 'cerebas'; did you mean 'cerebras'\?"):
        profile("cerebas")
    with pytest.raises(ConfigError, match="no profile named 'zzz'; use one of openai, "):
        profile("zzz")
