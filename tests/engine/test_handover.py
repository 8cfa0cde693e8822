"""A session that is full goes on with a fresh transcript and a note, and nothing is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from engine.workshop import Workshop, open_workshop, repository
from fakes import FakeClock, FakeModel
from talk import call, reply

from agent.context.tokens import message_tokens
from agent.domain.event import SessionStarted, ToolStarted
from agent.domain.message import Completion, ModelRequest, Usage
from agent.domain.plan import Plan, Task
from agent.engine.fitting import MOST_HANDOVERS
from agent.engine.run_context import Limits
from agent.errors import ContextOverflow
from agent.journal import Journal, read_entries

pytestmark = pytest.mark.anyio
TASK = Task(id="T01", title="Write", creates=("big.py",), modifies=("old.py",))
PLAN = Plan(name="p", title="P", request="Write it.", tasks=(TASK,))
NOTE = "The first half of big.py is written; its loop still leaks."
LIMITS = Limits(working_tokens=6_000, turns_per_session=60)


class Writer(FakeModel):
    """Writes a long file in every reply: what it says itself is never taken out."""

    def __init__(self, note: Completion | ContextOverflow | None = None) -> None:
        super().__init__([])
        self.note = note or reply(text=NOTE, stop="end_turn")

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        self.requests.append(request)
        number = len(self.requests)
        content = "\n".join(f"line_{number}_{n} = {n}" for n in range(80))
        done = reply(call("write", {"path": "big.py", "content": content}, f"c{number}"))
        if "This session is full" in request.messages[-1].text:
            if isinstance(self.note, ContextOverflow):
                raise self.note
            done = self.note
        size = sum(map(message_tokens, request.messages))
        return done.model_copy(update={"usage": Usage(input_tokens=size, output_tokens=900)})


async def until_full(shop: Workshop) -> None:
    for _ in range(30):
        if (await shop.turn()).is_full:
            return
    raise AssertionError("the session never filled")


async def opened(tmp_path: Path, journal: Journal, model: FakeModel) -> Workshop:
    root = repository(tmp_path / "repository", {"old.py": "x = 1\n", "README.md": "# P\n"})
    return await open_workshop(journal, root, PLAN, model, LIMITS)


async def test_the_next_session_has_the_note_the_files_and_a_fresh_transcript(
    tmp_path: Path,
) -> None:
    model = Writer()
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await opened(tmp_path, journal, model)
        await until_full(shop)
        system, brief = shop.session.messages
        text = (tmp_path / "repository/big.py").read_text(encoding="utf-8")
        replies = len(model.requests)
        assert shop.session.replies == replies
        await shop.turn()
    assert f"changed so far: big.py\n{NOTE}" in brief.text
    assert f'<file path="big.py">\n{text.rstrip()}\n</file>' in brief.text
    assert model.requests[-1].messages == (system, brief)
    assert model.requests[-1].turn == replies


async def test_calls_beside_the_note_are_not_made(tmp_path: Path) -> None:
    with_call = reply(call("write", {"path": "evil.py", "content": "x"}, "late"), text=NOTE)
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await opened(tmp_path, journal, Writer(with_call))
        await until_full(shop)
        started = [e.event for e in read_entries(journal.path) if isinstance(e.event, ToolStarted)]
        assert shop.session.unanswered == ()
    assert [event.call.call_id for event in started if event.call.call_id == "late"] == []
    assert not (tmp_path / "repository/evil.py").exists()


async def test_a_note_that_cannot_be_asked_for_leaves_what_the_harness_knows(
    tmp_path: Path,
) -> None:
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await opened(tmp_path, journal, Writer(ContextOverflow("too long")))
        await until_full(shop)
        assert "changed so far: big.py" in shop.session.messages[1].text


async def test_a_resumed_run_goes_on_behind_the_handover(tmp_path: Path) -> None:
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await opened(tmp_path, journal, Writer())
        await until_full(shop)
        before = shop.session
    with Journal(tmp_path / "run", FakeClock()) as journal:
        assert journal.state.session(before.key) == before


async def test_a_task_is_handed_over_so_often_and_then_no_more(tmp_path: Path) -> None:
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await opened(tmp_path, journal, Writer())
        for _ in range(50):
            await shop.turn()
        begun = [e.event for e in read_entries(journal.path) if isinstance(e.event, SessionStarted)]
    assert [event.note for event in begun] == ["", *[NOTE] * MOST_HANDOVERS]


async def test_the_last_turns_are_not_spent_on_a_handover(tmp_path: Path) -> None:
    model = Writer()
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await opened(tmp_path, journal, model)
        shop.session.replies = LIMITS.turns_per_session - 4
        for _ in range(14):
            await shop.turn()
        assert shop.session.handovers == 0
