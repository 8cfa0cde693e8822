"""A shell line that cannot fail is recognised, one that can is left alone."""

import pytest

from agent.planning.shell_line import cannot_fail, prints_only


@pytest.mark.parametrize(
    "line",
    [
        "true",
        ":",
        "echo done",
        "printf 'ok; fine'",
        "exit 0",
        "A=1 true",
        "pytest || true",
        "pytest -q >/dev/null 2>&1 || :",
        "pytest || echo failed",
        "pytest; true",
        "pytest\nexit 0",
        "pytest 2>&1 | tail -3",
        "pytest &",
        "true && echo ok",
    ],
)
def test_a_line_that_cannot_fail_is_recognised(line: str) -> None:
    assert cannot_fail(line)


@pytest.mark.parametrize(
    "line",
    [
        "pytest -q",
        "pytest -q 2>&1",
        "test -f a && echo ok",
        "echo x | grep y",
        "! true",
        "false || pytest",
        "true && pytest",
        "set -e; pytest; true",
        "(pytest) || true",
        "python3 -c \"print('a; true')\"",
        'python3 -c "assert \\"; true\\""',
        "python3 -c 'print(1)' || exit 1",
        "sh -c 'exit 3'",
        "echo 'not closed",
        "x=`cmd`",
        "pytest;",
        "",
    ],
)
def test_a_line_that_can_fail_is_left_alone(line: str) -> None:
    assert not cannot_fail(line)


def test_a_line_that_only_prints_runs_nothing_worth_looking_at() -> None:
    assert prints_only("echo a && printf b; true")
    assert not prints_only("pytest | tail -3")
    assert not prints_only("(echo a)")
