"""Real repositories for the tests of the workspace."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import pytest

from agent.workspace.local import LocalWorkspace
from agent.workspace.sandbox import bubblewrap, landlocked
from agent.workspace.sandbox.choose import Backend, why_unusable
from agent.workspace.sandbox.readable import readable_paths, tool_chain_variables
from agent.workspace.sandbox.rules import Bounds, Rules
from agent.workspace.sandbox.sandbox import Sandbox

Git = Callable[..., str]
BACKENDS = (
    Backend("bubblewrap", bubblewrap.why_not, bubblewrap.order),
    Backend("landlock", landlocked.why_not, landlocked.order),
    Backend("landlock of Linux 5.19", landlocked.why_not, partial(landlocked.order, newest_abi=2)),
)
BOUNDS = Bounds(memory_bytes=400_000_000, threads=100, disk_bytes=50_000_000)


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


@pytest.fixture(scope="module", params=BACKENDS, ids=lambda backend: backend.name)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each sandbox that works here, with narrow bounds."""
    backend: Backend = request.param
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    rules = Rules(
        readable=readable_paths(environment, (Path(sys.base_prefix),)),
        environment=tool_chain_variables(environment),
        bounds=BOUNDS,
    )
    if reason := anyio.run(why_unusable, backend, rules):
        pytest.skip(f"{backend.name} does not work here: {reason}")
    return Sandbox(backend.name, backend.order, rules)
