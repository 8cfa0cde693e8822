"""Real repositories for the tests of the workspace."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.workspace.local import LocalWorkspace

Git = Callable[..., str]


@pytest.fixture
def git() -> Git:
    """Runs git in a folder, as Ada, and returns what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.rstrip("\n")

    return run


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """A repository with one commit on `main`: `kept.txt`, and `*.log` ignored."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / "kept.txt").write_text("one\n", encoding="utf-8")
    (root / ".gitignore").write_text("*.log\n", encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "Begin")
    return root


@pytest.fixture
def workspace(repository: Path) -> LocalWorkspace:
    return LocalWorkspace(repository, {"PATH": os.environ["PATH"]})
