"""Arguments that are typically a little wrong are taken as they are meant."""

from collections.abc import Awaitable, Callable

import pytest

from agent.domain.ports import ToolOutput
from agent.domain.todo import Todo
from agent.workspace.local import LocalWorkspace

Call = Callable[..., Awaitable[ToolOutput]]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "arguments",
    [
        {"files": ["docs/notes.txt:2-3"]},
        {"files": "docs/notes.txt:2-3"},
        {"files": '["docs/notes.txt:2-3"]'},
        {"files": [{"path": "docs/notes.txt", "start": "2", "end": 3.0}]},
        {"files": {"path": "docs/notes.txt", "start_line": 2, "end_line": 3}},
        {"path": "docs/notes.txt", "start": 2, "end": None},
        {"file_path": "docs/notes.txt:L2-L3"},
        {"paths": ["docs/notes.txt#L2-L9"]},
        {"files": ["./docs/notes.txt:2-"]},
        {"files": [{"path": "docs/notes.txt", "lines": "2-3"}]},
    ],
)
async def test_ways_to_ask_for_lines(call: Call, arguments: dict[str, object]) -> None:
    output = await call("read", **arguments)

    assert output.text.partition("\n")[2] == "2\tsecond\n3\tthird\n</file>"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "arguments",
    [
        {"edits": [{"path": "docs/notes.txt", "old": "second", "new": "2nd"}]},
        {"edits": {"path": "docs/notes.txt", "old": "second", "new": "2nd", "all": None}},
        {"edits": '[{"path": "docs/notes.txt", "old": "second", "new": "2nd"}]'},
        {"path": "docs/notes.txt", "old": "second", "new": "2nd"},
        {"file_path": "docs/notes.txt", "old_string": "second", "new_string": "2nd"},
        {
            "path": "docs/notes.txt",
            "edits": [{"old_str": "second", "new_str": "2nd", "replace_all": "false"}],
        },
        {"path": "docs/notes.txt", "edits": '[{"old_text": "second", "new_text": "2nd"}]'},
    ],
)
async def test_ways_to_ask_for_an_edit(
    call: Call, workspace: LocalWorkspace, arguments: dict[str, object]
) -> None:
    output = await call("edit", **arguments)

    assert output == ToolOutput("docs/notes.txt: 1 replacement")
    assert workspace.read_text("docs/notes.txt") == "first (note)\n2nd\nthird\n"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("list", {"path": "docs", "depth": "2"}, "<output>\ndocs/notes.txt\n</output>"),
        ("list", {"paths": None, "path": "{root}/docs/"}, "<output>\ndocs/notes.txt\n</output>"),
        ("list", {"glob": "docs/*"}, "<output>\ndocs/notes.txt\n</output>"),
        (
            "search",
            {"pattern": "second", "path": "docs", "max_results": "5"},
            "<output>\ndocs/notes.txt\n2:second\n</output>",
        ),
        (
            "search",
            {"query": "second|nope", "context_lines": 0},
            "<output>\ndocs/notes.txt\n2:second\n</output>",
        ),
        ("write", {"file_path": "a.txt", "contents": "x"}, "created a.txt (1 lines)"),
        ("write", {"path": "{root}/a.txt", "content": "x"}, "created {root}/a.txt (1 lines)"),
        ("run", {"cmd": "echo hi", "timeout": "5"}, "exit code 0\n<output>\nhi\n</output>"),
        (
            "run",
            {"command": ["sh", "-c", "echo $N $PWD"], "cwd": "./docs", "env": {"N": 7}},
            "exit code 0\n<output>\n7 {root}/docs\n</output>",
        ),
        ("todo", {"add": "Write it"}, "1. Write it\nopen: 1"),
        ("submit", {"message": "Works."}, "Handed in. The harness runs the checks."),
    ],
)
async def test_other_words_and_forms(
    call: Call,
    workspace: LocalWorkspace,
    name: str,
    arguments: dict[str, object],
    told: str,
) -> None:
    root = str(workspace.root)
    filled = {
        key: value.replace("{root}", root) if isinstance(value, str) else value
        for key, value in arguments.items()
    }

    assert (await call(name, **filled)).text == told.replace("{root}", root)


@pytest.mark.anyio
async def test_a_todo_list_sent_whole_loses_nothing(call: Call, todos: list[Todo]) -> None:
    await call("todo", add=["Write it", "Test it", "Wire it"])

    output = await call(
        "todo",
        todos=[
            {"id": "1", "content": "Write it", "status": "completed", "priority": "high"},
            {"content": "Document it", "status": "pending"},
        ],
    )

    assert output == ToolOutput(
        "4. Document it\nKept, though your list leaves them out:\n2. Test it\n3. Wire it\n"
        "open: 2, 3, 4"
    )
    assert await call("todo", todos=[]) == ToolOutput(
        "Kept, though your list leaves them out:\n2. Test it\n3. Wire it\n4. Document it\n"
        "open: 2, 3, 4"
    )
    assert await call("todo", done=["2", "Wire it"]) == ToolOutput("open: 4")
    assert await call("todo", todos=[{"id": 4, "status": "done"}]) == ToolOutput("no open todos")
    assert [todo.status for todo in todos] == ["completed"] * 4
