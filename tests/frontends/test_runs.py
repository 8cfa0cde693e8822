"""Finding the runs of a repository."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.domain.event import Entry, RunStarted
from agent.errors import RepositoryError, UsageError
from agent.frontends.runs import all_runs, find_run, newest_run, project_root, runs_folder

Keep = Callable[[Path, tuple[Entry, ...]], Path]
Tell = Callable[..., tuple[Entry, ...]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def began(tell: Tell, started: RunStarted, at: str) -> tuple[Entry, ...]:
    (entry,) = tell(started)
    return (Entry.model_validate({**entry.model_dump(), "at": at}),)


def test_the_newest_run_is_the_one_that_began_last(
    repository: Path, tell: Tell, started: RunStarted, keep: Keep
) -> None:
    folder = runs_folder(repository)
    keep(folder / "zulu", began(tell, started, "2026-01-01T00:00:00Z"))
    keep(folder / "alpha", began(tell, started, "2026-01-01T00:00:00.5Z"))
    (folder / "empty").mkdir()
    (folder / "torn").mkdir()
    (folder / "torn" / "journal.jsonl").write_text('{"v": 1, "at": "2027')
    inside = repository / "src"
    inside.mkdir()
    assert all_runs(inside) == (folder / "alpha", folder / "zulu")
    assert newest_run(inside) == find_run(inside, None) == folder / "alpha"


def test_a_run_is_found_by_its_name_or_the_beginning_of_it(
    repository: Path, tell: Tell, started: RunStarted, keep: Keep
) -> None:
    folder = runs_folder(repository)
    for name, day in (("2026-1", 1), ("2026-12", 2)):
        keep(folder / name, began(tell, started, f"2026-01-0{day}T00:00:00Z"))
    assert find_run(repository, "2026-12") == folder / "2026-12"
    assert find_run(repository, "2026-1") == folder / "2026-1"
    with pytest.raises(UsageError) as raised:
        find_run(repository, "2026")
    assert str(raised.value) == (
        "'2026' begins the names of more than one run: 2026-12, 2026-1; name one"
    )
    with pytest.raises(UsageError) as raised:
        find_run(repository, "../2026-1")
    assert str(raised.value) == ("no run named '../2026-1'; the newest runs are: 2026-12, 2026-1")


def test_without_a_run_or_a_repository_the_next_step_is_named(
    repository: Path, tmp_path: Path
) -> None:
    for name in (None, "x"):
        with pytest.raises(UsageError, match="no run yet; start one with: gardener run"):
            find_run(repository, name)
    with pytest.raises(RepositoryError):
        find_run(tmp_path, None)


def test_the_project_root_is_the_checkout_around_a_folder(repository: Path, tmp_path: Path) -> None:
    inside = repository / "a" / "b"
    inside.mkdir(parents=True)
    assert project_root(inside) == repository
    assert project_root(tmp_path) is None
