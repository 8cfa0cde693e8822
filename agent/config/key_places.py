"""Keys that stand in a settings file, and the variable in which each belongs."""

from collections.abc import Mapping
from typing import Any

from agent.domain.key_names import usual_key_name

KEY_FIELDS = frozenset({"keys", "secrets", "api_key"})
KEY_ENDS = ("_api_key", "_token")
USUAL_PROFILE = "openai"


def is_key(name: str) -> bool:
    return name.lower() in KEY_FIELDS or name.lower().endswith(KEY_ENDS)


def variable_for(path: str, values: Mapping[str, Any]) -> str:
    """The variable that a key at this place of a file belongs in; `path` has dots.

    A key that is called like a variable is that one, another belongs to the profile around it or
    beside it. Empty where that profile asks for no key.
    """
    place, _, name = path.rpartition(".")
    if name.isupper() and is_key(name) and name.lower() not in KEY_FIELDS:
        return name
    kind, _, rest = place.partition(".")
    owner = rest.partition(".")[0]
    own = table_of(table_of(values, kind), owner) if owner else {}
    named = own.get("key_env")
    if isinstance(named, str):
        return named
    profile = own.get("like", owner) if kind == "profiles" else own.get("profile")
    profile = profile or values.get("profile") or USUAL_PROFILE
    table = table_of(table_of(values, "profiles"), str(profile))
    named = table.get("key_env", usual_key_name(str(table.get("like", profile))))
    return named if isinstance(named, str) else ""


def table_of(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}
