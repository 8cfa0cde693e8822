"""A signal stops a run at once, whatever it is doing; its state is kept, and no child is left."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from scenario import HONEST, PLAN, Session, calls, executor, gardener, git, judge, planner

from agent.domain.event import Event, RunFinished
from agent.errors import Outcome
from agent.journal import FILE_NAME, read_entries
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.script import ScriptedReply
from agent.rehearsal.server import RehearsalServer
from agent.rehearsal.wire import Asked

ROOT = Path(__file__).parent.parent.parent
SOON_SECONDS = 20.0
"""For a busy machine; what the run waits for takes far longer."""
NUMBERS = itertools.count(1)


def long_line() -> str:
    """A command that no other test runs."""
    return f"sleep 97.{os.getpid()}{next(NUMBERS)}"


def is_running(line: str) -> bool:
    """Whether a process of this machine is this very command."""
    wanted = line.replace(" ", "\0") + "\0"
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_text(encoding="utf-8", errors="replace") == wanted:
                return True
        except OSError:
            continue
    return False


@dataclass
class Program:
    """A run in a process of its own, seen through its stream of events."""

    process: subprocess.Popen[str]
    repository: Path

    def wait_for(self, kind: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if json.loads(line)["type"] == kind:
                return
        raise AssertionError(f"the run ended before {kind}")

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + 3 * SOON_SECONDS
        while not is_so():
            assert time.monotonic() < until, "it never came so far"
            self.wait(0.02)

    def wait(self, seconds: float) -> None:
        """Unless the process ends before."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=seconds)

    def stop(self, number: signal.Signals) -> dict[str, Any]:
        """The last words of the process."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SOON_SECONDS)
        assert err == ""
        last: dict[str, Any] = json.loads(out.splitlines()[-1])
        return last

    def written(self) -> int:
        """Bytes in the journal."""
        journals = self.repository.glob(f".git/gardener/runs/*/{FILE_NAME}")
        return sum(journal.stat().st_size for journal in journals)

    def events(self) -> list[Event]:
        (run,) = (self.repository / ".git" / "gardener" / "runs").iterdir()
        return [entry.event for entry in read_entries(run / FILE_NAME)]


@contextmanager
def running(repository: Path, home: Path, *options: str, **environment: str) -> Iterator[Program]:
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "run", "Greet me by name.", "--json", *options],
        cwd=repository,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Program(process, repository)
    finally:
        process.kill()
        process.communicate(timeout=SOON_SECONDS)


def script_file(folder: Path, *sessions: Session) -> Path:
    file = folder / "script.yaml"
    document = {"version": 1, "description": "t", "sessions": list(sessions)}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def told(outcome: dict[str, Any], program: Program) -> tuple[object, ...]:
    """How a run ended: to whoever started it, and in its journal."""
    last = program.events()[-1]
    kept = last.outcome if isinstance(last, RunFinished) else None
    words = outcome["message"].rpartition(" ")[0]
    return outcome["outcome"], program.process.returncode, words, kept


STOPPED = ("cancelled", 130, "stopped; go on with: gardener resume", Outcome.CANCELLED)


@pytest.mark.parametrize("sandbox", ["prefer", "off"])
@pytest.mark.parametrize("place", ["command", "check"])
def test_a_command_or_a_check_that_runs_is_ended_with_the_run(
    repository: Path, tmp_path: Path, place: str, sandbox: str
) -> None:
    line = long_line()
    check = {"kind": "command", "run": f"test -f app/greet.py && {line}"}
    task = {**PLAN["tasks"][0], "checks": [check]}
    slow = calls(("run", {"command": line}))
    sessions = {
        "command": (planner(), gardener(), executor(slow, HONEST), judge()),
        "check": (planner({**PLAN, "tasks": [task]}), gardener(), executor(HONEST), judge()),
    }
    script = script_file(tmp_path, *sessions[place])
    options = ("--rehearsal", str(script))
    with running(repository, tmp_path / "home", *options, GARDENER_SANDBOX=sandbox) as program:
        program.wait_until(lambda: is_running(line))
        assert told(program.stop(signal.SIGTERM), program) == STOPPED
    assert not is_running(line)


def test_a_request_on_its_way_is_given_up(repository: Path, tmp_path: Path) -> None:
    asked, gate = threading.Event(), threading.Event()

    def policy(request: Asked) -> ScriptedReply:
        asked.set()
        gate.wait(3 * SOON_SECONDS)
        return ScriptedReply(say="late")

    with (
        RehearsalServer(policy) as server,
        running(repository, tmp_path / "home", **at(server)) as program,
    ):
        assert asked.wait(3 * SOON_SECONDS)
        assert told(program.stop(signal.SIGINT), program) == STOPPED
        gate.set()


def test_a_wait_for_a_limit_is_given_up(repository: Path, tmp_path: Path) -> None:
    full = Conditions(faults=FaultPlan(names=("rate-minute",), share=1.0, transient=False))
    with (
        RehearsalServer(None, full) as server,
        running(repository, tmp_path / "home", **at(server)) as program,
    ):
        program.wait_for("model_refused")
        assert told(program.stop(signal.SIGINT), program) == STOPPED


def at(server: RehearsalServer) -> dict[str, str]:
    return {
        "GARDENER_PROFILE": "openai",
        "GARDENER_MODEL": "rehearsal",
        "GARDENER_BASE_URL": server.base_url,
    }


@pytest.fixture
def slow_git(repository: Path, tmp_path: Path) -> str:
    """Every commit of a Python file goes through a filter that takes its time; its line."""
    line = long_line()
    (tmp_path / "home").mkdir()
    settings = f'[filter "slow"]\n\tclean = {line}\n'
    (tmp_path / "home" / ".gitconfig").write_text(settings, encoding="utf-8")
    (repository / ".gitattributes").write_text("*.py filter=slow\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "filter")
    return line


def test_git_at_work_is_ended_and_leaves_a_checkout_to_go_on_with(
    repository: Path, tmp_path: Path, slow_git: str
) -> None:
    script = script_file(tmp_path, planner(), gardener(), executor(HONEST), judge())
    with running(repository, tmp_path / "home", "--rehearsal", str(script)) as program:
        program.wait_until(lambda: is_running(slow_git))
        assert told(program.stop(signal.SIGINT), program) == STOPPED
    assert not is_running(slow_git)
    (tmp_path / "home" / ".gitconfig").unlink()
    resumed = subprocess.run(
        [sys.executable, "-m", "agent", "resume", "--plain"],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=3 * SOON_SECONDS,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr


def test_a_second_signal_ends_a_run_that_cannot_even_tell_that_it_stops(
    repository: Path, tmp_path: Path
) -> None:
    """Whoever reads its output has stopped to do so, and the pipe is full."""
    long = calls(("write", {"path": "app/long.txt", "content": "long\n" * 40_000}))
    script = script_file(tmp_path, planner(), gardener(), executor(long, HONEST), judge())
    with running(repository, tmp_path / "home", "--rehearsal", str(script)) as program:
        program.wait_until(lambda: program.written() > 200_000)
        program.process.send_signal(signal.SIGINT)
        program.wait(0.5)
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(timeout=SOON_SECONDS) == Outcome.CANCELLED.exit_code
        assert not isinstance(program.events()[-1], RunFinished)
