"""The demo, as a user runs it: everything that went wrong is caught, and the result works."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scenario import git

from agent.domain.event import AuditFinished, Continued, PlanChecked, ToolFinished
from agent.journal import FILE_NAME, read_entries

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Demo:
    home: Path
    folder: Path
    code: int
    out: str

    def gardener(self, *arguments: str, place: Path | None = None) -> str:
        return gardener(self.home, place or self.folder, *arguments).stdout

    @property
    def journal(self) -> Path:
        (run,) = (self.folder / ".git" / "gardener" / "runs").iterdir()
        return run / FILE_NAME


def gardener(home: Path, place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    home = tmp_path_factory.mktemp("home")
    folder = home / "demo"
    ended = gardener(home, home, "demo", "--plain", "--folder", str(folder))
    return Demo(home, folder, ended.returncode, ended.stdout)


def masked(text: str) -> list[str]:
    return [re.sub(r"\b[0-9a-f]{10}\b", "HASH", line) for line in text.splitlines()]


def test_it_ends_proven_and_says_that_replies_are_scripted(demo: Demo) -> None:
    lines = demo.out.splitlines()
    assert (demo.code, lines[1]) == (0, "rehearsal: replies are scripted")
    assert "done: every requirement is proven" in lines


def test_it_prints_what_the_readme_shows(demo: Demo) -> None:
    shown = README.split("```text\n")[1].split("```")[0]
    assert [line for line in masked(shown) if line not in masked(demo.out)] == []


def test_what_went_wrong_in_the_article_is_caught_by_the_harness(demo: Demo) -> None:
    events = [entry.event for entry in read_entries(demo.journal)]
    lint = [e for e in events if isinstance(e, PlanChecked)]
    assert [[f.rule for f in e.findings] for e in lint] == [["entry-point-unwired"], [], []][:2]
    assert [e.session.subject for e in events if isinstance(e, Continued)] == ["T02"]
    audits = [e for e in events if isinstance(e, AuditFinished)]
    assert [sorted(f.rule for f in e.findings) for e in audits] == [
        ["canned-reply", "check-red", "judge-faked", "test-without-assertion"],
        [],
    ]


def test_wrong_calls_were_refused_and_not_guessed(demo: Demo) -> None:
    events = [entry.event for entry in read_entries(demo.journal)]
    refused = [e.result.text for e in events if isinstance(e, ToolFinished) and e.result.is_error]
    assert [bool(re.search(word, text)) for word, text in zip(
        ["T09", "not found|does not", "line"], refused, strict=False
    )] == [True, True, True]  # fmt: skip


def test_each_task_has_one_commit(demo: Demo) -> None:
    log = git(demo.folder, "log", "--reverse", "--format=%s", "main..gardener/todo-chat")
    tasks = [line.split(":")[0] for line in log.splitlines() if not line.startswith("Plan ")]
    assert tasks == ["T01", "T02", "T03", "T04", "T05", "T02r1", "T03r1"]


def test_the_report_has_evidence_for_each_requirement(demo: Demo) -> None:
    report: dict[str, Any] = json.loads(demo.gardener("report", "--json"))
    assert [(r["id"], r["proven"]) for r in report["requirements"]] == [
        (f"R{number}", True) for number in range(1, 6)
    ]
    assert report["rehearsal"] is True
    text = demo.gardener("report")
    assert "rehearsal: replies are scripted" in text
    assert "1 call seen" in text


def test_status_says_so_too(demo: Demo) -> None:
    status = json.loads(demo.gardener("status", "--json"))
    assert (status["outcome"], status["rehearsal"]) == ("done", True)


def test_the_merged_result_passes_its_own_tests(demo: Demo) -> None:
    clone = demo.home / "clone"
    git(demo.home, "clone", "-q", str(demo.folder), str(clone))
    git(clone, "merge", "-q", "--no-edit", "origin/gardener/todo-chat")
    answer = subprocess.run(
        ["python3", "-m", "unittest"],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "OK" in answer.stderr
