"""Compact JSON schemas of pydantic models, for models to read."""

from typing import Any

from pydantic import BaseModel

DROPPED = frozenset({"title", "description", "discriminator", "$defs"})
"""Descriptions come from docstrings; what a model reads of a tool is in the tool's template."""


def parameters_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a tool's arguments, without references, titles and empty defaults.

    The word that tells the members of a union apart is required. Raises ValueError when the
    model contains itself.
    """
    schema = model.model_json_schema()
    return _compact(schema, schema.get("$defs", {}), ())


def _compact(
    schema: dict[str, Any], models: dict[str, Any], above: tuple[str, ...]
) -> dict[str, Any]:
    if "$ref" in schema:
        schema, above = _resolve(schema, models, above)
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key in DROPPED or (key == "default" and value in (None, "", [], {})):
            continue
        if key == "properties":
            out[key] = {name: _compact(item, models, above) for name, item in value.items()}
        elif key in {"anyOf", "oneOf"}:
            out.update(_choice([_compact(item, models, above) for item in value]))
        else:
            out[key] = _compact(value, models, above) if isinstance(value, dict) else value
    return _with_tags_required(out)


def _resolve(
    schema: dict[str, Any], models: dict[str, Any], above: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    name = str(schema["$ref"]).rpartition("/")[2]
    if name in above:
        raise ValueError(f"{name} contains itself; a tool's arguments must be finite")
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**models[name], **beside}, (*above, name)


def _choice(members: list[dict[str, Any]]) -> dict[str, Any]:
    """An optional value is shown as the value: leaving it out says the same as null."""
    given = [member for member in members if member != {"type": "null"}]
    return given[0] if len(given) == 1 else {"anyOf": given}


def _with_tags_required(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    tags = [name for name, item in properties.items() if "const" in item]
    if tags:
        schema["properties"] = properties | {
            name: {"const": properties[name]["const"]} for name in tags
        }
        schema["required"] = list(dict.fromkeys([*tags, *schema.get("required", ())]))
    return schema
