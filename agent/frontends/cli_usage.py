"""The command that reads the ledger, as the command line sees it."""

from pathlib import Path
from typing import Annotated

import typer

from agent.frontends import flags

By = Annotated[
    str,
    typer.Option(
        "--by", metavar="WORD", help="Sum by role, task, model, account, minute, day or run."
    ),
]
OneRun = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="Only this run: its name or beginning.")
]
ForPlan = Annotated[
    Path | None, typer.Option("--plan", metavar="PLAN", help="Say what this plan will need.")
]


def usage(
    by: By = "role", run: OneRun = None, plan: ForPlan = None, json: flags.Json = False
) -> int:
    """Show the tokens, waits and money that runs have used.

    Of tokens, `estimated` is the input as expected before sending, `reserved` the output asked
    for, `charged` what counts against token limits; `input`, `output` and `cached` are what the
    endpoint counted. A `+` behind a sum of money says that some of the cost is not known.

    \b
    Example:  gardener usage --by day
    Next:     gardener usage --plan plans/todo.md
    """
    from agent.frontends import commands_usage

    return commands_usage.usage(by, run, plan, as_json=json).exit_code
