"""Reading and listing show what is there and what may have been meant."""

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
            "docs/notes.txt:2-9",
            "docs/notes.txt:1-1,3",
            "main.py",
            "docs/nots.txt",
            "../secret",
            "app/store.py:7-",
            "nothing-like-it",
        ],
    )

    assert output == ToolOutput(
        '<file path="app/store.py">\n1\tITEMS = []\n</file>\n'
        '<file path="docs/notes.txt" lines="2-3" of="3">\n2\tsecond\n3\tthird\n</file>\n'
        '<file path="docs/notes.txt" lines="1-1" of="3">\n1\tfirst (note)\n</file>\n'
        '<file path="docs/notes.txt">\n1\tfirst (note)\n2\tsecond\n3\tthird\n</file>\n'
        "main.py: no such file; did you mean app/main.py?\n"
        "docs/nots.txt: no such file; did you mean docs/notes.txt?\n"
        "'../secret' leaves the workspace; use a path inside it\n"
        "app/store.py: nothing from line 7 on; it has 1 lines and the end must not be before "
        "the start\n"
        "nothing-like-it: no such file; see what there is with list"
    )


@pytest.mark.anyio
async def test_a_line_named_alone_comes_with_the_lines_around_it(
    call: Call, workspace: LocalWorkspace
) -> None:
    workspace.write_text("long.txt", "".join(f"line {n}\n" for n in range(1, 201)))

    lines = (await call("read", files=["long.txt:100"])).text.split("\n")

    assert (lines[0], lines[1], lines[-2]) == (
        '<file path="long.txt" lines="90-130" of="200">',
        "90\tline 90",
        "130\tline 130",
    )


@pytest.mark.anyio
async def test_reading_nothing_that_exists_is_an_error(call: Call) -> None:
    output = await call("read", files=["main.py"])

    assert output == ToolOutput("main.py: no such file; did you mean app/main.py?", is_error=True)


@pytest.mark.anyio
async def test_what_is_no_text_file_says_what_it_is(call: Call, workspace: LocalWorkspace) -> None:
    (workspace.root / "picture.png").write_bytes(b"\x89PNG\0\xff" * 100)
    workspace.write_text("empty.txt", "")
    workspace.write_text("app/deep/down.py", "")

    output = await call("read", files=["picture.png", "empty.txt", "app"])

    assert output == ToolOutput(
        "'picture.png' is not UTF-8 text; inspect it by command (600 bytes)\n"
        '<file path="empty.txt">\n</file>\n'
        "app is a folder; read files in it:\n"
        "<output>\ndeep/\nmain.py\nstore.py\n</output>"
    )


@pytest.mark.anyio
async def test_a_long_file_says_how_to_read_on(call: Call, workspace: LocalWorkspace) -> None:
    lines = [f"line {number}" for number in range(1, 5_001)]
    workspace.write_text("long.txt", "\n".join(lines) + "\n")

    first = (await call("read", files=["long.txt", "app/store.py"])).text
    shown, _, behind = first.partition("</file>\n")
    last = int(shown.splitlines()[-1].partition("\t")[0])

    assert behind == (
        f"[long.txt: lines {last + 1}-5000 of 5000 not shown; read on with "
        f'"long.txt:{last + 1}-5000"]\n'
        '[app/store.py: lines 1-1 of 1 not shown; read on with "app/store.py:1-1"]'
    )
    assert MAX_CHARACTERS - 100 < len(shown) < MAX_CHARACTERS + 100
    on = (await call("read", files=[f"long.txt:{last + 1}-5000"])).text
    assert on.splitlines()[1] == f"{last + 1}\tline {last + 1}"


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
    assert await call("list", depth=1) == ToolOutput(
        "<output>\n.gitignore\napp/ (2)\ndocs/ (1)\nplans/ (1)\n</output>"
    )
    with pytest.raises(PathRefused):
        await call("list", paths=[".."])


@pytest.mark.anyio
async def test_one_call_lists_folders_and_globs_and_explains_the_rest(
    call: Call, workspace: LocalWorkspace
) -> None:
    for name in ("web/a.ts", "web/b.tsx", "web/lib/c.ts", "noise.log"):
        workspace.write_text(name, "")

    output = await call(
        "list",
        paths=["./app", "web/*.{ts,tsx}", "**/c.ts", "n*.txt", "store.py", "noise.log", "*.java"],
    )

    assert output == ToolOutput(
        "<output>\napp/main.py\napp/store.py\n</output>\n"
        "<output>\nweb/a.ts\nweb/b.tsx\n</output>\n"
        "<output>\nweb/lib/c.ts\n</output>\n"
        "<output>\ndocs/notes.txt\n</output>\n"
        "store.py: no such file or folder; did you mean app/store.py?\n"
        "No files that git sees in noise.log\n"
        "No files that git sees in *.java"
    )
    assert await call("list", paths=["app/main.py"]) == ToolOutput(
        "app/main.py is a file; use read"
    )
    assert (await call("list", paths=["store.py"])).is_error


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("glob", "files"),
    [
        ("*.py", ["[x].py", "a.py", "src/a.py", "src/deep/b.py"]),
        ("./*.py", ["[x].py", "a.py"]),
        ("src/*.py", ["src/a.py"]),
        ("src/**", ["src/a.py", "src/deep/b.py"]),
        ("src/**/*.py", ["src/a.py", "src/deep/b.py"]),
        ("[a-b].py", ["a.py", "src/a.py", "src/deep/b.py"]),
        ("[!a].py", ["src/deep/b.py"]),
        ("?.py", ["a.py", "src/a.py", "src/deep/b.py"]),
        ("[z-a].py", []),
    ],
)
async def test_a_glob_means_what_it_means_elsewhere_unless_a_file_has_its_name(
    call: Call, workspace: LocalWorkspace, glob: str, files: list[str]
) -> None:
    for name in ("app/main.py", "app/store.py"):
        workspace.delete(name)
    for name in ("a.py", "[x].py", "src/a.py", "src/deep/b.py"):
        workspace.write_text(name, "")
    assert (await call("list", paths=["[x].py"])).text == "[x].py is a file; use read"

    output = await call("list", paths=[glob])

    wanted = "\n".join(["<output>", *files, "</output>"])
    assert output.text == (wanted if files else f"No files that git sees in {glob}")


@pytest.mark.anyio
async def test_a_long_list_is_cut(call: Call, workspace: LocalWorkspace) -> None:
    for number in range(320):
        workspace.write_text(f"many/{number:03}.txt", "")

    lines = (await call("list", paths=["many", "app"])).text.splitlines()

    assert lines[300:] == [
        "many/299.txt",
        "</output>",
        "[20 more in many not shown; list a folder of it, or less depth]",
        "[2 more in app not shown; list a folder of it, or less depth]",
    ]
