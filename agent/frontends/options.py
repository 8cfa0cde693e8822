"""What the command line was given, as values; loads nothing heavy."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from agent.errors import UsageError


@dataclass(frozen=True)
class Show:
    """How a command answers."""

    json: bool = False
    plain: bool = False


@dataclass(frozen=True)
class RunOptions:
    """What every command that drives a run takes."""

    show: Show = Show()
    overrides: dict[str, Any] = field(default_factory=dict)
    """Settings by name; None where the flag was not given."""
    name: str | None = None
    script: Path | None = None
    approve: bool = False
    allow_dirty: bool = False


def overrides_of(
    *,
    model: str | None = None,
    base_url: str | None = None,
    rounds: int | None = None,
    passes: int | None = None,
    **role_models: str | None,
) -> dict[str, Any]:
    """Flags as settings; `role_models` has `planner=...` and so on."""
    return {
        "model": model,
        "base_url": base_url,
        "garden_rounds": rounds,
        "realign_passes": passes,
        "roles": {role: {"model": name} for role, name in role_models.items() if name},
    }


def read_request(text: str | None, file: str | None, stdin: TextIO) -> str:
    """The request, from the argument, a file, or standard input for `-`.

    Raises UsageError when there is none, or two.
    """
    if text is not None and file is not None:
        raise UsageError("two requests: give either the words or --file, not both")
    if text is None and file is None:
        raise UsageError("nothing to do yet: say what you want in quotes, or with --file FILE")
    if file is not None:
        text = _read_file(file, stdin)
    if not text or not text.strip():
        raise UsageError("the request is empty; say what you want")
    return text


def _read_file(file: str, stdin: TextIO) -> str:
    try:
        if file == "-":
            return stdin.read()
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}; name a readable file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text; save it as UTF-8") from None
