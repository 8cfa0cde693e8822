"""Writes a profile's fields into the user's settings file and leaves everything else as it is."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from errno import EACCES, ELOOP
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
        after = with_fields(text, name, fields)
        if wanted is None or exactly(parsed(after)) != exactly(wanted):
            raise ConfigError(by_hand(path, name, fields, "its layout cannot be edited safely"))
        if after != text:
            replace_file(path, after)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(by_hand(path, name, fields, reason)) from None
    except RecursionError:
        raise ConfigError(by_hand(path, name, fields, "it is nested too deeply")) from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise ConfigError(by_hand(path, name, fields, f"not valid TOML: {error}")) from None


def by_hand(path: Path, name: str, fields: Mapping[str, Any], reason: str) -> str:
    lines = ", ".join(f"{key} = {toml(value)}" for key, value in fields.items())
    return f"cannot change {path}: {reason}; put into [profiles.{quoted(name)}] yourself: {lines}"


def merged(
    values: Mapping[str, Any], name: str, fields: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What the file is to say; None where it has something else than a profile in that place."""
    profiles = values.get("profiles", {})
    own = profiles.get(name, {}) if isinstance(profiles, dict) else None
    if not isinstance(own, dict):
        return None
    return {**values, "profiles": {**profiles, name: {**own, **fields}}}


def exactly(values: object) -> str:
    """A text that differs where values differ, be it in their kind; two NaN are alike."""
    return json.dumps(values, sort_keys=True, default=repr)


def with_fields(text: str, name: str, fields: Mapping[str, Any]) -> str:
    """The text with each field set: in its old place, at its section's end, or in a new section."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    found = (i for i, line in enumerate(lines) if is_header(line, name) and stands_alone(lines, i))
    header = next(found, None)
    if header is None:
        lines += [*([end] if lines else []), f"[profiles.{quoted(name)}]{end}"]
        header = len(lines) - 1
    for key, value in fields.items():
        last = end_of_section(lines, header)
        at, until = place_of(lines, key, header + 1, last)
        lines[at:until] = field_lines(lines[at:until], key, value, end)
    return "".join(lines)


def field_lines(old: list[str], key: str, value: object, end: str) -> list[str]:
    """The field with its new value, and with the old one's indent, key as written and comments.

    Comments between the lines of the old value go before the field.
    """
    if not old:
        return [f"{key} = {toml(value)}{end}"]
    before = old[0].partition("=")[0].rstrip()
    indent = before[: len(before) - len(before.lstrip())]
    *inner, last = comments_in("".join(old))
    above = [f"{indent}{comment.lstrip()}{end}" for comment in inner if comment]
    return [*above, f"{before} = {toml(value)}{last}{end}"]


def comments_in(field: str) -> list[str]:
    """The comment on each line of a field, with the blanks before it; empty where there is none."""
    lines = field.replace("\r\n", "\n").removesuffix("\n").split("\n")
    value, found = exactly(parsed(field)), []
    for at, line in enumerate(lines):
        for mark in re.finditer("#", line):
            kept = line[: mark.start()]
            if exactly(parsed("\n".join([*lines[:at], kept, *lines[at + 1 :]]))) == value:
                found.append(line[len(kept.rstrip()) :])
                break
        else:
            found.append("")
    return found


def parsed(text: str) -> dict[str, Any] | None:
    """None when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def is_header(line: str, name: str) -> bool:
    """However the name is quoted; `[[...]]` is a list of tables."""
    return SECTION.match(line) is not None and parsed(line) == {"profiles": {name: {}}}


def end_of_section(lines: list[str], header: int) -> int:
    """The line after the section's last field; what stands behind it belongs to what follows."""
    after = range(header + 1, len(lines))
    end = next((i for i in after if SECTION.match(lines[i]) and stands_alone(lines, i)), len(lines))
    while end > header + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip()[0] == "#"):
        end -= 1
    return end


def stands_alone(lines: list[str], at: int) -> bool:
    """Whether a line stands for itself, and is no part of a list or text of several lines."""
    return parsed("".join(lines[:at])) is not None


def place_of(lines: list[str], key: str, start: int, end: int) -> tuple[int, int]:
    """Where a field stands, over as many lines as its value takes; the section's end if nowhere."""
    found = (i for i in range(start, end) if begins(lines[i], key) and stands_alone(lines, i))
    at = next(found, None)
    if at is None:
        return end, end
    untils = (u for u in range(at + 1, end + 1) if parsed("".join(lines[at:u])) is not None)
    return at, next(untils, at + 1)


def begins(line: str, key: str) -> bool:
    """Whether a field of that name begins here, however the name is quoted."""
    name, mark, _ = line.partition("=")
    return bool(mark) and parsed(f"{name}= 0") == {key: 0}


def replace_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(ELOOP, os.strerror(ELOOP))
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    if mode is not None and not mode & 0o222:
        raise PermissionError(EACCES, "it is read-only")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode("utf-8"))
        if mode is not None:
            part.chmod(mode)
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
