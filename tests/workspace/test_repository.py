"""The shared folder is found cheaply, from anywhere in the repository."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import RepositoryError
from agent.workspace.repository import common_dir, not_a_repository

Git = Callable[..., str]


def test_all_worktrees_and_folders_share_one(repository: Path, tmp_path: Path, git: Git) -> None:
    (repository / "sub" / "deep").mkdir(parents=True)
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "other"))

    found = {common_dir(p) for p in (repository, repository / "sub" / "deep", tmp_path / "other")}

    assert found == {repository / ".git"}


def test_without_a_repository_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        RepositoryError, match="is not in a git repository; make one with: git init"
    ):
        common_dir(tmp_path)
    with pytest.raises(RepositoryError, match="there is no folder"):
        common_dir(tmp_path / "missing")


def test_a_repository_of_another_user_can_be_allowed() -> None:
    error = not_a_repository(
        Path("/srv/app"), "fatal: detected dubious ownership in repository at '/srv/app'\n"
    )

    assert str(error) == (
        "git does not trust /srv/app, which another user owns; allow it with: "
        "git config --global --add safe.directory /srv/app"
    )


def test_finding_it_loads_no_git_library() -> None:
    code = "import sys, agent.workspace.repository; print({'git', 'anyio'} & set(sys.modules))"
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"
