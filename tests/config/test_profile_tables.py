"""Profiles in settings files: layered field by field, and no way for a repository to a key."""

from pathlib import Path

import pytest

from agent.config import load_settings
from agent.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / ".config" / "gardener").mkdir(parents=True)
    return folder


def write_user(home: Path, text: str) -> None:
    (home / ".config" / "gardener" / "config.toml").write_text(text)


def write_project(tmp_path: Path, text: str) -> Path:
    (tmp_path / "gardener.toml").write_text(text)
    return tmp_path


def test_a_project_lays_fields_over_the_user_s_profile(home: Path, tmp_path: Path) -> None:
    write_user(home, '[profiles.box]\nbase_url = "http://127.0.0.1:1/v1"\nwindow_tokens = 8192\n')
    project = write_project(
        tmp_path, "[profiles.box]\nwindow_tokens = 4096\n[profiles.vllm]\ntext_calls = true\n"
    )
    assert load_settings({"HOME": str(home)}, project).profiles == {
        "box": {"base_url": "http://127.0.0.1:1/v1", "window_tokens": 4_096},
        "vllm": {"text_calls": True},
    }


@pytest.mark.parametrize(
    "field", ['base_url = "http://evil"', 'key_env = "GITHUB_TOKEN"', 'accounts = ["GITHUB_TOKEN"]']
)
def test_a_repository_says_nothing_of_addresses_and_keys(
    home: Path, tmp_path: Path, field: str
) -> None:
    project = write_project(tmp_path, f"[profiles.box]\n{field}\n")
    with pytest.raises(ConfigError, match="a repository may not decide this") as caught:
        load_settings({"HOME": str(home)}, project)
    assert "GARDENER_PROFILES" not in str(caught.value)


def test_the_variables_that_a_profile_names_are_read(home: Path) -> None:
    write_user(home, '[profiles.box]\nkey_env = "BOX"\naccounts = ["SECOND"]\n')
    environment = {"HOME": str(home), "BOX": "b", "SECOND": "s", "THIRD": "t"}
    assert set(load_settings(environment).keys) == {"BOX", "SECOND"}


def test_a_profile_is_no_environment_variable(home: Path) -> None:
    environment = {"HOME": str(home), "GARDENER_PROFILES": "{}"}
    with pytest.raises(ConfigError, match=r"did you mean GARDENER_PROFILE\?"):
        load_settings(environment)


@pytest.mark.parametrize(
    "text", ["profiles = 3\n", "[[profiles.box]]\nmodel = 'm'\n", "[profiles]\nbox = 3\n"]
)
def test_a_profile_is_a_table(home: Path, text: str) -> None:
    write_user(home, text)
    with pytest.raises(ConfigError, match=r"config.toml: profiles.*correct or remove that line"):
        load_settings({"HOME": str(home)})


def test_accounts_that_are_no_list_are_left_to_the_catalog(home: Path) -> None:
    write_user(home, "[profiles.box]\naccounts = 3\n")
    assert load_settings({"HOME": str(home)}).profiles == {"box": {"accounts": 3}}
