"""What commands find in a sandbox, beside what they do not reach."""

import os
import sys
from pathlib import Path

import pytest
from snapshots import check_snapshot

from agent.config import load_settings
from agent.prompts import render
from agent.wiring.confine import rules_of
from agent.workspace import worktrees
from agent.workspace.local import LocalWorkspace
from agent.workspace.sandbox.rules import Bounds
from agent.workspace.sandbox.sandbox import Sandbox

PYTHON = os.path.realpath(sys.executable)
SNAPSHOTS = Path(__file__).parent / "snapshots"
FORKS = """
import os, signal
signal.signal(signal.SIGCHLD, lambda *_: None)
failed = 0
for _ in range(600):
    try:
        if os.fork() == 0: os._exit(0)
    except OSError:
        failed += 1
    try:
        while os.waitpid(-1, os.WNOHANG)[0]: pass
    except ChildProcessError:
        pass
print(failed)
"""


@pytest.fixture
async def confined(repository: Path, tmp_path: Path, sandbox: Sandbox) -> LocalWorkspace:
    tree = tmp_path / "tree"
    await worktrees.add_worktree(repository, tree, "run", "main")
    own = {"PATH": os.environ["PATH"]}
    return LocalWorkspace(tree, own, sandbox=sandbox, home=worktrees.home_beside(tree))


@pytest.mark.parametrize("bound", ["memory", "processes", "disk"])
def test_a_bound_that_was_broken_is_told(bound: str) -> None:
    text = render("tools/sandbox#stopped", bound=bound, bounds=Bounds())
    check_snapshot(SNAPSHOTS, f"stopped-{bound}", text)


@pytest.mark.anyio
async def test_a_fork_never_fails_by_a_signal(confined: LocalWorkspace) -> None:
    confined.write_text("forks.py", FORKS)
    result = await confined.run(f"{PYTHON} -I -S forks.py", timeout_seconds=60)
    assert (result.exit_code, result.output) == (0, "0\n")


@pytest.mark.anyio
async def test_a_home_is_kept_from_command_to_command_and_temporary_files_are_not(
    confined: LocalWorkspace,
) -> None:
    made = "echo 1 > new; mkdir -p ~/.cache && echo 2 > ~/.cache/x && echo 3 > $TMPDIR/y"
    await confined.run(made, timeout_seconds=20)
    found = await confined.run("cat new ~/.cache/x; test -e $TMPDIR/y", timeout_seconds=20)
    assert (found.exit_code, found.output) == (1, "1\n2\n")


@pytest.mark.anyio
async def test_commands_ask_git_but_leave_commits_to_the_harness(confined: LocalWorkspace) -> None:
    confined.write_text("kept.txt", "two\n")
    asked = await confined.run("git diff --stat && git log --format=%s", timeout_seconds=20)
    assert (asked.exit_code, asked.output.splitlines()[-1]) == (0, "Begin")
    tried = await confined.run("git commit --quiet --all -m mine", timeout_seconds=20)
    assert tried.exit_code != 0
    assert await confined.is_dirty()


@pytest.mark.parametrize(
    ("network", "lasting"),
    [("off", {"CARGO_HOME", "GOMODCACHE", "RUSTUP_HOME"}), ("setup", {"RUSTUP_HOME"})],
)
def test_downloads_of_the_user_are_read_unless_commands_make_their_own(
    tmp_path: Path, network: str, lasting: set[str]
) -> None:
    for name in (".cargo/registry", "go/pkg/mod", ".rustup", ".ssh", ".aws"):
        (tmp_path / name).mkdir(parents=True)
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    rules = rules_of(load_settings(environment, None, {"network": network}), environment)

    assert set(rules.environment) == lasting
    assert {p.relative_to(tmp_path) for p in rules.readable if p.is_relative_to(tmp_path)} == {
        Path(".cargo/registry"),
        Path("go/pkg/mod"),
        Path(".rustup"),
    }
