"""Runs checks: the evidence that decides whether a task is done."""

import re

from agent.domain.check import CallsCheck, Check, CheckResult, CommandCheck
from agent.domain.ports import CommandResult, Workspace

OUTPUT_CHARACTERS = 4_000
PATTERN_SECONDS = 2.0
"""A pattern that nests repetitions can take longer than the universe is old."""
NO_TESTS = re.compile(r"^Ran 0 tests in |^no tests ran", re.MULTILINE)
ERROR_LINE = re.compile(r"\w(Error|Exception)\b|^error|No module named|No such file|not found")


async def run_checks(workspace: Workspace, checks: tuple[Check, ...]) -> tuple[CheckResult, ...]:
    """Runs each check once, one after the other, in a clean process."""
    return tuple([await run_check(workspace, check) for check in checks])


async def run_check(workspace: Workspace, check: Check) -> CheckResult:
    match check:
        case CommandCheck():
            result = await workspace.run(check.run, timeout_seconds=check.timeout_seconds)
            return command_verdict(check, result)
        case CallsCheck():
            return await run_calls_check(workspace, check)


async def run_calls_check(workspace: Workspace, check: CallsCheck) -> CheckResult:
    """Starts a recording endpoint where the program's configuration points, and looks."""
    from agent.rehearsal.recorder import RecordingEndpoint

    with RecordingEndpoint() as endpoint:
        env = {check.base_url_env: endpoint.base_url, check.key_env: "recording-endpoint"}
        result = await workspace.run(
            check.run, timeout_seconds=check.timeout_seconds, env=env, ports=(endpoint.port,)
        )
        sent = [f"{call.model}\n{call.text}" for call in endpoint.calls]
        calls, token = len(sent), endpoint.token
    verdict = command_verdict(check, result)
    if verdict.passed and calls == 0:
        verdict = refused(verdict, f"the endpoint in ${check.base_url_env} was never called")
    elif verdict.passed and token not in result.output:
        verdict = refused(verdict, "the endpoint was called, but its answer is not in the output")
    elif verdict.passed and (missing := what_was_not_sent(check.sends, sent)):
        verdict = refused(verdict, missing)
    elif verdict.passed:
        count = "once" if calls == 1 else f"{calls} times"
        reason = f"the endpoint was called {count} and its answer came out"
        verdict = verdict.model_copy(update={"reason": reason})
    return verdict.model_copy(update={"calls_seen": calls})


def what_was_not_sent(pattern: str | None, sent: list[str]) -> str:
    """Why no request of a program was the one wanted; empty when one was."""
    if pattern is None:
        return ""
    reasons = [output_verdict(pattern, text) for text in sent]
    if any(passed for passed, _ in reasons):
        return ""
    return f"the endpoint was called, but no request matches /{pattern}/"


def refused(result: CheckResult, reason: str) -> CheckResult:
    return result.model_copy(update={"passed": False, "reason": reason})


def telling_line(output: str) -> str:
    """What mostly says why: the last line that names an error, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if ERROR_LINE.search(line)]
    return (errors or lines or ["no output"])[-1][:120]


def output_verdict(pattern: str | None, output: str) -> tuple[bool, str]:
    """Whether the output has the pattern, and the reason in words."""
    import regex

    if pattern is None:
        return True, "exit code 0"
    try:
        found = regex.search(pattern, output, timeout=PATTERN_SECONDS)
    except TimeoutError:
        slow = f"matching /{pattern}/ took more than {PATTERN_SECONDS:g} s; make it simpler"
        return False, f"exit code 0, but {slow}"
    return bool(
        found
    ), "exit code 0" if found else f"exit code 0, but no output matches /{pattern}/"


def command_verdict(check: Check, result: CommandResult) -> CheckResult:
    """What the end of a command says about its check."""
    passed, reason = False, f"exit code {result.exit_code}"
    if result.timed_out:
        reason = f"killed after {check.timeout_seconds} s"
    elif result.exit_code != 0:
        reason = f"exit code {result.exit_code}: {telling_line(result.output)}"
    elif NO_TESTS.search(result.output):
        reason = "exit code 0, but no test ran"
    else:
        wanted = check.output if isinstance(check, CommandCheck) else None
        passed, reason = output_verdict(wanted, result.output)
    return CheckResult(
        check=check,
        passed=passed,
        reason=reason,
        exit_code=result.exit_code,
        output=result.output[-OUTPUT_CHARACTERS:],
        seconds=round(result.seconds, 3),
    )
