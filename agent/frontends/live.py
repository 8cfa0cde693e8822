"""A run as a live panel on a terminal: phase, tasks, todos, tokens, waiting."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from agent.domain.event import (
    PHASES,
    Entry,
    ModelRefused,
    ModelResponded,
    RunFinished,
    Throttled,
)
from agent.domain.state import RunState, apply, fold
from agent.frontends.console import line_of
from agent.frontends.text import REHEARSAL, count, duration, shown

SIGNS = {"pending": ("·", "dim"), "running": ("▸", "bold"), "done": ("✓", "green")}
FAILED = ("✗", "red")
ROWS = 12
"""Tasks and todos shown at once: a panel taller than the terminal flickers."""


class LiveConsole:
    """A journal listener: the story as lines, and below them one panel that is redrawn."""

    def __init__(self, console: Console, past: Iterable[Entry] = ()) -> None:
        self.state = fold(entry.event for entry in past)
        self._live = Live(console=console, auto_refresh=False)
        self._waiting = ""

    def __call__(self, entry: Entry) -> None:
        apply(self.state, entry.event)
        line = line_of(entry, self.state)
        match entry.event:
            case (
                ModelRefused(error=error, wait_seconds=seconds)
                | Throttled(reason=error, seconds=seconds)
            ) if seconds:
                self._waiting = f"waiting {duration(seconds)}: {shown(error, 80)}"
            case ModelRefused() | Throttled() | ModelResponded() | RunFinished():
                self._waiting = ""
        if not self._live.is_started:
            self._live.start()
        if line:
            self._live.console.print(Text(line))
        self._live.update(panel(self.state, self._waiting), refresh=True)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves the terminal to a question."""
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()


def panel(state: RunState, waiting: str) -> RenderableType:
    parts: list[RenderableType] = [phases_text(state), *task_texts(state)]
    if tokens := tokens_line(state):
        parts.append(Text(tokens, style="dim"))
    if waiting:
        parts.append(Text(waiting, style="yellow"))
    started = state.started
    title = f"gardener {started.run_id}" if started else "gardener"
    note = REHEARSAL if state.rehearsed else None
    return Panel(Group(*parts), title=Text(title), subtitle=Text(note) if note else None)


def phases_text(state: RunState) -> Text:
    text = Text()
    for phase in PHASES:
        if phase in state.phases:
            text.append(f"{phase}  ", style="bold reverse" if phase == state.phase else "dim")
    return text


def task_texts(state: RunState) -> list[Text]:
    """The running task with its todos, and the tasks around it."""
    rows: list[Text] = []
    at = 0
    for task in state.plan.tasks if state.plan else ():
        current = state.tasks.get(task.id)
        status = current.status if current else "pending"
        sign, style = SIGNS.get(status, FAILED)
        rows.append(Text(f"{sign} {task.id} {shown(task.title, 100)}", style=style))
        if current and status == "running":
            at = len(rows)
            rows += [
                Text(
                    f"    [{'x' if todo.status == 'completed' else ' '}] {shown(todo.content, 90)}"
                )
                for todo in current.todos
            ]
    first = max(0, min(at - 3, len(rows) - ROWS))
    hidden = len(rows) - len(rows[first : first + ROWS])
    more = [Text(f"  and {count(hidden, 'more line')}", style="dim")] if hidden else []
    return rows[first : first + ROWS] + more


def tokens_line(state: RunState) -> str:
    """Tokens in and out, by role."""
    parts = [
        f"{role} {used.input_tokens:,} in {used.output_tokens:,} out"
        for role, used in state.usage.items()
    ]
    return "tokens: " + "; ".join(parts) if parts else ""
