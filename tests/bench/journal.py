"""How fast a long journal loads, and whether memory stays flat over a long rehearsal.

    python tests/bench/journal.py [--events N] [--turns N]

A journal of 100,000 events, of the kinds and sizes that executor sessions write, is loaded as a
resume loads it. Then the engine takes 2,000 turns, 50 for each of 40 tasks, with real tools and
files, against a model that answers at once; each turn reads a file of 12,000 bytes. What Python
holds is taken after half of the tasks and after all.

Exits with 1 when loading takes 2 s of processor time or more, or when a turn holds on to more than
200 bytes: a hundredth of what it was shown.
"""

import argparse
import gc
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.workshop import Workshop, open_workshop, repository
from fakes import FakeClock, FakeModel
from talk import call, reply

from agent.domain.event import (
    Event,
    ModelResponded,
    SessionStarted,
    TaskFinished,
    TaskStarted,
    ToolFinished,
    ToolStarted,
)
from agent.domain.message import (
    Completion,
    ModelRequest,
    SessionKey,
    ToolResult,
    text_message,
)
from agent.domain.plan import Plan, Task
from agent.engine.executor import executor_key, executor_opening, executor_tools_of
from agent.engine.run_context import Limits
from agent.engine.session import open_session
from agent.journal import Journal

LOAD_SECONDS = 2.0
BYTES_A_TURN = 200
TURNS_A_TASK = 50
FILE_LINE = "the quick brown fox jumps over the lazy dog\n"
FILE_TEXT = (FILE_LINE * 300)[:12_000]
EVENTS_A_SESSION = 240
OUTPUT = FILE_LINE * 20
"""Of a mean result: most are short, some are files."""


def events(count: int) -> list[Event]:
    """Sessions of 80 turns: reply, call, result."""
    made: list[Event] = []
    while len(made) < count:
        number = len(made) // EVENTS_A_SESSION
        key = SessionKey(role="executor", subject=f"T{number % 99 + 1:02}", attempt=number + 1)
        opening = (text_message("system", FILE_LINE * 40), text_message("user", FILE_LINE * 200))
        made.append(SessionStarted(session=key, opening=opening))
        for turn in range(EVENTS_A_SESSION // 3):
            asked = call("read", {"files": [f"src/module_{turn}.py"]}, f"c{number}-{turn}")
            made += [
                ModelResponded(
                    session=key,
                    completion=reply(asked),
                    estimated_tokens=20_000,
                    reserved_tokens=2_048,
                    seconds=1.0,
                ),
                ToolStarted(session=key, call=asked),
                ToolFinished(session=key, result=ToolResult(call_id=asked.call_id, text=OUTPUT)),
            ]
    return made[:count]


def loading(folder: Path, count: int) -> tuple[float, int]:
    """Seconds of processor time that loading a journal takes, and its bytes."""
    with Journal(folder, FakeClock()) as journal:
        for event in events(count):
            journal.append(event)
        size = journal.path.stat().st_size
    gc.collect()
    begun = time.process_time()
    with Journal(folder, FakeClock()) as journal:
        seconds = time.process_time() - begun
        assert len(journal.state.sessions) == -(-count // (EVENTS_A_SESSION + 1))
    return seconds, size


async def growth(folder: Path, turns: int) -> float:
    """Bytes that a turn of the second half holds on to for good."""
    names = [f"file{number}.txt" for number in range(20)]
    root = repository(folder / "repository", dict.fromkeys(names, FILE_TEXT))
    tasks = tuple(
        Task.model_validate({"id": f"T{n + 1:02}", "title": "Look", "modifies": names[:1]})
        for n in range(turns // TURNS_A_TASK)
    )
    plan = Plan(name="look", title="Look", request="look", tasks=tasks)
    held: list[int] = []
    with Journal(folder / "run", FakeClock()) as journal:
        limits = Limits(turns_per_session=TURNS_A_TASK + 1, working_tokens=30_000)
        shop = await open_workshop(journal, root, plan, Forgetful(()), limits)
        tracemalloc.start()
        for number, task in enumerate(tasks, start=1):
            if number > 1:
                shop = await begun(shop, task)
            shop.context.models["executor"].clients = {"acct": Forgetful(reads(names))}
            for _ in range(TURNS_A_TASK):
                await shop.turn()
            journal.append(TaskFinished(task_id=task.id, status="done", commit="c", summary="s"))
            vars(shop.context.governor)["admitted"].clear()
            if number in (len(tasks) // 2, len(tasks)):
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    return (held[1] - held[0]) / (turns - turns // 2)


def reads(names: list[str]) -> list[Completion]:
    return [
        reply(call("read", {"files": [names[turn % 20]]}, f"c{turn}"))
        for turn in range(TURNS_A_TASK)
    ]


async def begun(shop: Workshop, task: Task) -> Workshop:
    """The next task, as the task loop begins it."""
    context = shop.context
    context.tell(TaskStarted(task_id=task.id, attempt=1, commit="c"))
    opening = await executor_opening(context, task, executor_tools_of(context, task, 1))
    return Workshop(context, task, open_session(context, executor_key(task, 1), opening))


class Forgetful(FakeModel):
    """Keeps no request: only what the program holds is to be measured."""

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        completion = await super().complete(request, on_text)
        self.requests.clear()
        return completion


def main() -> int:
    parser = argparse.ArgumentParser(description="Long journals.")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        seconds, size = loading(Path(name) / "loading", given.events)
        print(f"{given.events:,} events, {size / 1e6:.0f} MB: loaded in {seconds:.2f} s")
        held = anyio.run(growth, Path(name), given.turns)
    print(f"{given.turns:,} turns: each of the second half holds on to {held:,.0f} bytes")
    return int(seconds >= LOAD_SECONDS or held > BYTES_A_TURN)


if __name__ == "__main__":
    raise SystemExit(main())
