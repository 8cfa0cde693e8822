"""Where settings come from: defaults < user file < project file < environment < flags."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agent.config.key_places import is_key, variable_for
from agent.config.profile_tables import misfits
from agent.config.secrets import is_secret
from agent.config.settings import RoleSettings, Settings
from agent.domain.message import ROLES
from agent.domain.reasons import in_words_of_toml
from agent.errors import ConfigError

PROJECT_FILE = "gardener.toml"
USER_FILE = "gardener/config.toml"
PREFIX = "GARDENER_"
DEBUG_VARIABLE = "GARDENER_DEBUG"
KEY_SUFFIXES = ("_API_KEY", "_TOKEN")
ADDED = ("ask_commands", "deny_commands")
"""Lists to which a repository may add, and from which it takes nothing away."""
LISTS = ("pass_environment", "readable_paths", "fallback", "copy_files", "link_files")
LINES = ("allow_commands", "ask_commands", "deny_commands")
GIT_PLACES = frozenset(
    ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
)
CHILD_NAMES = "PATH HOME LANG LC_ALL TZ TMPDIR USER LOGNAME SHELL VIRTUAL_ENV"

# A cloned repository is not trusted with these: together they could send a key anywhere.
USER_ONLY = (
    *("accounts", "base_url", "key_env", "pass_environment", "state_folder", "ledger"),
    *("sandbox", "network", "readable_paths", "allow_commands", "on_ask", "servers"),
)


@dataclass(frozen=True)
class Layer:
    """Values from one source, laid over what is below."""

    source: str
    values: dict[str, Any]
    advice: str
    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    """What the source calls a setting, where that is not the setting's own name."""
    is_project: bool = False


def read_environment() -> dict[str, str]:
    return dict(os.environ)


def take_out_keys() -> None:
    """Removes keys, and where git is told to work, from this process's environment.

    Whatever is started from here on, git and its helpers among them, cannot see them. Called
    once the settings are read.
    """
    for name in list(os.environ):
        if is_secret(name, os.environ[name]) or name in GIT_PLACES:
            del os.environ[name]


def child_environment(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What commands and checks may see: enough to work, no keys unless a person names them."""
    names = (*CHILD_NAMES.split(), *settings.pass_environment)
    secrets = {name: value.get_secret_value() for name, value in settings.secrets.items()}
    known = {**secrets, **environment}
    return {name: known[name] for name in names if name in known}


def load_settings(
    environment: Mapping[str, str],
    project_root: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from all sources: defaults < user file < project file < environment < flags.

    A general model replaces the models that roles were given further down.
    Raises ConfigError naming the source, the setting and what to do.
    """
    config_folder = user_folder(environment, "XDG_CONFIG_HOME", ".config")
    layers = [_file_layer(config_folder / USER_FILE)] if config_folder else []
    if project_root is not None:
        layers.append(_file_layer(project_root / PROJECT_FILE, refused=USER_ONLY))
    layers += [_environment_layer(environment), Layer("flags", _given(overrides or {}), "")]
    merged: dict[str, Any] = {}
    for layer in layers:
        _expand_home(layer.values, environment)
        _check(layer)
        merged = _over(merged, _tightened(layer, merged))
    if "state_folder" not in merged:
        folder = user_folder(environment, "XDG_STATE_HOME", ".local/state")
        if folder is None:
            raise ConfigError(f"no home folder: set HOME, or {PREFIX}STATE_FOLDER to a folder")
        merged["state_folder"] = folder / "gardener"
    tables = [*merged.get("roles", {}).values(), *merged.get("profiles", {}).values()]
    accounts = [t["accounts"] for t in tables if isinstance(t.get("accounts"), list)]
    named = [*(t.get("key_env") for t in tables), *(name for each in accounts for name in each)]
    servers = merged.get("servers", {}).values()
    named += [server.get("key_env") for server in servers]
    seen = [name for server in servers for name in server.get("env", ())]
    keys = {
        name: value
        for name, value in environment.items()
        if value and (name.endswith(KEY_SUFFIXES) or name in named or name in seen)
    }
    secrets = {n: v for n, v in environment.items() if v and (n in named or is_secret(n, v))}
    given = {"keys": keys, "secrets": secrets, "api_key": keys.get("OPENAI_API_KEY")}
    return Settings.model_validate({**merged, **given})


def _tightened(layer: Layer, lower: Mapping[str, Any]) -> dict[str, Any]:
    """What a layer says; of a repository's, what makes the policy stricter."""
    if not layer.is_project:
        return layer.values
    values = dict(layer.values)
    for name in ADDED:
        if name in values:
            before = lower.get(name, Settings.model_fields[name].default)
            values[name] = [*before, *values[name]]
    if lower.get("paths") == "task":
        values.pop("paths", None)
    return values


def user_folder(environment: Mapping[str, str], variable: str, default: str) -> Path | None:
    """A folder of the XDG base directory specification, which ignores relative paths."""
    given = environment.get(variable, "")
    if Path(given).is_absolute():
        return Path(given)
    home = environment.get("HOME", "")
    return Path(home) / default if Path(home).is_absolute() else None


def _file_layer(path: Path, refused: tuple[str, ...] = ()) -> Layer:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        values = {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; make it readable") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}; correct that line") from None
    for key in _keys(values):
        name = key.rpartition(".")[2].lower()
        if is_key(name):
            variable = variable_for(key, values) or "the variable that key_env names"
            raise ConfigError(
                f"{path}: {key}: a key does not belong in a file; remove the line, change the "
                f"key if others could read the file, and set {variable} in the environment"
            )
        if name in refused:
            variable = PREFIX + key.removeprefix("roles.").replace(".", "_").upper()
            instead = "" if key.startswith("profiles.") else f" or set {variable}"
            raise ConfigError(
                f"{path}: {key}: a repository may not decide this, since it could send your keys "
                f"or files elsewhere; put it into ~/.config/{USER_FILE}{instead}"
            )
    return Layer(str(path), values, "correct or remove that line", is_project=bool(refused))


def _keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")


def _environment_layer(environment: Mapping[str, str]) -> Layer:
    paths = {
        f"{PREFIX}{'_'.join(path).upper()}": path
        for path in [
            *((name,) for name in _own_fields()),
            *((role, name) for role in ROLES for name in RoleSettings.model_fields),
        ]
    }
    _refuse_misspelt(environment, paths)
    values: dict[str, Any] = {"roles": {role: {} for role in ROLES}}
    names: dict[tuple[str, ...], str] = {}
    for variable, path in {"OPENAI_BASE_URL": ("base_url",), **paths}.items():
        if not (text := environment.get(variable, "").strip()):
            continue
        value = _listed(text, path[-1])
        (values["roles"][path[0]] if len(path) == 2 else values)[path[-1]] = value
        names["roles", *path] = names[path] = variable
    return Layer("environment", values, "correct or unset it", names)


def _listed(text: str, name: str) -> str | tuple[str, ...]:
    """A list's items stand between commas; where none holds a blank, blanks do as well."""
    if name in LINES:
        return tuple(filter(None, map(str.strip, text.split(","))))
    return tuple(filter(None, re.split(r"[,\s]+", text))) if name in LISTS else text


def _own_fields() -> Iterable[str]:
    tables = {"api_key", "keys", "secrets", "roles", "profiles", "servers"}
    return [name for name in Settings.model_fields if name not in tables]


def _refuse_misspelt(environment: Mapping[str, str], known: Iterable[str]) -> None:
    """Other programs may use the prefix too, so only what looks like ours is refused."""
    names = [*known, DEBUG_VARIABLE]
    for variable in environment:
        if variable.startswith(PREFIX) and variable not in names:
            close = difflib.get_close_matches(variable, names, n=1, cutoff=0.85)
            if close:
                raise ConfigError(f"no setting {variable!r}; did you mean {close[0]}?")


def _given(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Flags that were given: None stands for one that was not."""
    return {
        key: _given(value) if isinstance(value, dict) else value
        for key, value in overrides.items()
        if value is not None
    }


def _expand_home(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    folder, home = values.get("state_folder"), environment.get("HOME")
    if home and isinstance(folder, str) and folder.startswith("~/"):
        values["state_folder"] = home + folder[1:]


def _over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    roles = lower.get("roles", {})
    if "model" in upper:
        roles = {
            role: {name: value for name, value in values.items() if name != "model"}
            for role, values in roles.items()
        }
    roles = _tables_over(roles, upper.get("roles", {}))
    profiles = _tables_over(lower.get("profiles", {}), upper.get("profiles", {}))
    return {**lower, **upper, "roles": roles, "profiles": profiles}


def _tables_over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Tables by name, field over field, without the empty ones."""
    names = dict.fromkeys((*lower, *upper))
    tables = {name: {**lower.get(name, {}), **upper.get(name, {})} for name in names}
    return {name: table for name, table in tables.items() if table}


def _check(layer: Layer) -> None:
    """Validates a layer alone, so that an error can name its source."""
    values = {"state_folder": "/", **layer.values}
    try:
        if layer.names or layer.source == "flags":
            Settings.model_validate(values)
        else:
            # Strict JSON: "3" is no number, yet an array is a tuple and a string a path.
            Settings.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise ConfigError(_sentence(layer, error.errors(include_url=False)[0])) from None
    for place, reason in misfits(layer.values.get("profiles", {})):
        raise ConfigError(
            "; ".join(filter(None, (f"{layer.source}: {place}: {reason}", layer.advice)))
        )


def _sentence(layer: Layer, detail: ErrorDetails) -> str:
    path = tuple(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden" or path[-1] == "[key]":
        return _unknown(layer, tuple(part for part in path if part != "[key]"))
    reason = in_words_of_toml(detail["msg"])
    if path in layer.names:
        return f"{layer.names[path]}: {reason}; {layer.advice}"
    advice = f"; {layer.advice}" if layer.advice else ""
    return f"{layer.source}: {'.'.join(path)}: {reason}{advice}"


def _unknown(layer: Layer, path: tuple[str, ...]) -> str:
    known: Iterable[str] = [*_own_fields(), "roles"]
    if path[0] == "roles":
        known = ROLES if len(path) == 2 else RoleSettings.model_fields
    close = difflib.get_close_matches(path[-1], list(known), n=1)
    advice = f"did you mean {close[0]!r}?" if close else f"the settings are {', '.join(known)}"
    return f"{layer.source}: no setting named {'.'.join(path)!r}; {advice}"
