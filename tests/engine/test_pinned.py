"""Nothing that must not be forgotten is ever missing from a request, whatever happened before."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.workshop import Workshop, open_workshop, repository
from fakes import FakeClock, FakeModel
from talk import call, reply

from agent.context.tokens import message_tokens
from agent.domain.check import CheckResult, CommandCheck
from agent.domain.event import ChecksRan, SessionStarted
from agent.domain.message import Completion, ModelRequest, ToolCall, Usage
from agent.domain.plan import Decision, Plan, Requirement, Task
from agent.domain.todo import open_todos
from agent.engine.run_context import Limits
from agent.journal import Journal, read_entries

pytestmark = pytest.mark.anyio
CHECK = CommandCheck(run="python3 -m unittest tests.test_total", output="OK")
TASK = Task(id="T01", title="Add", serves=("R2",), modifies=("f0.py",), checks=(CHECK,))
PLAN = Plan(
    name="p",
    title="P",
    request="A shop.\nIt has a cart, and\n\nthe cart has a total.",
    requirements=(
        Requirement(id="R1", title="There is a shop"),
        Requirement(id="R2", title="The cart has a total", acceptance="Add two items and look."),
    ),
    decisions=(Decision(id="D1", title="Decimal, not float", reason="Money is exact."),),
    tasks=(TASK,),
)
PINNED = (
    PLAN.request,
    "R2: The cart has a total\nAdd two items and look.",
    "D1: Decimal, not float (Money is exact.)",
    f"`{CHECK.run}` with output matching /OK/",
)
FILES = {f"f{n}.py": "\n".join(f"a{n}_{m} = {m}" for m in range(60 + n * 30)) for n in range(6)}
TURNS = 60


class Wanderer(FakeModel):
    """Reads, writes and runs at random, and keeps its own list of what is still to do."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__([])
        self.dice = dice
        self.made = 0
        self.notes = 0
        self.open: Callable[[], list[str]] = list
        self.missing: list[str] = []

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        self.requests.append(request)
        text = "\n".join(message.text for message in request.messages)
        self.missing += [pinned for pinned in (*PINNED, *self.open()) if pinned not in text]
        size = sum(map(message_tokens, request.messages))
        usage = Usage(input_tokens=size, output_tokens=30)
        if "This session is full" in request.messages[-1].text:
            self.notes += 1
            done = reply(text=f"note {self.notes}: half is done", stop="end_turn")
        else:
            done = reply(*(self.one() for _ in range(self.dice.choice((1, 2, 3)))))
        return done.model_copy(update={"usage": usage})

    def one(self) -> ToolCall:
        self.made += 1
        path = f"f{self.dice.randrange(6)}.py"
        content = "\n".join(f"b = {self.dice.random()}" for _ in range(self.dice.randrange(150)))
        name, arguments = self.dice.choice(
            [
                ("read", {"files": [path]}),
                ("write", {"path": path, "content": content}),
                ("search", {"patterns": ["a"]}),
                ("todo", {"add": [f"step {self.made}"]}),
                ("todo", {"done": [self.dice.randrange(1, 6)]}),
                ("no_such_tool", {}),
                ("read", "not an object"),
            ]
        )
        return call(name, json.dumps(arguments), f"c{self.made}")


async def wander(shop: Workshop, model: Wanderer, dice: random.Random) -> None:
    def still_open() -> list[str]:
        state = shop.context.state.task("T01")
        red = [f"{r.check.run}: {r.reason}" for r in state.after or () if not r.passed]
        return [f"{t.id}. {t.content}" for t in open_todos(state.todos)] + red

    model.open = still_open
    for turn in range(TURNS):
        await shop.turn()
        if turn % 9 == 8:
            result = CheckResult(check=CHECK, passed=dice.random() < 0.3, reason=f"exit {turn}")
            shop.context.tell(
                ChecksRan(subject="T01", moment="after", commit="abcdef1", results=(result,))
            )


@pytest.mark.parametrize("seed", range(5))
async def test_pinned_facts_are_in_every_request(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    model = Wanderer(dice)
    root = repository(tmp_path / "repository", FILES)
    with Journal(tmp_path / "run", FakeClock()) as journal:
        limits = Limits(working_tokens=7_000, turns_per_session=TURNS + 20)
        shop = await open_workshop(journal, root, PLAN, model, limits)
        await wander(shop, model, dice)
        begun = [e.event for e in read_entries(journal.path) if isinstance(e.event, SessionStarted)]
    assert (len(model.requests), model.missing) == (TURNS, [])
    assert shop.session.reductions or shop.session.handovers
    assert len(begun) == 1 + model.notes
