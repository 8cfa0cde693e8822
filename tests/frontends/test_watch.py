"""A run in the foreground: shown, stopped by a signal, closed with the next step."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from agent.domain.event import PHASES, Entry, Event, Phase
from agent.errors import NeedsPerson, Outcome, RunCancelled
from agent.frontends.options import RunOptions, Show
from agent.frontends.watch import Watch, next_steps, watch

Capture = pytest.CaptureFixture[str]
Tell = Callable[..., tuple[Entry, ...]]
Keep = Callable[[Path, tuple[Entry, ...]], Path]


@dataclass(frozen=True)
class Result:
    """What the wiring returns."""

    run_folder: Path
    outcome: Outcome = Outcome.DONE
    message: str = "every requirement is proven"
    run_id: str = "20260102-030405-ab12"
    branch: str = "gardener/todo"


def test_a_machine_reads_events_and_then_the_result(
    tmp_path: Path, tell: Tell, story: list[Event], keep: Keep, capsys: Capture
) -> None:
    entries = tell(*story)
    folder = keep(tmp_path / "run", entries)

    async def work(watching: Watch) -> Result:
        for entry in entries:
            for listener in watching.listeners:
                listener(entry)
        return Result(folder)

    watch(work, RunOptions(Show(json=True)))
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["type"] for record in records] == [e.event.type for e in entries] + ["result"]
    assert (records[-1]["outcome"], records[-1]["exit_code"]) == ("done", 0)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_run_and_the_way_back_is_told(
    tell: Tell, story: list[Event], capsys: Capture, name: signal.Signals
) -> None:
    stopped = []

    async def work(watching: Watch) -> Result:
        for entry in tell(*story[:2]):
            for listener in watching.listeners:
                listener(entry)
        os.kill(os.getpid(), name)
        try:
            with anyio.fail_after(10):
                await anyio.sleep_forever()
        finally:
            stopped.append(True)
        raise AssertionError("slept for ever")

    with pytest.raises(RunCancelled) as raised:
        watch(work, RunOptions())
    assert str(raised.value) == "stopped; go on with: gardener resume 20260102-030405-ab12"
    assert stopped == [True]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert capsys.readouterr().out.splitlines()[0] == "rehearsal: replies are scripted"


def test_nobody_at_the_terminal_cannot_approve(capsys: Capture) -> None:
    async def work(watching: Watch) -> Result:
        assert watching.approver
        await watching.approver.approve("Execute plan todo?")
        raise AssertionError("nobody answered")

    with pytest.raises(NeedsPerson) as raised:
        watch(work, RunOptions(approve=True))
    assert str(raised.value) == (
        "Execute plan todo? Nobody is here to answer: read the plan, then approve it with: "
        "gardener resume"
    )


@pytest.mark.parametrize(
    ("outcome", "phases", "steps"),
    [
        (Outcome.DONE, PHASES, ("gardener report r", "gardener merge r")),
        (Outcome.DONE, ("plan",), ("gardener garden p.md", "gardener execute p.md")),
        (Outcome.DONE, ("garden",), ("gardener execute p.md",)),
        (Outcome.FINDINGS, ("garden",), ("gardener lint p.md", "gardener garden p.md")),
        (Outcome.FINDINGS, ("realign",), ("gardener report r", "gardener realign r")),
        (Outcome.UNFINISHED, ("execute",), ("gardener realign r",)),
        (Outcome.LIMIT, PHASES, ("gardener report r", "gardener resume r")),
        (Outcome.STUCK, ("execute",), ("gardener report r", "gardener resume r")),
    ],
)
def test_the_next_step_fits_the_outcome(
    outcome: Outcome, phases: tuple[Phase, ...], steps: tuple[str, ...]
) -> None:
    assert next_steps(outcome, phases, "r", Path("p.md")) == steps
