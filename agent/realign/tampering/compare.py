"""Which tests were lost, weakened or held back between two moments.

A test may move, change its name, be split, or become one case of a table: what it says in names
and literals then turns up elsewhere, and as much is asserted as before. Only what is lost beyond
that is a finding.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.realign.tampering.grammar import SCRIPTS
from agent.realign.tampering.permission import Permission
from agent.realign.tampering.setting_rules import is_collected as is_found_by_pytest
from agent.realign.tampering.settings import Settings, settings_of
from agent.realign.tampering.suite import Test, TestFile
from agent.realign.tampering.suites import is_suite_file, tests_of
from agent.realign.tampering.tree import Change, Tree
from agent.survey.classify import has_test_cases, is_test, language_of

WORD = re.compile(r"\w{3,}")
KNOWN = frozenset({".py", ".go", *SCRIPTS})
SHARE_KEPT = 0.6
"""The share of a lost test's words that must turn up in other tests for it to count as moved."""

SHARE_ALIKE = 0.4
"""A test that keeps less of its words under its old name is another test."""
FEWEST_WORDS = 3


@dataclass(frozen=True)
class Losses:
    removed: tuple[Test, ...] = ()
    """As they were."""
    weakened: tuple[tuple[Test, Test], ...] = ()
    """As they were, and as they are."""
    held: tuple[Test, ...] = ()
    """As they are."""
    altered: tuple[tuple[Test, str, str, str], ...] = ()
    """Tests, what they look at, what they expected of it, and what they expect now."""


class Pool:
    """What the suite has gained, to be set against what it lost: each word and assertion once."""

    def __init__(
        self, before: Iterable[TestFile], after: Iterable[TestFile], fresh: list[Test], strong: int
    ) -> None:
        self._words = total(after)
        self._words.subtract(total(before))
        for test in fresh:
            self._words.update(title(test))
        self.strong = strong

    def give_up(self, words: Counter[str]) -> None:
        """Counts the words of what is lost as free to turn up again."""
        self._words.update(words)

    def covers(self, words: Counter[str], strong: int, *, by_words: bool) -> bool:
        """Whether the suite has gained so much; what covers one loss covers no other."""
        taken = Counter({word: min(n, max(0, self._words[word])) for word, n in words.items()})
        enough = taken.total() >= SHARE_KEPT * words.total() or not by_words
        if strong > self.strong or not enough:
            return False
        self._words.subtract(taken)
        self.strong -= strong
        return True


def title(test: Test) -> Counter[str]:
    """The words of a test's own name, told apart from those in its body."""
    name = re.split(r"[.>]|::", test.name)[-1]
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return Counter(f"named {word.lower()}" for word in words if word.lower() != "test")


def total(files: Iterable[TestFile]) -> Counter[str]:
    words: Counter[str] = Counter()
    for file in files:
        words.update(file.words)
    return words


def losses(change: Change, permission: Permission) -> Losses:
    paths = [path for path in change.changed if is_suite_file(path)]
    before = read(change.before, paths)
    after = read(change.after, paths)
    was = {test.key: test for file in before for test in file.tests}
    now = {test.key: test for file in after for test in file.tests}
    kept = [
        (test, now[key])
        for key, test in was.items()
        if key in now and is_the_same(test, now[key], permission)
    ]
    lasting = {old.key for old, _ in kept}
    gone = [t for key, t in was.items() if key not in lasting and not t.is_helper and not t.held]
    fresh = [t for key, t in now.items() if key not in lasting and not t.is_helper]
    had_tests = {path for path, _ in was}
    settings = settings_of(change.after)
    collected = [test for test in fresh if is_collected(test.path, had_tests, settings)]
    pool = Pool(before, after, fresh, gained(kept, collected))
    weaker = [pair for pair in kept if not pair[1].held and is_weaker(*pair)]
    for words in (*(test.words for test in gone), *(old.words - new.words for old, new in weaker)):
        pool.give_up(words)
    removed = [test for test in by_strength(gone) if not is_covered(test, pool, permission)]
    held = [new for old, new in kept if new.held and not old.held]
    return Losses(
        removed=tuple(test for test in removed if not is_allowed(test, change, permission)),
        weakened=tuple(
            pair
            for pair in weaker
            if not is_made_up_for(*pair, pool, permission)
            and not is_allowed(pair[0], change, permission)
        ),
        held=tuple(held),
        altered=tuple(altered(kept, permission)),
    )


def read(tree: Tree, paths: list[str]) -> list[TestFile]:
    return [tests_of(path, tree.text(path)) for path in paths]


def is_the_same(old: Test, new: Test, permission: Permission) -> bool:
    """Whether a test that kept its name is still a test, and about what it was about."""
    if new.is_helper != old.is_helper:
        return False
    if old.is_helper or old.path in permission.young:
        return True
    if new.held or not new.total or old.words.total() < FEWEST_WORDS:
        # one that asserts nothing is no other test but what is left of it
        return True
    return (old.words & new.words).total() >= SHARE_ALIKE * old.words.total()


def gained(kept: list[tuple[Test, Test]], fresh: list[Test]) -> int:
    """Strong assertions that tests have gained, and those of new tests."""
    more = sum(max(0, new.strong - old.strong) for old, new in kept if not new.is_helper)
    return more + sum(test.strong for test in fresh)


def is_collected(path: str, had_tests: set[str], settings: Settings) -> bool:
    """Whether a runner takes a file, by its name or as it takes all of the folder; others make up
    for nothing.
    """
    pure = PurePosixPath(path)
    beside = [p for p in map(PurePosixPath, had_tests) if p.parent == pure.parent]
    takes_all = any(p.suffix == pure.suffix and not has_test_cases(p.name) for p in beside)
    if pure.suffix == ".rs" or path in had_tests or (pure.suffix in SCRIPTS and takes_all):
        return True
    by_pytest = pure.suffix == ".py" and any(name.startswith("pytest.") for name in settings)
    if by_pytest and not is_found_by_pytest(path, settings):
        return False
    if pure.name.startswith(("_", ".")) or "testdata" in pure.parts:
        return False
    return has_test_cases(path) or "__tests__" in pure.parts or pure.suffix not in KNOWN


def by_strength(tests: list[Test]) -> list[Test]:
    return sorted(tests, key=lambda test: (-test.strong, test.key))


def is_covered(test: Test, pool: Pool, permission: Permission) -> bool:
    by_words = test.path not in permission.young
    return any(
        pool.covers(words, test.strong, by_words=by_words)
        for words in (test.words, test.words + title(test))
    )


def is_weaker(old: Test, new: Test) -> bool:
    if old.held:
        return False
    if old.total == 0:
        return new.strengths.calls == 0 < old.strengths.calls
    if new.strong < old.strong:
        # one comparison of a pair may stand for two of its parts, that of an object for its fields
        kept = new.strong + old.strengths.in_wholes_of(new.strengths)
        return new.strong == 0 or (new.leaves < old.leaves and kept < old.strong)
    return new.strong == old.strong and new.total < old.total


def is_made_up_for(old: Test, new: Test, pool: Pool, permission: Permission) -> bool:
    """Whether what one test lost is asserted by another."""
    if new.strong >= old.strong:
        return False
    lost = old.words - new.words
    return pool.covers(lost, old.strong - new.strong, by_words=old.path not in permission.young)


def altered(
    kept: list[tuple[Test, Test]], permission: Permission
) -> Iterable[tuple[Test, str, str, str]]:
    """Tests that look at the same and expect something else, in files no task names."""
    for old, new in kept:
        if permission.names(new.path) or new.path in permission.young:
            continue
        wanted = dict(old.strengths.expectations)
        still = set(new.strengths.expectations)
        for looked_at, value in new.strengths.expectations:
            expected = wanted.get(looked_at)
            if expected not in {None, value} and (looked_at, expected) not in still:
                yield new, looked_at, str(expected), value
                break


def is_allowed(test: Test, change: Change, permission: Permission) -> bool:
    """Whether the plan takes away what the test held: it is named, and its subject is gone."""
    return test.path in permission.removing and bool(lost_words(change) & vocabulary(test))


def vocabulary(test: Test) -> frozenset[str]:
    return frozenset(part for word in test.words for part in WORD.findall(word))


def lost_words(change: Change) -> frozenset[str]:
    """Words that the code of one language has no longer, anywhere."""
    changed = [path for path in change.changed if is_code(path)]
    lost: set[str] = set()
    for language in sorted({str(language_of(path)) for path in changed}):
        had = words_of(change.before, [p for p in changed if language_of(p) == language])
        kept = [p for p in change.after.files if language_of(p) == language and is_code(p)]
        lost |= had - words_of(change.after, kept)
    return frozenset(lost)


def words_of(tree: Tree, paths: list[str]) -> frozenset[str]:
    return frozenset(word for path in paths for word in WORD.findall(tree.text(path) or ""))


def is_code(path: str) -> bool:
    return language_of(path) is not None and not is_test(path)
