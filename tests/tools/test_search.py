"""A search names file and line, and answers the same with ripgrep and without it."""

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from agent.domain.ports import ToolOutput
from agent.errors import PathRefused
from agent.tools.search import search_tool
from agent.workspace.local import LocalWorkspace

Search = Callable[..., Awaitable[ToolOutput]]
RIPGREP = shutil.which("rg")
DOORS = [
    pytest.param("python", id="python"),
    pytest.param(
        "ripgrep", id="ripgrep", marks=pytest.mark.skipif(not RIPGREP, reason="no rg here")
    ),
]


def found(*lines: str) -> ToolOutput:
    return ToolOutput("\n".join(["<output>", *lines, "</output>"]))


@pytest.fixture(params=DOORS)
def search(request: pytest.FixtureRequest, workspace: LocalWorkspace) -> Search:
    """The tool over a machine that has ripgrep, or has not."""
    path = str(Path(RIPGREP or "").parent) if request.param == "ripgrep" else "/nowhere"
    tool = search_tool(LocalWorkspace(workspace.root, {"PATH": path}), timeout_seconds=10)

    async def call(*patterns: str, **more: object) -> ToolOutput:
        return await tool.call({"patterns": list(patterns), **more})

    return call


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"patterns": [r"^def (\w+)"]}, ["app/main.py", "1:def main():", "5:def other():"]),
        ({"patterns": ["(?i)items"], "paths": ["app"]}, ["app/store.py", "1:ITEMS = []"]),
        ({"patterns": [r"\(note"], "paths": ["*.txt"]}, ["docs/notes.txt", "1:first (note)"]),
        ({"patterns": ["note)"]}, ["docs/notes.txt", "1:first (note)"]),
        (
            {"patterns": [r"\]$", "third"]},
            ["app/store.py", "1:ITEMS = []", "docs/notes.txt", "3:third"],
        ),
        (
            {"patterns": ["^[[:alpha:]]+$"], "paths": ["docs"]},
            ["docs/notes.txt", "2:second", "3:third"],
        ),
        (
            {"patterns": ["other"], "context": 1},
            ["app/main.py", "4-", "5:def other():", "6-    return 1"],
        ),
        (
            {"patterns": ["main", "return"], "context": 0, "paths": ["app/main.py", "docs"]},
            ["app/main.py", "1:def main():", "2:    return 1", "6:    return 1"],
        ),
    ],
)
async def test_a_search_groups_lines_by_file(
    search: Search, arguments: dict[str, list[str]], lines: list[str]
) -> None:
    output = await search(**arguments)

    text = output.text.replace("[note) is no regular expression; searched as plain text]", "")
    assert ToolOutput(text.strip()) == found(*lines)


@pytest.mark.anyio
async def test_what_is_not_shown_or_not_there_is_told_for_each_pattern(
    search: Search, workspace: LocalWorkspace
) -> None:
    workspace.write_text("dump.csv", "".join(f"needle {n}\n" for n in range(60)))

    output = await search("needle", "thread", r"a\|b", "def", max=2, paths=[".", "nots.txt"])

    assert output == ToolOutput(
        "nots.txt: no such file or folder; did you mean docs/notes.txt?\n"
        "<output>\napp/main.py\n1:def main():\n5:def other():\n"
        "dump.csv\n1:needle 0\n2:needle 1\n</output>\n"
        "[needle: 60 lines in 1 file, the first 2 shown]\n"
        "No line matches thread in ., nots.txt\n"
        r"No line matches a\|b in ., nots.txt; alternatives are written a|b"
    )


@pytest.mark.anyio
async def test_a_search_sees_new_text_files_and_no_others(
    search: Search, workspace: LocalWorkspace, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("needle", encoding="utf-8")
    workspace.write_text("new: file.txt", "x" * 300 + "needle" + "x" * 300)
    workspace.write_text("noise.log", "needle")
    (workspace.root / "binary").write_bytes(b"\0needle")
    (workspace.root / "late-binary").write_bytes(b"needle\n" + b"x" * 9_000 + b"\0")
    (workspace.root / "empty").write_bytes(b"")
    (workspace.root / "link").symlink_to(secret)
    (workspace.root / "folder").symlink_to(tmp_path)
    (workspace.root / "-e").write_text("needle\r\n", encoding="utf-8")

    assert await search("needle$|needlex") == found(
        *("-e", "1:needle", "late-binary", "1:needle", "new: file.txt"),
        "1:…" + "x" * 60 + "needle" + "x" * 134 + "…",
    )
    assert (await search("^$", paths=["empty", "binary"])).text.startswith("No line matches")


@pytest.mark.anyio
async def test_a_path_that_is_not_there_says_what_may_be_meant(search: Search) -> None:
    assert await search("x", paths=["notes.txt"]) == ToolOutput(
        "notes.txt: no such file or folder; did you mean docs/notes.txt?", is_error=True
    )
    with pytest.raises(PathRefused):
        await search("x", paths=["../*.txt"])


@pytest.mark.anyio
async def test_a_flood_of_lines_is_cut(search: Search, workspace: LocalWorkspace) -> None:
    workspace.write_text("flood.txt", "".join(f"{n} {'x' * 150}\n" for n in range(1_000)))

    output = await search("x", max=1_000)

    assert len(output.text) < 17_000
    shown = output.text.count("xxx" * 50)
    assert (
        f"[{1_000 - shown} more lines not shown; narrow the patterns or the paths]" in output.text
    )


@pytest.mark.anyio
async def test_a_file_too_large_to_search_is_told(
    search: Search, workspace: LocalWorkspace
) -> None:
    workspace.write_text("huge.txt", "needle\n" * 800_000)

    assert await search("needle") == ToolOutput(
        "No line matches needle in .\n[1 file is too large to search; use run]"
    )


@pytest.mark.anyio
async def test_a_pattern_that_explodes_is_stopped(workspace: LocalWorkspace) -> None:
    workspace.write_text("bait.txt", "a" * 5_000 + "!")
    tool = search_tool(LocalWorkspace(workspace.root, {"PATH": "/nowhere"}), timeout_seconds=1)

    with anyio.fail_after(10):
        output = await tool.call({"patterns": ["^(a|aa)+$"]})

    assert output == ToolOutput(
        "Stopped after 1 s; use simpler patterns or fewer paths", is_error=True
    )


PATTERNS = [
    *(
        r"\bfoo\b",
        r"\<foo",
        "foo{",
        r"a{,2}b",
        "[a&&b]",
        "[a--b]",
        "[[]",
        r"(?x) f o o",
        r"(?a)\w+$",
    ),
    *(r"(?<=f)oo", r"(fo)\1", r"\x41", "é", "(?i)É", r"^\s*$", "$", ".", r"\.", "-- ", "a b", "a|"),
    *("x*", r"fo\w+?", "[^a-z]+$", r"\Afoo", r"oo\Z", "foo\r", "foo\nbar", r"\b{start}"),
    *("m.ller", r"m\Wller"),
]


@pytest.mark.anyio
@pytest.mark.skipif(not RIPGREP, reason="no rg here")
@pytest.mark.parametrize("pattern", PATTERNS)
async def test_both_doors_read_a_pattern_alike(workspace: LocalWorkspace, pattern: str) -> None:
    (workspace.root / "odd.txt").write_bytes(
        "foo bar\r\nfoofoo\nFOO{ <foo é É\n\n a b\t\n-- &&\nA&b-[x]\n".encode() + b"m\xfcller\n"
    )
    (workspace.root / "marked.txt").write_bytes(b"\xef\xbb\xbffoo\r\nlast foo")
    (workspace.root / "wide.txt").write_bytes("foo\n".encode("utf-16"))
    paths = (str(Path(RIPGREP or "").parent), "/nowhere")

    answers = [
        await search_tool(LocalWorkspace(workspace.root, {"PATH": path})).call(
            {"patterns": [pattern], "max": 200}
        )
        for path in paths
    ]

    assert answers[0] == answers[1]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "script",
    [
        "exit 2",
        "printf 'app/store.py\\0'; exit 2",
        "printf '/etc/passwd\\0'",
        "echo garbage",
        "kill -9 $$",
    ],
)
async def test_a_ripgrep_that_does_not_answer_cleanly_hides_nothing(
    workspace: LocalWorkspace, tmp_path: Path, script: str
) -> None:
    program = tmp_path / "bin" / "rg"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}/bin"
    tool = search_tool(LocalWorkspace(workspace.root, {"PATH": path}))

    assert await tool.call({"patterns": ["def other"]}) == found("app/main.py", "5:def other():")


@pytest.mark.anyio
async def test_a_tree_too_large_for_one_command_is_searched_whole(
    search: Search, workspace: LocalWorkspace
) -> None:
    for number in range(700):
        workspace.write_text(f"{'deep' * 20}/{'name' * 10}-{number:04}.txt", f"number {number}\n")

    output = await search("number (0|350|699)$")

    assert [line for line in output.text.split("\n") if ":" in line] == [
        "1:number 0",
        "1:number 350",
        "1:number 699",
    ]
