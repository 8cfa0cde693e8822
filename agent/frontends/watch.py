"""Drives a run in the foreground: shows it, stops it on a signal, says what comes next."""

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import anyio

from agent.domain.event import Entry, Phase, RunStarted
from agent.errors import Outcome, RunCancelled
from agent.frontends.approval import TerminalApprover
from agent.frontends.collecting import wake
from agent.frontends.console import LineConsole
from agent.frontends.options import RunOptions, Show
from agent.frontends.output import Output
from agent.frontends.report import build_report
from agent.frontends.stopping import stop_on_signals
from agent.frontends.stream import RecordStream, result_record
from agent.journal import FILE_NAME, Listener, read_entries


@dataclass(frozen=True)
class Watch:
    """What a run in the foreground is given."""

    listeners: tuple[Listener, ...]
    approver: TerminalApprover | None


class Finished(Protocol):
    """What is read of a run that ended."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def message(self) -> str: ...
    @property
    def run_folder(self) -> Path: ...


Result = TypeVar("Result", bound=Finished)


class Noted:
    """A journal listener that remembers the run's name, for the sentence after a Ctrl-C."""

    def __init__(self, past: Sequence[Entry]) -> None:
        self.run_id = ""
        for entry in past:
            self(entry)

    def __call__(self, entry: Entry) -> None:
        if isinstance(entry.event, RunStarted):
            self.run_id = entry.event.run_id

    def way_back(self) -> str:
        """The last words of a run that was stopped."""
        if not self.run_id:
            return "stopped; nothing was begun"
        return f"stopped; go on with: gardener resume {self.run_id}"


def watch(
    work: Callable[[Watch], Awaitable[Result]], options: RunOptions, past: Sequence[Entry] = ()
) -> Result:
    """Runs `work` to its end and shows it; `past` is what the journal already holds.

    Raises RunCancelled when the user stops it.
    """
    output = Output(sys.stdout)
    noted = Noted(past)
    with ExitStack() as stack:
        listener, paused = stack.enter_context(shown_run(output, options.show, past))
        approver = TerminalApprover(paused) if options.approve else None
        watching = Watch((noted, listener, wake), approver)

        async def stoppable() -> Result | None:
            with anyio.CancelScope() as scope:
                with stop_on_signals(scope.cancel, noted.way_back, as_json=options.show.json):
                    return await work(watching)
            return None

        result = anyio.run(stoppable)
    if result is None:
        raise RunCancelled(noted.way_back())
    if options.show.json:
        report = build_report(read_entries(result.run_folder / FILE_NAME))
        output.record(result_record(result.outcome, result.message, report))
    return result


Pause = Callable[[], AbstractContextManager[None]]


@contextmanager
def shown_run(
    output: Output, show: Show, past: Sequence[Entry]
) -> Iterator[tuple[Listener, Pause]]:
    """The listener that suits whoever reads, and a way to take its hands off the terminal."""
    if show.json:
        yield RecordStream(output), nullcontext
        return
    if not show.plain and sys.stdout.isatty():
        from rich.console import Console

        from agent.frontends.live import LiveConsole

        console = Console()
        if not console.is_dumb_terminal:
            with LiveConsole(console, past) as live:
                yield live, live.paused
            return
    yield LineConsole(output, past), nullcontext


def next_steps(
    outcome: Outcome, phases: tuple[Phase, ...], run_id: str, plan_file: Path | None
) -> tuple[str, ...]:
    """What a person can do after a run, the likeliest first."""
    match outcome:
        case Outcome.DONE if "realign" in phases:
            return (f"gardener report {run_id}", f"gardener merge {run_id}")
        case Outcome.DONE if "garden" in phases:
            return (f"gardener execute {plan_file}",)
        case Outcome.DONE:
            return (f"gardener garden {plan_file}", f"gardener execute {plan_file}")
        case Outcome.FINDINGS if "execute" not in phases and "realign" not in phases:
            return (f"gardener lint {plan_file}", f"gardener garden {plan_file}")
        case Outcome.FINDINGS:
            return (f"gardener report {run_id}", f"gardener realign {run_id}")
        case Outcome.UNFINISHED if "realign" not in phases and "execute" in phases:
            return (f"gardener realign {run_id}",)
        case _:
            return (f"gardener report {run_id}", f"gardener resume {run_id}")
