"""When the text to replace is not there, the model is shown what is, and what differs."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from agent.domain.ports import ToolOutput
from agent.workspace.local import LocalWorkspace

Call = Callable[..., Awaitable[ToolOutput]]
SOURCE = (
    "def main():\n    return 1\n\n\nclass Store:\n\tdef put(self, item):  \n\t\tself.items = {}\n"
    '\n    text = "a\\n"\n    total = add( 1, 2 )\n'
)
ONLY_SPACE = "old not found: only white space differs: "


def shown(first: int, *lines: str) -> str:
    numbered = "\n".join(f"{first + at}\t{line}" for at, line in enumerate(lines))
    return f". From line {first} the file has:\n<file>\n{numbered}\n</file>"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("old", "told"),
    [
        (
            "def main():\n  return 1\n",
            ONLY_SPACE
            + "line 2 is indented by 4 in the file, by 2 in old"
            + shown(1, "def main():", "    return 1"),
        ),
        (
            "def main():\n\treturn 1\n",
            ONLY_SPACE
            + "line 2 is indented with spaces in the file, with tabs in old"
            + shown(1, "def main():", "    return 1"),
        ),
        (
            "class Store:\n    def put(self, item):\n        self.items = {}",
            ONLY_SPACE
            + "line 6 is indented with tabs in the file, with spaces in old; "
            + "line 6 has white space at its end in the file"
            + shown(5, "class Store:", "\tdef put(self, item):  ", "\t\tself.items = {}"),
        ),
        (
            "def main(): \n    return 1",
            ONLY_SPACE
            + "line 1 has white space at its end in old"
            + shown(1, "def main():", "    return 1"),
        ),
        (
            "total = add(1, 2)",
            ONLY_SPACE
            + "line 10 has other space between its words"
            + shown(10, "    total = add( 1, 2 )"),
        ),
        (
            "def main():\n\n    return 1",
            ONLY_SPACE
            + "lines are broken at other places, or there are more or fewer empty ones"
            + shown(1, "def main():", "    return 1"),
        ),
        (
            "main(\n):\n    return 1",
            ONLY_SPACE
            + "lines are broken at other places, or there are more or fewer empty ones"
            + shown(1, "def main():", "    return 1"),
        ),
        (
            "class Stone:\n\tdef put(self, item):  \n\t\tself.list = {}",
            "old not found"
            + shown(5, "class Store:", "\tdef put(self, item):  ", "\t\tself.items = {}"),
        ),
        (
            "class Stores:",
            "old not found" + shown(5, "class Store:"),
        ),
        (
            "1\tdef main():\n2\t    return 1\n",
            "old not found: leave out the line numbers and tabs that read shows",
        ),
        (
            "def main():\\n    return 1",
            "old not found: it is escaped once too often; "
            "write line ends and quotes as they stand in the file",
        ),
        (
            'text = \\"a\\\\n\\"',
            "old not found: it is escaped once too often; "
            "write line ends and quotes as they stand in the file",
        ),
        ("%%%%", "old not found, nor anything like it; read the file"),
    ],
)
async def test_a_near_miss_names_the_difference(
    call: Call, workspace: LocalWorkspace, old: str, told: str
) -> None:
    workspace.write_text("source.py", SOURCE)

    output = await call("edit", edits=[{"path": "source.py", "old": old, "new": "new"}])

    assert output == ToolOutput(f"Nothing was changed:\n1. source.py: {told}", is_error=True)
    assert workspace.read_text("source.py") == SOURCE


@pytest.mark.anyio
async def test_a_change_that_was_made_before_is_told(call: Call) -> None:
    done = {"path": "app/main.py", "old": "def old_name():", "new": "def main():"}
    first = {"path": "app/store.py", "old": "ITEMS = []", "new": "ITEMS = {}"}

    assert (await call("edit", edits=[done])).text == (
        "Nothing was changed:\n1. app/main.py: old not found, and new is already in the file"
    )
    assert (await call("edit", edits=[first, first])).text == (
        "Nothing was changed, in none of the 2 edits; send them all again, mended:\n"
        "2. app/store.py: old not found: an edit before it in this call changed that text"
    )


@pytest.mark.anyio
async def test_the_first_difference_of_a_long_text_is_shown(
    call: Call, workspace: LocalWorkspace
) -> None:
    lines = [f"    value_{number} = compute({number})" for number in range(60)]
    workspace.write_text("long.py", "def f():\n" + "\n".join(lines) + "\n")
    wanted = [*lines[:40], "    value_40 = guess(40)", *lines[41:]]

    output = await call("edit", edits=[{"path": "long.py", "old": "\n".join(wanted), "new": "x"}])

    told = output.text.split("\n")
    assert told[1] == "1. long.py: old not found. From line 40 the file has:"
    assert told[5] == "42\t    value_40 = compute(40)"
    assert len(told) == 16


@pytest.mark.anyio
async def test_a_near_miss_in_a_large_file_is_found_at_once(
    call: Call, workspace: LocalWorkspace
) -> None:
    lines = [f"    self.assert_equal(value[{n}], other[{n % 7}])  # {n}" for n in range(20_000)]
    workspace.write_text("large.py", "\n".join(lines))

    with anyio.fail_after(5):
        output = await call(
            "edit",
            edits=[{"path": "large.py", "old": "self.assert_equals(value[7000])", "new": "x"}],
        )

    assert "old not found. From line " in output.text
