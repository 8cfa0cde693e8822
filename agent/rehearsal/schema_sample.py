"""Makes up a value that a JSON schema accepts: what the oracle calls tools with."""

import math
from typing import Any

from agent.rehearsal.wire import Json

DEEPEST = 12
MOST_VALUES = 2_000
MOST_ITEMS = 100
MOST_CHARACTERS = 2_000
"""A schema asks for more than this only to see what happens."""
WORD = "rehearsal"
SHAPES = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "email": "rehearsal@example.invalid",
    "uri": "http://127.0.0.1/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
"""Texts of the formats that schemas name most."""


def sample(schema: object) -> Any:  # noqa: ANN401 - any JSON
    """The plainest value that fits; null where the schema says nothing that is understood.

    A `pattern` is not obeyed. References are followed inside the schema only.
    """
    return Sampler(schema).value(schema)


class Sampler:
    """Stops making values up when there are too many of them."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._left = MOST_VALUES

    def value(self, schema: object, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
        self._left -= 1
        if not isinstance(schema, dict) or depth > DEEPEST or self._left < 0:
            return None
        for name in ("const", "default"):
            if name in schema:
                return schema[name]
        for name in ("enum", "examples"):
            if isinstance(schema.get(name), list) and schema[name]:
                return schema[name][0]
        if isinstance(schema.get("$ref"), str):
            return self.value(resolved(schema["$ref"], self._root), depth + 1)
        for name in ("anyOf", "oneOf"):
            if isinstance(schema.get(name), list) and schema[name]:
                return self.value(first_solid(schema[name]), depth + 1)
        if isinstance(schema.get("allOf"), list):
            return self.value(merged(schema), depth + 1)
        return self._of_type(schema, depth)

    def _of_type(self, schema: Json, depth: int) -> Any:  # noqa: ANN401 - any JSON
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
                count = length(schema, "minItems", MOST_ITEMS)
                return [self.value(schema.get("items"), depth + 1) for _ in range(count)]
            case "object":
                return self._object(schema, depth)
            case None if "properties" in schema:
                return self._object(schema, depth)
            case _:
                return None

    def _object(self, schema: Json, depth: int) -> Json:
        known = table(schema.get("properties"))
        names = [name for name in listed(schema.get("required")) if isinstance(name, str)]
        return {name: self.value(known.get(name), depth + 1) for name in names}


def text(schema: Json) -> str:
    word = SHAPES.get(str(schema.get("format")), WORD)
    longest = length(schema, "maxLength", MOST_CHARACTERS, otherwise=MOST_CHARACTERS)
    return word.ljust(length(schema, "minLength", MOST_CHARACTERS), ".")[:longest]


def number(schema: Json) -> float:
    """The lowest that is allowed, from 1 on."""
    low = figure(schema, "minimum", figure(schema, "exclusiveMinimum", 0) + 1)
    high = figure(schema, "maximum", max(low, 1))
    step = figure(schema, "multipleOf", 0)
    value = min(max(low, 1), high)
    return step * -(-value // step) if step else value


def length(schema: Json, name: str, most: int, otherwise: int = 0) -> int:
    return int(min(max(figure(schema, name, otherwise), 0), most))


def figure(schema: Json, name: str, otherwise: float) -> float:
    value = schema.get(name)
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_number and value is not None else otherwise


def resolved(reference: str, root: object) -> object:
    """What a reference like `#/$defs/Name` points to."""
    place = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            place = place.get(step) if isinstance(place, dict) else None
    return place


def first_solid(choices: list[Any]) -> object:
    """The first choice that is not null."""
    return next((each for each in choices if each != {"type": "null"}), choices[0])


def merged(schema: Json) -> Json:
    whole = {name: value for name, value in schema.items() if name != "allOf"}
    for part in schema["allOf"]:
        if isinstance(part, dict):
            properties = {**table(whole.get("properties")), **table(part.get("properties"))}
            required = [*listed(whole.get("required")), *listed(part.get("required"))]
            whole = {**whole, **part, "properties": properties, "required": required}
    return whole


def table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
