"""What the output of a command says about its check."""

import pytest

from agent.domain.check import CommandCheck
from agent.domain.ports import CommandResult
from agent.engine.checks import command_verdict, what_was_not_sent


@pytest.mark.parametrize(
    ("pattern", "output", "passed", "reason"),
    [
        ("Hello A.a", "Hello Ada\n", True, "exit code 0"),
        ("^Bye$", "Hello\nBye\n", False, "exit code 0, but no output matches /^Bye$/"),
        ("(?m)^Bye$", "Hello\nBye\n", True, "exit code 0"),
        (
            "(a|a)*$",
            "a" * 40 + "b",
            False,
            "exit code 0, but matching /(a|a)*$/ took more than 2 s; make it simpler",
        ),
    ],
)
def test_the_output_has_to_have_the_pattern_within_a_time(
    pattern: str, output: str, passed: bool, reason: str
) -> None:
    check = CommandCheck(run="./say", output=pattern)
    verdict = command_verdict(check, CommandResult(exit_code=0, output=output, seconds=0.1))
    assert (verdict.passed, verdict.reason) == (passed, reason)


SENT = ["gpt-4o-mini\nYou give advice.\nfood spent 12.50"]


@pytest.mark.parametrize(
    ("pattern", "sent", "reason"),
    [
        (None, [], ""),
        (r"^gpt-4o-mini\n[\s\S]*food\s+spent 12\.50", SENT, ""),
        ("food", ["m\nhi", "m\nfood"], ""),
        ("rent", SENT, "the endpoint was called, but no request matches /rent/"),
    ],
)
def test_a_request_has_to_hold_what_the_check_wants_sent(
    pattern: str | None, sent: list[str], reason: str
) -> None:
    assert what_was_not_sent(pattern, sent) == reason
