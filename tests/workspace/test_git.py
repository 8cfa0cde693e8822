"""Facts, worktrees and merges, on real repositories."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import RepositoryError
from agent.workspace.git import (
    branch_exists,
    find_repository,
    merge_branch,
)
from agent.workspace.repository import RepositoryFacts
from agent.workspace.worktrees import add_worktree, remove_worktree, restore_worktree

Git = Callable[..., str]
PROJECT = Path(__file__).parents[2]


@pytest.mark.anyio
async def test_a_repository_is_found_from_a_folder_in_it(repository: Path, git: Git) -> None:
    (repository / "sub").mkdir()
    (repository / "sub" / "new.txt").touch()
    (repository / "noise.log").touch()
    (repository / "kept.txt").write_text("two\n", encoding="utf-8")

    assert await find_repository(repository / "sub") == RepositoryFacts(
        root=repository,
        common_dir=repository / ".git",
        head=git(repository, "rev-parse", "HEAD"),
        branch="main",
        dirty_files=("kept.txt", "sub/new.txt"),
    )


@pytest.mark.anyio
async def test_a_detached_head_has_no_branch(repository: Path, git: Git) -> None:
    git(repository, "checkout", "--quiet", "--detach")

    assert (await find_repository(repository)).branch is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("prepare", "place", "sentence"),
    [
        (None, "missing", "there is no folder .*; name a git repository"),
        (None, ".", "is not in a git repository; make one with: git init"),
        (["init", "--bare"], ".", "is a bare repository; clone it and start in the clone"),
        (["init"], ".", "has no commit yet; make one with: git add -A"),
        (["init"], ".git", "is inside .git; start in the repository's root"),
    ],
)
async def test_where_a_run_cannot_start_the_next_step_is_told(
    tmp_path: Path, git: Git, prepare: list[str] | None, place: str, sentence: str
) -> None:
    if prepare:
        git(tmp_path, *prepare, "--quiet")

    with pytest.raises(RepositoryError, match=sentence):
        await find_repository(tmp_path / place)


def test_without_git_the_next_step_is_told(repository: Path) -> None:
    code = (
        "import anyio, pathlib, sys\n"
        "from agent.workspace.git import find_repository\n"
        "from agent.errors import RepositoryError\n"
        "try: anyio.run(find_repository, pathlib.Path(sys.argv[1]))\n"
        "except RepositoryError as error: print(error)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(repository)],
        cwd=PROJECT,
        env={"PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "git is not installed; install it, then call this again\n"


@pytest.mark.anyio
async def test_a_worktree_begins_a_branch_at_the_base(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\ntouch hooked\n", encoding="utf-8")
    hook.chmod(0o755)
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "Later")
    path = tmp_path / "deep" / "tree"
    assert not await branch_exists(repository, "gardener/x")

    await add_worktree(repository, path, "gardener/x", base)

    assert await branch_exists(repository, "gardener/x")
    assert git(path, "rev-parse", "HEAD") == base
    assert git(path, "branch", "--show-current") == "gardener/x"
    assert sorted(p.name for p in path.iterdir()) == [".git", ".gitignore", "kept.txt"]


@pytest.mark.anyio
async def test_a_lost_folder_is_checked_out_again(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    path = tmp_path / "tree"
    await add_worktree(repository, path, "run", "HEAD")
    git(path, "commit", "--quiet", "--allow-empty", "-m", "Work")
    head = git(path, "rev-parse", "HEAD")
    shutil.rmtree(path)

    await restore_worktree(repository, path, "run")

    assert git(path, "rev-parse", "HEAD") == head
    assert git(path, "branch", "--show-current") == "run"


@pytest.mark.anyio
async def test_a_lost_folder_may_come_back_elsewhere(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    await add_worktree(repository, tmp_path / "one", "run", "HEAD")
    shutil.rmtree(tmp_path / "one")

    await restore_worktree(repository, tmp_path / "two", "run")

    assert git(tmp_path / "two", "branch", "--show-current") == "run"


@pytest.mark.anyio
async def test_a_worktree_that_stands_is_kept_and_unlocked(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    path = tmp_path / "tree"
    await add_worktree(repository, path, "run", "HEAD")
    (path / "open.txt").touch()
    (path / "kept.txt").write_text("two\n", encoding="utf-8")
    shutil.copyfile(path / ".gitignore", git(path, "rev-parse", "--git-path", "index.lock"))

    await restore_worktree(repository, path, "run")

    assert (path / "open.txt").exists()
    git(path, "add", "kept.txt")


@pytest.mark.anyio
async def test_what_is_in_the_way_stays_and_is_named(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    path = tmp_path / "tree"
    path.mkdir()
    (path / "precious.txt").touch()

    with pytest.raises(RepositoryError, match="is in the way; move it elsewhere"):
        await add_worktree(repository, path, "run", "HEAD")
    with pytest.raises(RepositoryError, match="the branch main is checked out in"):
        await add_worktree(repository, tmp_path / "other", "main", "HEAD")
    with pytest.raises(RepositoryError, match="the branch gone is gone; start a new run"):
        await restore_worktree(repository, tmp_path / "other", "gone")
    with pytest.raises(RepositoryError, match="cannot check out new in"):
        await add_worktree(repository, tmp_path / "other", "new", "no-such-base")
    assert (path / "precious.txt").exists()
    assert git(repository, "branch", "--list", "--format=%(refname:short)") == "main"


@pytest.mark.anyio
async def test_a_worktree_on_another_branch_is_named(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    path = tmp_path / "tree"
    await add_worktree(repository, path, "run", "HEAD")
    git(path, "switch", "--quiet", "-c", "strange")

    with pytest.raises(RepositoryError, match="has strange checked out, not run; switch it back"):
        await restore_worktree(repository, path, "run")


@pytest.mark.anyio
async def test_a_removed_worktree_leaves_its_branch(repository: Path, tmp_path: Path) -> None:
    path = tmp_path / "tree"
    await add_worktree(repository, path, "run", "HEAD")
    (path / "kept.txt").write_text("changed\n", encoding="utf-8")

    await remove_worktree(repository, path)
    await remove_worktree(repository, path)

    assert not path.exists()
    assert await branch_exists(repository, "run")
    with pytest.raises(RepositoryError, match="is the repository itself and stays"):
        await remove_worktree(repository, repository)


async def diverge(repository: Path, path: Path, git: Git, text: str) -> str:
    """A branch `run` that changes kept.txt; returns its commit."""
    await add_worktree(repository, path, "run", "HEAD")
    (path / "kept.txt").write_text(text, encoding="utf-8")
    git(path, "commit", "--quiet", "--all", "-m", "Work")
    return git(path, "rev-parse", "HEAD")


@pytest.mark.anyio
async def test_a_merge_keeps_both_parents_and_untracked_files(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    base = git(repository, "rev-parse", "HEAD")
    work = await diverge(repository, tmp_path / "tree", git, "two\n")
    (repository / "own.txt").touch()

    commit = await merge_branch(repository, "run", "Merge run\n\nRun: 1")

    assert git(repository, "log", "-1", "--format=%H %P%n%B", "HEAD") == (
        f"{commit} {base} {work}\nMerge run\n\nRun: 1"
    )
    assert (repository / "kept.txt").read_text(encoding="utf-8") == "two\n"
    assert (repository / "own.txt").exists()


@pytest.mark.anyio
async def test_a_conflict_changes_nothing(repository: Path, tmp_path: Path, git: Git) -> None:
    await diverge(repository, tmp_path / "tree", git, "theirs\n")
    (repository / "kept.txt").write_text("ours\n", encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "-m", "Ours")
    before = git(repository, "rev-parse", "HEAD")

    with pytest.raises(RepositoryError, match=r"'run' and 'main' conflict in kept\.txt"):
        await merge_branch(repository, "run", "Merge")

    assert git(repository, "rev-parse", "HEAD") == before
    assert git(repository, "status", "--porcelain") == ""
    assert not (repository / ".git" / "MERGE_HEAD").exists()


@pytest.mark.anyio
async def test_a_merge_into_a_dirty_or_detached_checkout_is_refused(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    await diverge(repository, tmp_path / "tree", git, "two\n")
    with pytest.raises(RepositoryError, match="there is no branch 'walk'"):
        await merge_branch(repository, "walk", "Merge")
    (repository / "kept.txt").write_text("mine\n", encoding="utf-8")
    with pytest.raises(RepositoryError, match=r"'kept.txt' has uncommitted changes; commit"):
        await merge_branch(repository, "run", "Merge")
    git(repository, "checkout", "--quiet", "--", "kept.txt")
    git(repository, "checkout", "--quiet", "--detach")
    with pytest.raises(RepositoryError, match="HEAD is detached; switch to the branch"):
        await merge_branch(repository, "run", "Merge")


@pytest.mark.parametrize(
    ("configured", "author"),
    [
        ((), "gardener <gardener@localhost>"),
        (("Ada", "ada@example.org"), "Ada <ada@example.org>"),
    ],
)
def test_the_author_is_the_user_where_one_is_configured(
    repository: Path, git: Git, configured: tuple[str, ...], author: str
) -> None:
    for key, value in zip(("user.name", "user.email"), configured, strict=False):
        git(repository, "config", key, value)
    code = (
        "import anyio, pathlib, sys\n"
        "from agent.workspace.local import LocalWorkspace\n"
        "anyio.run(LocalWorkspace(pathlib.Path(sys.argv[1]), {}).commit, 'Work')\n"
    )
    quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}

    subprocess.run(
        [sys.executable, "-c", code, str(repository)],
        cwd=PROJECT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **quiet},
        check=True,
    )

    assert git(repository, "log", "-1", "--format=%an <%ae>") == author
