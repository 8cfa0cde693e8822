"""What scripted runs are made of: a small plan, honest replies, and the run that was played."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from agent.domain.event import Event
from agent.domain.state import RunState, fold
from agent.journal import FILE_NAME, read_entries
from agent.wiring import RunResult

Session = dict[str, Any]
E = TypeVar("E")
CHECK = {"kind": "command", "run": "python3 -m unittest tests.test_greet"}
GREET = "def greet(name):\n    return f'Hello {name}'\n"
MAIN = "import sys\n\nfrom app.greet import greet\n\nprint(greet(sys.argv[1]))\n"
TEST = (
    "import unittest\n\nfrom app.greet import greet\n\n\n"
    "class GreetTest(unittest.TestCase):\n    def test_greets(self):\n"
    "        self.assertEqual(greet('Ada'), 'Hello Ada')\n"
)
PLAN: dict[str, Any] = {
    "title": "Greeting",
    "name": "greeting",
    "requirements": [
        {
            "id": "R1",
            "title": "The program greets by name",
            "checks": [{"kind": "command", "run": "python3 -m app Ada", "output": "Hello Ada"}],
        }
    ],
    "entry_points": [{"id": "E1", "command": "python3 -m app NAME", "path": "app/__main__.py"}],
    "tasks": [
        {
            "id": "T01",
            "title": "Greet",
            "serves": ["R1"],
            "creates": ["app/greet.py", "app/__main__.py", "tests/test_greet.py"],
            "wiring": "app/__main__.py prints greet(NAME)",
            "checks": [CHECK],
            "size_tokens": 1000,
        }
    ],
}


def calls(*made: tuple[str, dict[str, Any]], say: str = "") -> dict[str, Any]:
    return {"say": say, "calls": [{"tool": name, "arguments": given} for name, given in made]}


def write(path: str, content: str) -> tuple[str, dict[str, Any]]:
    return "write", {"path": path, "content": content}


SUBMIT = ("submit", {"summary": "greets"})
HONEST = calls(
    write("app/greet.py", GREET),
    write("app/__main__.py", MAIN),
    write("tests/test_greet.py", TEST),
    SUBMIT,
)


def planner(plan: dict[str, Any] = PLAN) -> Session:
    return {"role": "planner", "replies": [calls(("propose_plan", plan))]}


def gardener() -> Session:
    return {"role": "gardener", "replies": [calls(("revise_plan", {"edits": [], "summary": "ok"}))]}


def executor(*replies: dict[str, Any], **which: object) -> Session:
    return {"role": "executor", **which, "replies": list(replies)}


def judge(verdict: str = "met", line: int = 2, **which: object) -> Session:
    citation = {"path": "app/greet.py", "line": line, "quote": "return f'Hello {name}'"}
    told = {"requirement": "R1", "verdict": verdict, "explanation": "read", "citations": [citation]}
    return {"role": "judge", **which, "replies": [calls(("verdicts", {"verdicts": [told]}))]}


@dataclass(frozen=True)
class Played:
    result: RunResult
    repository: Path
    events: tuple[Event, ...]

    @property
    def state(self) -> RunState:
        return fold(self.events)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def git(self, *arguments: str) -> str:
        return git(self.repository, *arguments)

    def commits(self) -> list[str]:
        """Subjects of the branch's commits, oldest first, without the first and the plan's."""
        log = self.git("log", "--reverse", "--format=%s", f"main..{self.result.branch}")
        return [line for line in log.splitlines() if not line.startswith("Plan ")]


Play = Callable[..., Played]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=30
    ).stdout


def played(result: RunResult, repository: Path) -> Played:
    entries = read_entries(result.run_folder / FILE_NAME)
    return Played(result, repository, tuple(entry.event for entry in entries))
