"""A small finished run, told event by event."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.domain.check import CallsCheck, CheckResult, CommandCheck
from agent.domain.edit import Change
from agent.domain.event import (
    PHASES,
    AuditFinished,
    ChecksRan,
    Continued,
    Entry,
    Event,
    Judged,
    ModelResponded,
    PhaseStarted,
    PlanAdopted,
    PlanChecked,
    RoundFinished,
    RunFinished,
    RunStarted,
    SessionStarted,
    TaskFinished,
    TaskStarted,
    TodosUpdated,
)
from agent.domain.finding import Citation, Finding, Verdict
from agent.domain.message import Completion, SessionKey, Usage, text_message
from agent.domain.plan import Plan, Requirement, Task
from agent.domain.todo import Todo
from agent.errors import Outcome
from agent.journal import FILE_NAME

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BASE, FIRST, SECOND = "b" * 40, "c" * 40, "d" * 40

Tell = Callable[..., tuple[Entry, ...]]


@pytest.fixture
def tell() -> Tell:
    """Makes journal entries of events, one second apart."""

    def entries(*events: Event) -> tuple[Entry, ...]:
        return tuple(
            Entry(seq=seq, at=BEGAN + timedelta(seconds=seq), event=event)
            for seq, event in enumerate(events, start=1)
        )

    return entries


@pytest.fixture
def started() -> RunStarted:
    return RunStarted(
        run_id="20260102-030405-ab12",
        request="A todo app\nwith a chat",
        plan_name="todo",
        plan_file="plans/todo.md",
        phases=PHASES,
        repository="/home/ada/todo",
        base_commit=BASE,
        branch="gardener/todo",
        worktree="/home/ada/.local/state/gardener/worktrees/todo",
        models={"planner": "p", "gardener": "p", "executor": "e", "judge": "p"},
        rehearsal=True,
        version="0.1.0",
    )


@pytest.fixture
def stub() -> Finding:
    return Finding(
        id="F1",
        rule="stub-body",
        severity="error",
        path="app.py",
        line=3,
        message="`reply` only returns a constant.",
        requirement="R1",
        remedy="Make it call the model.",
    )


@pytest.fixture
def story(started: RunStarted, stub: Finding) -> list[Event]:
    """A run that was planned, gardened, executed, mended in one pass, and proven."""
    talk = CallsCheck(run="python app.py hello")
    tests = CommandCheck(run="pytest -q")
    plan = Plan(
        name="todo",
        base=BASE,
        title="A todo app with a chat",
        request=started.request,
        requirements=(
            Requirement(id="R1", title="A user chats", acceptance="Say hello.", checks=(talk,)),
        ),
        tasks=(Task(id="T01", title="The chat", serves=("R1",), checks=(tests,)),),
    )
    unwired = Finding(id="F0", rule="no-wiring", severity="error", message="T01 has no wiring.")
    gardened = plan.model_copy(update={"revision": 2})
    mending = Task(
        id="T01r1", title="Call the model", serves=("R1",), checks=(talk,), closes=("F1",)
    )
    mended = plan.model_copy(update={"revision": 3, "tasks": (*plan.tasks, mending)})
    session = SessionKey(role="executor", subject="T01")
    spent = Usage(input_tokens=1200, output_tokens=340, cached_tokens=1000)
    completion = Completion(
        message=text_message("assistant", "done"), stop_reason="end_turn", usage=spent, model="e"
    )
    red_talk = CheckResult(check=talk, passed=False, reason="the endpoint was not called")
    green_talk = CheckResult(
        check=talk, passed=True, reason="1 call, answer shown", seconds=1.25, calls_seen=1
    )
    red_tests = CheckResult(check=tests, passed=False, reason="exit code 1")
    green_tests = CheckResult(check=tests, passed=True, reason="exit code 0")
    met = Verdict(
        requirement="R1",
        verdict="met",
        explanation="The chat calls the endpoint.",
        citations=(Citation(path="app.py", line=3, quote="return ask(text)"),),
    )
    faked = Verdict(requirement="R1", verdict="faked", explanation="It answers by itself.")
    return [
        started,
        PhaseStarted(phase="plan"),
        PlanAdopted(plan=plan, reason="planned"),
        ChecksRan(subject="R1", moment="before", commit=BASE, results=(red_talk,)),
        PlanChecked(revision=1, findings=(unwired,)),
        PhaseStarted(phase="garden"),
        PlanAdopted(plan=gardened, reason="gardening round 1: wire it"),
        RoundFinished(
            round=1,
            edits=(Change(id="T01", fields={"wiring": "x"}, reason="Nobody starts the chat."),),
            summary="Wired.",
        ),
        PlanChecked(revision=2, findings=()),
        PhaseStarted(phase="execute"),
        TaskStarted(task_id="T01", attempt=1, commit=BASE),
        ChecksRan(subject="T01", moment="before", commit=BASE, results=(red_tests,)),
        SessionStarted(session=session, opening=()),
        ModelResponded(
            session=session,
            completion=completion,
            estimated_tokens=1100,
            reserved_tokens=4000,
            seconds=2.0,
        ),
        TodosUpdated(
            task_id="T01",
            attempt=1,
            todos=(
                Todo(id=1, content="Write app.py", status="completed"),
                Todo(id=2, content="Test it"),
            ),
        ),
        Continued(session=session, count=1, open_items=("todo 2 is open: Test it",)),
        ChecksRan(subject="T01", moment="after", commit=BASE, results=(green_tests,)),
        TaskFinished(task_id="T01", status="done", commit=FIRST, summary="The chat is there."),
        PhaseStarted(phase="realign"),
        ChecksRan(subject="R1", moment="final", commit=FIRST, results=(red_talk,)),
        Judged(number=1, commit=FIRST, verdicts=(faked,)),
        AuditFinished(number=1, commit=FIRST, findings=(stub,)),
        PlanAdopted(plan=mended, reason="realignment pass 1: T01r1"),
        TaskStarted(task_id="T01r1", attempt=1, commit=FIRST),
        ChecksRan(subject="T01r1", moment="before", commit=FIRST, results=(red_talk,)),
        ChecksRan(subject="T01r1", moment="after", commit=FIRST, results=(green_talk,)),
        TaskFinished(task_id="T01r1", status="done", commit=SECOND),
        ChecksRan(subject="R1", moment="final", commit=SECOND, results=(green_talk,)),
        Judged(number=2, commit=SECOND, verdicts=(met,), unrequested=("a colour theme",)),
        AuditFinished(number=2, commit=SECOND, findings=()),
        RunFinished(outcome=Outcome.DONE, message="every requirement is proven"),
    ]


@pytest.fixture
def keep() -> Callable[[Path, tuple[Entry, ...]], Path]:
    """Writes entries as the journal of a run's folder."""

    def write(folder: Path, entries: tuple[Entry, ...]) -> Path:
        folder.mkdir(parents=True)
        text = "".join(entry.model_dump_json() + "\n" for entry in entries)
        (folder / FILE_NAME).write_text(text, encoding="utf-8")
        return folder

    return write
