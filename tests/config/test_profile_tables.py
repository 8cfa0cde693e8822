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


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("accounts = 3", "accounts: must be a list"),
        ('window_tokens = "8k"', "window_tokens: must be a valid integer"),
        ("sampling = 3", "sampling: must be a table"),
        ("limits = [3]", "limits.0: must be a table"),
        ("text_calls = 1", "text_calls: must be true or false"),
        ("model = 3", "model: must be a text"),
        ("tokens_per_second = nan", "tokens_per_second: must be a finite number"),
        ("stall_seconds = inf", "stall_seconds: must be a finite number"),
        ("sampling = { top_p = nan }", "sampling.top_p: must be a finite number"),
        ("first_byte_seconds = 0", "first_byte_seconds: must be greater than 0"),
    ],
)
def test_a_field_that_does_not_fit_is_told_with_its_file(
    home: Path, field: str, complaint: str
) -> None:
    write_user(home, f"[profiles.box]\n{field}\n")
    path = home / ".config" / "gardener" / "config.toml"
    with pytest.raises(ConfigError) as raised:
        load_settings({"HOME": str(home)})
    assert str(raised.value) == f"{path}: profiles.box.{complaint}; correct or remove that line"
