"""Running, keeping todos, handing in."""

from collections.abc import Awaitable, Callable

import pytest

from agent.domain.ports import ToolOutput
from agent.domain.todo import Todo
from agent.errors import NeedsPerson, PathRefused
from agent.tools.finish import GaveUp, Submitted
from agent.tools.run import HEAD_CHARACTERS, TAIL_CHARACTERS, run_tool
from agent.workspace.local import LocalWorkspace

Call = Callable[..., Awaitable[ToolOutput]]


@pytest.mark.anyio
async def test_a_command_tells_its_exit_code_and_output(call: Call) -> None:
    assert await call("run", command="cat docs/notes.txt | head -n 1") == ToolOutput(
        "exit code 0\n<output>\nfirst (note)\n</output>"
    )
    assert await call("run", command="echo '  broken' >&2; exit 3") == ToolOutput(
        "exit code 3\n<output>\n  broken\n</output>", is_error=True
    )


@pytest.mark.anyio
async def test_a_model_cannot_ask_for_more_time_than_is_allowed(workspace: LocalWorkspace) -> None:
    tool = run_tool(workspace, 0.3)

    output = await tool.call({"command": "echo begun; sleep 60", "timeout_seconds": 50})

    assert output == ToolOutput(
        "killed: not finished after 0.3 s\n<output>\nbegun\n</output>", is_error=True
    )


@pytest.mark.anyio
async def test_a_long_output_keeps_its_first_and_last_lines(call: Call) -> None:
    lines = (await call("run", command="seq 1 9000")).text.split("\n")

    cut = next(index for index, line in enumerate(lines) if line.startswith("[..."))
    head, tail = [int(n) for n in lines[2:cut]], [int(n) for n in lines[cut + 1 : -1]]
    assert head == list(range(1, head[-1] + 1))
    assert tail == list(range(tail[0], 9001))
    assert lines[cut] == (
        f"[... at least {tail[0] - head[-1] - 1} lines cut; "
        "run it with grep or tail to see them ...]"
    )
    shown = len("\n".join(lines[2:-1]))
    assert 9_900 < shown < HEAD_CHARACTERS + TAIL_CHARACTERS + 100


@pytest.mark.anyio
async def test_todos_are_added_and_done_and_never_lost(call: Call, todos: list[Todo]) -> None:
    assert await call("todo", add=["Write it", "Test it", "Write it"], done=[1]) == ToolOutput(
        "1. Write it\n2. Test it\nopen: 2"
    )
    assert await call("todo", add=["Again"], done=[7]) == ToolOutput(
        "Nothing was changed: no todo with id 7.\n2. Test it", is_error=True
    )
    assert await call("todo", done=[2]) == ToolOutput("no open todos")
    assert todos == [
        Todo(id=1, content="Write it", status="completed"),
        Todo(id=2, content="Test it", status="completed"),
    ]


@pytest.mark.anyio
async def test_a_command_gets_its_folder_and_its_variables(
    call: Call, workspace: LocalWorkspace
) -> None:
    told = await call(
        "run",
        command='echo "$GREETING $TIMES"; pwd',
        folder="docs",
        env={"GREETING": "a  b", "TIMES": 3},
    )
    lost = await call("run", command="pwd", folder="doc")

    assert told == ToolOutput(f"exit code 0\n<output>\na  b 3\n{workspace.root}/docs\n</output>")
    assert lost == ToolOutput("doc: no such folder; did you mean docs?", is_error=True)
    with pytest.raises(PathRefused):
        await call("run", command="pwd", folder="..")


@pytest.mark.anyio
async def test_an_output_is_shortened_by_what_the_session_brings(
    workspace: LocalWorkspace,
) -> None:
    tool = run_tool(workspace, 20, clip=lambda output: output.split("\n")[-1])

    assert await tool.call({"command": "seq 1 3"}) == ToolOutput(
        "exit code 0\n<output>\n3\n</output>"
    )


@pytest.mark.anyio
async def test_a_question_is_answered_or_goes_on_by_its_assumption(
    call: Call, questions: list[str]
) -> None:
    assert await call("ask", question=" Size? ", assumption="Large.") == ToolOutput(
        "Nobody is here to answer. Go on with your assumption; it is recorded: Large."
    )
    assert await call("ask", question="Colour?", assumption="Red.") == ToolOutput(
        "The user answers: blue"
    )
    with pytest.raises(NeedsPerson):
        await call("ask", question="Price?", assumption="nobody")
    assert questions == ["Size?", "Colour?", "Price?"]


@pytest.mark.anyio
async def test_submitting_and_giving_up_end_the_session(call: Call) -> None:
    assert await call("submit", summary=" Works. ") == ToolOutput(
        "Handed in. The harness runs the checks.",
        ends_session=True,
        value=Submitted("Works."),
    )
    assert await call("give_up", reason="No compiler here.") == ToolOutput(
        "Noted.", ends_session=True, value=GaveUp("No compiler here.")
    )
