"""What a plan allows to be taken from the suite, and what no plan allows."""

from collections.abc import Callable

import pytest

from agent.domain.check import CommandCheck
from agent.domain.finding import Finding
from agent.domain.plan import Plan, Requirement, Task

Guarded = Callable[..., tuple[Finding, ...]]
After = dict[str, str | None]
CHECK = CommandCheck(run="python3 -m app", output="open")
SUITE = "tests/test_greet.py"
GONE: After = {SUITE: None, "app/greet.py": None}


def plan(title: str, *names: str) -> Plan:
    """One requirement, and the task T01 that serves it and names some files."""
    requirement = Requirement(id="R1", title=title, checks=(CHECK,))
    task = Task(id="T01", title="Do it", serves=("R1",), modifies=names, checks=(CHECK,))
    return Plan(
        name="greet",
        title="Greet",
        request="As it is said.",
        requirements=(requirement,),
        tasks=(task,),
    )


@pytest.mark.parametrize(
    ("title", "names", "after", "rules"),
    [
        ("The greeting is removed", (SUITE, "app/greet.py"), GONE, []),
        ("The program no longer greets", (SUITE, "app/greet.py"), GONE, []),
        ("The greeting is removed", ("app/greet.py",), GONE, ["tests-removed"]),
        ("The greeting is polite", (SUITE, "app/greet.py"), GONE, ["tests-removed"]),
        ("The greeting is removed", (SUITE,), {SUITE: None}, ["tests-removed"]),
    ],
    ids=["removed", "no longer", "file not named", "nothing goes", "its subject stays"],
)
def test_tests_go_with_what_the_plan_takes_away(
    guarded: Guarded, title: str, names: tuple[str, ...], after: After, rules: list[str]
) -> None:
    assert [each.rule for each in guarded({}, after, plan=plan(title, *names))] == rules


def changed(*pairs: tuple[str, str]) -> str:
    text = (
        "from app.greet import greet\n\n\ndef test_greets():\n"
        "    assert greet('Ada') == 'Hello Ada'\n    assert greet('Bob') == 'Hello Bob'\n"
    )
    for old, new in pairs:
        assert old in text, f"the suite does not say {old!r}"
        text = text.replace(old, new)
    return text


OTHER_ANSWER: After = {"tests/test_more.py": changed(("'Hello Ada'", "'Hi Ada'"))}
EARLIER = {"tests/test_more.py": changed()}


@pytest.mark.parametrize(
    ("names", "rules"), [(("tests/test_more.py",), []), (("app/x.py",), ["expectation-changed"])]
)
def test_the_task_that_names_a_suite_may_change_what_it_expects(
    guarded: Guarded, names: tuple[str, ...], rules: list[str]
) -> None:
    found = guarded(EARLIER, OTHER_ANSWER, plan=plan("The greeting is short", *names))
    assert [each.rule for each in found] == rules


def test_one_task_may_not_do_what_another_is_allowed(guarded: Guarded) -> None:
    whole = plan("The greeting is short", "tests/test_more.py")
    other = Task(id="T02", title="Else", serves=("R1",), modifies=("app/x.py",), checks=(CHECK,))
    both = whole.model_copy(update={"tasks": (*whole.tasks, other)})
    assert guarded(EARLIER, OTHER_ANSWER, plan=both, task=whole.tasks[0]) == ()
    found = guarded(EARLIER, OTHER_ANSWER, plan=both, task=other)
    assert [each.rule for each in found] == ["expectation-changed"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (changed(("test_greets", "test_says_hello"), ("Ada", "Eve"), ("Bob", "Tom")), []),
        (changed(("    assert greet('Bob') == 'Hello Bob'\n", "")), ["tests-weakened"]),
        ("", ["tests-removed"]),
    ],
    ids=["written anew", "an assertion less", "gone"],
)
def test_of_tests_that_the_run_has_made_the_sum_must_stay(
    guarded: Guarded, text: str, rules: list[str]
) -> None:
    found = guarded(EARLIER, {"tests/test_more.py": text}, young=frozenset(EARLIER))
    assert [each.rule for each in found] == rules


UNLESS = (
    "if it is really to go, a requirement must say that what it held is removed, and its task name "
    "the file under modifies."
)


def test_a_finding_says_what_was_lost_where_and_how_to_put_it_back(guarded: Guarded) -> None:
    (found,) = guarded({}, {SUITE: None})
    assert found.model_dump(exclude={"id", "requirement"}, exclude_defaults=True) == {
        "rule": "tests-removed",
        "severity": "error",
        "path": SUITE,
        "message": "tests/test_greet.py is gone, and with it 2 tests.",
        "evidence": "GreetTest.test_greets, GreetTest.test_greets_nobody\n"
        "def test_greets(self):\n"
        "    self.assertEqual(greet('Ada'), 'Hello Ada')\n"
        "    self.assertEqual(greet('Bob'), 'Hello Bob')",
        "remedy": f"Put back what is lost (`git show 0123abc:tests/test_greet.py`); {UNLESS}",
    }


SENTENCES: dict[str, tuple[dict[str, str], After, str]] = {
    "one test of two": (
        EARLIER,
        {"tests/test_more.py": ""},
        "A test that tests/test_more.py had can be found nowhere: test_greets. "
        f"Put back what is lost (`git show 0123abc:tests/test_more.py`); {UNLESS}",
    ),
    "an assertion less": (
        EARLIER,
        {"tests/test_more.py": changed(("    assert greet('Bob') == 'Hello Bob'\n", ""))},
        "tests/test_more.py asserts less than it did, in test_greets (1 assertion, 2 before). "
        f"Put back what is lost (`git show 0123abc:tests/test_more.py`); {UNLESS}",
    ),
    "a weaker assertion": (
        EARLIER,
        {"tests/test_more.py": changed((" == 'Hello Bob'", ""))},
        "tests/test_more.py asserts less than it did, in test_greets (1 of a value, 2 before). "
        f"Put back what is lost (`git show 0123abc:tests/test_more.py`); {UNLESS}",
    ),
    "a skip": (
        EARLIER,
        {"tests/test_more.py": "import pytest\n" + changed(("def ", "@pytest.mark.skip\ndef "))},
        "Tests in tests/test_more.py need not pass any more: test_greets (skipped). "
        "Let them run and pass: mend the code, not the test.",
    ),
    "a setting": (
        {"pytest.ini": "[pytest]\naddopts = -q\n"},
        {"pytest.ini": "[pytest]\naddopts = -q -k nothing\n"},
        "pytest.addopts in pytest.ini now has -k nothing. "
        f"Put it back as it was (`git show 0123abc:pytest.ini`); {UNLESS}",
    ),
    "a new file of settings": (
        {},
        {"pytest.ini": "[pytest]\naddopts = -k nothing\n"},
        f"pytest.addopts in pytest.ini now has -k nothing. Take it out of pytest.ini; {UNLESS}",
    ),
}


@pytest.mark.parametrize(("before", "after", "words"), SENTENCES.values(), ids=SENTENCES.keys())
def test_the_executor_reads_what_was_weakened_where_and_what_to_do(
    guarded: Guarded, before: dict[str, str], after: After, words: str
) -> None:
    assert [f"{found.message} {found.remedy}" for found in guarded(before, after)] == [words]
