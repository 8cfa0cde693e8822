import pytest

from agent.domain.profile import Profile
from agent.errors import ConfigError
from agent.providers.catalog import names, profile


@pytest.mark.parametrize("name", names())
def test_every_profile_says_where_its_figures_come_from(name: str) -> None:
    found = profile(name)
    assert found.name == name
    assert found.source
    assert found.dated
    assert found.window_tokens > found.max_output_tokens


def test_only_the_rehearsal_is_told_the_session() -> None:
    assert [name for name in names() if profile(name).session_header] == ["rehearsal"]


def test_the_profile_of_cerebras() -> None:
    assert profile("cerebras") == Profile(
        name="cerebras",
        base_url="https://api.cerebras.ai/v1",
        model="gpt-oss-120b",
        key_env="CEREBRAS_API_KEY",
        window_tokens=131_072,
        max_output_tokens=8_192,
        source="Cerebras OpenAPI and model pages; 131,072 tokens on the paid tier, 65k free",
        dated="2026-11-21",
    )


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no profile named 'cerebas'; use one of openai, cer"):
        profile("cerebas")
