"""What git ignores and a project needs is in every checkout of a run, and never committed."""

from pathlib import Path
from typing import Any

import pytest
from overheard import execute, one_task
from scenario import calls, executor, git, judge, write

from agent.domain.event import ChecksRan, Warned
from agent.errors import UsageError

NEEDS_ALL = (
    "grep -q 'PORT=80' .env && grep -q deep conf/local/a.txt && grep -q lib node_modules/lib/x.js "
    "&& test -f new.txt"
)
PLAN = one_task(NEEDS_ALL)
MAKES_IT = executor(calls(write("new.txt", "x\n"), ("submit", {"summary": "made"})))
GIVEN: dict[str, Any] = {"copy_files": (".env", "conf/local"), "link_files": ("node_modules",)}


@pytest.fixture
def repository(repository: Path) -> Path:
    files = {
        ".gitignore": ".env\nconf/local\nnode_modules/\n",
        ".env": "PORT=80\nSTRIPE_SECRET=not-for-models-9\n",
        "conf/local/a.txt": "deep\n",
        "node_modules/lib/x.js": "// lib\n",
        "plain.txt": "kept\n",
    }
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Ignore what is local")
    return repository


def test_what_is_declared_is_there_for_tasks_and_checks_and_is_not_committed(
    tmp_path: Path, repository: Path
) -> None:
    heard = execute(
        tmp_path,
        repository,
        PLAN,
        MAKES_IT,
        judge(),
        phases=("execute", "realign"),
        setup="test -f .env && echo ready > .env.ready && rm .env.ready",
        **GIVEN,
    )

    final = [ran for ran in heard.run.of(ChecksRan) if ran.moment == "final"]
    assert final
    assert all(result.passed for ran in final for result in ran.results), final
    tracked = heard.run.git("ls-tree", "-r", "--name-only", heard.run.result.branch).split()
    assert tracked == [".gitignore", "README.md", "new.txt", "plain.txt", "plans/one.md"]
    assert (repository / "node_modules" / "lib" / "x.js").exists()


def test_the_secrets_of_a_copied_file_are_hidden_too(tmp_path: Path, repository: Path) -> None:
    prints = executor(
        calls(("run", {"command": "cat .env"}), write("new.txt", "x\n")),
        calls(("submit", {"summary": "made"})),
    )
    heard = execute(tmp_path, repository, PLAN, prints, **GIVEN)
    assert "STRIPE_SECRET=[hidden:STRIPE_SECRET]" in heard.results[0]
    assert "not-for-models-9" not in heard.journal + "".join(heard.bodies)


@pytest.mark.parametrize(
    ("setting", "path", "reason"),
    [
        ("copy_files", ".env.local", "which is not in .*; make it, or take it out"),
        ("link_files", "vendor", "which is not in .*; make it, or take it out"),
        ("copy_files", "plain.txt", "which git does not ignore, so it would be committed"),
    ],
)
def test_what_is_missing_or_would_be_committed_is_said_before_anything_is_made(
    tmp_path: Path, repository: Path, setting: str, path: str, reason: str
) -> None:
    given: dict[str, Any] = {setting: (path,)}
    with pytest.raises(UsageError, match=f"{setting} names '{path}', {reason}"):
        execute(tmp_path, repository, PLAN, MAKES_IT, **given)
    assert "gardener" not in git(repository, "branch", "--list")


def test_submodules_and_files_of_lfs_are_told_of(tmp_path: Path, repository: Path) -> None:
    (repository / ".gitmodules").write_text("", encoding="utf-8")
    (repository / ".gitattributes").write_text("*.bin filter=lfs -text\n", encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Keep large files elsewhere")
    told = [w.message for w in execute(tmp_path, repository, PLAN, MAKES_IT).run.of(Warned)]
    assert [message.partition(":")[0] for message in told if "`setup`" in message] == [
        "this repository has submodules",
        "this repository keeps files with Git LFS",
    ]
