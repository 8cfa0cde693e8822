"""Options on a command line that make a runner run fewer tests, or none."""

import re
from collections import Counter
from collections.abc import Sequence

from agent.realign.detectors.words import word_set

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
