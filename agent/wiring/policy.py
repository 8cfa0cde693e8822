"""What a run's settings allow, and what they hide."""

from pathlib import Path

from agent.config import Settings
from agent.config.secrets import hidden_values, is_secret
from agent.domain.policy import Policy
from agent.domain.redaction import Redactor


def policy_of(settings: Settings) -> Policy:
    return Policy(
        paths=settings.paths,
        allow_commands=settings.allow_commands,
        ask_commands=settings.ask_commands,
        deny_commands=settings.deny_commands,
        on_ask=settings.on_ask,
        on_question=settings.on_question,
    )


def redactor_of(settings: Settings, repository: Path) -> Redactor:
    """Hides the secrets of the environment, and those in the `.env` files that a run is given."""
    known = {name: value.get_secret_value() for name, value in settings.secrets.items()}
    for name in (*settings.copy_files, *settings.link_files):
        if Path(name).name.startswith(".env"):
            known = {**secrets_in_file(repository / name), **known}
    return Redactor(hidden_values(known))


def secrets_in_file(path: Path) -> dict[str, str]:
    """The secrets in a file of lines such as `NAME=VALUE`; none when it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    given = (line.strip().removeprefix("export ").partition("=") for line in lines)
    values = {name.strip(): value.strip().strip("'\"") for name, mark, value in given if mark}
    return {name: value for name, value in values.items() if is_secret(name, value)}
