"""What a path alone says of its file: language, test, convention."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

LANGUAGES = {
    ".py": "Python",
    ".pyi": "Python",
    ".js": "JavaScript",
    ".mjs": "JavaScript",
    ".cjs": "JavaScript",
    ".jsx": "JavaScript",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".vue": "Vue",
    ".svelte": "Svelte",
    ".go": "Go",
    ".rs": "Rust",
    ".java": "Java",
    ".kt": "Kotlin",
    ".scala": "Scala",
    ".c": "C",
    ".h": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".hpp": "C++",
    ".cs": "C#",
    ".rb": "Ruby",
    ".php": "PHP",
    ".swift": "Swift",
    ".sh": "Shell",
    ".sql": "SQL",
    ".html": "HTML",
    ".css": "CSS",
}
CONVENTIONS = frozenset({"agents.md", "contributing.md", "readme.md", "claude.md", "readme.rst"})
TEST_FOLDERS = frozenset({"test", "tests", "testing", "__tests__", "spec", "e2e"})
TEST_NAME = re.compile(
    r"(^test_.*\.py|.*_tests?\.py|^tests?\.py|^conftest\.py"
    r"|.*\.(test|spec)\.[cm]?[jt]sx?|.*_test\.go|.*Test\.(java|kt))$"
)
TEST_CASES = re.compile(
    r"(^test_.*\.py|.*_test\.py|^tests\.py|.*\.(test|spec)\.[cm]?[jt]sx?|.*_test\.go"
    r"|.*Test\.(java|kt))$"
)


def language_of(path: str) -> str | None:
    return LANGUAGES.get(PurePosixPath(path).suffix.lower())


def languages(files: Iterable[str]) -> dict[str, int]:
    """Languages with their number of files, most used first."""
    found = Counter(name for name in map(language_of, files) if name)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def is_test(path: str) -> bool:
    """Whether the file belongs to the tests: test cases, their helpers and their data."""
    pure = PurePosixPath(path)
    return bool(TEST_FOLDERS.intersection(pure.parts[:-1]) or TEST_NAME.match(pure.name))


def has_test_cases(path: str) -> bool:
    """Whether a test runner collects the file by its name."""
    return bool(TEST_CASES.match(PurePosixPath(path).name))


def conventions(files: Iterable[str]) -> tuple[str, ...]:
    """Files that say how to work here; those near the root come first."""
    found = [path for path in files if PurePosixPath(path).name.lower() in CONVENTIONS]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path)))[:20]
