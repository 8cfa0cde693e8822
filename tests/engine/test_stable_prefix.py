"""Between two batches a transcript only grows at its end, so an endpoint finds it in its cache."""

import hashlib
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from fakes import FakeClock, FakeModel
from talk import KEY, OPENING, STARTED, call, context_of, reply, spec

from agent.context.tokens import message_tokens
from agent.domain.event import TranscriptShortened
from agent.domain.message import Completion, Message, ModelRequest, ToolCall, ToolResult, Usage
from agent.domain.ports import ToolKind, ToolOutput
from agent.engine.fitting import LEAST_FREED_SHARE
from agent.engine.run_context import Limits
from agent.engine.session import open_session, take_turn
from agent.journal import Journal, read_entries

pytestmark = pytest.mark.anyio
AIM = 16_000
TURNS = 70
AS_IT_COMES_IN = {"clipped", "pointer"}


class Repository:
    """Files that are read, changed and tested, as tools show them."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.files = {
            f"f{n}.py": [f"a{n} = {m}" for m in range(dice.randrange(20, 90))] for n in range(6)
        }

    def read(self, paths: list[str]) -> str:
        return "\n".join(map(self.shown, paths))

    def shown(self, path: str) -> str:
        lines = "\n".join(f"{n}\t{line}" for n, line in enumerate(self.files[path], start=1))
        return f'<file path="{path}">\n{lines}\n</file>'

    def edit(self, path: str) -> str:
        self.files[path].insert(self.dice.randrange(5), f"b = {self.dice.random()}")
        return f"{path}: 1 replacement"

    def run(self) -> str:
        lines = [
            f"test_{n} failed with {self.dice.random()}" for n in range(self.dice.randrange(300))
        ]
        return "\n".join(["exit code 1", *lines])


class Does:
    def __init__(self, name: str, kind: ToolKind, act: Callable[[dict[str, object]], str]) -> None:
        self.kind, self.spec, self.act = kind, spec(name), act

    async def call(self, arguments: dict[str, object]) -> ToolOutput:
        return ToolOutput(self.act(arguments))


class Wanderer(FakeModel):
    """Reads, changes and tests at random, several calls in one reply."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__([])
        self.dice = dice
        self.made = 0

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        self.requests.append(request)
        calls = [self.one() for _ in range(self.dice.choice((1, 1, 2, 3)))]
        size = sum(map(message_tokens, request.messages))
        made = reply(*calls)
        return made.model_copy(update={"usage": Usage(input_tokens=size, output_tokens=30)})

    def one(self) -> ToolCall:
        self.made += 1
        paths = [f"f{self.dice.randrange(6)}.py" for _ in range(self.dice.choice((1, 1, 2)))]
        what, arguments = self.dice.choice(
            [
                ("read", {"files": paths}),
                ("read", {"files": paths}),
                ("edit", {"edits": [{"path": paths[0], "old": "a", "new": "b"}]}),
                ("run", {"command": "pytest"}),
            ]
        )
        return call(what, arguments, f"c{self.made}")


async def wander(folder: Path, seed: int) -> tuple[list[ModelRequest], list[TranscriptShortened]]:
    dice = random.Random(seed)
    repository, model = Repository(dice), Wanderer(dice)
    tools = {
        "read": Does("read", "read", lambda given: repository.read(given["files"])),  # type: ignore[arg-type]
        "edit": Does("edit", "edit", lambda given: repository.edit(given["edits"][0]["path"])),  # type: ignore[index]
        "run": Does("run", "execute", lambda _: repository.run()),
    }
    with Journal(folder, FakeClock()) as journal:
        journal.append(STARTED)
        context, _, _ = context_of(journal, limits=Limits(working_tokens=AIM))
        context.models["executor"].clients = {"acct": model}
        session = open_session(context, KEY, OPENING)
        for turn in range(TURNS):
            await take_turn(context, session, tools, f"turn {turn}")
        events = [entry.event for entry in read_entries(journal.path)]
    return model.requests, [event for event in events if isinstance(event, TranscriptShortened)]


def prefix_hash(messages: tuple[Message, ...]) -> str:
    text = "\n".join(message.model_dump_json() for message in messages)
    return hashlib.sha256(text.encode()).hexdigest()


def is_stable(before: ModelRequest, after: ModelRequest) -> bool:
    """Whether all but the tail of the first request begins the second."""
    known = before.messages[:-1]
    return prefix_hash(known) == prefix_hash(after.messages[: len(known)])


@pytest.mark.parametrize("seed", range(8))
async def test_the_prefix_changes_only_with_a_batch(tmp_path: Path, seed: int) -> None:
    requests, shortened = await wander(tmp_path, seed)
    batches = [e for e in shortened if {r.kind for r in e.reductions} - AS_IT_COMES_IN]
    broken = sum(not is_stable(before, after) for before, after in pairwise(requests))
    assert 0 < broken == len(batches) < TURNS / 5


@pytest.mark.parametrize("seed", range(8))
async def test_a_session_stays_near_the_size_it_aims_at(tmp_path: Path, seed: int) -> None:
    requests, _ = await wander(tmp_path, seed)
    sizes = [sum(map(message_tokens, request.messages)) for request in requests]
    assert sorted(sizes)[int(len(sizes) * 0.9)] < AIM * 1.5
    freed = [a - b for a, b in pairwise(sizes) if b < a]
    assert sum(freed) / len(freed) > AIM * LEAST_FREED_SHARE


@pytest.mark.parametrize("seed", range(8))
async def test_every_call_has_its_result_right_behind_it(tmp_path: Path, seed: int) -> None:
    requests, _ = await wander(tmp_path, seed)
    for request in requests:
        asked: list[str] = []
        for message in request.messages:
            results = [p.call_id for p in message.parts if isinstance(p, ToolResult)]
            assert results == asked[: len(results)]
            asked = asked[len(results) :] + [c.call_id for c in message.tool_calls]
        assert asked == []


async def test_what_was_cut_is_kept_whole_in_the_journal(tmp_path: Path) -> None:
    await wander(tmp_path, 1)
    with Journal(tmp_path, FakeClock()) as journal:
        session = journal.state.sessions[str(KEY)]
        assert session.reductions
        texts = [m.parts[0].text for m in session.messages if m.role == "tool"]  # type: ignore[union-attr]
        assert max(map(len, texts)) > 10_000
        assert not any("left out" in text for text in texts)


async def test_a_resumed_session_shows_the_same_to_the_byte(tmp_path: Path) -> None:
    requests, _ = await wander(tmp_path, 3)
    with Journal(tmp_path, FakeClock()) as journal:
        context, _, _ = context_of(journal, limits=Limits(working_tokens=AIM))
        model = Wanderer(random.Random(0))
        context.models["executor"].clients = {"acct": model}
        session = open_session(context, KEY, OPENING)
        tools = {name: Does(name, kind, lambda _: "") for name, kind in KINDS.items()}
        await take_turn(context, session, tools, "on")
    assert is_stable(requests[-1], model.requests[0])


KINDS: dict[str, ToolKind] = {"read": "read", "edit": "edit", "run": "execute"}
