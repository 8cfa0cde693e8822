"""The outermost edge: every ending becomes one sentence and an exit code."""

import io
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import typer

from agent.errors import GardenerError, Outcome
from agent.frontends.output import Output, error_record


def exit_code_of(command: Callable[[], int | None], *, as_json: bool) -> int:
    """Calls a command; whatever it raises is told in one sentence, on standard error or in JSON."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character must not end a run.
            stream.reconfigure(errors="backslashreplace")
    try:
        return command() or 0
    except (KeyboardInterrupt, typer.Abort):
        outcome, message = Outcome.CANCELLED, "stopped; go on with: gardener resume"
    except typer.TyperException as error:
        outcome, message = Outcome.USAGE, usage_sentence(error)
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - nobody is left to ask
        outcome, message = explain(first_cause(error))
    if as_json:
        Output(sys.stdout).record(error_record(outcome, message))
    else:
        Output(sys.stderr).line(f"gardener: {message}")
    return outcome.exit_code


def usage_sentence(error: typer.TyperException) -> str:
    """The parser's complaint, and where to read more."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "gardener"
    words = getattr(error, "format_message", lambda: str(error))()
    return f"{words.rstrip('.')}; see: {path} --help"


def first_cause(error: BaseException) -> BaseException:
    """What a group of concurrent failures is about: our own error, or else the first one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [first_cause(each) for each in error.exceptions]
    return next((each for each in causes if isinstance(each, GardenerError)), causes[0])


def explain(error: BaseException) -> tuple[Outcome, str]:
    if isinstance(error, GardenerError):
        return error.outcome, str(error)
    if isinstance(error, KeyboardInterrupt):
        return Outcome.CANCELLED, "stopped; go on with: gardener resume"
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return Outcome.UNFINISHED, f"{name}{error.strerror}; mend that, then: gardener resume"
    return Outcome.UNFINISHED, bug_sentence(error)


def bug_sentence(error: BaseException) -> str:
    from agent.config import DEBUG_VARIABLE, read_environment

    if read_environment().get(DEBUG_VARIABLE):
        import traceback

        traceback.print_exception(error)
    journal = newest_journal()
    kept = f" The journal is kept in {journal}; go on with: gardener resume." if journal else ""
    return (
        f"this is a bug ({type(error).__name__}).{kept} "
        f"{DEBUG_VARIABLE}=1 shows where; please report it."
    )


def newest_journal() -> Path | None:
    from agent.frontends.runs import newest_run
    from agent.journal import FILE_NAME

    with suppress(GardenerError, OSError):
        return newest_run(Path.cwd()) / FILE_NAME
    return None
