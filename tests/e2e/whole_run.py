"""A long run over everything that a run can meet, and a scripted model that looks where it stands.

Three tasks: the first fails once, the second only succeeds as the gardener revised it, the third
is handed over to a fresh transcript. A stub that the first leaves is mended by a realignment.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenario import GREET, MAIN, PLAN

from agent.rehearsal.script import ScriptedCall, ScriptedReply
from agent.rehearsal.wire import Asked

STUB = GREET + "\n\ndef farewell(name: str) -> str:\n    pass\n"
PARTS = 6
LOUDER = "Write it in capitals."
WHOLE_PLAN: dict[str, Any] = {
    **PLAN,
    "tasks": [
        {
            "id": "T01",
            "title": "Greet",
            "serves": ["R1"],
            "creates": ["app/greet.py", "app/__main__.py"],
            "wiring": "app/__main__.py prints greet(NAME)",
            "checks": [{"kind": "command", "run": "grep -q Hello app/greet.py"}],
            "size_tokens": 1000,
        },
        {
            "id": "T02",
            "title": "Shout",
            "serves": ["R1"],
            "creates": ["data/loud.txt"],
            "depends": ["T01"],
            "wiring": "app/__main__.py",
            "checks": [{"kind": "command", "run": "grep -q LOUD data/loud.txt"}],
            "size_tokens": 1000,
        },
        {
            "id": "T03",
            "title": "Tell at length",
            "serves": ["R1"],
            "creates": [f"data/part_{n}.txt" for n in range(PARTS)],
            "depends": ["T02"],
            "wiring": "app/__main__.py",
            "checks": [{"kind": "command", "run": f"test -f data/part_{PARTS - 1}.txt"}],
            "size_tokens": 9000,
        },
    ],
}
CLEARER = "Greet whoever is named."
Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """One call, and how to see on the disk that it is not needed any more."""

    call: Call
    is_done: Callable[[], bool]


def part(number: int) -> str:
    return "".join(f"part {number}, line {line}: what was told there\n" for line in range(70))


@dataclass(frozen=True)
class Player:
    """Answers each request by what it shows and by what stands on the disk, so that it goes on
    behind an interruption as a model would that looks first."""

    world: Path

    @property
    def tree(self) -> Path:
        (tree,) = (
            path
            for path in (self.world / "home").glob("**/worktrees/*")
            if not path.name.endswith(".home")
        )
        return tree

    @property
    def effects(self) -> Path:
        """Outside of the checkout, so that nothing takes it back."""
        return self.world / "effects.txt"

    def __call__(self, asked: Asked) -> ScriptedReply:
        tools = {tool["function"]["name"] for tool in asked.tools}
        text = "\n".join(str(message.get("content") or "") for message in asked.messages)
        if "propose_plan" in tools:
            return calls(("propose_plan", WHOLE_PLAN))
        if "revise_plan" in tools:
            return calls(("revise_plan", {"edits": edits(text), "summary": "looked"}))
        if "verdicts" in tools:
            return calls(("verdicts", {"verdicts": [MET]}))
        if "This session is full" in str(asked.messages[-1].get("content")):
            return ScriptedReply(say="Go on with the parts that are missing.")
        (task_id,) = set(re.findall(r"^# Your task (\S+):", text, re.MULTILINE))
        return self.work(task_id, text, asked)

    def work(self, task_id: str, text: str, asked: Asked) -> ScriptedReply:
        has_failed = "## The last attempt failed" in text
        match task_id:
            case "T01" if not has_failed:
                tried = (self.run("first try"), self.write("app/greet.py", "def greet(): 0\n"))
                return self.next(tried) or calls(("give_up", {"reason": "no idea"}))
            case "T01":
                steps = (
                    self.write("app/greet.py", STUB),
                    self.run("second try"),
                    self.write("app/__main__.py", MAIN),
                    self.run("made"),
                )
                opening = ("todo", {"add": ["greet", "start it"]})
                return self.next(steps, at_once=True, before=opening) or self.finish(asked, 2)
            case "T02" if LOUDER not in text:
                return calls(("give_up", {"reason": "how loud?"}))
            case "T02":
                batch = (self.run("loud"), self.write("data/loud.txt", "LOUD\n"))
                return self.next(batch, at_once=True) or self.finish(asked)
            case "T03":
                parts = tuple(self.write(f"data/part_{n}.txt", part(n)) for n in range(PARTS))
                return self.next((*parts, self.run("told"))) or self.finish(asked)
            case _:
                return self.next((self.write("app/greet.py", GREET),)) or self.finish(asked)

    def write(self, path: str, content: str) -> Step:
        file = self.tree / path
        return Step(
            ("write", {"path": path, "content": content}),
            lambda: file.is_file() and file.read_text(encoding="utf-8") == content,
        )

    def run(self, line: str) -> Step:
        return Step(
            ("run", {"command": f"echo {line} >> {self.effects}"}),
            lambda: line in self.lines(),
        )

    def lines(self) -> list[str]:
        file = self.effects
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def next(
        self, steps: tuple[Step, ...], *, at_once: bool = False, before: Call | None = None
    ) -> ScriptedReply | None:
        """What of the steps is still to do; one call in a reply, or all of them."""
        left = [step.call for step in steps if not step.is_done()]
        if not left:
            return None
        if not at_once:
            return calls(left[0])
        reads: tuple[Call, ...] = (("read", {"paths": ["README.md"]}), ("list", {}))
        first = (before,) if before and len(left) == len(steps) else ()
        return calls(*first, *left, *reads)

    def finish(self, asked: Asked, todos: int = 0) -> ScriptedReply:
        closing: tuple[Call, ...] = (("submit", {"summary": "made"}),)
        if todos:
            closing = (("todo", {"done": list(range(1, todos + 1))}), *closing)
        return calls(*closing)


def edits(shown: str) -> list[dict[str, Any]]:
    """What the gardener changes: the first task in its round, the second when it got stuck."""
    if "# Stuck: T02" in shown and LOUDER not in shown:
        return [{"op": "change", "id": "T02", "reason": "say how", "fields": {"brief": LOUDER}}]
    if CLEARER not in shown:
        return [{"op": "change", "id": "T01", "reason": "say who", "fields": {"brief": CLEARER}}]
    return []


MET = {
    "requirement": "R1",
    "verdict": "met",
    "explanation": "read",
    "citations": [{"path": "app/greet.py", "line": 2, "quote": "return f'Hello {name}'"}],
}


def calls(*made: Call) -> ScriptedReply:
    return ScriptedReply(
        calls=tuple(ScriptedCall(tool=name, arguments=given) for name, given in made)
    )
