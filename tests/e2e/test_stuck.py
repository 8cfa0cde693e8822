"""Sessions that get nowhere are told so, and tasks that nobody can do go up step by step."""

import pytest
from scenario import (
    HONEST,
    PLAN,
    Play,
    Played,
    Session,
    calls,
    executor,
    gardener,
    judge,
    planner,
    write,
)

from agent.domain.event import (
    AttemptFailed,
    ChecksRan,
    Continued,
    ModelRefused,
    ModelResponded,
    Nudged,
    PlanAdopted,
    SessionStarted,
    TaskFinished,
    TaskReviewed,
    TaskStarted,
)
from agent.errors import Outcome

GIVE_UP = calls(("give_up", {"reason": "no idea"}))
LOOK = calls(("read", {"paths": ["README.md"]}))
FIND = calls(("search", {"patterns": ["hello"]}))
RUN = calls(("run", {"command": "cat nothing.txt"}))
MISS = [
    calls(("edit", {"edits": [{"path": "README.md", "old": f"line {n}", "new": "x"}]}))
    for n in range(12)
]
TODOS = calls(("todo", {"add": ["write it"]}))
STILL = {
    "repeats": [LOOK] * 12,
    "repeats a command": [RUN] * 12,
    "goes back and forth": [LOOK, FIND] * 6,
    "goes round in threes": [LOOK, FIND, RUN] * 4,
    "fails at each edit": MISS,
}
SILENT: dict[str, list[dict[str, object]]] = {
    "talks": [{"say": f"The plan is clear, and part {n} matters most."} for n in range(12)],
    "announces": [{"say": "Now I will write the file."}] * 12,
}


def only_one(**more: object) -> dict[str, object]:
    return {"task_attempts": 1, "task_reviews": 0, **more}


@pytest.mark.parametrize("way", STILL)
def test_whoever_gets_nowhere_is_told_within_six_replies_and_soon_stopped(
    play: Play, way: str
) -> None:
    run = play(planner(), gardener(), executor(*STILL[way]), **only_one())
    assert run.result.outcome == Outcome.STUCK
    events = [e for e in run.events if isinstance(e, ModelResponded | Nudged)]
    replies = [e for e in events if isinstance(e, Nudged) or e.session.role == "executor"]
    told = [at for at, event in enumerate(replies, 1) if isinstance(event, Nudged)]
    assert len(told) == 1
    assert told[0] <= 6
    assert len(replies) - 1 <= 9
    assert run.commits() == []


@pytest.mark.parametrize("way", SILENT)
def test_whoever_only_talks_is_told_what_is_open_and_soon_stopped(play: Play, way: str) -> None:
    run = play(planner(), gardener(), executor(*SILENT[way]), **only_one())
    assert run.result.outcome == Outcome.STUCK
    assert [event.count for event in run.of(Continued)] == [1, 2, 3]
    assert len([e for e in run.of(ModelResponded) if e.session.role == "executor"]) == 4


def test_replies_without_anything_in_them_end_a_run_that_can_be_resumed(play: Play) -> None:
    run = play(planner(), gardener(), executor(*[{"say": ""}] * 12), **only_one(request_attempts=3))
    assert run.result.outcome == Outcome.LIMIT
    refused = [event for event in run.of(ModelRefused) if event.session.role == "executor"]
    assert len(refused) == 3
    assert "neither text nor a tool call" in run.result.message


def test_reminders_begin_anew_when_something_was_done_in_between(play: Play) -> None:
    stop: dict[str, object] = {"say": "Now I will go on."}
    files = {"a.py": "a = 1\n", "b.py": "b = 1\n", "c.py": "c = 1\n"}
    steps = [reply for name, text in files.items() for reply in (calls(write(name, text)), stop)]
    run = play(planner(), gardener(), executor(stop, *steps, HONEST), judge(), continuations=2)
    told = [event.count for event in run.of(Continued) if event.session.subject == "T01"]
    assert told == [1, 1, 1, 1]
    assert [e.attempt for e in run.of(TaskStarted) if e.task_id == "T01"] == [1]
    assert "T01" in run.state.done


def test_a_nudge_that_helps_leaves_the_session_its_work(play: Play) -> None:
    run = play(planner(), gardener(), executor(LOOK, LOOK, LOOK, HONEST), judge())
    assert run.result.outcome == Outcome.DONE
    assert len(run.of(Nudged)) == 1
    assert len(run.of(TaskStarted)) == 1


def test_the_checks_run_by_themselves_after_edits_and_the_next_request_shows_them(
    play: Play,
) -> None:
    wrong = calls(write("app/greet.py", "def greet(name):\n    return 'Hi'\n"))
    run = play(planner(), gardener(), executor(wrong, HONEST), judge())
    assert run.result.outcome == Outcome.DONE
    after = [event for event in run.of(ChecksRan) if event.moment == "after"]
    assert [[r.passed for r in event.results] for event in after] == [[False], [True]]


def test_a_task_goes_up_step_by_step_and_ends_in_a_diagnosis(play: Play) -> None:
    stronger = {"ladder": ["bright", "brighter"], "profiles": LADDER}
    change = {"op": "change", "id": "T01", "reason": "say the words", "fields": {"brief": "Hello."}}
    revise = calls(("revise_plan", {"edits": [change], "summary": "clearer"}))
    tells: Session = {"role": "gardener", "subject": "T01", "replies": [revise]}
    bad = calls(write("app/greet.py", "def greet(name):\n    return 'Hi'\n"))
    run = play(planner(), tells, gardener(), executor(bad, GIVE_UP), **stronger)
    assert run.result.outcome == Outcome.STUCK
    rungs = [(event.attempt, event.rung) for event in run.of(TaskStarted)]
    assert rungs == [(1, "first"), (2, "revised"), (3, "fresh"), (4, "stronger"), (5, "stronger")]
    assert [event.is_changed for event in run.of(TaskReviewed)] == [True]
    assert run.of(PlanAdopted)[-1].plan.tasks[0].brief == "Hello."
    assert reserved(run) == [8192, 8192, 8192, 8192, 8192, 8192, 777, 777, 888, 888]
    (ended,) = run.of(TaskFinished)
    lines = ended.summary.splitlines()
    assert lines[0] == "the executor gave up: no idea"
    assert [line.partition(";")[0] for line in lines[1:6]] == [
        f"attempt {n}: the executor gave up: no idea" for n in range(1, 6)
    ]
    assert lines[6].startswith("red: `python3 -m unittest tests.test_greet`: ")
    assert run.result.message == "T01 could not be proven: the executor gave up: no idea"
    for failure in run.of(AttemptFailed):
        assert "return 'Hi'" in run.git("show", f"{failure.checkpoint}:app/greet.py")


LADDER = {
    "bright": {"like": "rehearsal", "max_output_tokens": 777},
    "brighter": {"like": "rehearsal", "max_output_tokens": 888},
}


def reserved(run: Played) -> list[int]:
    """Which of the models answered, told by what its profile reserves."""
    replies = [e for e in run.of(ModelResponded) if e.session.role == "executor"]
    return [reply.reserved_tokens for reply in replies]


def test_a_stronger_model_that_can_do_it_ends_the_climb(play: Play) -> None:
    weak, strong = executor(GIVE_UP, attempt=1), executor(HONEST, attempt=2)
    more = only_one(ladder=["bright"], profiles=LADDER)
    run = play(planner(), gardener(), weak, strong, judge(), **more)
    assert run.result.outcome == Outcome.DONE
    assert reserved(run)[1:] == [777]


def test_the_note_of_a_failed_attempt_reaches_the_next_session(play: Play) -> None:
    bad = calls(
        write("app/greet.py", "def greet(name):\n    return 'Hi'\n"), say="I greet with Hi."
    )
    run = play(
        planner(),
        gardener(),
        executor(TODOS, bad, GIVE_UP, attempt=1),
        executor(HONEST, attempt=2),
        judge(),
    )
    assert run.result.outcome == Outcome.DONE
    begun = {str(event.session): event for event in run.of(SessionStarted)}
    brief = begun["executor/T01/2"].opening[1].text
    told = brief[brief.index("## The last attempt failed") :]
    assert "the executor gave up: no idea" in told
    assert "It changed app/greet.py." in told
    assert "It left open: write it." in told
    assert "Red at the end: `python3 -m unittest tests.test_greet`: exit code 1" in told
    assert "It last said: I greet with Hi." in told


def test_a_task_that_the_gardener_splits_is_worked_off_in_its_parts(play: Play) -> None:
    task = PLAN["tasks"][0]
    first = {**task, "id": "T02", "title": "Greet by name"}
    second = {
        "id": "T03",
        "title": "Shout",
        "serves": ["R1"],
        "modifies": ["app/__main__.py"],
        "depends": ["T02"],
        "wiring": "app/__main__.py",
        "checks": [{"kind": "command", "run": "test -f shout.txt"}],
        "size_tokens": 500,
    }
    split = {"op": "split", "id": "T01", "reason": "too much at once", "into": [first, second]}
    tells: Session = {
        "role": "gardener",
        "subject": "T01",
        "replies": [calls(("revise_plan", {"edits": [split], "summary": "split"}))],
    }
    run = play(
        planner(),
        tells,
        gardener(),
        executor(GIVE_UP, subject="T01"),
        executor(HONEST, subject="T02"),
        executor(calls(write("shout.txt", "!\n"), ("submit", {"summary": "s"})), subject="T03"),
        judge(),
        task_attempts=1,
    )
    assert [(e.task_id, e.status) for e in run.of(TaskFinished)] == [
        ("T02", "done"),
        ("T03", "done"),
    ]
    assert run.result.outcome == Outcome.DONE


def test_a_gardener_cannot_touch_what_is_done_nor_bring_a_worse_plan(play: Play) -> None:
    task = PLAN["tasks"][0]
    later = {
        **task,
        "id": "T02",
        "title": "Shout",
        "creates": ["shout.txt"],
        "depends": ["T01"],
        "checks": [{"kind": "command", "run": "test -f shout.txt"}],
    }
    plan = {**PLAN, "tasks": [task, later]}
    done = {"op": "change", "id": "T01", "reason": "r", "fields": {"title": "Less"}}
    worse = {
        "op": "change",
        "id": "T02",
        "reason": "r",
        "fields": {"checks": [{"kind": "command", "run": "true"}]},
    }
    replies = [
        calls(("revise_plan", {"edits": [done], "summary": "s"})),
        calls(("revise_plan", {"edits": [worse], "summary": "s"})),
    ]
    tells: Session = {"role": "gardener", "subject": "T02", "replies": replies}
    run = play(
        planner(plan),
        tells,
        gardener(),
        executor(HONEST, subject="T01"),
        executor(GIVE_UP, subject="T02"),
        task_attempts=1,
    )
    assert run.result.outcome == Outcome.STUCK
    assert [event.is_changed for event in run.of(TaskReviewed)] == [False]
    refusal = run.state.sessions["gardener/T02/1"].messages[3].parts[0].model_dump()["text"]
    assert refusal.startswith("No edit was applied: T01 is done and must stay as written.")
