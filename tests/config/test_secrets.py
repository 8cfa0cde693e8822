"""Which variables are secrets, and what commands get of them."""

import pytest

from agent.config import child_environment, load_settings
from agent.config.secrets import hidden_values, is_secret

SECRETS = {
    "OPENAI_API_KEY": "x",
    "STRIPE_SECRET": "x",
    "MY_SECRET_THING": "x",
    "GITHUB_TOKEN": "x",
    "DB_PASSWORD": "x",
    "PGPASSWORD": "x",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SESSION_TOKEN": "x",
    "DATABASE_URL": "postgres://u:p@h/d",
    "REDIS_URL": "redis://:p@h",
    "SSH_AUTH_SOCK": "/tmp/agent",
    "GIT_ASKPASS": "/bin/ask",
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/u/key.json",
    "npm_config__auth": "x",
}
PLAIN = {
    "PATH": "/bin",
    "PWD": "/home",
    "KEYBOARD": "de",
    "TOKENIZERS_PARALLELISM": "false",
    "AWS_REGION": "eu",
    "DATABASE_URL_": "postgres://h/d",
    "MONKEY": "x",
    "PASSAGE": "x",
}


@pytest.mark.parametrize("name", [*SECRETS, *PLAIN])
def test_a_variable_is_a_secret_by_its_name_or_by_a_password_in_an_address(name: str) -> None:
    assert is_secret(name, {**SECRETS, **PLAIN}[name]) == (name in SECRETS)


def test_of_an_address_only_the_password_is_hidden_and_of_a_place_nothing() -> None:
    given = {
        "DATABASE_URL": "postgres://app:p%40ss@db/app",
        "SSH_AUTH_SOCK": "/tmp/agent",
        "KEY_FILE": "/home/u/key.json",
        "A_KEY": " value\n",
    }
    assert hidden_values(given) == {
        "A_KEY": "value",
        "DATABASE_URL": "p%40ss",
        "DATABASE_URL decoded": "p@ss",
    }


def test_what_a_server_may_see_is_known_and_hidden_only_when_it_is_a_secret() -> None:
    server = {"command": ("docs",), "tools": ("x",), "env": ("DOCS_REGION", "DOCS_TOKEN")}
    environment = {"HOME": "/home/u", "DOCS_REGION": "eu-west-1", "DOCS_TOKEN": "tok-1234"}
    settings = load_settings(environment, overrides={"servers": {"docs": server}})
    assert set(settings.keys) == {"DOCS_REGION", "DOCS_TOKEN"}
    assert set(settings.secrets) == {"DOCS_TOKEN"}


def test_commands_see_no_secret_but_one_that_the_user_names() -> None:
    environment = {"HOME": "/home/u", "PATH": "/bin", "EDITOR": "vi", **SECRETS}
    settings = load_settings(environment)
    assert child_environment(environment, settings) == {"HOME": "/home/u", "PATH": "/bin"}
    named = load_settings({**environment, "GARDENER_PASS_ENVIRONMENT": "GITHUB_TOKEN"})
    assert child_environment({"PATH": "/bin"}, named) == {"PATH": "/bin", "GITHUB_TOKEN": "x"}
