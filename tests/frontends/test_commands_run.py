"""The last words of a run for a person."""

from collections.abc import Callable

from agent.domain.event import PHASES, Entry, Event, PlanAdopted, RunFinished, RunStarted
from agent.errors import Outcome
from agent.frontends.commands_run import closing_lines

Tell = Callable[..., tuple[Entry, ...]]


def test_a_proven_run_ends_with_its_requirements_and_the_merge(
    tell: Tell, story: list[Event]
) -> None:
    assert closing_lines(tell(*story)) == (
        "rehearsal: replies are scripted",
        "R1 proven: A user chats",
        "branch gardener/todo",
        "next: cd /home/ada/todo",
        "next: gardener report 20260102-030405-ab12",
        "next: gardener merge 20260102-030405-ab12",
    )


def test_an_interrupted_run_says_what_is_not_proven_and_how_to_go_on(
    tell: Tell, story: list[Event]
) -> None:
    stopped = RunFinished(outcome=Outcome.LIMIT, message="day limit reached")
    assert closing_lines(tell(*story[:22], stopped)) == (
        "rehearsal: replies are scripted",
        "R1 not proven: A user chats (`python app.py hello` is red: the endpoint was not called)",
        "branch gardener/todo",
        "next: cd /home/ada/todo",
        "next: gardener report 20260102-030405-ab12",
        "next: gardener resume 20260102-030405-ab12",
    )


def test_a_run_that_only_planned_names_the_plan_file(
    tell: Tell, started: RunStarted, story: list[Event]
) -> None:
    planning = started.model_copy(
        update={"phases": PHASES[:1], "branch": "", "worktree": "/home/ada/todo"}
    )
    adopted = story[2]
    assert isinstance(adopted, PlanAdopted)
    done = RunFinished(outcome=Outcome.DONE, message="the plan stands in plans/todo.md")
    assert closing_lines(tell(planning, adopted, done)) == (
        "rehearsal: replies are scripted",
        "plan /home/ada/todo/plans/todo.md",
        "next: cd /home/ada/todo",
        "next: gardener garden /home/ada/todo/plans/todo.md",
        "next: gardener execute /home/ada/todo/plans/todo.md",
    )
