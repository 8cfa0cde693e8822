"""A small plan that lint finds nothing wrong with, and a survey."""

import pytest

from agent.domain.check import CallsCheck, CommandCheck
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task
from agent.domain.survey import StartCommand, Survey


@pytest.fixture
def plan() -> Plan:
    return Plan(
        name="todo-chat",
        base="0123abc",
        title="Todo chat",
        request="A todo list.\n\n# With a chat",
        introduction="On the standard library.",
        requirements=(
            Requirement(
                id="R1",
                title="A user adds a todo",
                acceptance="It is still there after a restart.",
                checks=(CommandCheck(run="python3 -m todo_chat add x", output="x"),),
            ),
            Requirement(
                id="R2",
                title="A user asks the model about the todos",
                checks=(CallsCheck(run="python3 -m todo_chat ask y"),),
            ),
        ),
        decisions=(Decision(id="D1", title="One JSON file", reason="A database is too much."),),
        entry_points=(
            EntryPoint(id="E1", command="python3 -m todo_chat", path="todo_chat/__main__.py"),
        ),
        tasks=(
            Task(
                id="T01",
                title="The program starts",
                serves=("R1",),
                creates=("todo_chat/__main__.py", "tests/test_main.py"),
                wiring="`python3 -m todo_chat` runs main()",
                checks=(CommandCheck(run="python3 -m unittest tests.test_main"),),
                size_tokens=3000,
                brief="Prints its help.",
            ),
            Task(
                id="T02",
                title="Todos are kept",
                serves=("R1",),
                creates=("todo_chat/store.py",),
                modifies=("todo_chat/__main__.py",),
                depends=("T01",),
                wiring="main() calls Store",
                checks=(CommandCheck(run="python3 -m unittest tests.test_store"),),
            ),
            Task(
                id="T03",
                title="The chat answers",
                serves=("R2",),
                creates=("todo_chat/chat.py",),
                modifies=("todo_chat/__main__.py", "README.md"),
                depends=("T02",),
                wiring="`ask` calls answer()",
                checks=(CallsCheck(run="python3 -m todo_chat ask y"),),
            ),
        ),
    )


@pytest.fixture
def survey() -> Survey:
    return Survey(
        commit="0123abc",
        languages={"Python": 3, "Markdown": 1},
        files=4,
        commands={"test": "python3 -m unittest"},
        entry_points=(StartCommand(command="python3 -m app", path="app/__main__.py"),),
        dependencies={"pyproject.toml": ("anyio",), "requirements.txt": ()},
        test_files=("tests/test_app.py",),
        conventions=("README.md",),
        environment=("OPENAI_BASE_URL",),
        repo_map="app/__main__.py\n  def main() -> int\nREADME.md",
    )
