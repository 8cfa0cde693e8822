"""Each lint rule fires on what it is for, and leaves a good plan alone."""

from typing import Any

import pytest

from agent.domain.check import CommandCheck
from agent.domain.finding import Finding
from agent.domain.plan import EntryPoint, Plan, Requirement, Task
from agent.planning.lint import FORM_RULES, RULES, lint, not_well_formed
from agent.planning.lint_files import is_called, path_fault
from agent.planning.lint_words import smaller_words
from agent.planning.planfile import parse, render

FILES = frozenset({"README.md", "old/__main__.py"})
FILE = "plans/todo-chat.md"


def rules(plan: Plan, files: frozenset[str] = FILES) -> list[str]:
    return [finding.rule for finding in lint(plan, files, file=FILE)]


def with_task(plan: Plan, index: int, **fields: Any) -> Plan:  # noqa: ANN401
    tasks = list(plan.tasks)
    tasks[index] = tasks[index].model_copy(update=fields)
    return plan.model_copy(update={"tasks": tuple(tasks)})


def test_a_good_plan_has_no_findings(plan: Plan) -> None:
    assert lint(plan, FILES, file=FILE) == ()


@pytest.mark.parametrize(
    ("index", "fields", "rule"),
    [
        (1, {"id": "T01", "depends": ()}, "duplicate-id"),
        (1, {"serves": ("R1", "R9")}, "unknown-requirement"),
        (1, {"depends": ("T09",)}, "unknown-task"),
        (1, {"creates": ("../x.py",)}, "path-outside"),
        (1, {"modifies": ("todo_chat/__main__.py", ".git/config")}, "path-outside"),
        (1, {"checks": (CommandCheck(run="x", output="("),)}, "check-pattern"),
        (2, {"serves": ("R1",)}, "requirement-without-task"),
        (1, {"serves": ()}, "task-without-requirement"),
        (1, {"checks": ()}, "task-without-check"),
        (1, {"checks": (CommandCheck(run="pytest || true"),)}, "check-cannot-fail"),
        (1, {"checks": (CommandCheck(run="echo ok", output="ok"),)}, "check-cannot-fail"),
        (0, {"depends": ("T03",), "serves": ("R1",)}, "dependency-cycle"),
        (2, {"creates": ("todo_chat/store.py",)}, "created-twice"),
        (1, {"creates": ("README.md",)}, "created-exists"),
        (1, {"modifies": ("todo_chat/chat.py",)}, "modified-missing"),
        (1, {"wiring": ""}, "task-without-wiring"),
        (1, {"brief": "A static list for now."}, "scope-reduced"),
        (1, {"size_tokens": 50_000}, "task-too-big"),
    ],
)
def test_a_faulty_task_is_found(plan: Plan, index: int, fields: dict[str, Any], rule: str) -> None:
    assert rule in rules(with_task(plan, index, **fields))


def test_a_task_in_front_of_what_it_depends_on_is_found(plan: Plan) -> None:
    first, second, third = plan.tasks
    turned = plan.model_copy(update={"tasks": (first, third, second)})
    assert rules(turned) == ["forward-dependency"]


def test_a_requirement_that_nothing_proves_is_found(plan: Plan) -> None:
    bare = plan.requirements[0].model_copy(update={"checks": ()})
    changed = plan.model_copy(update={"requirements": (bare, plan.requirements[1])})
    assert rules(changed) == ["requirement-without-check"]


def test_a_plan_without_entry_point_is_found(plan: Plan) -> None:
    assert rules(plan.model_copy(update={"entry_points": ()})) == ["no-entry-point"]


def test_a_start_up_that_no_task_writes_is_found_where_it_is_declared(plan: Plan) -> None:
    forgotten = with_task(plan, 0, creates=("tests/test_main.py",))
    for index in (1, 2):
        forgotten = with_task(forgotten, index, modifies=())
    (finding,) = lint(forgotten, FILES, file=FILE)
    line = render(forgotten).split("\n").index("### E1: `python3 -m todo_chat`") + 1
    assert finding == Finding(
        id=finding.id,
        rule="entry-point-unwired",
        severity="error",
        path=FILE,
        line=line,
        message="E1 is started with `python3 -m todo_chat`, but todo_chat/__main__.py does not "
        "exist and no task creates it.",
        evidence="todo_chat/__main__.py",
        remedy="Add a task that creates this file and starts the program from it.",
    )


def test_new_code_beside_an_untouched_start_up_is_a_warning(plan: Plan) -> None:
    old = EntryPoint(id="E1", command="python3 -m old", path="old/__main__.py")
    changed = plan.model_copy(update={"entry_points": (old,)})
    assert [(f.rule, f.severity) for f in lint(changed, FILES)] == [
        ("entry-point-untouched", "warning")
    ]
    assert rules(with_task(changed, 0, modifies=("old/__main__.py",))) == []


def test_a_finding_keeps_its_id_when_lines_move(plan: Plan) -> None:
    faulty = with_task(plan, 1, checks=())
    longer = faulty.model_copy(update={"introduction": "One.\n\nTwo."})
    (one,), (other,) = lint(faulty, FILES, file=FILE), lint(longer, FILES, file=FILE)
    assert one.id == other.id
    assert one.line != other.line


def test_realignment_tasks_need_neither_requirement_nor_check_of_their_own(plan: Plan) -> None:
    mend = Task(
        id="T03r1",
        title="Put a real call in place of the stub",
        modifies=("todo_chat/chat.py",),
        closes=("F12ab34cd",),
    )
    assert rules(plan.model_copy(update={"tasks": (*plan.tasks, mend)})) == []


def test_only_faults_of_form_keep_a_plan_from_being_one(plan: Plan) -> None:
    faulty = with_task(with_task(plan, 1, depends=("T09",)), 2, wiring="")
    findings = lint(faulty, FILES)
    assert [f.rule for f in findings] == ["unknown-task", "task-without-wiring"]
    assert [f.rule for f in not_well_formed(findings)] == ["unknown-task"]
    assert {rule.id for rule in RULES} > FORM_RULES


def test_a_larger_budget_takes_a_larger_task(plan: Plan) -> None:
    large = with_task(plan, 1, size_tokens=50_000)
    assert lint(large, FILES, size_budget_tokens=60_000) == ()


def test_words_that_the_user_asked_for_are_no_reduction(plan: Plan) -> None:
    requirement = Requirement(
        id="R1", title="Placeholder pictures", checks=plan.requirements[0].checks
    )
    smaller = plan.model_copy(update={"requirements": (requirement, plan.requirements[1])})
    asked = smaller.model_copy(update={"request": "Show placeholder pictures."})
    assert rules(smaller) == ["scope-reduced"]
    assert rules(asked) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("static for now", ["static for now"]),
        ("It is a\nplaceholder.", ["placeholder"]),
        ("It will be wired up later", ["will be wired up later"]),
        ("wire it into main later", ["wire it into main later"]),
        ("v1 only, a simplified version", ["v1 only", "simplified version"]),
        ("returns a canned reply", ["canned reply"]),
        ("stub the chat", ["stub"]),
        ("no stubs, never a placeholder", []),
        ("It must not return a canned reply", []),
        ("replaces the stub", []),
        ("the field's placeholder text", []),
        ("a stub server for the test", []),
        ("`for now` is a name", []),
        ("```\n# for now\n```\ndone", []),
        ("add it to the list, later todos come after it", []),
    ],
)
def test_words_that_make_the_request_smaller(text: str, found: list[str]) -> None:
    assert list(smaller_words(text)) == found


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("a/b.py", ""),
        (".github/x.yml", ""),
        ("a..b", ""),
        ("/etc/passwd", "is not relative to the repository's root"),
        ("~/x", "is not relative to the repository's root"),
        ("C:/x", "is not relative to the repository's root"),
        ("a/../b", "leaves the repository"),
        ("a\\b", "has a backslash; write /"),
        (".git/hooks/x", "lies in .git"),
        ("a/.GIT/x", "lies in .git"),
        ("a/", "names a folder, not a file"),
        ("./a//b", "is written a/b"),
    ],
)
def test_a_path_must_name_a_file_in_the_repository(path: str, fault: str) -> None:
    assert path_fault(path) == fault


def test_only_code_has_to_be_called() -> None:
    assert [is_called(p) for p in ("a.py", "web/x.html", "cmd/main.go")] == [True] * 3
    uncalled = (
        "README.md",
        "pyproject.toml",
        ".gitignore",
        "Makefile",
        "a/__init__.py",
        "tests/x.py",
        "a/test_x.py",
        "a/x_test.go",
        "a/x.test.ts",
        "conftest.py",
    )
    assert [path for path in uncalled if is_called(path)] == []


def test_findings_are_the_same_for_a_plan_read_back_from_its_file(plan: Plan) -> None:
    faulty = with_task(plan, 1, checks=(), wiring="")
    again = parse(render(faulty), file=FILE)
    assert lint(again, FILES, file=FILE) == lint(faulty, FILES, file=FILE)


def test_a_plan_with_nothing_to_prove_is_not_well_formed(plan: Plan) -> None:
    assert "nothing-to-prove" in rules(plan.model_copy(update={"requirements": ()}))
    assert "nothing-to-prove" in rules(plan.model_copy(update={"tasks": ()}))


def test_only_realignment_closes_findings(plan: Plan) -> None:
    task = plan.tasks[0].model_copy(update={"closes": ("F12345678",)})
    changed = plan.model_copy(update={"tasks": (task, *plan.tasks[1:])})
    assert rules(changed) == ["closes-reserved"]
