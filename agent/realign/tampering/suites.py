"""The tests of a file, read by its language."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import PurePosixPath

from agent.realign.tampering.go_suite import go_tests
from agent.realign.tampering.grammar import SCRIPTS
from agent.realign.tampering.python_suite import python_tests
from agent.realign.tampering.rust_suite import rust_tests
from agent.realign.tampering.script_suite import script_tests
from agent.realign.tampering.suite import Strengths, Test, TestFile
from agent.survey.classify import is_test, language_of

ASSERTING = re.compile(
    r"\b(assert\w*|expect\w*|verify|should\w*|Assert\.\w+|t\.(?:Error|Fatal)\w*)\b"
)
HOLDING = re.compile(
    r"@(Ignore|Disabled)\b|\[(?:Ignore|Fact\(Skip)|\b(xit|xdescribe|pending|markTestSkipped|it\.skip"
    r"|test\.skip|t\.Skip\w*|XCTSkip)\b|#\[ignore|->skip\("
)
COMMENT = re.compile(r"^\s*(//|#(?!\[)|\*|/\*)")
KEPT_FILES = 512
"""What was read of so many files is kept from one look to the next: the base stays as it is."""
WORD = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\w+")


def is_suite_file(path: str) -> bool:
    """Whether a file can hold tests: by its place and name, and any code of Rust."""
    suffix = PurePosixPath(path).suffix
    return suffix == ".rs" or (is_test(path) and language_of(path) is not None)


@lru_cache(maxsize=KEPT_FILES)
def tests_of(path: str, text: str | None) -> TestFile:
    """The tests of a file; none when it is not there or is no text."""
    if text is None:
        return TestFile(path)
    try:
        found = read_by_language(path, text)
    except RecursionError:
        # nested too deeply for any reader; what it asserts can still be counted
        found = None
    return found if found is not None else lines_of(path, text)


def read_by_language(path: str, text: str) -> TestFile | None:
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        return python_tests(path, text)
    if suffix in SCRIPTS:
        return script_tests(path, text)
    if suffix == ".go":
        return go_tests(path, text)
    return rust_tests(path, text) if suffix == ".rs" else None


def lines_of(path: str, text: str) -> TestFile:
    """A file of another language as one test, by its lines that assert or hold back."""
    lines = [line for line in text.split("\n") if not COMMENT.match(line)]
    asserting = sum(bool(ASSERTING.search(line)) for line in lines)
    holding = sum(bool(HOLDING.search(line)) for line in lines)
    words = Counter(WORD.findall(text))
    if not asserting and not holding:
        return TestFile(path, (), words)
    strengths = Strengths(strong=max(0, asserting - holding), leaves=max(0, asserting - holding))
    test = Test(path, "the file", 1, strengths, words, source="\n".join(lines[:12]))
    return TestFile(path, (test,), words)
