"""Paths cannot leave the workspace, whatever they are made of."""

from pathlib import Path

import pytest

from agent.errors import PathRefused
from agent.workspace.paths import resolve, resolve_entry

ESCAPES = [
    "",
    "   ",
    "a\0b",
    "a\ud800b",
    "..",
    "../secret.txt",
    "a/../../secret.txt",
    "./../secret.txt",
    "a/b/../../../root/a.txt",
    "//etc/passwd",
    "/etc/passwd",
    "{root}/../secret.txt",
    "{root}-sibling/a.txt",
    "out",
    "out/secret.txt",
    "direct",
    "dangling",
    "a/deep",
    "a/deep/root/a.txt",
    ".git",
    ".git/config",
    "a/.git/hooks/pre-commit",
    "a/../.git/config",
    ".GIT/config",
    ".git./config",
    "git~1/config",
    "to_git/config",
    "{root}/.git/HEAD",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "root-sibling").mkdir()
    (root / "out").symlink_to("..")
    (root / "direct").symlink_to(tmp_path / "secret.txt")
    (root / "dangling").symlink_to(tmp_path / "nothing")
    (root / "a" / "deep").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    (root / "to_git").symlink_to(".git")
    (root / "inside").symlink_to("a.txt")
    return root


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leaves_is_refused(root: Path, path: str) -> None:
    with pytest.raises(PathRefused):
        resolve(root, path.format(root=root))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".", "."),
        ("a.txt", "a.txt"),
        ("./a/../a.txt", "a.txt"),
        ("a/b/new.py", "a/b/new.py"),
        ("inside", "a.txt"),
        ("..a/x", "..a/x"),
        (".gitignore", ".gitignore"),
        ("{root}/a.txt", "a.txt"),
        ("{root}", "."),
        ("loop/x", "loop/x"),
        ("n" * 5000, "n" * 5000),
    ],
)
def test_a_path_inside_is_found(root: Path, path: str, found: str) -> None:
    assert resolve(root, path.format(root=root)) == root / found


def test_a_root_behind_a_link_takes_both_spellings(root: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.symlink_to(root)

    assert resolve(linked, f"{linked}/a.txt") == resolve(linked, f"{root}/a.txt") == root / "a.txt"


def test_the_last_link_is_kept_for_what_acts_on_the_link_itself(root: Path) -> None:
    assert resolve_entry(root, "inside") == root / "inside"
    with pytest.raises(PathRefused):
        resolve_entry(root, "direct")
    with pytest.raises(PathRefused):
        resolve_entry(root, "a/..")
