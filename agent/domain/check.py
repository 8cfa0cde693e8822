"""Checks: what the harness runs to prove a task or a requirement."""

import re
from typing import Annotated, Literal

from pydantic import Field

from agent.domain.value import Value


class CommandCheck(Value):
    """A shell command that exits with 0, and prints what `output` asks for."""

    kind: Literal["command"] = "command"
    run: str = Field(min_length=1)
    """One shell line, run in the root of a checkout with a clean environment."""
    output: str | None = None
    """A regular expression that must match somewhere in the output."""
    timeout_seconds: int = Field(default=120, ge=1, le=3600)


class CallsCheck(Value):
    """A command whose own code path must really call the configured model endpoint.

    A recording endpoint is started, the environment variables point at it, the command runs.
    It passes when the endpoint was called, the command exits with 0, and the endpoint's answer,
    which nobody can guess, is in the output.
    """

    kind: Literal["calls"] = "calls"
    run: str = Field(min_length=1)
    base_url_env: str = "OPENAI_BASE_URL"
    key_env: str = "OPENAI_API_KEY"
    sends: str | None = None
    """A regular expression that one request must match: the model's name, then the messages'
    texts, each on a line."""
    timeout_seconds: int = Field(default=120, ge=1, le=3600)


Check = Annotated[CommandCheck | CallsCheck, Field(discriminator="kind")]


class CheckResult(Value):
    """What one run of one check gave."""

    check: Check
    passed: bool
    reason: str
    """One line: why it is red, or what made it green."""
    exit_code: int | None = None
    """None when the command was killed or never started."""
    output: str = ""
    """The end of what it printed."""
    seconds: float = 0.0
    calls_seen: int = 0
    """Requests that reached the recording endpoint."""


NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+(\.\d+)?")
"""Times, addresses and counts differ each time."""


def without_numbers(output: str) -> str:
    return NUMBERS.sub("#", output)


def failure_signature(results: tuple[CheckResult, ...]) -> tuple[tuple[str, str], ...]:
    """Which checks are red and how, alike for two runs that fail in the same way."""
    return tuple((r.check.run, without_numbers(r.output or r.reason)) for r in red(results))


def red(results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    return tuple(result for result in results if not result.passed)
