"""Tells what a change broke: faults of syntax that a file did not have before."""

import fnmatch
import json
import tomllib
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from agent.tools.grammar import (
    LANGUAGES,
    Problem,
    at_line,
    grammar_problems,
    python_problems,
)
from agent.tools.line_ends import BYTE_ORDER_MARK

LARGEST_CHARACTERS = 1_000_000
WITH_COMMENTS = ("tsconfig*.json", "jsconfig*.json", "devcontainer.json", ".eslintrc.json")
"""JSON in name only: comments and last commas are allowed."""
Parse = Callable[[str], list[Problem]]


def new_problems(path: str, before: str | None, after: str) -> list[Problem]:
    """The faults of `after` that `before` had not, in the order of the lines.

    Empty for a language that is not known.
    """
    parse = parser_of(path)
    if parse is None or len(after) > LARGEST_CHARACTERS or before == after:
        return []
    before, after = (text.removeprefix(BYTE_ORDER_MARK) for text in (before or "", after))
    was, now = parse(before), parse(after)
    if was and now and parse is python_problems:
        # the compiler tells the first fault only, which may be the old one
        was += grammar_problems("python", before)
        now += grammar_problems("python", after)
    known = Counter(problem.likeness for problem in was)
    fresh = []
    for problem in now:
        known[problem.likeness] -= 1
        if known[problem.likeness] < 0:
            fresh.append(problem)
    return sorted(fresh, key=lambda problem: problem.line)


def parser_of(path: str) -> Parse | None:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in LANGUAGES:
        return partial(grammar_problems, LANGUAGES[suffix])
    if suffix == ".json" and not has_comments(path):
        return json_problems
    parsers: dict[str, Parse] = {
        ".py": python_problems,
        ".pyi": python_problems,
        ".toml": toml_problems,
        ".yaml": yaml_problems,
        ".yml": yaml_problems,
    }
    return parsers.get(suffix)


def has_comments(path: str) -> bool:
    name = PurePosixPath(path)
    return ".vscode" in name.parts or any(fnmatch.fnmatch(name.name, p) for p in WITH_COMMENTS)


def json_problems(text: str) -> list[Problem]:
    if not text.strip():
        return []
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return [at_line(text, error.lineno, error.msg)]
    except RecursionError:
        return []
    return []


def toml_problems(text: str) -> list[Problem]:
    try:
        tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        number = place.partition("line ")[2].partition(",")[0]
        last = text.count("\n") + 1
        return [at_line(text, int(number) if number.isdigit() else last, message)]
    except RecursionError:
        return []
    return []


def yaml_problems(text: str) -> list[Problem]:
    """Templates that only become YAML, as of Helm, are not looked at.

    Nor is anything without libyaml: the parser in Python takes seconds for some small texts.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None or "{{" in text or "{%" in text:
        return []
    try:
        for _ in yaml.parse(text, Loader=loader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ", ".join(filter(None, (error.context, error.problem)))
        return [at_line(text, mark.line + 1 if mark else 1, words)]
    except yaml.YAMLError:
        return []
    return []
