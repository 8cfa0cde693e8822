"""Profiles by name: the ready ones, and what a person lays over them or adds in the settings.

[profiles.fast]
like = "cerebras"
model = "qwen-3.8-27b"
limits = [{unit = "tokens", window = "minute", amount = 250000}]
"""

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from agent.domain.profile import Profile
from agent.domain.reasons import in_words_of_toml
from agent.domain.value import Value
from agent.errors import ConfigError
from agent.providers.ready_profiles import FAMILIES, READY

Own = Mapping[str, Mapping[str, Any]]
NONE: Own = {}
LIKE = "like"
NO_SETTINGS = ("name", "own_base_url")
"""Fields that are not a person's to set."""
GUIDES = ("models", "sampling_names")
"""Of a ready entry, what is no field of a profile."""
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names(own: Own = NONE) -> tuple[str, ...]:
    """Every profile that can be named, the ready ones first."""
    return tuple(dict.fromkeys((*READY, *own)))


def profile(name: str, own: Own = NONE, model: str = "") -> Profile:
    """A profile with its own or the named model, and what is known of that model.

    `own` holds the user's tables: fields laid over a ready profile of the same name, or over the
    one that `like` names. Raises ConfigError when there is no profile of that name, or a table
    does not say what a profile says.
    """
    table = checked(name, own[name]) if name in own else {}
    like = table.pop(LIKE, None)
    if like is not None and like not in READY:
        raise ConfigError(f"profiles.{name}.like: {unknown('ready profile', like, READY)}")
    base = READY.get(like or name)
    if base is None and name not in own:
        raise ConfigError(unknown("profile", name, names(own)))
    entry = base or {"model": "", "dated": "", "source": "the settings"}
    chosen = model or table.get("model") or entry["model"]
    fields = {"name": name, **of_endpoint(entry), **of_model(entry, chosen), **table}
    given = {"own_base_url": table["base_url"]} if "base_url" in table else {}
    return validated(name, {**fields, **given, "model": chosen})


def with_models(own: Own = NONE) -> tuple[Profile, ...]:
    """Every profile with each model that it knows."""
    found = (
        (name, model)
        for name in names(own)
        for model in ("", *READY.get(name, {}).get("models", {}))
    )
    profiles = {(each.name, each.model): each for each in (profile(n, own, m) for n, m in found)}
    return tuple(profiles.values())


def of_endpoint(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in GUIDES}


def of_model(entry: Mapping[str, Any], model: str) -> dict[str, Any]:
    """What is known of one model there, with its sampling under the endpoint's own names."""
    taken = entry.get("sampling_names", {})
    sampling = next((own for form, own in FAMILIES if re.search(form, str(model).lower())), {})
    known = dict(entry.get("models", {}).get(str(model), {}))
    if "window_tokens" in known and "window_tokens" in entry:
        known["window_tokens"] = min(known["window_tokens"], entry["window_tokens"])
    own_names = {taken[name]: value for name, value in sampling.items() if name in taken}
    return {"sampling": own_names, **known}


def checked(name: str, table: object) -> dict[str, Any]:
    """The table with every field known; a value is not repeated where a key may stand."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"profiles.{name}: must be a table of fields of a profile")
    known = [LIKE, *(field for field in Profile.model_fields if field not in NO_SETTINGS)]
    for field in table:
        if field not in known:
            raise ConfigError(f"profiles.{name}: {unknown('field', field, known)}")
    accounts = table.get("accounts", ())
    variables = [table.get("key_env", ""), *(accounts if isinstance(accounts, list) else ())]
    if any(each and not VARIABLE.fullmatch(str(each)) for each in variables):
        raise ConfigError(
            f"profiles.{name}: key_env and accounts hold names of environment variables, "
            "not keys; name the variables"
        )
    return dict(table)


def validated(name: str, fields: Mapping[str, Any]) -> Profile:
    if "base_url" not in fields:
        raise ConfigError(f"profiles.{name}: base_url is missing; set it, or name a `{LIKE}`")
    try:
        # Strict JSON: "3" is no number, yet an array is a tuple.
        found = Profile.model_validate_json(json.dumps(fields, default=plain), strict=True)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in ("profiles", name, *detail["loc"]))
        reason = in_words_of_toml(detail["msg"])
        raise ConfigError(f"{place}: {reason}; correct or remove that line") from None
    if found.max_output_tokens >= found.window_tokens:
        raise ConfigError(
            f"profiles.{name}: max_output_tokens must be less than window_tokens "
            f"({found.window_tokens}); make it smaller"
        )
    return found


def plain(value: object) -> object:
    """What JSON does not know: limits are objects, a date is its text."""
    return value.model_dump() if isinstance(value, Value) else str(value)


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    close = get_close_matches(str(name), known, n=1)
    advice = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(known)}"
    return f"no {kind} named {name!r}; {advice}"
