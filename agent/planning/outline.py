"""The structure of a plan file: front matter, title, sections, items with fields and prose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.domain.prose import headings
from agent.errors import PlanError
from agent.planning.plan_render import BULLET, TEXT_MARK

FRONT_WORDS = ("gardener", "plan", "revision", "base")
FIELD = re.compile(r"^ {0,3}[-*+]\s+([A-Za-z][A-Za-z_ -]*):(?:\s(.*))?$")
ITEM = re.compile(r"^### +([A-Z][A-Za-z0-9]*) *:\s*(.*)$")
ID_FORMS = {
    "R": (r"R[1-9]\d*", "R1"),
    "D": (r"D[1-9]\d*", "D1"),
    "E": (r"E[1-9]\d*", "E1"),
    "T": (r"T\d{2,}(r\d+)?", "T01"),
}


class Source:
    """A plan file's lines, counted from 1, and errors about them."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        for number, line in enumerate(self.lines, start=1):
            if "\r" in line:
                raise self.error(number, "a carriage return stands inside the line; remove it")

    def error(self, line: int, reason: str, word: str = "") -> PlanError:
        return PlanError(reason, file=self.file, line=line, field=word)


@dataclass(frozen=True)
class FieldLine:
    line: int
    name: str
    value: str


@dataclass(frozen=True)
class Item:
    line: int
    id: str
    title: str
    fields: tuple[FieldLine, ...]
    prose: str

    @property
    def field_lines(self) -> dict[str, int]:
        return {item.name: item.line for item in reversed(self.fields)}


@dataclass(frozen=True)
class Section:
    line: int
    body: tuple[str, ...]
    """What stands before the first item."""
    items: tuple[Item, ...] = ()


@dataclass
class Outline:
    front: dict[str, tuple[int, str]]
    """Word to line and value."""
    title_line: int = 0
    title: str = ""
    introduction: str = ""
    sections: dict[str, Section] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A heading and the lines up to the next one."""

    line: int
    heading: str
    body: tuple[str, ...]

    @property
    def level(self) -> int:
        return len(self.heading) - len(self.heading.lstrip("#"))

    @property
    def title(self) -> str:
        return self.heading.lstrip("#").strip()


def read_outline(source: Source, sections: Mapping[str, str]) -> Outline:
    """Reads the structure; `sections` names the allowed ones and the letter of their items' ids.

    Raises PlanError on anything that is neither structure nor prose in its place.
    """
    front, end = read_front(source)
    parts = read_parts(source, end)
    first, rest = parts[0], parts[1:]
    outline = Outline(front, first.line, first.heading[1:].strip(), plain_prose(first.body))
    name = ""
    for part in rest:
        match part.level:
            case 1:
                raise source.error(part.line, "a second title; use ## for a section, #### in text")
            case 2:
                name = part.title
                check_section(source, part, outline, sections)
                outline.sections[name] = Section(part.line, part.body)
            case _:
                if not name or not sections[name]:
                    raise source.error(part.line, f"{part.heading!r} stands outside its section")
                found = read_item(source, part, sections[name])
                old = outline.sections[name]
                outline.sections[name] = Section(old.line, old.body, (*old.items, found))
    return outline


def read_front(source: Source) -> tuple[dict[str, tuple[int, str]], int]:
    """Word to line and value, and the index of the first line behind the front matter."""
    lines = source.lines
    if lines[0].rstrip() != "---":
        raise source.error(1, "a plan begins with its front matter: a line `---`")
    front: dict[str, tuple[int, str]] = {}
    for index, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return front, index + 1
        if not line.strip():
            continue
        word, colon, value = line.partition(":")
        word = word.strip()
        if not colon or word not in FRONT_WORDS:
            known = ", ".join(FRONT_WORDS)
            raise source.error(index + 1, f"unknown line {line!r}; the words are {known}", word)
        if word in front:
            raise source.error(index + 1, "is given twice", word)
        front[word] = (index + 1, value.strip())
    raise source.error(1, "the front matter is not closed with a line `---`")


def read_parts(source: Source, start: int) -> list[Part]:
    """The headings with what stands under them; the first one is the title."""
    lines = source.lines
    try:
        found = [start + index for index in headings(lines[start:])]
    except ValueError as error:
        raise source.error(opened_fence(lines[start:]) + start + 1, str(error)) from None
    for index in range(start, found[0] if found else len(lines)):
        if lines[index].strip():
            raise source.error(index + 1, "expected the title, `# Title`", "title")
    if not found or not lines[found[0]].startswith("# "):
        line = found[0] + 1 if found else len(lines)
        raise source.error(line, "expected the title, `# Title`", "title")
    ends = [*found[1:], len(lines)]
    return [
        Part(begin + 1, lines[begin], tuple(lines[begin + 1 : end]))
        for begin, end in zip(found, ends, strict=True)
    ]


def opened_fence(lines: list[str]) -> int:
    """Index of the line whose fence is never closed: all before it reads well."""
    for index in reversed(range(len(lines))):
        try:
            headings(lines[:index])
        except ValueError:
            continue
        return index
    return 0


def check_section(
    source: Source, part: Part, outline: Outline, sections: Mapping[str, str]
) -> None:
    if part.title not in sections:
        known = ", ".join(sections)
        raise source.error(part.line, f"unknown section {part.title!r}; the sections are {known}")
    if part.title in outline.sections:
        raise source.error(part.line, f"the section {part.title!r} stands here a second time")
    if not sections[part.title]:
        return
    for number, line in enumerate(part.body, start=part.line + 1):
        if line.strip():
            raise source.error(number, f"text before the first item of {part.title!r}")


def read_item(source: Source, part: Part, letter: str) -> Item:
    pattern, example = ID_FORMS[letter]
    match = ITEM.match(part.heading)
    if match is None or not re.fullmatch(pattern, match[1]) or not match[2].strip():
        raise source.error(
            part.line, f"{part.heading!r} is no item here; write `### {example}: title`", "id"
        )
    if letter == "D":
        return Item(part.line, match[1], match[2].strip(), (), plain_prose(part.body))
    fields, prose = read_fields_and_prose(source, part)
    return Item(part.line, match[1], match[2].strip(), fields, prose)


def plain_prose(body: tuple[str, ...]) -> str:
    """Prose without the one empty line in front of it and the one behind it."""
    lines = list(body)
    if lines and not lines[0].strip():
        del lines[0]
    if lines and not lines[-1].strip():
        del lines[-1]
    return "\n".join(lines)


def read_fields_and_prose(source: Source, part: Part) -> tuple[tuple[FieldLine, ...], str]:
    """Fields are the list an item begins with; prose is all that follows."""
    fields: list[FieldLine] = []
    end = 0
    for index, line in enumerate(part.body):
        if BULLET.match(line):
            fields.append(read_field(source, part.line + 1 + index, line))
            end = index + 1
        elif line.strip() == TEXT_MARK:
            return tuple(fields), plain_prose(("", *part.body[index + 1 :]))
        elif line.strip():
            break
    rest = part.body[end:]
    if fields and rest and rest[0].strip():
        raise source.error(
            part.line + 1 + end,
            "a field is one line; put an empty line between fields and text",
            fields[-1].name,
        )
    return tuple(fields), plain_prose(rest)


def read_field(source: Source, line: int, text: str) -> FieldLine:
    match = FIELD.match(text)
    if match is None:
        raise source.error(
            line, f"a field reads `- name: value`; before text that is a list, write {TEXT_MARK}"
        )
    return FieldLine(line, match[1].strip().lower(), (match[2] or "").strip())


def item_lines(text: str) -> dict[str, int]:
    """Line, counted from 1, of the heading of each item; the first one where an id is doubled."""
    lines = text.split("\n")
    found: dict[str, int] = {}
    for index in headings(lines):
        if match := ITEM.match(lines[index]):
            found.setdefault(match[1], index + 1)
    return found
