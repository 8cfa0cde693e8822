"""What happens to a run's files while it stands still, or while it goes: a clear sentence, and
nothing is lost."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from scenario import HONEST, Play, Played, Session, calls, executor, gardener, git, judge, planner

from agent.domain.event import Entry, ToolStarted, Warned
from agent.errors import DiskFull, JournalError, Outcome, RepositoryError
from agent.journal import FILE_NAME, Journal, Listener, read_entries
from agent.wiring.machine import SystemClock

GIVE_UP = calls(("give_up", {"reason": "no idea"}))
LOST = {"task_attempts": 1, "task_reviews": 0}
"""Whoever gives up then ends the run, whose plan has T01 alone."""


class Crash(BaseException):
    """The process ends here."""


def crash_at(kind: type, role: str = "executor") -> Listener:
    def listener(entry: Entry) -> None:
        event = entry.event
        session = getattr(event, "session", None)
        if isinstance(event, kind) and (session is None or session.role == role):
            raise Crash

    return listener


def worktree(run: Played | Path) -> Path:
    folder = run.result.run_folder if isinstance(run, Played) else run
    (started,) = [e.event for e in read_entries(folder / FILE_NAME) if e.seq == 1]
    return Path(started.worktree)  # type: ignore[union-attr]


def run_folder(repository: Path) -> Path:
    (folder,) = (repository / ".git" / "gardener" / "runs").iterdir()
    return folder


@pytest.mark.parametrize("room", [0, 1, 40])
def test_a_journal_without_room_takes_back_what_it_wrote_and_goes_on_with_room(
    play: Play, repository: Path, room: int
) -> None:
    script: tuple[Session, ...] = (planner(), gardener(), executor(HONEST, HONEST), judge())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(entry: Entry) -> None:
        if isinstance(entry.event, ToolStarted) and entry.event.session.role == "gardener":
            size = (run_folder(repository) / FILE_NAME).stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))

    try:
        with pytest.raises(DiskFull) as raised:
            play(*script, listeners=(fill,))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    folder = run_folder(repository)
    assert str(raised.value) == (
        f"cannot write {folder / FILE_NAME}: the disk is full; make room, then go on with: "
        "gardener resume"
    )
    assert raised.value.outcome == Outcome.UNFINISHED
    assert isinstance(list(read_entries(folder / FILE_NAME))[-1].event, ToolStarted)
    assert play(*script, resume=folder).result.outcome == Outcome.DONE


def test_a_folder_that_cannot_take_a_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError) as raised:
        Journal(tmp_path / "file" / "run", SystemClock())
    assert str(raised.value) == (
        f"cannot write {tmp_path}/file/run/journal.jsonl: Not a directory; make it writable, then "
        "go on with: gardener resume"
    )


def begun(play: Play, repository: Path) -> Path:
    """A run that died while T01 was in work."""
    with pytest.raises(Crash):
        play(planner(), gardener(), executor(HONEST), listeners=(crash_at(ToolStarted),))
    return run_folder(repository)


def go_on(play: Play, folder: Path) -> Played:
    return play(planner(), gardener(), executor(HONEST, HONEST), judge(), resume=folder)


def test_a_worktree_that_was_lost_is_made_anew_and_the_user_told(
    play: Play, repository: Path
) -> None:
    folder = begun(play, repository)
    tree = worktree(folder)
    subprocess.run(["rm", "-rf", tree], check=True)
    run = go_on(play, folder)
    assert run.result.outcome == Outcome.DONE
    assert [event.message for event in run.of(Warned)][-1] == (
        f"the checkout {tree} was lost and is made anew from {run.result.branch}; what was not "
        "committed is gone"
    )


def test_a_branch_that_was_deleted_is_put_back_by_hand(play: Play, repository: Path) -> None:
    folder = begun(play, repository)
    head = git(worktree(folder), "rev-parse", "HEAD").strip()
    git(worktree(folder), "switch", "-q", "--detach")
    git(repository, "branch", "-q", "-D", "gardener/greet-me-by-name")
    with pytest.raises(RepositoryError) as raised:
        go_on(play, folder)
    command = f"git -C {repository} branch gardener/greet-me-by-name {head}"
    assert str(raised.value) == (
        f"the branch gardener/greet-me-by-name is gone; put it back with: {command}, then go on "
        "with: gardener resume"
    )
    subprocess.run(command.split(), check=True)
    git(worktree(folder), "switch", "-q", "gardener/greet-me-by-name")
    assert go_on(play, folder).result.outcome == Outcome.DONE


def test_a_branch_that_lost_a_commit_of_the_run_is_refused_until_it_is_back(
    play: Play, repository: Path
) -> None:
    first = play(planner(), gardener(), executor(HONEST), phases=("plan", "garden", "execute"))
    (commit,) = [state.commit for state in first.state.tasks.values()]
    tree = worktree(first)
    git(tree, "reset", "-q", "--hard", "HEAD~1")
    folder = first.result.run_folder
    with pytest.raises(RepositoryError) as raised:
        play(judge(), resume=folder, phases=("realign",))
    back = f"git -C {tree} reset --keep {commit}"
    assert str(raised.value) == (
        f"the branch {first.result.branch} no longer holds the work of T01 (commit {commit[:10]}); "
        f"put it back with: {back}, then go on with: gardener resume"
    )
    subprocess.run(back.split(), check=True)
    again = play(judge(), resume=folder, phases=("realign",))
    assert again.result.outcome == Outcome.DONE


def test_a_commit_made_by_hand_beside_a_task_in_work_is_kept(play: Play, repository: Path) -> None:
    folder = begun(play, repository)
    tree = worktree(folder)
    (tree / "NOTES.md").write_text("by hand\n", encoding="utf-8")
    git(tree, "add", "NOTES.md")
    git(tree, "commit", "-qm", "Note it")
    made = git(tree, "rev-parse", "HEAD").strip()
    run = go_on(play, folder)
    assert run.result.outcome == Outcome.DONE
    ref = f"refs/gardener/{run.result.run_id}/T01-1-found"
    assert git(repository, "rev-parse", ref).strip() == made
    assert run.git("show", f"{run.result.branch}:NOTES.md") == "by hand\n"
    assert [event.message for event in run.of(Warned)][-1] == (
        f"{run.result.branch} has commits that this run did not make, the last is {made[:10]}: "
        f"they are kept as {ref}, and what they change goes into the commit of T01"
    )


def test_a_commit_made_by_hand_between_tasks_stays_where_it_is(
    play: Play, repository: Path
) -> None:
    first = play(planner(), gardener(), executor(GIVE_UP), **LOST)
    tree = worktree(first)
    (tree / "NOTES.md").write_text("by hand\n", encoding="utf-8")
    git(tree, "add", "NOTES.md")
    git(tree, "commit", "-qm", "Note it")
    run = go_on(play, first.result.run_folder)
    assert run.result.outcome == Outcome.DONE
    assert run.commits() == ["Note it", "T01: Greet"]


def edited(run: Played | Path, old: str, new: str) -> Path:
    folder = run.result.run_folder if isinstance(run, Played) else run
    (started,) = [e.event for e in read_entries(folder / FILE_NAME) if e.seq == 1]
    plan = worktree(run) / started.plan_file  # type: ignore[union-attr]
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new, 1), encoding="utf-8")
    return plan


def test_a_plan_that_was_broken_by_hand_is_refused_until_it_is_mended(play: Play) -> None:
    first = play(planner(), gardener(), executor(GIVE_UP), **LOST)
    edited(first, "### T01: Greet", "### T01 Greet")
    refused = go_on(play, first.result.run_folder)
    assert refused.result.outcome == Outcome.USAGE
    assert refused.result.message.startswith("plans/greet-me-by-name.md:")
    edited(first, "### T01 Greet", "### T01: Greet well")
    mended = go_on(play, first.result.run_folder)
    assert (mended.result.outcome, mended.commits()) == (Outcome.DONE, ["T01: Greet well"])


def test_a_done_task_that_was_altered_by_hand_is_refused_until_it_is_put_back(play: Play) -> None:
    first = play(planner(), gardener(), executor(HONEST), phases=("plan", "garden", "execute"))
    edited(first, "### T01: Greet", "### T01: Greet well")
    folder = first.result.run_folder
    refused = play(judge(), resume=folder, phases=("realign",))
    assert refused.result.outcome == Outcome.USAGE
    assert refused.result.message == (
        "plans/greet-me-by-name.md:1: T01 is done and was altered; put it back, or add a new task"
    )
    edited(first, "### T01: Greet well", "### T01: Greet")
    assert play(judge(), resume=folder, phases=("realign",)).result.outcome == Outcome.DONE


def test_a_plan_edited_while_its_task_was_in_work_is_not_lost(play: Play, repository: Path) -> None:
    folder = begun(play, repository)
    plan = edited(folder, "### T01: Greet", "### T01: Greet well")
    text = plan.read_text(encoding="utf-8")
    run = go_on(play, folder)
    assert run.result.outcome == Outcome.DONE
    ref = f"refs/gardener/{run.result.run_id}/T01-1-plan"
    assert run.git("show", f"{ref}:{plan.relative_to(worktree(run))}") == text
    assert [event.message for event in run.of(Warned)][-1] == (
        "plans/greet-me-by-name.md was changed while T01 was in work and is not adopted, since a "
        f"command may have changed it; it is kept in {ref}"
    )


def test_a_second_process_on_a_run_is_told_so_on_the_command_line(
    play: Play, repository: Path, tmp_path: Path
) -> None:
    first = play(planner(), gardener(), executor(GIVE_UP), **LOST)
    with Journal(first.result.run_folder, SystemClock()):
        second = subprocess.run(
            [sys.executable, "-m", "agent", "resume"],
            cwd=repository,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path / "home"),
                "PYTHONPATH": str(Path(__file__).parent.parent.parent),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (second.returncode, second.stderr) == (
        64,
        f"gardener: another process works on this run ({first.result.run_id}); wait for it, or "
        "stop it, then resume\n",
    )
