"""Reads a plan from Markdown."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task
from agent.domain.value import Value
from agent.planning.check_line import parse_check
from agent.planning.markup import read_list, read_value
from agent.planning.outline import Item, Outline, Section, Source, read_outline
from agent.planning.plan_render import unquoted

Built = TypeVar("Built", bound=Value)

SECTIONS = {
    "Request": "",
    "Requirements": "R",
    "Decisions": "D",
    "Entry points": "E",
    "Tasks": "T",
}
"""Each section and the letter its items' ids begin with."""

FIELD_OF = {"checks": "check", "size_tokens": "size", "name": "plan", "id": "", "title": ""}
"""Words of the file for fields of the model, where they differ."""

FORM_OF = {
    "plan": "a name is words of a-z and 0-9 with single - between them, at most 60 characters",
    "base": "a commit is 7 to 64 hexadecimal digits in small letters",
}


def parse(text: str, *, file: str) -> Plan:
    """The plan that `text` holds.

    Raises PlanError at the first line that breaks the format; `file` is only named in it.
    """
    source = Source(file, text)
    outline = read_outline(source, SECTIONS)
    sections = outline.sections
    values = {
        **front_values(source, outline),
        "title": outline.title,
        "introduction": outline.introduction,
        "request": read_request(source, outline),
        "requirements": [requirement(source, item) for item in items(sections, "Requirements")],
        "decisions": [decision(source, item) for item in items(sections, "Decisions")],
        "entry_points": [entry_point(source, item) for item in items(sections, "Entry points")],
        "tasks": [task(source, item) for item in items(sections, "Tasks")],
    }
    lines = {name: line for name, (line, _) in outline.front.items()}
    return build(source, Plan, values, lines, outline.title_line)


def items(sections: dict[str, Section], name: str) -> tuple[Item, ...]:
    return sections[name].items if name in sections else ()


def front_values(source: Source, outline: Outline) -> dict[str, object]:
    line, version = outline.front.get("gardener", (1, ""))
    if version != "1":
        raise source.error(line, "the front matter says `gardener: 1`, the format", "gardener")
    if "plan" not in outline.front:
        raise source.error(1, "the front matter has no `plan: name`", "plan")
    values: dict[str, object] = {"name": outline.front["plan"][1]}
    if "base" in outline.front:
        values["base"] = outline.front["base"][1]
    if "revision" in outline.front:
        line, revision = outline.front["revision"]
        if not re.fullmatch(r"[0-9]{1,9}", revision):
            raise source.error(line, f"{revision!r} is not a whole number", "revision")
        values["revision"] = int(revision)
    return values


def read_request(source: Source, outline: Outline) -> str:
    """The block quote of the request section, verbatim."""
    section = outline.sections.get("Request")
    if section is None:
        raise source.error(outline.title_line, "there is no section `## Request`", "Request")
    lines = list(section.body)
    first = section.line + 1
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
        first += 1
    if not lines:
        raise source.error(section.line, "the request is missing; quote it with `> `", "Request")
    for number, line in enumerate(lines, start=first):
        if not line.startswith(">"):
            raise source.error(number, "every line of the request begins with `>`", "Request")
    return unquoted(lines)


def requirement(source: Source, item: Item) -> Requirement:
    values = read_fields(source, item, {"check": parse_check})
    values |= {"id": item.id, "title": item.title, "acceptance": item.prose}
    return build(source, Requirement, values, item.field_lines, item.line)


def decision(source: Source, item: Item) -> Decision:
    values = {"id": item.id, "title": item.title, "reason": item.prose}
    return build(source, Decision, values, {}, item.line)


def entry_point(source: Source, item: Item) -> EntryPoint:
    if item.prose.strip():
        raise source.error(
            item.line, f"{item.id} has text, which an entry point may not have; use `- purpose: `"
        )
    values = read_fields(source, item, {"path": path, "purpose": str})
    if "path" not in values:
        raise source.error(item.line, f"{item.id} has no `- path: `", "path")
    values |= {"id": item.id, "command": heading_command(source, item)}
    return build(source, EntryPoint, values, item.field_lines, item.line)


def heading_command(source: Source, item: Item) -> str:
    if item.title[0] != "`":
        return item.title
    try:
        command, end = read_value(item.title, 0)
    except ValueError as error:
        raise source.error(item.line, str(error), "command") from None
    if item.title[end:]:
        raise source.error(item.line, "text after the command", "command")
    return command


def task(source: Source, item: Item) -> Task:
    values = read_fields(
        source,
        item,
        {
            "serves": read_list,
            "creates": read_list,
            "modifies": read_list,
            "depends": read_list,
            "wiring": str,
            "size": size_tokens,
            "closes": read_list,
            "check": parse_check,
        },
    )
    if "size" in values:
        values["size_tokens"] = values.pop("size")
    values |= {"id": item.id, "title": item.title, "brief": item.prose}
    return build(source, Task, values, item.field_lines, item.line)


def path(text: str) -> str:
    paths = read_list(text)
    if len(paths) != 1:
        raise ValueError("names one file")
    return paths[0]


def size_tokens(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,9})(?: tokens)?", text)
    if match is None:
        raise ValueError(f"{text!r} is no size; write `6000 tokens`")
    return int(match[1])


def read_fields(
    source: Source, item: Item, readers: Mapping[str, Callable[[str], object]]
) -> dict[str, object]:
    """The values of an item's fields by their words; the checks in one tuple under `checks`.

    Raises PlanError on a field that is unknown, given twice, empty or not understood.
    """
    values: dict[str, object] = {}
    checks: list[object] = []
    for field in item.fields:
        if field.name not in readers:
            known = ", ".join(readers)
            reason = f"unknown field {field.name!r}; known fields are {known}"
            raise source.error(field.line, reason, field.name)
        if not field.value:
            reason = "has no value; leave the line out when there is none"
            raise source.error(field.line, reason, field.name)
        if field.name in values:
            raise source.error(field.line, f"{item.id} has this field twice", field.name)
        try:
            value = readers[field.name](field.value)
        except ValueError as error:
            raise source.error(field.line, str(error), field.name) from None
        if field.name == "check":
            checks.append(value)
        else:
            values[field.name] = value
    return {**values, "checks": tuple(checks)} if checks else values


def build(
    source: Source,
    model: type[Built],
    values: Mapping[str, object],
    lines: Mapping[str, int],
    line: int,
) -> Built:
    """Validates an item.

    Raises PlanError at the line of the first wrong field, else at the item's own `line`.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        name = str(detail["loc"][0]) if detail["loc"] else ""
        word = FIELD_OF.get(name, name)
        reason = FORM_OF.get(word) or detail["msg"].removeprefix("Value error, ")
        raise source.error(lines.get(word, line), reason, word or name) from None
