"""The command that reads the ledger."""

import sys
from pathlib import Path

from agent.errors import Outcome, UsageError
from agent.frontends.output import Output
from agent.frontends.runs import project_root


def usage(by: str, run: str | None, plan_file: Path | None, *, as_json: bool) -> Outcome:
    """Shows the sums of the ledger. Raises UsageError when the run is not in it."""
    from functools import partial
    from typing import get_args

    import anyio

    from agent.config import load_settings, read_environment
    from agent.frontends.usage import usage_lines, usage_record
    from agent.limits.ledger import KEYS, By
    from agent.wiring.ledger import open_books, plan_forecast
    from agent.wiring.ledger import usage as read_usage
    from agent.wiring.machine import SystemClock

    chosen = next((key for key in KEYS if key == by), None)
    if chosen is None:
        raise UsageError(f"nothing to sum by {by!r}; use one of {', '.join(get_args(By))}")
    place, clock = Path.cwd(), SystemClock()
    settings = load_settings(read_environment(), project_root(place))
    books = open_books(settings, clock)
    try:
        ledger = read_usage(books, chosen, settings, run or "")
        if run and not ledger.total.requests:
            raise UsageError(f"no run named {run!r} is in the ledger; see: gardener usage --by run")
        work = partial(plan_forecast, place=place, settings=settings, books=books, clock=clock)
        plan = anyio.run(partial(work, plan_file=plan_file)) if plan_file else None
    finally:
        books.close()
    output = Output(sys.stdout)
    if as_json:
        output.record(usage_record(ledger, plan))
    else:
        output.line("\n".join(usage_lines(ledger, plan)))
    return Outcome.DONE
