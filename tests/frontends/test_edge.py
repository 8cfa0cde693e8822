"""How every ending of a command is told."""

from collections.abc import Callable

import pytest

from agent.errors import NeedsPerson, PlanError, RateLimited, RunCancelled
from agent.frontends.edge import exit_code_of

Capture = pytest.CaptureFixture[str]


def raising(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (NeedsPerson("the plan is not approved"), 20, "the plan is not approved"),
        (RateLimited("too many requests; resume later"), 75, "too many requests; resume later"),
        (RunCancelled("stopped"), 130, "stopped"),
        (PlanError("unknown", file="p.md", line=3, field="serves"), 64, "p.md:3: serves: unknown"),
        (
            ExceptionGroup("", [KeyError("x"), ExceptionGroup("", [NeedsPerson("ask")])]),
            20,
            "ask",
        ),
        (
            PermissionError(13, "Permission denied", "/etc/x"),
            10,
            "/etc/x: Permission denied; mend that, then: gardener resume",
        ),
        (KeyboardInterrupt(), 130, "stopped; go on with: gardener resume"),
    ],
)
def test_an_ending_is_one_sentence_and_a_code(
    capsys: Capture, error: BaseException, code: int, sentence: str
) -> None:
    assert exit_code_of(raising(error), as_json=False) == code
    assert capsys.readouterr() == ("", f"gardener: {sentence}\n")


def test_a_bug_is_told_without_a_traceback(capsys: Capture) -> None:
    assert exit_code_of(raising(KeyError("secret")), as_json=False) == 10
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("gardener: this is a bug (KeyError).")
    assert err.endswith("GARDENER_DEBUG=1 shows where; please report it.\n")
    assert err.count("\n") == 1


def test_a_machine_gets_the_error_as_an_object(capsys: Capture) -> None:
    assert exit_code_of(raising(NeedsPerson('say "yes"')), as_json=True) == 20
    assert capsys.readouterr() == (
        '{"schema": 1, "type": "error", "outcome": "needs_person", "exit_code": 20, '
        '"message": "say \\"yes\\""}\n',
        "",
    )


def test_a_command_that_ends_well_says_nothing_more(capsys: Capture) -> None:
    assert exit_code_of(lambda: None, as_json=False) == 0
    assert capsys.readouterr() == ("", "")
