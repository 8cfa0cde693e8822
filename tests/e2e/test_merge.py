"""Merging and going on with a run: never unproven by accident, never under a live process."""

from pathlib import Path

import anyio
import pytest
from fakes import FakeClock
from scenario import GREET, HONEST, Play, Played, executor, gardener, git, judge, planner

from agent.config import load_settings
from agent.domain.event import Event, Phase, PlanAdopted, RunResumed
from agent.errors import ConfigError, JournalError, Outcome, RepositoryError, UsageError
from agent.journal import FILE_NAME, Journal, read_entries
from agent.wiring import RunResult, lint_plan, merge_run, resume_run, start_run


def play_events(run: Played) -> tuple[Event, ...]:
    entries = read_entries(run.result.run_folder / FILE_NAME)
    return tuple(entry.event for entry in entries)


PROVEN = (planner(), gardener(), executor(HONEST), judge())


def merge(run: Played, *, unproven: bool = False) -> str:
    async def work() -> str:
        return await merge_run(
            place=run.repository, run_folder=run.result.run_folder, unproven=unproven
        )

    return anyio.run(work)


def test_a_proven_run_is_merged_and_its_worktree_goes(play: Play) -> None:
    run = play(*PROVEN)
    assert merge(run) == run.git("rev-parse", "main").strip()
    assert (run.repository / "app" / "greet.py").read_text(encoding="utf-8") == GREET
    assert len(run.git("worktree", "list").splitlines()) == 1
    with pytest.raises(UsageError, match="holds nothing that is not merged already"):
        merge(run)


def test_an_unproven_run_is_merged_only_when_asked(play: Play) -> None:
    run = play(planner(), gardener(), executor(HONEST), phases=("plan", "garden", "execute"))
    assert run.result.outcome == Outcome.UNFINISHED
    with pytest.raises(UsageError, match="is not proven; see: gardener report"):
        merge(run)
    assert merge(run, unproven=True) == run.git("rev-parse", "main").strip()


def test_a_run_that_a_process_works_on_is_not_merged(play: Play) -> None:
    run = play(*PROVEN)
    with (
        Journal(run.result.run_folder, FakeClock()),
        pytest.raises(JournalError, match="another process works on this run"),
    ):
        merge(run)


def test_a_plan_that_lies_loose_in_the_checkout_is_kept_and_not_in_the_way(play: Play) -> None:
    run = play(*PROVEN)
    loose = run.repository / "plans" / "greet-me-by-name.md"
    loose.parent.mkdir()
    loose.write_text("as I reviewed it\n", encoding="utf-8")
    merge(run)
    kept = run.result.run_folder / "plan-before-merge.md"
    assert kept.read_text(encoding="utf-8") == "as I reviewed it\n"


def test_a_run_on_a_detached_head_is_proven_and_merged_only_into_a_branch(
    play: Play, repository: Path
) -> None:
    git(repository, "checkout", "-q", "--detach")
    run = play(*PROVEN)
    assert run.result.outcome == Outcome.DONE
    with pytest.raises(RepositoryError, match="HEAD is detached; switch to the branch"):
        merge(run)
    git(repository, "checkout", "-q", "main")
    assert merge(run) == run.git("rev-parse", "main").strip()


def test_a_conflict_changes_nothing(play: Play) -> None:
    run = play(*PROVEN)
    (run.repository / "app").mkdir()
    (run.repository / "app" / "greet.py").write_text("mine\n", encoding="utf-8")
    run.git("add", "-A")
    run.git("commit", "-qm", "mine")
    before = run.git("rev-parse", "HEAD")
    with pytest.raises(RepositoryError, match=r"conflict in app/greet.py; nothing was changed"):
        merge(run)
    assert run.git("rev-parse", "HEAD") == before


def test_a_finished_plan_still_lints_clean_after_the_merge(play: Play) -> None:
    run = play(*PROVEN)
    merge(run)
    settings = load_settings({"HOME": "/nowhere"})
    plan = run.repository / "plans" / "greet-me-by-name.md"

    async def work() -> list[str]:
        found = await lint_plan(place=run.repository, settings=settings, plan_file=plan)
        return [finding.rule for finding in found]

    assert anyio.run(work) == []


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        (("plan", "garden"), "only planned; execute its plan: gardener execute plans/greet-me"),
        (("plan", "garden", "execute"), "has tasks that are not done; go on with"),
    ],
)
def test_realignment_of_unfinished_work_is_refused_and_spoils_nothing(
    play: Play, phases: tuple[Phase, ...], message: str
) -> None:
    run = play(planner(), gardener(), executor(*[{"say": "no"}] * 8), phases=phases)
    settings = load_settings({"HOME": "/nowhere"})

    async def work() -> RunResult:
        return await resume_run(
            place=run.repository,
            settings=settings,
            run_folder=run.result.run_folder,
            phases=("realign",),
        )

    with pytest.raises(UsageError, match=message):
        anyio.run(work)
    assert run.events == play_events(run)


def test_a_run_with_a_real_model_is_never_answered_from_a_script(
    tmp_path: Path, repository: Path, play: Play
) -> None:
    environment = {
        "HOME": str(tmp_path),
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "GARDENER_MODEL": "real",
    }
    settings = load_settings(environment)

    async def work() -> RunResult:
        return await start_run(
            place=repository, settings=settings, request="Greet me.", phases=("plan",)
        )

    run = anyio.run(work)
    assert run.outcome == Outcome.LIMIT
    with pytest.raises(UsageError, match="begun with a real model, so no script may go on"):
        play(*PROVEN, resume=run.run_folder)

    async def resumed() -> RunResult:
        bare = load_settings({"HOME": str(tmp_path)})
        return await resume_run(place=repository, settings=bare, run_folder=run.run_folder)

    # Without any setting the run keeps the endpoint and the model it began with.
    assert "cannot reach http://127.0.0.1:9/v1" in anyio.run(resumed).message
    with Journal(run.run_folder, FakeClock()) as journal:
        assert journal.state.endpoints["planner"] == "http://127.0.0.1:9/v1"
        assert journal.state.models["planner"] == "real"


def test_the_profile_of_the_rehearsal_needs_a_script(tmp_path: Path, repository: Path) -> None:
    settings = load_settings({"HOME": str(tmp_path), "GARDENER_PROFILE": "rehearsal"})

    async def work() -> RunResult:
        return await start_run(
            place=repository, settings=settings, request="Greet me.", phases=("plan",)
        )

    with pytest.raises(ConfigError, match="answers from a script only; pass --rehearsal"):
        anyio.run(work)


def test_a_reviewed_and_committed_plan_is_not_taken_for_a_hand_edit(play: Play) -> None:
    first = play(planner(), gardener(), phases=("plan", "garden"))
    plan = first.repository / "plans" / "greet-me-by-name.md"
    first.git("add", "-A")
    first.git("commit", "-qm", "the plan")
    run = play(executor(HONEST), judge(), phases=("execute", "realign"), plan_file=plan)
    assert run.result.outcome == Outcome.DONE
    assert [event.reason for event in run.of(PlanAdopted)] == [f"given as {plan}"]
    assert run.of(RunResumed) == []


def test_a_name_that_no_branch_can_have_is_refused_at_once(repository: Path) -> None:
    settings = load_settings({"HOME": "/nowhere", "OPENAI_API_KEY": "k", "GARDENER_MODEL": "m"})

    async def work() -> RunResult:
        return await start_run(
            place=repository, settings=settings, request="x", phases=("plan",), name="Bad Name!"
        )

    with pytest.raises(UsageError, match="'Bad Name!' cannot name a plan; use a-z"):
        anyio.run(work)
