"""A run that stopped is gone on with, whatever happened to its files meanwhile."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fakes import FakeClock
from scenario import (
    GREET,
    HONEST,
    MAIN,
    SUBMIT,
    TEST,
    Play,
    Session,
    calls,
    executor,
    gardener,
    git,
    judge,
    planner,
    write,
)

from agent.domain.event import AuditFinished, Entry, PlanAdopted
from agent.errors import JournalError, Outcome
from agent.journal import FILE_NAME, Journal

STUB = GREET + "\n\ndef farewell(name: str) -> str:\n    pass\n"
WORK = (
    ("todo", {"add": ["write"], "done": [1]}),
    write("app/greet.py", STUB),
    write("app/__main__.py", MAIN),
    write("tests/test_greet.py", TEST),
)
MEND = calls(write("app/greet.py", GREET), SUBMIT)
SCRIPT: tuple[Session, ...] = (
    planner(),
    gardener(),
    # A call that the crash interrupted is not repeated by the harness, so the model does it.
    executor(calls(*WORK), calls(*WORK[1:], SUBMIT), calls(SUBMIT), subject="T01"),
    executor(MEND, MEND, subject="T01r1"),
    judge(),
)


class Crash(BaseException):
    """The process ends here."""


def crash_after(count: int) -> tuple[object, ...]:
    def listener(entry: Entry) -> None:
        if entry.seq == count:
            raise Crash

    return (listener,)


def run_folder(repository: Path) -> Path:
    (folder,) = (repository / ".git" / "gardener" / "runs").iterdir()
    return folder


@pytest.mark.parametrize("lines", [1, 4, 9, 15, 20, 27, 33, 40, 47, 58])
def test_a_run_killed_from_outside_is_resumed_from_the_command_line(
    repository: Path, tmp_path: Path, lines: int
) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(
        yaml.safe_dump({"version": 1, "description": "t", "sessions": list(SCRIPT)}),
        encoding="utf-8",
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
    }
    command = [sys.executable, "-m", "agent"]
    killed = subprocess.Popen(
        [*command, "run", "Greet me by name.", "--rehearsal", str(script), "--json"],
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    for _ in range(lines):
        killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    killed.stdout.close()
    killed.wait(timeout=30)
    resumed = subprocess.run(
        [*command, "resume", "--plain"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    log = git(repository, "log", "--format=%s", "main..gardener/greet-me-by-name").splitlines()
    tasks = [line for line in log if not line.startswith("Plan ")]
    assert tasks == ["T01r1: Mend 1 finding of T01: Greet", "T01: Greet"]


def test_a_run_that_is_done_has_nothing_left_to_resume(play: Play) -> None:
    first = play(*SCRIPT)
    again = play(resume=first.result.run_folder)
    assert again.result.message == "the run is done; nothing is left"
    assert len(again.events) == len(first.events)


def test_realigning_a_done_run_looks_at_its_branch_as_it_is_now(play: Play) -> None:
    first = play(*SCRIPT)
    started = first.state.started
    assert started is not None
    git(Path(started.worktree), "rm", "-qr", "app")
    git(Path(started.worktree), "commit", "-qm", "undo")
    lost = judge("missing")
    lost["replies"][0]["calls"][0]["arguments"]["verdicts"][0]["citations"] = []
    again = play(lost, resume=first.result.run_folder, phases=("realign",), realign_passes=0)
    assert again.result.outcome == Outcome.FINDINGS
    assert len(again.of(AuditFinished)) == len(first.of(AuditFinished)) + 1


def test_two_processes_do_not_work_on_one_run(play: Play, repository: Path) -> None:
    first = play(*SCRIPT, phases=("plan",))
    with (
        Journal(first.result.run_folder, FakeClock()),
        pytest.raises(JournalError, match="another process works on this run"),
    ):
        play(*SCRIPT, resume=first.result.run_folder)


def test_a_plan_edited_by_hand_becomes_the_next_revision(play: Play, repository: Path) -> None:
    stubborn = executor(*[{"say": "done"}] * 4)
    first = play(planner(), gardener(), stubborn, task_attempts=1)
    assert first.result.outcome == Outcome.STUCK
    started = first.state.started
    assert started is not None
    plan = Path(started.worktree) / started.plan_file
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("### T01: Greet", "### T01: Greet well"), encoding="utf-8")
    second = play(
        executor(HONEST, attempt=2), judge(), resume=first.result.run_folder, task_attempts=1
    )
    assert second.result.outcome == Outcome.DONE
    assert [(e.plan.revision, e.reason) for e in second.of(PlanAdopted)][-1] == (
        2,
        "edited by hand",
    )
    assert second.commits() == ["T01: Greet well"]


def test_a_lost_worktree_is_checked_out_again(play: Play, repository: Path) -> None:
    with pytest.raises(Crash):
        play(*SCRIPT, listeners=crash_after(45))
    run = run_folder(repository)
    worktrees = [
        line.removeprefix("worktree ")
        for line in git(repository, "worktree", "list", "--porcelain").splitlines()
        if line.startswith("worktree ")
    ]
    subprocess.run(["rm", "-rf", worktrees[1]], check=True)
    assert play(*SCRIPT, resume=run).result.outcome == Outcome.DONE


def test_a_damaged_journal_is_refused_with_the_line(play: Play) -> None:
    run = play(*SCRIPT, phases=("plan",)).result.run_folder
    lines = (run / FILE_NAME).read_bytes().splitlines(keepends=True)
    lines[2] = b"{}\n"
    (run / FILE_NAME).write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=r"journal.jsonl:3: not a journal entry"):
        play(*SCRIPT, resume=run)
