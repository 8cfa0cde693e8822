"""Schemas are small, whole, and say what validation asks for."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from agent.domain.edit import AnyEdit
from agent.domain.plan import Requirement
from agent.tools.schema import parameters_of


class Cat(BaseModel):
    """Words of the programmer."""

    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str = Field(min_length=1, description="not for models")
    friend: Cat | None = None


class Shelter(BaseModel):
    title: str
    description: str = ""
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...] = ()
    opened: int | str | None = None


class Chain(BaseModel):
    following: "Chain | None" = None


class Edits(BaseModel):
    edits: tuple[AnyEdit, ...]


def test_nested_unions_are_written_out() -> None:
    cat = {
        "type": "object",
        "properties": {"kind": {"const": "cat"}, "lives": {"default": 9, "type": "integer"}},
        "required": ["kind"],
    }
    dog = {
        "type": "object",
        "properties": {
            "kind": {"const": "dog"},
            "name": {"type": "string", "minLength": 1},
            "friend": cat,
        },
        "required": ["kind", "name"],
    }

    assert parameters_of(Shelter) == {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "description": {"type": "string"},
            "pets": {"type": "array", "items": {"anyOf": [cat, dog]}},
            "opened": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        },
        "required": ["title"],
    }


def keywords(schema: Any) -> set[str]:  # noqa: ANN401
    """The schema's own words, not the names of properties."""
    if isinstance(schema, list):
        return set().union(*map(keywords, schema))
    if not isinstance(schema, dict):
        return set()
    below = [
        keywords(list(value.values()) if key == "properties" else value)
        for key, value in schema.items()
    ]
    return set(schema).union(*below)


def test_plan_edits_have_no_references() -> None:
    schema = parameters_of(Edits)

    assert keywords(schema).isdisjoint({"$ref", "$defs", "title", "description", "discriminator"})
    members = schema["properties"]["edits"]["items"]["anyOf"]
    assert [member["properties"]["op"]["const"] for member in members] == [
        "add_task",
        "add_item",
        "change",
        "split",
        "merge",
        "drop",
        "reorder",
    ]
    assert all({"op", "reason"} <= set(member["required"]) for member in members)


def test_what_the_schema_requires_is_enough() -> None:
    check = parameters_of(Requirement)["properties"]["checks"]["items"]["anyOf"][0]

    assert check["required"] == ["kind", "run"]
    assert TypeAdapter(Requirement).validate_python(
        {"id": "R1", "title": "t", "checks": [{"kind": "command", "run": "true"}]}
    )


def test_a_model_that_contains_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="Chain contains itself"):
        parameters_of(Chain)
