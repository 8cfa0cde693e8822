"""Edits are exact, all or none, and a near miss is shown."""

from collections.abc import Awaitable, Callable

import pytest

from agent.domain.ports import ToolOutput
from agent.errors import PathRefused, WorkspaceError
from agent.tools.edit import edit_tool
from agent.workspace.local import LocalWorkspace

Call = Callable[..., Awaitable[ToolOutput]]
NOTES = "first (note)\nsecond\nthird\n"


def change(path: str, old: str, new: str, **more: object) -> dict[str, object]:
    return {"path": path, "old": old, "new": new, **more}


@pytest.mark.anyio
async def test_several_edits_are_made_in_order(call: Call, workspace: LocalWorkspace) -> None:
    output = await call(
        "edit",
        edits=[
            change("docs/notes.txt", "first", "1st"),
            change("docs/notes.txt", "1st (note)\n", "1st\n"),
            change("app/main.py", "return 1", "return 2", all=True),
            change("docs/notes.txt", "second\n", ""),
        ],
    )

    assert output == ToolOutput("docs/notes.txt: 3 replacements\napp/main.py: 2 replacements")
    assert workspace.read_text("docs/notes.txt") == "1st\nthird\n"
    assert workspace.read_text("app/main.py").count("return 2") == 2


@pytest.mark.anyio
async def test_one_bad_edit_stops_all_and_every_fault_is_told(
    call: Call, workspace: LocalWorkspace
) -> None:
    output = await call(
        "edit",
        edits=[
            change("docs/notes.txt", "first", "1st"),
            change("app/main.py", "return 1", "return 2"),
            change("docs/note.txt", "x", "y"),
            change("unlike-anything", "x", "y"),
            change("docs/notes.txt", "", "y"),
            change("docs/notes.txt", "third", "third"),
            change("./plans/../plans/plan.md", "Plan", "Done"),
            change("../x", "x", "y"),
        ],
    )

    assert output == ToolOutput(
        "Nothing was changed.\n"
        "2. app/main.py: old occurs 2 times, in lines 2, 6; "
        "add lines around it until it is unique, or set all\n"
        "3. docs/note.txt: no such file; did you mean docs/notes.txt?\n"
        "4. unlike-anything: no such file; to create it, use write\n"
        "5. docs/notes.txt: old is empty; to fill or create a file, use write\n"
        "6. docs/notes.txt: old and new are the same\n"
        "7. ./plans/../plans/plan.md: kept by the harness and cannot be changed by you\n"
        "8. ../x: '../x' leaves the workspace; use a path inside it",
        is_error=True,
    )
    assert workspace.read_text("docs/notes.txt") == NOTES


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "def main():\n  return 1\n",
            "x",
            "old not found: only the white space differs. From line 1 the file has:\n"
            "<file>\ndef main():\n    return 1\n</file>",
        ),
        (
            "\n\ndef othr():\n    return 1\n",
            "x",
            "old not found. From line 5 the file has:\n<file>\ndef other():\n    return 1\n</file>",
        ),
        (
            "1\tdef main():\n2\t    return 1\n",
            "x",
            "old not found: leave out the line numbers and tabs that read shows",
        ),
        ("def old_name():", "def main():", "old not found, and new is already in the file"),
        ("%%%%", "x", "old not found, nor anything like it; read the file"),
        ("  ", "x", None),
    ],
)
async def test_a_near_miss_shows_what_the_file_has(
    call: Call, old: str, new: str, told: str | None
) -> None:
    output = await call("edit", edits=[change("app/main.py", old, new)])

    assert output.is_error
    assert output.text.startswith(f"Nothing was changed.\n1. app/main.py: {told or 'old occurs'}")


@pytest.mark.anyio
async def test_a_file_keeps_its_line_ends(call: Call, workspace: LocalWorkspace) -> None:
    workspace.write_text("dos.txt", "a\r\nb\r\n")

    await call("edit", edits=[change("dos.txt", "a\nb\n", "a\nc\nb\n")])

    assert workspace.read_text("dos.txt") == "a\r\nc\r\nb\r\n"


@pytest.mark.anyio
async def test_two_spellings_of_one_path_are_one_file(
    call: Call, workspace: LocalWorkspace
) -> None:
    await call(
        "edit",
        edits=[
            change("docs/notes.txt", "first", "1st"),
            change("./docs/notes.txt", "second", "2nd"),
        ],
    )

    assert workspace.read_text("docs/notes.txt") == "1st (note)\n2nd\nthird\n"


class FullDisk(LocalWorkspace):
    """Cannot write one of its files."""

    def write_text(self, path: str, text: str) -> None:
        if path == "docs/notes.txt":
            raise WorkspaceError("no space left")
        super().write_text(path, text)


@pytest.mark.anyio
async def test_a_failed_write_puts_the_files_before_it_back(workspace: LocalWorkspace) -> None:
    full = FullDisk(workspace.root, {})
    edits = [change("app/store.py", "[]", "{}"), change("docs/notes.txt", "first", "1st")]

    with pytest.raises(WorkspaceError, match="no space left"):
        await edit_tool(full, frozenset()).call({"edits": edits})

    assert workspace.read_text("app/store.py") == "ITEMS = []\n"


@pytest.mark.anyio
async def test_what_is_not_python_any_more_is_told_and_kept(
    call: Call, workspace: LocalWorkspace
) -> None:
    edited = await call("edit", edits=[change("app/store.py", "[]", "[")])
    written = await call("write", path="app/new.py", content="def f():\nreturn 1\n")

    assert edited == ToolOutput(
        "app/store.py: 1 replacement\nsyntax error: app/store.py:1: '[' was never closed"
    )
    assert written == ToolOutput(
        "created app/new.py (2 lines)\nsyntax error: app/new.py:2: "
        "expected an indented block after function definition on line 1"
    )
    assert workspace.read_text("app/store.py") == "ITEMS = [\n"


@pytest.mark.anyio
async def test_a_file_is_created_with_its_folders_or_replaced(
    call: Call, workspace: LocalWorkspace
) -> None:
    created = await call("write", path="a/b/c.txt", content="x\n")
    replaced = await call("write", path="docs/notes.txt", content="")

    assert created == ToolOutput("created a/b/c.txt (1 lines)")
    assert replaced == ToolOutput("replaced docs/notes.txt (0 lines)")
    assert workspace.read_text("a/b/c.txt") == "x\n"


@pytest.mark.anyio
async def test_a_protected_file_is_refused_under_every_name(
    call: Call, workspace: LocalWorkspace
) -> None:
    (workspace.root / "alias.md").symlink_to("plans/plan.md")

    for path in ("plans/plan.md", "alias.md", f"{workspace.root}/plans/plan.md"):
        output = await call("write", path=path, content="mine")
        assert output == ToolOutput(
            f"{path} is kept by the harness and cannot be changed by you", is_error=True
        )
    assert workspace.read_text("plans/plan.md") == "# Plan\n"
    with pytest.raises(PathRefused):
        await call("write", path=".git/config", content="mine")
