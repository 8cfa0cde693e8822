"""A repository at two moments, made of a few files, and what the guard says of the way between."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agent.domain.finding import Finding
from agent.domain.plan import Plan, Task
from agent.realign.tampering.guard import weakenings

Guarded = Callable[..., tuple[Finding, ...]]
GREET = "def greet(name):\n    return f'Hello {name}'\n"
TEST = (
    "import unittest\n\nfrom app.greet import greet\n\n\n"
    "class GreetTest(unittest.TestCase):\n"
    "    def test_greets(self):\n"
    "        self.assertEqual(greet('Ada'), 'Hello Ada')\n"
    "        self.assertEqual(greet('Bob'), 'Hello Bob')\n\n"
    "    def test_greets_nobody(self):\n"
    "        self.assertEqual(greet(''), 'Hello ')\n"
)


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    """Looks at the way from `before` to `after`; a file that only one of them has is new or gone.

    Both have the greeting and its tests where they say nothing else; None takes a file away.
    """

    def look(
        before: Mapping[str, str],
        after: Mapping[str, str | None],
        plan: Plan | None = None,
        task: Task | None = None,
        young: frozenset[str] = frozenset(),
    ) -> tuple[Finding, ...]:
        start = {"app/greet.py": GREET, "tests/test_greet.py": TEST, **before}
        end = {path: text for path, text in {**start, **after}.items() if text is not None}
        for path, text in end.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        changed = {p for p in {*start, *end} if start.get(p) != end.get(p)}
        earlier = {path: start.get(path) for path in changed}
        files = tuple(sorted(end))
        return weakenings(
            tmp_path, files, earlier, base="0123abc", plan=plan, task=task, young=young
        )

    return look
