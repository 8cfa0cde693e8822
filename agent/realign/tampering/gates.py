"""Which commands examine code, what of it, and which of their options make them examine less."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from agent.realign.detectors.words import word_set


@dataclass(frozen=True)
class Gate:
    """What a command examines; another that examines the same may take its place."""

    kind: str
    language: str = ""
    """Empty for what may start the runners of any language, as `make test` does."""


GATES: dict[str, Gate] = {
    name: Gate(kind, language)
    for kind, language, names in (
        ("tests", "Python", "pytest py.test unittest nose2 trial behave django"),
        ("tests", "JavaScript", "jest vitest mocha ava tap karma cypress playwright jasmine"),
        ("tests", "Ruby", "rspec"),
        ("tests", "PHP", "phpunit"),
        ("tests", "C", "ctest"),
        ("tests", "Shell", "bats"),
        ("tests", "", "tox nox"),
        ("linters", "Python", "ruff ruff-check ruff-format flake8 pylint bandit black isort"),
        ("linters", "JavaScript", "eslint biome oxlint prettier"),
        ("linters", "CSS", "stylelint"),
        ("linters", "Go", "golangci-lint gofmt"),
        ("linters", "Shell", "shellcheck"),
        ("linters", "", "pre-commit semgrep"),
        ("type checks", "Python", "mypy pyright ty pyre basedpyright"),
        ("type checks", "JavaScript", "tsc"),
        ("coverage", "", "codecov coverage"),
    )
    for name in names.split()
}
PAIRS: dict[tuple[str, str], Gate] = {
    (first, second): Gate(kind, language)
    for kind, language, first, names in (
        ("tests", "Go", "go", "test"),
        ("linters", "Go", "go", "vet"),
        ("tests", "Rust", "cargo", "test nextest"),
        ("linters", "Rust", "cargo", "clippy fmt"),
        ("tests", "JavaScript", "node", "--test"),
        ("tests", "JavaScript", "deno", "test"),
        ("tests", "JavaScript", "bun", "test"),
        ("tests", "JavaScript", "npm", "test t"),
        ("tests", "JavaScript", "pnpm", "test"),
        ("tests", "JavaScript", "yarn", "test"),
        ("tests", "Java", "mvn", "test verify"),
        ("tests", "Java", "gradle", "test check"),
        ("tests", "C#", "dotnet", "test"),
        ("tests", "Python", "hatch", "test"),
        ("tests", "Python", "django", "test"),
        ("tests", "", "make", "test check"),
        ("tests", "", "just", "test"),
        ("linters", "", "make", "lint"),
    )
    for second in names.split()
}
ACTIONS: dict[str, Gate] = {
    "pre-commit": Gate("linters"),
    "golangci": Gate("linters", "Go"),
    "super-linter": Gate("linters"),
    "codecov": Gate("coverage"),
    "pytest": Gate("tests", "Python"),
    "cypress": Gate("tests", "JavaScript"),
}
"""By a word in the name of an action that a workflow uses."""

NARROWING: dict[str, frozenset[str]] = {
    "pytest": word_set(
        """--co --collect-only --collectonly -k -m --ignore --ignore-glob --deselect --lf
        --last-failed --sw --stepwise --noconftest -h --help -V --version --fixtures --funcargs
        --markers --setup-only --setup-plan --suppress-no-test-exit-code --no-cov
        --snapshot-update --inline-snapshot -p -c --config-file --rootdir -o --override-ini
        --confcutdir --testmon --picked --reruns --cache-show --no-tests-ok --exit-zero"""
    ),
    "jest": word_set(
        """--passWithNoTests --testPathIgnorePatterns -t --testNamePattern -o --onlyChanged -f
        --onlyFailures --lastCommit --findRelatedTests -u --updateSnapshot --listTests
        --showConfig --testPathPattern --testPathPatterns --ci=false --help --version --init"""
    ),
    "vitest": word_set(
        """--passWithNoTests --exclude -t --testNamePattern --allowOnly --changed -u --update
        --dangerouslyIgnoreUnhandledErrors --typecheck.only list --help --version --retry"""
    ),
    "mocha": word_set(
        """--grep -g --fgrep -f --invert -i --dry-run --exclude --ignore --retries --help
        --version"""
    ),
    "go": word_set("-run -skip -short -list -c -exec -vet=off"),
    "cargo": word_set(
        """--no-run --exclude --lib --bins --bin --doc --test --example --skip --ignored --list
        --exact"""
    ),
    "node": word_set("--test-name-pattern --test-skip-pattern --test-only"),
    "unittest": word_set("-k -h --help"),
}
GLUED = re.compile(r"^(-[kmpct])(\S+)$")
"""A short option with its value in one word, as `-knothing`."""


def narrowing(runner: str, words: Sequence[str]) -> Counter[str]:
    """The narrowing options among a runner's words, each with its value."""
    options = NARROWING.get(runner, frozenset())
    found: Counter[str] = Counter()
    for index, word in enumerate(words):
        name, _, value = word.partition("=")
        glued = GLUED.match(word)
        if word in options or name in options:
            following = words[index + 1] if index + 1 < len(words) else ""
            takes = "" if value or following.startswith("-") else following
            found[f"{word} {takes}".strip()] += 1
        elif glued and runner == "pytest" and glued[1] in options:
            found[word] += 1
    return found
