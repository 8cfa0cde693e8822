"""The workspace does what its port says, on a real checkout."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import PathRefused, WorkspaceError
from agent.workspace.local import LocalWorkspace

Git = Callable[..., str]


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        (root / f"{name}.txt").write_text(text, encoding="utf-8")


def test_what_is_written_is_read_back_byte_for_byte(workspace: LocalWorkspace) -> None:
    text = "\ufeffa\r\nb\n\tü\u2028c"

    workspace.write_text("new/folder/file.txt", text)

    assert workspace.read_text("new/folder/file.txt") == text
    assert os.listdir(workspace.root / "new" / "folder") == ["file.txt"]


def test_writing_keeps_the_mode_and_follows_a_link_inside(workspace: LocalWorkspace) -> None:
    script = workspace.root / "kept.txt"
    script.chmod(0o755)
    (workspace.root / "link").symlink_to("kept.txt")

    workspace.write_text("link", "two\n")

    assert (workspace.root / "link").is_symlink()
    assert script.read_text(encoding="utf-8") == "two\n"
    assert stat.S_IMODE(script.stat().st_mode) == 0o755


def test_a_new_file_has_the_usual_mode(workspace: LocalWorkspace) -> None:
    (workspace.root / "usual").touch()

    workspace.write_text("new", "")

    assert (workspace.root / "new").stat().st_mode == (workspace.root / "usual").stat().st_mode


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("gone.txt", "there is no file 'gone.txt'; check the path"),
        ("loop", "cannot read 'loop': Too many levels of symbolic links; check the path"),
        ("kept.txt/x", "cannot read 'kept.txt/x': Not a directory; check the path"),
        ("folder", "'folder' is a folder; name a file in it"),
        ("pipe", "'pipe' is not a regular file; leave it alone"),
        ("binary", "'binary' is not UTF-8 text; inspect it by command"),
    ],
)
def test_what_cannot_be_read_gives_one_sentence(
    workspace: LocalWorkspace, path: str, sentence: str
) -> None:
    (workspace.root / "folder").mkdir()
    (workspace.root / "loop").symlink_to("loop")
    os.mkfifo(workspace.root / "pipe")
    (workspace.root / "binary").write_bytes(b"\xff\xfe")

    with pytest.raises(WorkspaceError) as caught:
        workspace.read_text(path)

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (".", "x", "'.' is a folder; name a file in it"),
        ("kept.txt/x", "x", "a folder in 'kept.txt/x' is a file; choose another path"),
        ("n" * 300, "x", f"cannot write '{'n' * 300}': File name too long; check the path"),
        ("a.txt", "\ud800", "the text for 'a.txt' is not valid Unicode; mend it"),
    ],
)
def test_what_cannot_be_written_gives_one_sentence_and_leaves_nothing(
    workspace: LocalWorkspace, path: str, text: str, sentence: str
) -> None:
    before = sorted(os.listdir(workspace.root))

    with pytest.raises(WorkspaceError) as caught:
        workspace.write_text(path, text)

    assert str(caught.value) == sentence
    assert sorted(os.listdir(workspace.root)) == before


def test_deleting_a_link_leaves_its_target(workspace: LocalWorkspace) -> None:
    (workspace.root / "link").symlink_to("kept.txt")

    workspace.delete("link")

    assert not (workspace.root / "link").is_symlink()
    assert workspace.exists("kept.txt")
    with pytest.raises(WorkspaceError, match="nothing to delete"):
        workspace.delete("link")


@pytest.mark.anyio
async def test_every_door_refuses_a_path_that_leaves(workspace: LocalWorkspace) -> None:
    for act in (workspace.exists, workspace.read_text, workspace.delete):
        with pytest.raises(PathRefused):
            act("../x")
    with pytest.raises(PathRefused):
        workspace.write_text(".git/hooks/pre-commit", "x")
    with pytest.raises(PathRefused):
        await workspace.run("true", timeout_seconds=9, folder="..")


@pytest.mark.anyio
async def test_files_are_the_tracked_and_the_new_ones(workspace: LocalWorkspace, git: Git) -> None:
    write(workspace.root, deleted="x")
    git(workspace.root, "add", "deleted.txt")
    (workspace.root / "deleted.txt").unlink()
    write(workspace.root, **{"ü b": "x"})
    (workspace.root / "noise.log").touch()
    (workspace.root / "nested").mkdir()
    git(workspace.root / "nested", "init", "--quiet")

    assert await workspace.files() == (".gitignore", "kept.txt", "ü b.txt")


@pytest.mark.anyio
async def test_a_command_runs_in_the_folder_without_keys(workspace: LocalWorkspace) -> None:
    (workspace.root / "sub").mkdir()

    result = await workspace.run(
        "pwd; echo $PORT; env | grep -c -i -e KEY -e TOKEN -e GIT_",
        timeout_seconds=9,
        env={"PORT": "81"},
        folder="sub",
    )

    assert result.output == f"{workspace.root}/sub\n81\n0\n"


@pytest.mark.anyio
async def test_a_commit_has_everything_and_runs_no_hook(
    workspace: LocalWorkspace, git: Git
) -> None:
    hook = workspace.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    git(workspace.root, "config", "commit.gpgsign", "true")
    base = await workspace.head()
    write(workspace.root, kept="two\n", fresh="x\n")
    (workspace.root / "noise.log").touch()

    commit = await workspace.commit("T01: Add\n\n#1 is the first line\n\nTask: T01\n")

    assert commit == await workspace.head() == git(workspace.root, "rev-parse", "HEAD")
    assert await workspace.message_of(commit) == "T01: Add\n\n#1 is the first line\n\nTask: T01"
    assert await workspace.changed_files(base) == ("fresh.txt", "kept.txt")
    assert not await workspace.is_dirty()


@pytest.mark.anyio
async def test_a_commit_without_a_change_keeps_its_message(workspace: LocalWorkspace) -> None:
    base = await workspace.head()

    commit = await workspace.commit("Nothing\n")

    assert commit != base
    assert await workspace.message_of(commit) == "Nothing"


@pytest.mark.anyio
async def test_changed_files_are_committed_uncommitted_and_new_ones(
    workspace: LocalWorkspace,
) -> None:
    base = await workspace.head()
    write(workspace.root, committed="x")
    await workspace.commit("One")
    write(workspace.root, kept="two\n", fresh="x")
    (workspace.root / ".gitignore").unlink()
    (workspace.root / "sub").mkdir()
    (workspace.root / "sub" / "a.txt").touch()

    assert await workspace.changed_files(base) == (
        ".gitignore",
        "committed.txt",
        "fresh.txt",
        "kept.txt",
        "sub/a.txt",
    )


@pytest.mark.anyio
async def test_a_file_is_shown_as_it_was(workspace: LocalWorkspace) -> None:
    base = await workspace.head()
    write(workspace.root, kept="two\n")

    assert await workspace.show(base, "kept.txt") == "one\n"
    assert await workspace.show(base, "fresh.txt") is None
    with pytest.raises(WorkspaceError):
        await workspace.show("0" * 40, "kept.txt")


@pytest.mark.anyio
async def test_a_checkpoint_keeps_the_tree_and_leaves_index_and_files_alone(
    workspace: LocalWorkspace, git: Git
) -> None:
    write(workspace.root, kept="staged\n")
    git(workspace.root, "add", "kept.txt")
    write(workspace.root, kept="unstaged\n", fresh="x\n")
    status = git(workspace.root, "status", "--porcelain")
    index = (workspace.root / ".git" / "index").read_bytes()

    ref = await workspace.checkpoint("run-1/T01-1")

    assert ref == "refs/gardener/run-1/T01-1"
    assert await workspace.show(ref, "kept.txt") == "unstaged\n"
    assert await workspace.show(ref, "fresh.txt") == "x\n"
    assert (workspace.root / ".git" / "index").read_bytes() == index
    assert git(workspace.root, "status", "--porcelain") == status
    assert git(workspace.root, "rev-parse", f"{ref}^") == await workspace.head()


@pytest.mark.anyio
async def test_reset_throws_away_everything_but_ignored_files(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "--quiet", "-b", "run", str(tree))
    workspace = LocalWorkspace(tree, {})
    write(tree, kept="two\n", fresh="x\n")
    (tree / "noise.log").touch()
    make_repository(tree / "nested", git)
    assert await workspace.is_dirty()

    await workspace.reset()

    assert not await workspace.is_dirty()
    assert sorted(os.listdir(tree)) == [".git", ".gitignore", "kept.txt", "noise.log"]
    assert workspace.read_text("kept.txt") == "one\n"


@pytest.mark.anyio
async def test_another_repository_in_the_users_own_checkout_is_never_lost(
    workspace: LocalWorkspace, git: Git
) -> None:
    head = make_repository(workspace.root / "nested", git)

    await workspace.reset()
    await workspace.checkpoint("one")
    commit = await workspace.commit("Work")
    await workspace.reset()

    assert git(workspace.root / "nested", "rev-parse", "HEAD") == head
    assert git(workspace.root / "nested", "status", "--porcelain") == ""
    assert await workspace.show(commit, "nested/inner.txt") == "1\n"


@pytest.mark.anyio
async def test_the_files_of_another_repository_become_the_checkouts_own(
    workspace: LocalWorkspace, git: Git
) -> None:
    nested = workspace.root / "nested"
    make_repository(nested, git)
    make_repository(nested / "deep", git)
    (nested / "noise.log").touch()
    (nested / ".gitattributes").write_text("* filter=evil\n", encoding="utf-8")
    os.symlink("inner.txt", nested / "link")
    os.mkfifo(nested / "pipe")
    for place in (nested, nested / "deep"):
        git(place, "config", "filter.evil.clean", "touch ran; cat")
        git(place, "config", "core.fsmonitor", "touch ran")
    wanted = {".gitattributes", "deep/inner.txt", "inner.txt", "link"}

    ref = await workspace.checkpoint("one")
    first = await workspace.commit("Work")
    (nested / "later.txt").write_text("2\n", encoding="utf-8")
    (nested / "inner.txt").unlink()
    assert await workspace.is_dirty()
    second = await workspace.commit("More work")

    def files(commit: str) -> set[str]:
        listed = git(workspace.root, "ls-tree", "-r", "--name-only", f"{commit}:nested")
        return set(listed.splitlines())

    assert files(ref) == files(first) == wanted
    assert files(second) == wanted - {"inner.txt"} | {"later.txt"}
    assert not await workspace.is_dirty()
    assert not list(workspace.root.rglob("ran"))


@pytest.mark.anyio
async def test_a_submodule_that_is_checked_out_is_left_as_it_is(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    source = tmp_path / "source"
    make_repository(source, git)
    allow = ("-c", "protocol.file.allow=always")
    git(repository, *allow, "submodule", "--quiet", "add", str(source), "library")
    git(repository, "commit", "--quiet", "-m", "Add a submodule")
    pinned = git(repository, "rev-parse", "HEAD:library")
    workspace = LocalWorkspace(repository, {})
    write(repository / "library", inner="mine\n")
    git(repository / "library", "commit", "--quiet", "--all", "-m", "Mine, and nowhere else")
    head = git(repository / "library", "rev-parse", "HEAD")
    write(repository / "library", inner="uncommitted\n")

    await workspace.checkpoint("one")
    commit = await workspace.commit("Work")
    await workspace.reset()

    assert git(repository, "rev-parse", f"{commit}:library") == pinned
    assert git(repository / "library", "rev-parse", "HEAD") == head
    assert (repository / "library" / "inner.txt").read_text(encoding="utf-8") == "uncommitted\n"


def make_repository(folder: Path, git: Git) -> str:
    """A repository of its own with one commit, which is returned."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    write(folder, inner="1\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "Begin")
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.anyio
async def test_a_checkout_without_git_never_touches_the_repository_around_it(
    repository: Path, git: Git
) -> None:
    inner = repository / "inner"
    inner.mkdir()
    git(repository, "worktree", "add", "--quiet", "-b", "run", str(inner))
    workspace = LocalWorkspace(inner, {})
    (inner / ".git").unlink()
    write(repository, kept="precious\n")

    with pytest.raises(WorkspaceError):
        await workspace.reset()

    assert (repository / "kept.txt").read_text(encoding="utf-8") == "precious\n"


@pytest.mark.anyio
async def test_a_lost_checkout_gives_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="is gone; resume the run to get it back"):
        await LocalWorkspace(tmp_path / "lost", {}).head()


@pytest.mark.anyio
async def test_work_in_a_worktree_leaves_the_users_checkout_alone(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    write(repository, kept="precious\n")
    before = git(repository, "status", "--porcelain", "--branch")
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "--quiet", "-b", "run", str(tree))
    workspace = LocalWorkspace(tree, {})
    write(tree, fresh="x\n")

    ref = await workspace.checkpoint("one")
    commit = await workspace.commit("Work")
    write(tree, fresh="y\n")
    await workspace.reset()

    assert git(repository, "rev-parse", "run") == commit
    assert await workspace.show(ref, "fresh.txt") == await workspace.show(commit, "fresh.txt")
    assert workspace.read_text("fresh.txt") == "x\n"
    assert git(repository, "status", "--porcelain", "--branch") == before
