"""What a terminal shows of a run."""

import io
from collections.abc import Callable

from rich.console import Console

from agent.domain.event import Entry, Event, ModelRefused
from agent.domain.message import SessionKey
from agent.domain.plan import Task
from agent.domain.state import fold
from agent.frontends.live import LiveConsole, panel, task_texts

Tell = Callable[..., tuple[Entry, ...]]


def drawn(events: list[Event], waiting: str = "") -> str:
    console = Console(file=io.StringIO(), width=70, color_system=None)
    with console.capture() as capture:
        console.print(panel(fold(events), waiting))
    return capture.get()


def test_the_panel_shows_phase_tasks_todos_tokens_and_waiting(story: list[Event]) -> None:
    assert drawn(story[:15], "waiting 12 s: 429") == (
        "╭────────────────── gardener 20260102-030405-ab12 ───────────────────╮\n"
        "│ plan  garden  execute  realign                                     │\n"
        "│ ▸ T01 The chat                                                     │\n"
        "│     [x] Write app.py                                               │\n"
        "│     [ ] Test it                                                    │\n"
        "│ tokens: executor 1,200 in 340 out                                  │\n"
        "│ waiting 12 s: 429                                                  │\n"
        "╰───────────────── rehearsal: replies are scripted ──────────────────╯\n"
    )


def test_a_long_plan_shows_the_rows_around_the_running_task(story: list[Event]) -> None:
    state = fold(story[:15])
    assert state.plan
    others = tuple(Task(id=f"T{n:02}", title="x") for n in range(2, 31))
    state.plan = state.plan.model_copy(update={"tasks": others[:20] + state.plan.tasks + others})
    rows = [row.plain for row in task_texts(state)]
    assert len(rows) == 13
    assert "▸ T01 The chat" in rows
    assert rows[-1] == "  and 40 more lines"


def test_waiting_ends_with_the_next_reply(tell: Tell, story: list[Event]) -> None:
    session = SessionKey(role="executor", subject="T01")
    refused = ModelRefused(session=session, error="429", wait_seconds=12)
    stream = io.StringIO()
    console = Console(file=stream, width=70, force_terminal=True)
    with LiveConsole(console) as live:
        for entry in tell(*story[:13], refused):
            live(entry)
        assert "waiting 12 s: 429" in stream.getvalue()
        stream.truncate(0)
        for entry in tell(*story[13:]):
            live(entry)
    assert "waiting" not in stream.getvalue()
    assert "done: every requirement is proven" in stream.getvalue()
