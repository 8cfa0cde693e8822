"""The audit of a checkout made of a few files."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agent.domain.check import CallsCheck, CommandCheck
from agent.domain.finding import Finding
from agent.domain.plan import EntryPoint, Plan, Requirement, Task
from agent.realign.audit import audit

Audited = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    """Writes the files and audits them all, or only `changed`; `main.py` is the entry point."""

    def look(
        files: Mapping[str, str],
        *,
        changed: frozenset[str] | None = None,
        entry_files: frozenset[str] = frozenset({"main.py"}),
    ) -> tuple[Finding, ...]:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        return audit(tmp_path, tuple(files), changed=changed, entry_files=entry_files)

    return look


@pytest.fixture
def plan() -> Plan:
    """Two requirements, three tasks, and the first pass of realignment."""
    return Plan(
        name="todo-chat",
        title="Todo list with a chat",
        request="A todo list.\n\n# With a chat\nthat knows my todos.",
        requirements=(
            Requirement(
                id="R1",
                title="Todos are still there after a restart.",
                checks=(CommandCheck(run="python3 -m unittest tests.test_store"),),
            ),
            Requirement(
                id="R2",
                title="A model that knows the todos answers.",
                acceptance="Ask it what is on the list, with the endpoint taken away.",
                checks=(CallsCheck(run="python3 -m app ask hi"),),
            ),
        ),
        entry_points=(
            EntryPoint(id="E1", command="python3 -m app", path="app/__main__.py", purpose="serve"),
        ),
        tasks=(
            Task(
                id="T01",
                title="Keep todos",
                serves=("R1",),
                creates=("app/store.py", "tests/test_store.py"),
                checks=(CommandCheck(run="python3 -m unittest tests.test_store"),),
            ),
            Task(
                id="T02",
                title="Answer questions",
                serves=("R2",),
                creates=("app/chat.py",),
                modifies=("app/store.py",),
                depends=("T01",),
                wiring="app/__main__.py calls answer()",
                checks=(CommandCheck(run="python3 -m unittest tests.test_chat"),),
            ),
            Task(
                id="T03",
                title="Start it",
                serves=("R1", "R2"),
                creates=("app/__main__.py",),
                depends=("T02",),
            ),
            Task(id="T02r1", title="Mend", creates=("app/client.py",), depends=("T02",)),
        ),
    )
