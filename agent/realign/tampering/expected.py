"""Answers that the code knows by heart: what a check or a test hands in, and wants to see."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.domain.check import Check, CommandCheck
from agent.realign.detectors.words import word_set
from agent.realign.tampering.constant_functions import constant_functions
from agent.realign.tampering.grammar import first_line, root_of, source, walk
from agent.realign.tampering.suites import is_suite_file, tests_of
from agent.realign.tampering.tree import Change, Tree
from agent.survey.classify import is_test
from agent.tools.grammar import LANGUAGES

QUOTED = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'")
SHELL_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^\s\"'|&;<>]+)")
FIXED = word_set(
    """GET POST PUT DELETE PATCH HEAD OPTIONS HTTP HTTPS JSON XML CSV HTML UTF-8 TODO README.md
    LICENSE TRUE FALSE NULL NONE OPENAI_BASE_URL OPENAI_API_KEY"""
)
STRINGS = frozenset({"string", "interpreted_string_literal", "string_literal", "template_string"})
TRIVIAL = word_set("0 1 -1 True False true false None null nil '' \"\" [] {} ()")
"""Results that many functions rightly give at every call."""
SHORTEST = 3
TELLING = re.compile(r"\w{2}|\d")


@dataclass(frozen=True)
class Wanted:
    """Something that is handed in and must come back in the answer."""

    given: str
    answer: str
    """A text with more in it than what was given; empty where only a pattern is known."""
    who: str


@dataclass(frozen=True)
class KnownByHeart:
    path: str
    line: int
    name: str
    what: str
    code: str


def known_by_heart(change: Change, checks: Iterable[tuple[str, Check]]) -> Iterator[KnownByHeart]:
    """Literals and functions in changed code that hold the answers of checks and tests."""
    listed = list(checks)
    tests = [path for path in change.after.files if is_read(path, change, listed)]
    wanted = [*of_checks(listed), *of_tests(change.after, tests)]
    results = dict(results_of(change.after, tests))
    for path in change.changed:
        if path not in change.after.known or is_test(path) or is_example(path):
            continue
        if not wanted and not results:
            continue
        had = {text for text, _ in literals_of(change.before, path)}
        for text, line in literals_of(change.after, path):
            if text not in had and (who := wants(text, wanted)):
                what = f"holds the answer that {who} wants to see"
                code = change.after.lines(path)[line - 1].strip()
                yield KnownByHeart(path, line, text[:60], what, code)
        if results:
            yield from constants(change, path, results)


def is_read(path: str, change: Change, checks: list[tuple[str, Check]]) -> bool:
    """Whether a test file is new, changed, or run by a check by its name."""
    if not is_suite_file(path) or path.endswith(".rs"):
        return path.endswith(".rs") and path in change.changed
    module = path.removesuffix(".py").replace("/", ".")
    return path in change.changed or any(
        path in check.run or module in check.run for _, check in checks
    )


def is_example(path: str) -> bool:
    return bool(re.search(r"(^|/)(examples?|docs?|fixtures?|samples?|migrations)/|\.md$", path))


def of_checks(checks: list[tuple[str, Check]]) -> Iterator[Wanted]:
    """Words of a command line that are data, and that its output must have."""
    for who, check in checks:
        if not isinstance(check, CommandCheck):
            continue
        words = ["".join(groups) for groups in SHELL_WORD.findall(check.run)]
        output = unescaped(check.output or "")
        for word in dict.fromkeys(words):
            if is_data(word) and (word in output or words_with(word, words) > 1):
                yield Wanted(word, output, f"the check of {who}")


def unescaped(pattern: str) -> str:
    """The text of a simple pattern."""
    return re.sub(r"\\(.)", r"\1", pattern.removeprefix("(?m)").strip("^$"))


def words_with(word: str, words: list[str]) -> int:
    whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    return sum(bool(whole.search(each)) for each in words)


def is_data(word: str) -> bool:
    """Whether a word is something a user would choose, and no name of a command or option."""
    if len(word) < SHORTEST or word in FIXED or word.upper() in FIXED or word[0] in "-$/.~{":
        return False
    if "=" in word or "://" in word or re.search(r"\.\w{1,4}$|^\w+(\.\w+)+$|/", word):
        return False
    return bool(re.search(r"[A-Z@\s]|[^\x00-\x7f]", word)) or bool(re.search(r"\d[\d-]", word))


def of_tests(tree: Tree, paths: list[str]) -> Iterator[Wanted]:
    """Texts that a test hands in, and the longer text that it wants back."""
    for path in paths:
        for test in tests_of(path, tree.text(path)).tests:
            for looked_at, value in test.strengths.expectations:
                answer = unquoted(value)
                for given in filter(is_data, texts_in(looked_at)):
                    if given in answer and given != answer:
                        yield Wanted(given, answer, path)


def texts_in(code: str) -> Iterator[str]:
    for double, single in QUOTED.findall(code):
        yield double or single


def unquoted(literal: str) -> str:
    return literal.strip("\"'`")


def wants(text: str, wanted: list[Wanted]) -> str:
    """Who wants an answer that stands in the text; what was given alone is no answer."""
    for each in wanted:
        if each.given not in text or not re.search(rf"(?<!\w){re.escape(each.given)}(?!\w)", text):
            continue
        # a full stop, or one letter, stands in nearly every answer
        rest = [word for word in text.replace(each.given, " ").split() if TELLING.search(word)]
        if each.answer and rest and (each.answer in text or any(w in each.answer for w in rest)):
            return each.who
        if not each.answer and rest:
            return each.who
    return ""


def literals_of(tree: Tree, path: str) -> Iterator[tuple[str, int]]:
    """Texts in the code with their lines, without docstrings."""
    text = tree.text(path)
    suffix = PurePosixPath(path).suffix
    if text is None:
        return
    if suffix == ".py":
        yield from python_literals(tree.nodes(path))
    elif suffix in LANGUAGES:
        root = root_of(path, text)
        for node in walk(root) if root is not None else ():
            if node.type in STRINGS:
                yield unquoted(source(node)), first_line(node)
    elif suffix in {".html", ".sh", ".json"}:
        for number, line in enumerate(text.split("\n"), start=1):
            yield line, number


def python_literals(nodes: tuple[ast.AST, ...]) -> Iterator[tuple[str, int]]:
    prose = {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield text, node.lineno
            case ast.BinOp(op=ast.Add()) if joined := joined_text(node):
                yield joined, node.lineno


def joined_text(node: ast.expr) -> str:
    """`"Hello " + "Ada"` as one text; empty when a part of it is no literal."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = joined_text(left), joined_text(right)
            return first + second if first and second else ""
        case _:
            return ""


def results_of(tree: Tree, paths: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Function and literal to the test file that wants the literal from it."""
    for path in paths:
        for test in tests_of(path, tree.text(path)).tests:
            for looked_at, value in test.strengths.expectations:
                for name in re.findall(r"(\w+) ?\(", looked_at):
                    yield (name, unquoted(value)), path


def constants(
    change: Change, path: str, results: dict[tuple[str, str], str]
) -> Iterator[KnownByHeart]:
    for function in constant_functions(path, change.after.text(path) or ""):
        for value in set(function.results) - TRIVIAL:
            test = results.get((function.name, unquoted(value)))
            if test is not None:
                what = f"ignores what it is given and returns what {test} wants to see"
                yield KnownByHeart(path, function.line, function.name, what, function.code)
                break
