"""Reading, listing and searching show what is there and what may have been meant."""

from collections.abc import Awaitable, Callable

import pytest

from agent.domain.ports import ToolOutput
from agent.errors import PathRefused
from agent.tools.read import MAX_CHARACTERS
from agent.workspace.local import LocalWorkspace

Call = Callable[..., Awaitable[ToolOutput]]


@pytest.mark.anyio
async def test_one_call_reads_files_and_ranges_and_explains_the_rest(call: Call) -> None:
    output = await call(
        "read",
        files=[
            "app/store.py",
            {"path": "docs/notes.txt", "start": 2, "end": 9},
            {"path": "main.py"},
            {"path": "../secret"},
            {"path": "app/store.py", "start": 7},
        ],
    )

    assert output == ToolOutput(
        '<file path="app/store.py">\n1\tITEMS = []\n</file>\n'
        '<file path="docs/notes.txt" lines="2-3" of="3">\n2\tsecond\n3\tthird\n</file>\n'
        "there is no file 'main.py'; check the path; did you mean app/main.py?\n"
        "'../secret' leaves the workspace; use a path inside it\n"
        "app/store.py: nothing from line 7 on; it has 1 lines and end must not be before start"
    )


@pytest.mark.anyio
async def test_reading_nothing_that_exists_is_an_error(call: Call) -> None:
    output = await call("read", files=[{"path": "main.py"}])

    assert output == ToolOutput(
        "there is no file 'main.py'; check the path; did you mean app/main.py?",
        is_error=True,
    )


@pytest.mark.anyio
async def test_a_long_file_says_how_to_read_on(call: Call, workspace: LocalWorkspace) -> None:
    lines = [f"line {number}" for number in range(1, 5_001)]
    workspace.write_text("long.txt", "\n".join(lines) + "\n")

    first = (await call("read", files=["long.txt"])).text
    last = first.splitlines()[-3].partition("\t")[0]

    assert first.endswith(
        f"</file>\n[long.txt: lines {int(last) + 1}-5000 not shown; "
        f"read on with start={int(last) + 1}]"
    )
    assert MAX_CHARACTERS - 100 < len(first) < MAX_CHARACTERS + 200
    on = (await call("read", files=[{"path": "long.txt", "start": int(last) + 1}])).text
    assert on.splitlines()[1] == f"{int(last) + 1}\tline {int(last) + 1}"


@pytest.mark.anyio
async def test_line_ends_and_long_lines_do_not_disturb_the_numbers(
    call: Call, workspace: LocalWorkspace
) -> None:
    workspace.write_text("odd.txt", "a\r\n" + "b" * 3_000 + "\n\fc\u2028d\n")

    lines = (await call("read", files=["odd.txt"])).text.split("\n")

    assert lines == [
        '<file path="odd.txt">',
        "1\ta",
        "2\t" + "b" * 999 + "…",
        "3\t\fc\u2028d",
        "</file>",
    ]


@pytest.mark.anyio
async def test_a_list_shows_folders_at_its_depth_with_their_size(call: Call) -> None:
    assert await call("list", depth=1) == ToolOutput(".gitignore\napp/ (2)\ndocs/ (1)\nplans/ (1)")
    assert await call("list", path="./app") == ToolOutput("app/main.py\napp/store.py")
    assert await call("list", path="app/main.py") == ToolOutput("app/main.py is a file; use read")
    assert await call("list", path="store.py") == ToolOutput(
        "No files in 'store.py'; similar paths: app/store.py", is_error=True
    )
    with pytest.raises(PathRefused):
        await call("list", path="..")


@pytest.mark.anyio
async def test_a_long_list_is_cut(call: Call, workspace: LocalWorkspace) -> None:
    for number in range(320):
        workspace.write_text(f"many/{number:03}.txt", "")

    lines = (await call("list", path="many")).text.splitlines()

    assert lines[299:] == [
        "many/299.txt",
        "[20 more entries not shown; list a folder of them, or less depth]",
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"pattern": r"^def (\w+)"},
            "<output>\napp/main.py:1:def main():\napp/main.py:5:def other():\n</output>",
        ),
        ({"pattern": "(?i)ITEMS", "path": "app"}, "<output>\napp/store.py:1:ITEMS = []\n</output>"),
        ({"pattern": r"\(note", "path": "*.txt"}, None),
        ({"pattern": "-x", "path": "docs/notes.txt"}, "No line matches -x in docs/notes.txt"),
        (
            {"pattern": "return", "max": 1},
            "<output>\napp/main.py:2:    return 1\n</output>\n"
            "[more matches not shown; narrow the pattern or the path]",
        ),
    ],
)
async def test_a_search_names_file_and_line(
    call: Call, arguments: dict[str, object], text: str | None
) -> None:
    output = await call("search", **arguments)

    assert output == ToolOutput(text or "<output>\ndocs/notes.txt:1:first (note)\n</output>")


@pytest.mark.anyio
async def test_a_search_sees_new_text_files_and_no_ignored_ones(
    call: Call, workspace: LocalWorkspace
) -> None:
    workspace.write_text("new: file.txt", "needle " + "x" * 300)
    workspace.write_text("noise.log", "needle")
    (workspace.root / "binary").write_bytes(b"\0needle")

    output = await call("search", pattern="needle")

    assert output == ToolOutput("<output>\nnew: file.txt:1:needle " + "x" * 192 + "…\n</output>")


@pytest.mark.anyio
async def test_a_search_that_cannot_be_done_says_why(call: Call) -> None:
    assert await call("search", pattern="(x") == ToolOutput(
        "Cannot search for (x: missing closing parenthesis", is_error=True
    )
    assert await call("search", pattern="x", path="notes.txt") == ToolOutput(
        "There is no 'notes.txt'; did you mean docs/notes.txt?", is_error=True
    )
    with pytest.raises(PathRefused):
        await call("search", pattern="x", path="../*.txt")


@pytest.mark.anyio
async def test_a_pattern_that_explodes_ends(call: Call, workspace: LocalWorkspace) -> None:
    workspace.write_text("bait.txt", "a" * 5_000 + "!")

    output = await call("search", pattern="^(a|aa)+$", path="bait.txt")

    assert output.text.startswith(("Cannot search for", "No line matches"))
