"""Profiles in a settings file: each field must be of its kind, before any is laid over another."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from agent.domain.profile import Profile
from agent.domain.reasons import in_words_of_toml

NEEDED = {"name": "profile", "base_url": "http://127.0.0.1", "model": ""}


def misfits(profiles: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where in the file a field does not fit, with the reason; a value is not repeated.

    Fields that no profile has, and how fields go together, are the catalog's to judge.
    """
    for name, table in profiles.items():
        if not isinstance(table, dict):
            continue
        known = {field: value for field, value in table.items() if field in Profile.model_fields}
        try:
            # Strict JSON: "3" is no number, yet an array is a tuple.
            text = json.dumps({**NEEDED, **known}, default=str)
            Profile.model_validate_json(text, strict=True)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                place = ".".join(str(part) for part in ("profiles", name, *detail["loc"]))
                yield place, in_words_of_toml(detail["msg"])
