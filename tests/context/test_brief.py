"""What an executor reads first and last, word for word."""

from pathlib import Path

from snapshots import check_snapshot, shown

from agent.context.brief import BriefFacts, File, Note, opening, tail, tree_text
from agent.context.tokens import estimate
from agent.domain.check import CallsCheck, CommandCheck
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task
from agent.domain.todo import Todo

WORDS = Path(__file__).parent / "snapshots"
CHECK = CommandCheck(run="python3 -m unittest tests.test_store", output="OK")
CALLS = CallsCheck(run="python3 -m app ask hello")
TASK = Task(
    id="T02",
    title="Ask the model about the todos",
    serves=("R2",),
    creates=("app/assistant.py",),
    modifies=("app/__main__.py",),
    depends=("T01",),
    wiring="app/__main__.py calls assistant.ask for `ask`",
    checks=(CHECK, CALLS),
    size_tokens=4000,
    closes=("F12345678",),
    brief="Send the todos with the question.",
)
PLAN = Plan(
    name="todo",
    title="Todo list",
    request="A todo list.\nWith a chat.",
    requirements=(
        Requirement(id="R1", title="Todos can be added"),
        Requirement(id="R2", title="A model answers", acceptance="The endpoint is really called."),
    ),
    decisions=(Decision(id="D1", title="Standard library only"),),
    entry_points=(EntryPoint(id="E1", command="python3 -m app", path="app/__main__.py"),),
    tasks=(TASK,),
)


def test_a_full_brief_reads_as_recorded() -> None:
    facts = BriefFacts(
        checks=TASK.checks,
        notes=(Note(id="T01", text="The store keeps todos in a JSON file."),),
        failure="check red: exit code 1",
        tree=("README.md", "app/__main__.py"),
        files=(File(path="app/__main__.py", text="print('hi')\n"),),
    )
    check_snapshot(WORDS, "brief-full", shown(opening(PLAN, TASK, facts)))


def test_a_bare_brief_reads_as_recorded() -> None:
    task = Task(id="T01", title="Begin", checks=(CHECK,))
    facts = BriefFacts((CHECK,), (), "", (), ())
    plan = Plan(name="p", title="P", request="Begin.", tasks=(task,))
    check_snapshot(WORDS, "brief-bare", opening(plan, task, facts)[1].text)


def test_the_tail_reads_as_recorded() -> None:
    todos = (Todo(id=1, content="read", status="completed"), Todo(id=2, content="write"))
    check_snapshot(WORDS, "tail-full", tail(3, 60, todos, ("python3 -m unittest: exit code 1",)))
    check_snapshot(WORDS, "tail-bare", tail(1, 60, (), ()))


def test_a_file_that_does_not_fit_is_left_to_the_read_tool() -> None:
    big = File(path="big.py", text="word " * 20_000)
    small = File(path="small.py", text="x = 1\n")
    facts = BriefFacts((), (), "", (), (big, small))
    text = opening(PLAN, TASK, facts)[1].text
    assert ('<file path="big.py">' in text, '<file path="small.py">' in text) == (False, True)


def test_a_long_file_list_says_how_many_are_left_out() -> None:
    paths = tuple(f"package/module_{number}.py" for number in range(1000))
    lines = tree_text(paths).splitlines()
    assert lines[-1] == f"... and {1000 - len(lines) + 1} more"
    assert estimate("\n".join(lines)) < 1000


def test_the_system_prompt_is_short() -> None:
    system = opening(PLAN, TASK, BriefFacts((), (), "", (), ()))[0].text
    assert estimate(system) < 500
