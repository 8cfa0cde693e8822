"""Writes a profile's fields into the user's settings file and leaves everything else as it is."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.config.load import USER_FILE, user_folder
from agent.errors import ConfigError

BARE = re.compile(r"[A-Za-z0-9_-]+")
SECTION = re.compile(r"^\s*\[")


def user_file(environment: Mapping[str, str]) -> Path | None:
    """Where the user's settings are, None without a home."""
    folder = user_folder(environment, "XDG_CONFIG_HOME", ".config")
    return folder / USER_FILE if folder else None


def write_profile(path: Path, name: str, fields: Mapping[str, Any]) -> None:
    """Sets fields of `[profiles.NAME]`; the file and its folder are made when there are none.

    The file is replaced whole or not at all. Raises ConfigError, with the lines to write by hand,
    when it cannot be read or written, or is laid out so that nothing can be set safely.
    """
    try:
        text = path.read_bytes().decode("utf-8") if path.exists() else ""
        wanted = merged(tomllib.loads(text), name, fields)
        end = "\r\n" if "\r\n" in text else "\n"
        after = with_fields(text.replace("\r\n", "\n"), name, fields).replace("\n", end)
        if parsed(after) != wanted:
            raise ConfigError(by_hand(path, name, fields, "its layout cannot be edited safely"))
        if after != text:
            replace_file(path, after)
    except OSError as error:
        raise ConfigError(by_hand(path, name, fields, str(error.strerror))) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(by_hand(path, name, fields, f"not valid TOML: {error}")) from None


def by_hand(path: Path, name: str, fields: Mapping[str, Any], reason: str) -> str:
    lines = ", ".join(f"{key} = {toml(value)}" for key, value in fields.items())
    return f"cannot change {path}: {reason}; put into [profiles.{quoted(name)}] yourself: {lines}"


def merged(values: Mapping[str, Any], name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    profiles = values.get("profiles", {})
    own = {**profiles.get(name, {}), **fields}
    return {**values, "profiles": {**profiles, name: own}}


def with_fields(text: str, name: str, fields: Mapping[str, Any]) -> str:
    """The text with each field set: in its old place, at its section's end, or in a new section."""
    lines = text.removesuffix("\n").split("\n") if text else []
    found = (i for i, text in enumerate(lines) if is_header(text, name) and stands_alone(lines, i))
    header = next(found, None)
    if header is None:
        lines += [*([""] if lines else []), f"[profiles.{quoted(name)}]"]
        header = len(lines) - 1
    for key, value in fields.items():
        end = end_of_section(lines, header)
        at, until = place_of(lines, key, header + 1, end)
        lines[at:until] = [field_line(lines[at:until], key, value)]
    return "\n".join(lines) + "\n"


def field_line(old: list[str], key: str, value: object) -> str:
    """The field with its new value, and with the old one's indent, key as written and comment."""
    if not old:
        return f"{key} = {toml(value)}"
    before, comment = old[0].partition("=")[0], comment_of("\n".join(old))
    return f"{before.rstrip()} = {toml(value)}{comment}"


def comment_of(field: str) -> str:
    """What stands behind a field's value, with the blanks before it; empty where nothing does."""
    for mark in re.finditer("#", field):
        before = field[: mark.start()]
        if parsed(before) is not None:
            return field[len(before.rstrip()) :]
    return ""


def parsed(text: str) -> dict[str, Any] | None:
    """None when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def is_header(line: str, name: str) -> bool:
    found = re.match(r"\s*\[\s*profiles\s*\.\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+))\s*\]", line)
    return found is not None and name in found.groups()


def end_of_section(lines: list[str], header: int) -> int:
    """The line after the section's last field; what stands behind it belongs to what follows."""
    after = range(header + 1, len(lines))
    end = next((i for i in after if SECTION.match(lines[i]) and stands_alone(lines, i)), len(lines))
    while end > header + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip()[0] == "#"):
        end -= 1
    return end


def stands_alone(lines: list[str], at: int) -> bool:
    """Whether a line stands for itself, and is no part of a list or text of several lines."""
    return parsed("\n".join(lines[:at])) is not None


def place_of(lines: list[str], key: str, start: int, end: int) -> tuple[int, int]:
    """Where a field stands, over as many lines as its value takes; the section's end if nowhere."""
    begins = re.compile(rf"\s*(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')\s*=")
    found = (i for i in range(start, end) if begins.match(lines[i]) and stands_alone(lines, i))
    at = next(found, None)
    if at is None:
        return end, end
    untils = (u for u in range(at + 1, end + 1) if parsed("\n".join(lines[at:u])) is not None)
    return at, next(untils, at + 1)


def replace_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode("utf-8"))
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def quoted(name: str) -> str:
    return name if BARE.fullmatch(name) else toml(name)


def toml(value: object) -> str:
    """A value as TOML on one line: text, truth, number, list or table of these."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{quoted(str(key))} = {toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(item) for item in value)}]"
    # JSON's forms of text, truth and numbers are TOML's too; DEL alone wants an escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
