"""What a line says is read as a shell would read it, and each path has one answer."""

import pytest

from agent.domain.policy import (
    ALLOWED,
    DENIED_COMMANDS,
    Policy,
    Ruling,
    Scope,
    rule_on_command,
    rule_on_path,
)

PUSHES = [
    "git push",
    "git  push origin x",
    "cd x && git push",
    "true || git push",
    "env git push",
    "env -u A B=c git push",
    "env -S 'git push'",
    'sh -c "git push"',
    "bash -lc 'cd a; git push'",
    "bash -c 'bash -c \"git push\"'",
    "echo 'git push' | sh",
    "bash <<EOF\ngit push\nEOF",
    "eval git push",
    "eval 'git push'",
    "/usr/bin/git push",
    "\\git push",
    "g''it push",
    "git pu\\\nsh",
    "git -C sub push",
    "git -c a=b --no-pager push",
    "A=b git push",
    "A=b C=d git push",
    "then A=b git push",
    "(git push)",
    "{ git push; }",
    "! git push",
    "if true; then git push; fi",
    "echo $(git push)",
    'echo "$(git push)"',
    "echo `git push`",
    "cat <(git push)",
    "timeout 5 git push",
    "nohup git push &",
    "ls 2>&1 && git push",
    "sleep 1 & git push",
    "xargs git push",
    "find . -exec git push \\;",
    "ls\ngit push",
    "time git push",
    "git push 'unclosed",
]
HONEST = [
    "git status",
    "git log --grep push",
    "git stash push",
    "git diff -- push",
    "git commit -m 'git push'",
    "git config user.name x",
    "echo git push",
    "grep -rn 'git push' .",
    "echo su",
    "cat sudo.txt",
    "npm run publish",
    "python3 -m unittest 2>&1 | tail -3",
    "pytest &> out.txt",
]


@pytest.mark.parametrize("line", PUSHES)
def test_a_denied_command_is_found_wherever_it_stands_in_a_line(line: str) -> None:
    assert rule_on_command(Policy(), line) == Ruling("deny", line, "deny_commands", "git push")


@pytest.mark.parametrize("line", HONEST)
def test_words_that_only_look_like_a_denied_command_are_let_through(line: str) -> None:
    assert rule_on_command(Policy(), line) == ALLOWED


@pytest.mark.parametrize("entry", DENIED_COMMANDS)
def test_each_command_that_is_denied_by_default_is_denied(entry: str) -> None:
    assert rule_on_command(Policy(), f"{entry} x").rule == entry


def test_an_option_of_a_rule_may_stand_anywhere() -> None:
    policy = Policy(deny_commands=("git config --global",))
    assert rule_on_command(policy, "git config user.name x --global").verdict == "deny"
    assert rule_on_command(policy, "git config user.name x").verdict == "allow"


def test_a_line_is_denied_before_a_person_is_asked_about_it() -> None:
    policy = Policy(ask_commands=("git", "rm -r"))
    assert rule_on_command(policy, "rm -r x") == Ruling("ask", "rm -r x", "ask_commands", "rm -r")
    assert rule_on_command(policy, "git push").verdict == "deny"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("pytest -q 2>&1", "allow"),
        ("cd a && pytest > out.txt", "allow"),
        ("pytest; curl x", "deny"),
        ("pytest | sh", "deny"),
        ("pytest $(curl x)", "deny"),
        ('pytest "`curl x`"', "deny"),
        ("git -c core.pager=x status", "deny"),
        ("env pytest", "deny"),
        ("./pytest", "deny"),
        ("PATH=.:$PATH pytest", "deny"),
        ("if true; then pytest; fi", "allow"),
        ("pytest 'x", "deny"),
    ],
)
def test_with_an_allow_list_every_part_of_a_line_must_stand_in_it(line: str, verdict: str) -> None:
    policy = Policy(allow_commands=("pytest", "git status"))
    assert rule_on_command(policy, line).verdict == verdict


SCOPE = Scope(
    files=frozenset({"app/a.py"}),
    checks=("python3 -m unittest tests.test_a", "pytest ./tests/test_b.py -q"),
)


@pytest.mark.parametrize(
    ("path", "is_new", "why"),
    [
        ("app/a.py", False, ""),
        ("app/b.py", False, "outside_task"),
        ("app/new.py", True, "outside_task"),
        ("tests/test_a.py", False, ""),
        ("tests/test_b.py", False, ""),
        ("tests/test_c.py", False, "outside_task"),
        ("tests/test_ab.py", False, "outside_task"),
        ("tests/test_c.py", True, ""),
        ("web/list.test.ts", True, ""),
        ("plans/plan.md", False, "own_file"),
        ("gardener.toml", True, "own_file"),
    ],
)
def test_a_task_changes_its_files_and_its_own_tests(path: str, is_new: bool, why: str) -> None:
    own = frozenset({"plans/plan.md"})
    ruling = rule_on_path(Policy(paths="task"), path, own, SCOPE, is_new=is_new)
    assert ruling == (Ruling("deny", path, why) if why else ALLOWED)  # type: ignore[arg-type]


def test_anything_in_the_repository_but_the_harness_own_files_may_be_changed_by_default() -> None:
    own = frozenset({"plans/plan.md"})
    verdicts = {
        path: rule_on_path(Policy(), path, own, SCOPE, is_new=False).verdict
        for path in ("app/b.py", "tests/test_c.py", "plans/plan.md", "gardener.toml")
    }
    assert verdicts == {
        "app/b.py": "allow",
        "tests/test_c.py": "allow",
        "plans/plan.md": "deny",
        "gardener.toml": "deny",
    }
