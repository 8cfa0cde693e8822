"""Where settings come from, and what a wrong one answers."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agent.config import RoleSettings, Settings, child_environment, load_settings
from agent.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / ".config" / "gardener").mkdir(parents=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def user_file(home: Path) -> Path:
    return home / ".config" / "gardener" / "config.toml"


def test_without_any_source_the_defaults_hold(home: Path, project: Path) -> None:
    assert load_settings({"HOME": str(home)}, project) == Settings(
        state_folder=home / ".local" / "state" / "gardener"
    )


def test_each_source_is_laid_over_the_one_before(home: Path, project: Path) -> None:
    user_file(home).write_text("garden_rounds = 5\nrealign_passes = 5\nplan_attempts = 5\n")
    (project / "gardener.toml").write_text("realign_passes = 6\nplan_attempts = 6\n")
    environment = {"HOME": str(home), "GARDENER_PLAN_ATTEMPTS": "7", "GARDENER_TASK_ATTEMPTS": "7"}

    settings = load_settings(environment, project, {"task_attempts": 8, "continuations": None})

    assert settings == Settings(
        state_folder=home / ".local" / "state" / "gardener",
        garden_rounds=5,
        realign_passes=6,
        plan_attempts=7,
        task_attempts=8,
    )


def test_a_general_model_replaces_what_files_say_of_roles_and_a_role_flag_wins(
    home: Path, project: Path
) -> None:
    (project / "gardener.toml").write_text(
        '[roles.executor]\nmodel = "qwen"\nprofile = "cerebras"\n[roles.judge]\nmodel = "j"\n'
    )
    environment = {"HOME": str(home), "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    flags = {"model": "m", "roles": {"planner": {"model": "p"}}}

    settings = load_settings(environment, project, flags)

    assert [settings.role(role) for role in ("planner", "executor", "judge")] == [
        RoleSettings(model="p", profile="openai", base_url="http://127.0.0.1:1/v1"),
        RoleSettings(model="m", profile="cerebras"),
        RoleSettings(model="m", profile="openai", base_url="http://127.0.0.1:1/v1"),
    ]


def test_roles_can_be_set_in_the_environment(home: Path) -> None:
    environment = {
        "HOME": str(home),
        "GARDENER_GARDENER_MODEL": "g",
        "GARDENER_EXECUTOR_KEY_ENV": "CEREBRAS_KEY",
        "CEREBRAS_KEY": "secret",
    }
    settings = load_settings(environment)
    assert settings.roles["gardener"] == RoleSettings(model="g")
    assert settings.key("CEREBRAS_KEY") == SecretStr("secret")


def test_keys_come_from_the_environment_and_are_not_shown(home: Path) -> None:
    settings = load_settings({"HOME": str(home), "OPENAI_API_KEY": "sk-1", "X_API_KEY": ""})
    assert settings.api_key == settings.key("OPENAI_API_KEY") == SecretStr("sk-1")
    assert settings.key("X_API_KEY") is None
    assert "sk-1" not in repr(settings) + settings.model_dump_json()


def test_the_base_directories_of_the_desktop_are_respected(tmp_path: Path) -> None:
    config, state = tmp_path / "config", tmp_path / "state"
    (config / "gardener").mkdir(parents=True)
    (config / "gardener" / "config.toml").write_text('plans_folder = "docs/plans"\n')
    environment = {"XDG_CONFIG_HOME": str(config), "XDG_STATE_HOME": str(state)}
    assert load_settings(environment) == Settings(
        state_folder=state / "gardener", plans_folder="docs/plans"
    )


def test_a_folder_may_begin_with_the_home_sign(home: Path) -> None:
    user_file(home).write_text('state_folder = "~/runs"\n')
    assert load_settings({"HOME": str(home)}).state_folder == home / "runs"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("garden_round = 1", "no setting named 'garden_round'; did you mean 'garden_rounds'?"),
        (
            "[roles.executer]\nmodel = 'm'",
            "no setting named 'roles.executer'; did you mean 'executor'?",
        ),
        (
            "[roles.executor]\nmodle = 'm'",
            "no setting named 'roles.executor.modle'; did you mean 'model'?",
        ),
        (
            'garden_rounds = "3"',
            "garden_rounds: must be a valid integer; correct or remove that line",
        ),
        (
            "garden_rounds = 99",
            "garden_rounds: must be less than or equal to 20; correct or remove that line",
        ),
        (
            'plans_folder = "../plans"',
            "plans_folder: must be a folder inside the repository; correct or remove that line",
        ),
        (
            'roles = "all"',
            "roles: must be a table; correct or remove that line",
        ),
        (
            "garden_rounds: 3",
            "not valid TOML: Expected '=' after a key in a key/value pair (at line 1, column 14); "
            "correct that line",
        ),
    ],
)
def test_a_wrong_file_is_named_with_key_and_remedy(
    home: Path, project: Path, text: str, complaint: str
) -> None:
    path = project / "gardener.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_settings({"HOME": str(home)}, project)
    assert str(raised.value) == f"{path}: {complaint}"


@pytest.mark.parametrize(
    "text", ['api_key = "sk-1"', '[roles.planner]\napi_key = "sk-1"', '[keys]\nA = "sk-1"']
)
def test_a_key_in_a_file_is_refused_and_not_repeated(home: Path, text: str) -> None:
    user_file(home).write_text(text)
    with pytest.raises(ConfigError, match="a key does not belong in a file") as raised:
        load_settings({"HOME": str(home)})
    assert "sk-1" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ('api_key = "sk-1"', "OPENAI_API_KEY"),
        ('CEREBRAS_API_KEY = "csk-1"', "CEREBRAS_API_KEY"),
        ('profile = "cerebras"\napi_key = "csk-1"', "CEREBRAS_API_KEY"),
        ('[profiles.cerebras-code-max]\nextra_body = {api_key = "c"}', "CEREBRAS_API_KEY"),
        ('[profiles.box]\nlike = "groq"\napi_key = "gsk-1"', "GROQ_API_KEY"),
        ('[profiles.box]\nkey_env = "BOX"\napi_key = "sk-1"', "BOX"),
        ('[profiles.vllm]\napi_key = "sk-1"', "the variable that key_env names"),
        ('[roles.planner]\nprofile = "anthropic"\napi_key = "sk-1"', "ANTHROPIC_API_KEY"),
        ('[roles.planner]\nkey_env = "MINE"\napi_key = "sk-1"', "MINE"),
        ('profile = "box"\nkeys = {}\n[profiles.box]\nkey_env = "BOX"', "BOX"),
    ],
)
def test_a_key_in_a_file_is_told_the_variable_of_its_profile(
    home: Path, text: str, variable: str
) -> None:
    user_file(home).write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_settings({"HOME": str(home)})
    assert str(raised.value).endswith(f"and set {variable} in the environment")


def test_a_key_in_place_of_its_variable_is_not_repeated(home: Path) -> None:
    user_file(home).write_text('[roles.planner]\nkey_env = "sk-1"')
    with pytest.raises(ConfigError) as raised:
        load_settings({"HOME": str(home)})
    assert str(raised.value) == (
        f"{user_file(home)}: roles.planner.key_env: must be the name of an environment variable, "
        "not its value; correct or remove that line"
    )


@pytest.mark.parametrize(
    "text",
    [
        'base_url = "https://elsewhere.example"',
        '[roles.executor]\nkey_env = "AWS_SECRET_ACCESS_KEY"',
        'pass_environment = ["AWS_SECRET_ACCESS_KEY"]',
    ],
)
def test_a_repository_cannot_send_keys_elsewhere(home: Path, project: Path, text: str) -> None:
    (project / "gardener.toml").write_text(text)
    with pytest.raises(ConfigError, match="a repository may not decide this"):
        load_settings({"HOME": str(home)}, project)
    user_file(home).write_text(text)
    (project / "gardener.toml").unlink()
    load_settings({"HOME": str(home)}, project)


@pytest.mark.parametrize(
    ("environment", "flags", "complaint"),
    [
        (
            {"GARDENER_GARDEN_ROUNDS": "many"},
            {},
            "GARDENER_GARDEN_ROUNDS: must be a valid integer, unable to parse string as an "
            "integer; correct or unset it",
        ),
        (
            {"OPENAI_BASE_URL": "api.example"},
            {},
            "OPENAI_BASE_URL: must begin with http:// or https:// and a host; correct or unset it",
        ),
        (
            {"GARDENER_EXECUTOR_WINDOW_TOKENS": "9"},
            {},
            "GARDENER_EXECUTOR_WINDOW_TOKENS: must be greater than or equal to 1024; "
            "correct or unset it",
        ),
        (
            {"GARDENER_LEDGER": "redis://host:6379/notanumber"},
            {},
            "GARDENER_LEDGER: must end in the number of a database, as in redis://HOST:PORT/0; "
            "correct or unset it",
        ),
        (
            {"GARDENER_MODLE": "m"},
            {},
            "no setting 'GARDENER_MODLE'; did you mean GARDENER_MODEL?",
        ),
        (
            {},
            {"base_url": "ftp://x"},
            "flags: base_url: must begin with http:// or https:// and a host",
        ),
    ],
)
def test_a_wrong_variable_or_flag_is_named(
    home: Path, environment: dict[str, str], flags: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_settings({"HOME": str(home), **environment}, None, flags)
    assert str(raised.value) == complaint


def test_variables_of_other_programs_with_the_same_prefix_are_left_alone(home: Path) -> None:
    plain = {"HOME": str(home)}
    foreign = {**plain, "GARDENER_DEBUG": "1", "GARDENER_KUBERNETES_SHOOT": "x"}
    assert load_settings(foreign) == load_settings(plain)


def test_without_a_home_the_state_folder_must_be_named() -> None:
    with pytest.raises(ConfigError, match="set HOME, or GARDENER_STATE_FOLDER"):
        load_settings({})
    assert load_settings({"GARDENER_STATE_FOLDER": "/srv/g"}).state_folder == Path("/srv/g")


def test_commands_see_no_key_unless_a_person_passes_it(home: Path) -> None:
    environment = {
        "HOME": str(home),
        "PATH": "/bin",
        "OPENAI_API_KEY": "sk-1",
        "GARDENER_PASS_ENVIRONMENT": "DATABASE_URL, ABSENT",
        "DATABASE_URL": "sqlite://",
    }
    assert child_environment(environment, load_settings(environment)) == {
        "HOME": str(home),
        "PATH": "/bin",
        "DATABASE_URL": "sqlite://",
    }
