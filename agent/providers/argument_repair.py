"""Brings the arguments of a call into the form that the tool's schema asks for. Pure.

Models write a list as a text that holds a list, the whole object as a text, a fence around it, or
words behind it. Only what is there is read: brackets and quotes that are missing stay missing, and
a text stays a text wherever the schema allows one.
"""

import ast
import json
import math
import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
DECODER = json.JSONDecoder(strict=False)
"""Not strict: line ends inside a text stand for themselves."""
FENCE = re.compile(r"```\w*\s*\n(.*)\n\s*```", re.DOTALL)
BEHIND = re.compile(r"(?:[^\W\d_]|[<`]).*[^\s}\]\"]|[\s}\]]*", re.DOTALL)
"""What may follow an object without being a part of it: words, a tag, or closers too many.

Words that end as an object does may be the rest of one, behind a quotation mark in a text that was
not escaped."""
WRAPPINGS = 2
"""How often a text is unpacked that holds the text of an object."""
INTEGER = re.compile(r"-?\d{1,300}")
NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?")
KINDS: dict[type, str] = {dict: "object", list: "array", str: "string"}


def repaired(arguments: str, schema: Schema) -> str:
    """The arguments as JSON that fits better, or as they were written where nothing is to be done.

    Never for a reply that was cut: its end is not known.
    """
    value = read_object(arguments)
    if value is None:
        return arguments
    fit = fitted(value, schema, schema)
    if fit == value and is_object(arguments):
        return arguments
    return json.dumps(fit, ensure_ascii=False)


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def fits(arguments: str, schema: Schema) -> bool:
    """Whether the arguments are an object with the names that the schema asks for and knows."""
    value = read_object(arguments)
    known, needed = schema.get("properties") or value or {}, schema.get("required") or ()
    return value is not None and set(needed) <= set(value) <= set(known)


def read_object(text: str) -> dict[str, Any] | None:
    value: object = text
    for _ in range(WRAPPINGS + 1):
        if not isinstance(value, str):
            break
        value = read_value(value)
    return value if isinstance(value, dict) else None


def read_value(text: str) -> object:
    """The one value that a text holds; None when it holds none that is whole."""
    body = text.strip()
    if fenced := FENCE.fullmatch(body):
        body = fenced[1].strip()
    try:
        value, end = DECODER.raw_decode(body)
    except (ValueError, RecursionError):
        return read_literal(body)
    behind = body[end:].strip()
    return value if BEHIND.fullmatch(behind) else None


def read_literal(text: str) -> object:
    """A list or object in Python's spelling; none with escapes, which the two spell differently."""
    if text[:1] not in ("[", "{") or "\\" in text:
        return None
    try:
        value = ast.literal_eval(text)
        json.dumps(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, list | dict) else None


def typed(text: str, schema: Schema, root: Schema) -> object:
    """A text as the value that the schema wants; the text itself where it allows one."""
    kinds = kinds_of(schema, root)
    if not kinds or "string" in kinds:
        return text
    body = text.strip()
    if body == "null" and "null" in kinds:
        return None
    if "boolean" in kinds and body.lower() in ("true", "false"):
        return body.lower() == "true"
    if "integer" in kinds and INTEGER.fullmatch(body):
        return int(body)
    if "number" in kinds and NUMBER.fullmatch(body) and math.isfinite(float(body)):
        return json.loads(body)
    return typed_container(text, schema, root, kinds)


def typed_container(text: str, schema: Schema, root: Schema, kinds: frozenset[str]) -> object:
    if not kinds & {"array", "object"}:
        return text
    value = read_value(text)
    if not isinstance(value, list | dict):
        return text
    fit = fitted(value, schema, root)
    return fit if KINDS[type(fit)] in kinds else text


def fitted(value: object, schema: Schema, root: Schema) -> object:
    """The value with each part in the form that its schema wants, where that is certain."""
    if isinstance(value, str):
        return typed(value, schema, root)
    if isinstance(value, dict):
        kinds = kinds_of(schema, root)
        if "array" in kinds and "object" not in kinds:
            return fitted([value], schema, root)
        return fitted_object(value, branch(schema, root, "object"), root)
    if isinstance(value, list):
        items = branch(schema, root, "array").get("items")
        return [fitted(item, items, root) for item in value] if isinstance(items, dict) else value
    return value


def fitted_object(value: dict[str, Any], schema: Schema, root: Schema) -> dict[str, Any]:
    properties, others = schema.get("properties"), schema.get("additionalProperties")
    known = properties if isinstance(properties, dict) else {}
    return {
        name: fitted(part, own, root) if isinstance(own := known.get(name, others), dict) else part
        for name, part in value.items()
    }


def choices(schema: Schema, root: Schema, depth: int = 0) -> list[Schema]:
    """The alternatives that a schema stands for, references followed."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        found = resolved(reference, root)
        return choices(found, root, depth + 1) if found and depth < 8 else []
    several = [each for name in ("anyOf", "oneOf", "allOf") for each in schema.get(name) or ()]
    if not several or depth >= 8:
        return [schema]
    alternatives = (each for each in several if isinstance(each, dict))
    return [found for each in alternatives for found in choices(each, root, depth + 1)]


def resolved(reference: str, root: Schema) -> Schema | None:
    here: Any = root
    for name in reference.removeprefix("#/").split("/"):
        here = here.get(name) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else None


def kinds_of(schema: Schema, root: Schema) -> frozenset[str]:
    """The types that a schema allows; none when one of its alternatives does not say."""
    kinds: set[str] = set()
    for choice in choices(schema, root):
        told = choice.get("type")
        names = [told] if isinstance(told, str) else told
        if not isinstance(names, list) or not names:
            return frozenset()
        kinds.update(names)
    return frozenset(kinds)


def branch(schema: Schema, root: Schema, kind: str) -> Schema:
    """The alternative for values of one type; an empty schema when there is none."""
    for choice in choices(schema, root):
        told = choice.get("type")
        if told == kind or (isinstance(told, list) and kind in told) or told is None:
            return choice
    return {}
