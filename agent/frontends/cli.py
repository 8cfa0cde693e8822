"""The command line: parses, calls, turns an outcome into an exit code.

Commands import what they need when they run, so that `--help` and `status` start at once.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from agent import __version__
from agent.frontends import cli_doctor, cli_read, cli_rehearse, cli_run, cli_usage
from agent.frontends.edge import exit_code_of

app = typer.Typer(
    name="gardener",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 proven done, 10 unfinished, 11 findings left, 12 stuck, 20 needs a "
    "person, 64 wrong usage or settings, 75 limit reached (resume later), 130 stopped.",
)
COMMANDS = (
    cli_read.init,
    cli_run.plan,
    cli_read.lint,
    cli_run.garden,
    cli_run.execute,
    cli_read.audit,
    cli_run.realign,
    cli_run.run,
    cli_run.resume,
    cli_read.status,
    cli_read.report,
    cli_usage.usage,
    cli_read.merge,
    cli_read.discard,
    cli_run.demo,
    cli_rehearse.rehearse,
    cli_doctor.doctor,
)
for command in COMMANDS:
    app.command()(command)


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"gardener {__version__}")
        raise typer.Exit


@app.callback()
def gardener(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Takes a request and a git repository; leaves a branch on which the request is proven done.

    \b
    See it work, without a key:    gardener demo
    The whole way in one command:  gardener run "add a search box to the todo list"
    Step by step:                  gardener plan, garden, execute, realign
    Afterwards:                    gardener report, then gardener merge
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code is the outcome's."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    return exit_code_of(
        lambda: app(given, prog_name="gardener", standalone_mode=False),
        as_json="--json" in given,
    )
