"""Edits are exact, all or none, and leave alone what they do not name."""

import stat
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
            change("docs/new.txt", "", "fresh\n"),
        ],
    )

    assert output == ToolOutput(
        "docs/notes.txt: 3 replacements\napp/main.py: 2 replacements\ncreated docs/new.txt"
    )
    assert workspace.read_text("docs/notes.txt") == "1st\nthird\n"
    assert workspace.read_text("app/main.py").count("return 2") == 2
    assert workspace.read_text("docs/new.txt") == "fresh\n"


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
            change("docs/notes.txt", "third\n", "third\r\n"),
            change("./plans/../plans/plan.md", "Plan", "Done"),
            change("../x", "x", "y"),
            change("docs/fresh.txt", "", "y"),
            change("app/store.py", "[]", "[1]\n# ... rest of the file stays\n"),
        ],
    )

    assert output == ToolOutput(
        "Nothing was changed, in none of the 11 edits; send them all again, mended:\n"
        "2. app/main.py: old occurs 2 times, in lines 2, 6; "
        "add lines around it until it is unique, or set all\n"
        "3. docs/note.txt: no such file; did you mean docs/notes.txt?\n"
        "4. unlike-anything: no such file; to create it, use write\n"
        "5. docs/notes.txt: old is empty; to fill or create a file, use write\n"
        "6. docs/notes.txt: old and new are the same\n"
        "7. docs/notes.txt: old and new are the same but for line ends, which a file keeps; "
        "use run to change them\n"
        "8. ./plans/../plans/plan.md: kept by the harness and cannot be changed by you\n"
        "9. ../x: '../x' leaves the workspace; use a path inside it\n"
        '11. app/store.py: new leaves code out: "# ... rest of the file stays". '
        "Write every line, or choose a smaller old",
        is_error=True,
    )
    assert workspace.read_text("docs/notes.txt") == NOTES
    assert not workspace.exists("docs/fresh.txt")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        pytest.param("a\r\nb\r\n", "a\nb\n", "a\nc\nb\n", "a\r\nc\r\nb\r\n", id="crlf"),
        pytest.param("a\r\nb\r\n", "a\r\nb", "x\r\ny", "x\r\ny\r\n", id="crlf-sent"),
        pytest.param("a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n", id="crlf-sent-for-lf"),
        pytest.param("a\nb\r\nc\n", "b\n", "x\ny\n", "a\nx\r\ny\r\nc\n", id="mixed"),
        pytest.param("a\nb\r\nc\n", "a\nb\nc\n", "x\ny\n", "x\ny\n", id="over-mixed"),
        pytest.param("a\r\nb", "b", "b\nc", "a\r\nb\r\nc", id="last-line"),
        pytest.param("a\nb", "b\n", "c\n", "a\nc", id="no-final-line-end"),
        pytest.param("a\nb\n", "b\n", "c", "a\nc", id="final-line-end-taken-away"),
        pytest.param("\ufeffa\nb\n", "a\n", "x\n", "\ufeffx\nb\n", id="byte-order-mark"),
        pytest.param("a\rb\n", "a\rb", "c", "c\n", id="carriage-return-inside"),
        pytest.param("a.c abc\n", "a.c", "x", "x abc\n", id="no-pattern"),
        pytest.param("a\n", "a", r"\g<0>\1\n", "\\g<0>\\1\\n\n", id="no-template"),
    ],
)
async def test_a_file_keeps_its_line_ends_and_its_mark(
    call: Call, workspace: LocalWorkspace, before: str, old: str, new: str, after: str
) -> None:
    workspace.write_text("file.txt", before)

    output = await call("edit", edits=[change("file.txt", old, new)])

    assert output == ToolOutput("file.txt: 1 replacement")
    assert workspace.read_text("file.txt") == after


@pytest.mark.anyio
async def test_a_file_keeps_its_mode_and_its_name_a_link(
    call: Call, workspace: LocalWorkspace
) -> None:
    script = workspace.root / "script.sh"
    script.write_text("echo a\n", encoding="utf-8")
    script.chmod(0o751)
    (workspace.root / "alias.sh").symlink_to("script.sh")

    await call("edit", edits=[change("alias.sh", "a\n", "b\n")])
    await call("write", path="alias.sh", content="echo c\n")

    assert stat.S_IMODE(script.stat().st_mode) == 0o751
    assert script.read_text(encoding="utf-8") == "echo c\n"
    assert (workspace.root / "alias.sh").is_symlink()


@pytest.mark.anyio
async def test_two_spellings_of_one_path_are_one_file(
    call: Call, workspace: LocalWorkspace
) -> None:
    await call(
        "edit",
        edits=[
            change("docs/notes.txt", "first", "1st"),
            change("./docs/notes.txt", "second", "2nd"),
            change(f"{workspace.root}/docs/notes.txt", "third", "3rd"),
        ],
    )

    assert workspace.read_text("docs/notes.txt") == "1st (note)\n2nd\n3rd\n"


class FullDisk(LocalWorkspace):
    """Cannot write one of its files."""

    def write_text(self, path: str, text: str) -> None:
        if path == "docs/notes.txt":
            raise WorkspaceError("no space left")
        super().write_text(path, text)


@pytest.mark.anyio
async def test_a_failed_write_puts_the_files_before_it_back(workspace: LocalWorkspace) -> None:
    full = FullDisk(workspace.root, {})
    edits = [
        change("app/store.py", "[]", "{}"),
        change("app/fresh.py", "", "x = 1\n"),
        change("docs/notes.txt", "first", "1st"),
    ]

    with pytest.raises(WorkspaceError, match="no space left"):
        await edit_tool(full, frozenset()).call({"edits": edits})

    assert workspace.read_text("app/store.py") == "ITEMS = []\n"
    assert not workspace.exists("app/fresh.py")


@pytest.mark.anyio
async def test_a_file_is_created_with_its_folders_or_replaced(
    call: Call, workspace: LocalWorkspace
) -> None:
    created = await call("write", path="a/b/c.txt", content="x\n")
    replaced = await call("write", path="docs/notes.txt", content="")
    again = await call("write", path="a/b/c.txt", content="x\n")

    assert created == ToolOutput("created a/b/c.txt (1 lines)")
    assert replaced == ToolOutput("replaced docs/notes.txt (0 lines)")
    assert again == ToolOutput("unchanged: a/b/c.txt had this content already")
    assert workspace.read_text("a/b/c.txt") == "x\n"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        ("a\r\nb\r\n", "x\ny\n", "x\r\ny\r\n"),
        ("a\r\nb\n", "x\ny\n", "x\ny\n"),
        ("a\nb\n", "x\r\n", "x\r\n"),
        ("\ufeffa\n", "x\n", "\ufeffx\n"),
    ],
)
async def test_a_file_that_is_replaced_keeps_the_line_ends_it_had_throughout(
    call: Call, workspace: LocalWorkspace, before: str, content: str, after: str
) -> None:
    workspace.write_text("file.txt", before)

    await call("write", path="file.txt", content=content)

    assert workspace.read_text("file.txt") == after


@pytest.mark.anyio
@pytest.mark.parametrize(
    "line",
    [
        "# ... existing code ...",
        "    // … rest of the component",
        "/* ... remaining methods */",
        "<!-- ... unchanged ... -->",
        "{/* ... the rest of the form */}",
        "// The rest of the code remains the same",
    ],
)
async def test_a_comment_in_place_of_code_is_not_written(
    call: Call, workspace: LocalWorkspace, line: str
) -> None:
    output = await call("write", path="docs/notes.txt", content=f"x\n{line}\n")

    assert output == ToolOutput(
        f'Nothing was written: content leaves code out: "{line.strip()}". '
        "Write every line of docs/notes.txt, or use edit",
        is_error=True,
    )
    assert workspace.read_text("docs/notes.txt") == NOTES


@pytest.mark.anyio
async def test_a_comment_that_only_looks_so_may_stand(
    call: Call, workspace: LocalWorkspace
) -> None:
    honest = "# ... and so on\n# the rest is silence\n# ...\nx = [...]\n// rest parameters\n"
    workspace.write_text("old.txt", "# ... existing code ...\n")

    assert not (await call("write", path="docs/notes.txt", content=honest)).is_error
    kept = await call("write", path="old.txt", content="# ... existing code ...\nx\n")
    assert kept == ToolOutput("replaced old.txt (2 lines)")


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
