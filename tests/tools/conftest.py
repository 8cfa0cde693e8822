"""A real workspace for the tests of the tools."""

import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.domain.ports import Tool, ToolOutput
from agent.domain.todo import Todo
from agent.errors import NeedsPerson
from agent.tools.ask import Answer
from agent.tools.toolset import executor_tools
from agent.workspace.local import LocalWorkspace

FILES = {
    "app/main.py": "def main():\n    return 1\n\n\ndef other():\n    return 1\n",
    "app/store.py": "ITEMS = []\n",
    "docs/notes.txt": "first (note)\nsecond\nthird\n",
    "plans/plan.md": "# Plan\n",
    ".gitignore": "*.log\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    root = tmp_path / "repository"
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    return LocalWorkspace(root, {"PATH": os.environ["PATH"]})


@pytest.fixture
def todos() -> list[Todo]:
    return []


@pytest.fixture
def questions() -> list[str]:
    """What the executor asked."""
    return []


@pytest.fixture
def tools(workspace: LocalWorkspace, todos: list[Todo], questions: list[str]) -> dict[str, Tool]:
    def update(fresh: tuple[Todo, ...]) -> None:
        todos[:] = fresh

    async def answer(question: str, assumption: str) -> Answer:
        questions.append(question)
        if assumption == "nobody":
            raise NeedsPerson("a person must answer")
        return Answer("blue", is_assumed=False) if question == "Colour?" else Answer(assumption)

    made = executor_tools(
        workspace,
        lambda: tuple(todos),
        update,
        answer,
        command_timeout_seconds=20,
        protected=frozenset({"plans/plan.md"}),
    )
    return {tool.spec.name: tool for tool in made}


@pytest.fixture
def call(tools: dict[str, Tool]) -> Callable[..., Awaitable[ToolOutput]]:
    """Calls a tool by name, arguments by keyword."""

    async def call_tool(name: str, **arguments: object) -> ToolOutput:
        return await tools[name].call(arguments)

    return call_tool
