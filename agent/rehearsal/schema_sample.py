"""Makes up a value that a JSON schema accepts: what the oracle calls tools with."""

from typing import Any

from agent.rehearsal.wire import Json

DEEPEST = 12
WORD = "rehearsal"
SHAPES = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "email": "rehearsal@example.invalid",
    "uri": "http://127.0.0.1/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
"""Texts of the formats that schemas name most."""


def sample(schema: object, root: Json | None = None, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """The plainest value that fits; null where the schema says nothing that is understood.

    A `pattern` is not obeyed. References are followed inside the schema only.
    """
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    root = schema if root is None else root
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if isinstance(schema.get(name), list) and schema[name]:
            return schema[name][0]
    if isinstance(schema.get("$ref"), str):
        return sample(resolved(schema["$ref"], root), root, depth + 1)
    for name in ("anyOf", "oneOf"):
        if isinstance(schema.get(name), list) and schema[name]:
            return sample(first_solid(schema[name]), root, depth + 1)
    if isinstance(schema.get("allOf"), list):
        return sample(merged(schema), root, depth + 1)
    return of_type(schema, root, depth)


def of_type(schema: Json, root: Json, depth: int) -> Any:  # noqa: ANN401 - any JSON
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    match kind:
        case "string":
            return text(schema)
        case "integer" | "number":
            return number(schema)
        case "boolean":
            return False
        case "array":
            items = [sample(schema.get("items", {}), root, depth + 1)]
            return items * int(schema.get("minItems", 0))
        case "object":
            return an_object(schema, root, depth)
        case None if "properties" in schema:
            return an_object(schema, root, depth)
        case _:
            return None


def text(schema: Json) -> str:
    word = SHAPES.get(str(schema.get("format")), WORD)
    longest = schema.get("maxLength")
    return word.ljust(int(schema.get("minLength", 0)), ".")[:longest]


def number(schema: Json) -> float:
    """The lowest that is allowed, from 1 on."""
    low = figure(schema, "minimum", figure(schema, "exclusiveMinimum", 0) + 1)
    high = figure(schema, "maximum", max(low, 1))
    step = figure(schema, "multipleOf", 0)
    value = min(max(low, 1), high)
    return step * -(-value // step) if step else value


def figure(schema: Json, name: str, otherwise: float) -> float:
    value = schema.get(name)
    return value if isinstance(value, int | float) else otherwise


def an_object(schema: Json, root: Json, depth: int) -> Json:
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    return {str(name): sample(known.get(name, {}), root, depth + 1) for name in names}


def resolved(reference: str, root: Json) -> object:
    """What a reference like `#/$defs/Name` points to."""
    place: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        place = place.get(step) if isinstance(place, dict) else None
    return place


def first_solid(choices: list[Any]) -> object:
    """The first choice that is not null."""
    return next((each for each in choices if each != {"type": "null"}), choices[0])


def merged(schema: Json) -> Json:
    whole = {name: value for name, value in schema.items() if name != "allOf"}
    for part in schema["allOf"]:
        if isinstance(part, dict):
            properties = {**whole.get("properties", {}), **part.get("properties", {})}
            required = [*whole.get("required", []), *part.get("required", [])]
            whole = {**whole, **part, "properties": properties, "required": required}
    return whole
