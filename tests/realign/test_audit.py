from collections.abc import Callable
from pathlib import Path

import agent
from agent.domain.finding import Finding, finding_id
from agent.domain.plan import Plan, Task
from agent.realign.audit import attach_requirements, audit

Audited = Callable[..., tuple[Finding, ...]]
PACKAGE = Path(agent.__file__).parent


def test_a_file_that_cannot_be_parsed_is_a_finding_and_stops_nothing(audited: Audited) -> None:
    findings = audited({"main.py": "def save(todo): ...\n", "tests/test_a.py": "x = 1\ndef (:\n"})
    assert [f.rule for f in findings] == ["stub-body", "syntax-error"]
    assert findings[1] == Finding(
        id=finding_id("syntax-error", "tests/test_a.py", ""),
        rule="syntax-error",
        severity="error",
        path="tests/test_a.py",
        line=2,
        message="tests/test_a.py cannot be parsed: invalid syntax.",
        evidence="def (:",
        remedy="Mend the syntax; nothing in this file can run.",
    )


def test_broken_samples_and_odd_files_are_no_findings(audited: Audited, tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nname = '\xe9'\n")
    files = {
        "main.py": "import latin\n",
        "tests/data/broken.py": "def (:\n",
        "template/{{ name }}.py": "{{ x }}\n",
    }
    audited(files)
    listed = (*files, "latin.py", "gone.py")
    assert audit(tmp_path, listed, changed=None, entry_files=frozenset({"main.py"})) == ()


def test_findings_come_in_the_order_of_path_and_line_each_once(audited: Audited) -> None:
    findings = audited(
        {
            "main.py": "import b\ndef save(x): ...\ndef reply(text):\n    return 'Hello'\n",
            "b.py": "def load(x): ...\n",
        }
    )
    assert [(f.path, f.line, f.rule) for f in findings] == [
        ("b.py", 1, "stub-body"),
        ("main.py", 2, "stub-body"),
        ("main.py", 3, "canned-reply"),
    ]


def test_code_in_other_languages_is_said_to_be_unchecked(audited: Audited) -> None:
    (found,) = audited({"main.py": "x = 1\n", "web/a.ts": "", "web/b.ts": "", "a.css": ""})
    assert (found.rule, found.severity, found.message) == (
        "not-checked",
        "info",
        "2 changed files in TypeScript were not audited: only Python is understood.",
    )


def test_a_changed_file_that_is_gone_is_passed_over(audited: Audited) -> None:
    assert audited({"main.py": "x = 1\n"}, changed=frozenset({"gone.py", "main.py"})) == ()


def test_findings_learn_their_requirement_from_the_task_with_the_file() -> None:
    plan = Plan(
        name="shop",
        title="Shop",
        request="A shop.",
        tasks=(
            Task(id="T01", title="a", serves=("R1",), creates=("a.py",)),
            Task(id="T02", title="b", serves=("R2", "R3"), modifies=("a.py",)),
            Task(id="T03", title="c", creates=("c.py",)),
        ),
    )

    def of(path: str, requirement: str = "") -> Finding:
        return Finding(
            id=path,
            rule="x",
            severity="error",
            path=path,
            message="m",
            requirement=requirement,
        )

    before = (of("a.py"), of("a.py", "R9"), of("c.py"), of("d.py"))
    after = (of("a.py", "R2"), of("a.py", "R9"), of("c.py"), of("d.py"))
    assert attach_requirements(before, plan) == after


def test_this_package_is_clean() -> None:
    files = tuple(path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*.py"))
    code = tuple(path for path in files if not path.startswith("agent/_examples/"))
    entries = frozenset({"agent/frontends/cli.py"})
    assert audit(PACKAGE.parent, code, changed=None, entry_files=entries) == ()
