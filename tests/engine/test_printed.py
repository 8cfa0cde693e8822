"""What a long command prints is in the journal before it has ended."""

from pathlib import Path

import pytest
from engine.workshop import open_workshop, repository
from fakes import FakeClock, FakeModel
from talk import call, reply

from agent.domain.event import ToolFinished, ToolPrinted
from agent.domain.message import SessionKey
from agent.domain.plan import Plan, Task
from agent.journal import Journal, read_entries

PLAN = Plan(name="p", title="P", request="Do.", tasks=(Task(id="T01", title="Do"),))
KEY = SessionKey(role="executor", subject="T01", attempt=1)


@pytest.mark.anyio
async def test_what_a_long_command_prints_is_journalled_while_it_runs(tmp_path: Path) -> None:
    command = "echo begun; sleep 2.1; echo on; sleep 0.2; echo done"
    model = FakeModel([reply(call("run", {"command": command}, "c7"))])
    root = repository(tmp_path / "repository", {"a.txt": "a\n"})
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await open_workshop(journal, root, PLAN, model)
        await shop.turn()
        events = [entry.event for entry in read_entries(journal.path)]
    told = [event for event in events if isinstance(event, ToolPrinted | ToolFinished)]
    assert told[0] == ToolPrinted(session=KEY, call_id="c7", text="begun\non\n")
    assert isinstance(told[1], ToolFinished)
    assert "begun\non\ndone" in told[1].result.text
