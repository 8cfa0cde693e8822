"""A run's work goes only when a person says so, and a run that cannot begin leaves nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from fakes import FakeClock
from overheard import execute, one_task
from scenario import Played, calls, executor, git, write

from agent.errors import GardenerError, JournalError, RepositoryError, UsageError
from agent.journal import FILE_NAME, Journal
from agent.wiring import Discarded, discard_run

PLAN = one_task("test -f new.txt")
GIVES_UP = executor(calls(write("new.txt", "x\n"), ("give_up", {"reason": "no"})))
MAKES_IT = executor(calls(write("new.txt", "x\n"), ("submit", {"summary": "made"})))


def discard(run: Played, *, confirmed: bool = False) -> Discarded:
    async def work() -> Discarded:
        return await discard_run(
            place=run.repository, run_folder=run.result.run_folder, confirmed=confirmed
        )

    return anyio.run(work)


def left(repository: Path) -> tuple[int, list[str]]:
    """How many worktrees there are, and all refs."""
    refs = git(repository, "for-each-ref", "--format=%(refname)").split()
    return len(git(repository, "worktree", "list").splitlines()), refs


def test_commits_are_thrown_away_only_when_confirmed_and_the_journal_stays(
    tmp_path: Path, repository: Path
) -> None:
    run = execute(tmp_path, repository, PLAN, MAKES_IT).run
    assert run.commits() == ["T01: Do it"]
    with pytest.raises(UsageError, match=r"gardener/one holds 2 commits .* pass --yes"):
        discard(run)
    assert left(repository) == (2, ["refs/heads/gardener/one", "refs/heads/main"])

    assert discard(run, confirmed=True).commits == 2
    assert left(repository) == (1, ["refs/heads/main"])
    assert run.state.started is not None
    assert not Path(run.state.started.worktree).exists()
    assert (run.result.run_folder / FILE_NAME).exists()
    assert discard(run) == Discarded("gardener/one", run.state.started.worktree, 0)


def test_what_was_kept_of_failed_attempts_goes_too(tmp_path: Path, repository: Path) -> None:
    run = execute(tmp_path, repository, PLAN, GIVES_UP).run
    assert any(ref.startswith("refs/gardener/") for ref in left(repository)[1])
    discard(run, confirmed=True)
    assert left(repository) == (1, ["refs/heads/main"])


def test_a_merged_run_is_discarded_without_a_question(tmp_path: Path, repository: Path) -> None:
    run = execute(tmp_path, repository, PLAN, MAKES_IT).run
    (repository / "plans" / "one.md").unlink()
    git(repository, "merge", "--quiet", run.result.branch)
    assert discard(run).commits == 0


def test_uncommitted_work_is_not_thrown_away_unasked(tmp_path: Path, repository: Path) -> None:
    run = execute(tmp_path, repository, PLAN, MAKES_IT).run
    git(repository, "branch", "kept", run.result.branch)
    assert run.state.started is not None
    (Path(run.state.started.worktree) / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="gardener/one holds uncommitted changes; to throw"):
        discard(run)


def test_a_run_that_a_process_works_on_is_not_discarded(tmp_path: Path, repository: Path) -> None:
    run = execute(tmp_path, repository, PLAN, MAKES_IT).run
    with (
        Journal(run.result.run_folder, FakeClock()),
        pytest.raises(JournalError, match="another process works on this run"),
    ):
        discard(run, confirmed=True)
    assert len(left(repository)[1]) == 2


def test_a_discarded_run_cannot_be_resumed(tmp_path: Path, repository: Path) -> None:
    run = execute(tmp_path, repository, PLAN, GIVES_UP).run
    discard(run, confirmed=True)
    with pytest.raises(
        RepositoryError, match="was discarded, and its branch gardener/one with it; start a new run"
    ):
        execute(tmp_path, repository, PLAN, MAKES_IT, resume=run.result.run_folder)


def test_the_command_says_what_it_did(tmp_path: Path, repository: Path) -> None:
    run = execute(tmp_path, repository, PLAN, MAKES_IT).run
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-m", "agent", "discard"]

    def call(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    refused, done = call(), call("--yes")
    assert (refused.returncode, done.returncode) == (64, 0)
    assert "to throw that away, pass --yes" in refused.stderr
    assert done.stdout.splitlines()[-1] == (
        f"discarded gardener/one and its worktree; the journal is kept in {run.result.run_folder}"
    )


@pytest.mark.parametrize("broken", ["ledger", "branch"])
def test_a_run_that_cannot_begin_leaves_neither_branch_nor_worktree_nor_journal(
    tmp_path: Path, repository: Path, broken: str
) -> None:
    before = left(repository)
    overrides: dict[str, Any] = {}
    if broken == "ledger":
        (tmp_path / "books").write_bytes(b"this is no data base\n" * 200)
        overrides["ledger"] = str(tmp_path / "books")
    else:
        folder = tmp_path / "home" / ".local" / "state" / "gardener"
        folder.mkdir(parents=True)
        (folder / "worktrees").write_text("in the way", encoding="utf-8")
    with pytest.raises((GardenerError, OSError)):
        execute(tmp_path, repository, PLAN, MAKES_IT, **overrides)
    assert left(repository) == before
    assert list((repository / ".git" / "gardener" / "runs").glob("*")) == []
