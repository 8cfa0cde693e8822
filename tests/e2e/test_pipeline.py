"""A request becomes a branch on which it is proven, and nothing else ends with 0."""

from pathlib import Path

from scenario import (
    CHECK,
    GREET,
    HONEST,
    MAIN,
    PLAN,
    SUBMIT,
    TEST,
    Play,
    calls,
    executor,
    gardener,
    git,
    judge,
    planner,
    write,
)

from agent.domain.event import (
    AttemptFailed,
    AuditFinished,
    ChecksRan,
    Continued,
    Judged,
    ModelResponded,
    PlanAdopted,
    RoundFinished,
    SessionStarted,
    SurveyTaken,
)
from agent.errors import Outcome


def test_an_honest_run_is_proven_with_one_commit_for_its_task(play: Play) -> None:
    run = play(planner(), gardener(), executor(HONEST), judge())
    assert (run.result.outcome, run.result.message) == (
        Outcome.DONE,
        "every requirement is proven",
    )
    assert run.commits() == ["T01: Greet"]
    moments = [(ran.subject, ran.moment, ran.results[0].passed) for ran in run.of(ChecksRan)]
    assert moments == [
        ("R1", "before", False),
        ("T01", "before", False),
        ("T01", "after", True),
        ("R1", "final", True),
        ("T01", "final", True),
    ]
    message = run.git("log", "-1", "--format=%B", run.result.branch)
    assert "Task: T01\nRequirement: R1\nCheck: python3 -m unittest tests.test_greet (red" in message
    assert run.git("status", "--porcelain") == ""


def test_a_plan_that_is_not_well_formed_goes_back_with_the_exact_errors(play: Play) -> None:
    broken = {**PLAN, "tasks": [{**PLAN["tasks"][0], "depends": ["T09"]}]}
    again = {
        "role": "planner",
        "replies": [calls(("propose_plan", broken)), calls(("propose_plan", PLAN))],
    }
    run = play(again, gardener(), executor(HONEST), judge())
    assert run.result.outcome == Outcome.DONE
    told = run.state.sessions["planner/plan/1"].messages[3].parts[0]
    assert "T09" in getattr(told, "text", "")


def test_a_planner_that_never_brings_a_plan_is_an_honest_stop(play: Play) -> None:
    broken = {**PLAN, "tasks": [{**PLAN["tasks"][0], "depends": ["T09"]}]}
    run = play({"role": "planner", "replies": [calls(("propose_plan", broken))] * 3})
    assert run.result.outcome == Outcome.STUCK
    assert run.result.message.startswith("the planner brought no well-formed plan: ")
    assert len(run.of(ModelResponded)) == 3


def test_a_gardener_never_sees_a_word_of_the_planners_conversation(play: Play) -> None:
    secret = {**planner()["replies"][0], "say": "between us: XYLOPHONE"}
    run = play({"role": "planner", "replies": [secret]}, gardener(), executor(HONEST), judge())
    sessions = run.state.sessions
    assert "XYLOPHONE" in "".join(m.text for m in sessions["planner/plan/1"].messages)
    others = [s for name, s in sessions.items() if not name.startswith("planner")]
    assert "XYLOPHONE" not in "".join(m.model_dump_json() for s in others for m in s.messages)


def test_gardening_goes_on_until_a_round_changes_nothing(play: Play) -> None:
    edit = {
        "op": "change",
        "id": "T01",
        "fields": {"brief": "Greet politely."},
        "reason": "it was vague",
    }
    first = {
        "role": "gardener",
        "subject": "round-1",
        "replies": [calls(("revise_plan", {"edits": [edit], "summary": "clearer"}))],
    }
    run = play(planner(), first, gardener(), executor(HONEST), judge())
    assert [(r.round, len(r.edits)) for r in run.of(RoundFinished)] == [(1, 1), (2, 0)]
    adopted = [event for event in run.of(PlanAdopted) if event.plan.revision == 2]
    assert "+Greet politely." in adopted[0].diff
    assert run.result.outcome == Outcome.DONE


def test_an_executor_that_only_talks_is_told_what_is_open_and_then_given_up(play: Play) -> None:
    talk = {"say": "All done!"}
    run = play(planner(), gardener(), executor(*[talk] * 4), task_attempts=1, continuations=3)
    assert run.result.outcome == Outcome.STUCK
    assert "T01 could not be proven: the executor stopped with this open: " in run.result.message
    told = run.of(Continued)
    assert [event.count for event in told] == [1, 2, 3]
    assert "no file has changed" in told[0].open_items[-1]
    assert run.commits() == []


def test_a_failed_attempt_is_kept_and_the_next_session_knows_why(play: Play) -> None:
    bad = calls(write("app/greet.py", "def greet(name):\n    return 'Hi'\n"), ("give_up", GIVE_UP))
    run = play(
        planner(), gardener(), executor(bad, attempt=1), executor(HONEST, attempt=2), judge()
    )
    assert run.result.outcome == Outcome.DONE
    (failure,) = run.of(AttemptFailed)
    assert failure.reason == "the executor gave up: no idea"
    assert "return 'Hi'" in run.git("show", f"{failure.checkpoint}:app/greet.py")
    begun = {str(event.session): event for event in run.of(SessionStarted)}
    second = begun["executor/T01/2"].opening[1].text
    assert "The last attempt failed\nthe executor gave up: no idea" in second


GIVE_UP = {"reason": "no idea"}


def test_a_task_whose_check_is_green_beforehand_is_refused_before_a_token_is_spent(
    play: Play,
) -> None:
    green = {**PLAN["tasks"][0], "checks": [{"kind": "command", "run": "test -f README.md"}]}
    run = play(planner({**PLAN, "tasks": [green]}), gardener())
    assert run.result.outcome == Outcome.STUCK
    assert run.result.message == (
        "T01 could not be proven: every check of T01 is green before the work, so none proves "
        "it; give it a check that fails today and resume"
    )
    roles = {event.session.role for event in run.of(ModelResponded)}
    assert roles == {"planner", "gardener"}


def test_open_todos_keep_a_task_open_though_its_checks_are_green(play: Play) -> None:
    writes = [
        ("todo", {"add": ["write", "document"], "done": [1]}),
        write("app/greet.py", GREET),
        write("app/__main__.py", MAIN),
        write("tests/test_greet.py", TEST),
        SUBMIT,
    ]
    run = play(
        planner(),
        gardener(),
        executor(calls(*writes), calls(("todo", {"done": [2]}), SUBMIT)),
        judge(),
    )
    assert run.of(Continued)[0].open_items == ("todo 2 is not done: document",)
    assert run.result.outcome == Outcome.DONE


def test_a_check_that_hangs_is_killed_and_told(play: Play) -> None:
    hanging = {**CHECK, "run": "sleep 600 & sleep 600", "timeout_seconds": 1}
    plan = {**PLAN, "tasks": [{**PLAN["tasks"][0], "checks": [hanging]}]}
    run = play(planner(plan), gardener(), executor(HONEST), task_attempts=1, continuations=0)
    assert run.result.outcome == Outcome.STUCK
    assert "killed after 1 s" in run.result.message


def test_what_only_the_harness_may_do_is_taken_back(play: Play) -> None:
    sly = calls(
        ("run", {"command": "git checkout -q -b mine"}),
        write("app/greet.py", GREET),
        (
            "run",
            {
                "command": "echo '# Nothing' > plans/greet-me-by-name.md; git add -A; "
                "git -c user.name=x -c user.email=x@x commit -qm 'T01: Greet'"
            },
        ),
        write("app/__main__.py", MAIN),
        write("tests/test_greet.py", TEST),
        SUBMIT,
    )
    run = play(planner(), gardener(), executor(sly), judge())
    assert run.result.outcome == Outcome.DONE
    assert run.commits() == ["T01: Greet"]
    shown = run.git("show", f"{run.result.branch}:plans/greet-me-by-name.md")
    assert "# Greeting" in shown


def test_a_judge_with_a_wrong_citation_does_not_count(play: Play) -> None:
    wrong = judge()
    told = wrong["replies"][0]["calls"][0]["arguments"]["verdicts"][0]
    told["citations"] = [{"path": "app/greet.py", "line": 1, "quote": "return magic()"}]
    wrong["replies"] = wrong["replies"] * 3
    run = play(planner(), gardener(), executor(HONEST), wrong, realign_passes=0)
    assert run.of(Judged)[0].abstained == ("R1",)
    assert run.result.outcome == Outcome.FINDINGS


def test_a_stub_is_found_and_mended_in_one_pass(play: Play) -> None:
    extra = "\n\ndef farewell(name: str) -> str:\n    pass\n"
    lazy = calls(
        write("app/greet.py", GREET + extra),
        write("app/__main__.py", MAIN),
        write("tests/test_greet.py", TEST),
        SUBMIT,
    )
    mend = calls(write("app/greet.py", GREET), SUBMIT)
    run = play(
        planner(),
        gardener(),
        executor(lazy, subject="T01"),
        executor(mend, subject="T01r1"),
        judge(),
    )
    assert [[f.rule for f in a.findings] for a in run.of(AuditFinished)] == [["stub-body"], []]
    assert run.commits()[0] == "T01: Greet"
    assert run.commits()[1].startswith("T01r1: ")
    assert run.result.outcome == Outcome.DONE


def test_an_executor_that_never_mends_ends_with_findings_and_not_with_done(play: Play) -> None:
    extra = "\n\ndef farewell(name: str) -> str:\n    pass\n"
    lazy = calls(
        write("app/greet.py", GREET + extra),
        write("app/__main__.py", MAIN),
        write("tests/test_greet.py", TEST),
        SUBMIT,
    )
    stubborn = calls(write("NOTES.md", "all fine\n"), SUBMIT)
    run = play(
        planner(),
        gardener(),
        executor(lazy, subject="T01"),
        executor(*[stubborn] * 4),
        judge(),
        task_attempts=1,
    )
    assert run.result.outcome == Outcome.FINDINGS
    assert run.result.message.startswith("1 error is left, first: ")
    assert len(run.of(AuditFinished)) == 2
    assert run.commits() == ["T01: Greet"]


def test_work_on_a_given_plan_begins_at_once_and_is_surveyed_as_it_was_before(play: Play) -> None:
    planned = play(planner(), gardener(), phases=("plan", "garden"))
    plan = planned.repository / "plans" / "greet-me-by-name.md"
    planned.git("add", "-A")
    planned.git("commit", "-qm", "the plan")
    worked = play(executor(HONEST), phases=("execute",), plan_file=plan)
    assert (worked.result.outcome, worked.of(SurveyTaken)) == (Outcome.UNFINISHED, [])
    run = play(judge(), phases=("realign",), resume=worked.result.run_folder)
    assert run.result.outcome == Outcome.DONE
    base = run.git("rev-parse", "main").strip()
    surveys = [(taken.survey.commit, taken.survey.files) for taken in run.of(SurveyTaken)]
    assert surveys == [(base, len(run.git("ls-tree", "-r", "--name-only", base).splitlines()))]


def test_what_is_not_in_the_commit_proves_nothing(play: Play) -> None:
    hidden = calls(
        write("app/.gitignore", "greet.py\n"),
        write("app/greet.py", GREET),
        write("app/__main__.py", MAIN),
        write("tests/test_greet.py", TEST),
        SUBMIT,
    )
    lost = judge()
    lost["replies"] = lost["replies"] * 3
    run = play(planner(), gardener(), executor(hidden), lost, realign_passes=0)
    assert run.result.outcome == Outcome.FINDINGS
    assert "No module named 'app.greet'" in run.of(AuditFinished)[0].findings[0].message


def test_a_check_that_runs_no_test_is_red(play: Play) -> None:
    empty = calls(
        write("app/greet.py", GREET),
        write("app/__main__.py", MAIN),
        write("tests/test_greet.py", "from app.greet import greet\n"),
        SUBMIT,
    )
    run = play(
        planner(), gardener(), executor(empty, HONEST), judge(), task_attempts=1, continuations=1
    )
    assert "exit code 0, but no test ran" in run.of(Continued)[0].open_items[0]
    assert run.result.outcome == Outcome.DONE


def test_the_setup_command_makes_every_fresh_checkout_ready(play: Play, repository: Path) -> None:
    (repository / ".gitignore").write_text("ready.txt\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "ignore")
    needs = {"kind": "command", "run": "test -f ready.txt && python3 -m unittest tests.test_greet"}
    plan = {**PLAN, "tasks": [{**PLAN["tasks"][0], "checks": [needs]}]}
    run = play(planner(plan), gardener(), executor(HONEST), judge(), setup="echo yes > ready.txt")
    assert run.result.outcome == Outcome.DONE
    assert "ready.txt" not in run.git("ls-tree", "--name-only", run.result.branch).split()


def test_a_setup_command_that_would_be_committed_is_refused(play: Play) -> None:
    run = play(planner(), setup="echo yes > ready.txt")
    assert run.result.outcome == Outcome.USAGE
    assert "leaves files that git does not ignore; add them to .gitignore" in run.result.message


def test_a_setup_command_that_fails_is_told_with_the_setting(play: Play) -> None:
    run = play(planner(), setup="echo no such compiler; exit 3")
    assert (run.result.outcome, run.result.message) == (
        Outcome.USAGE,
        "the setup command `echo no such compiler; exit 3` failed in a fresh checkout: "
        "no such compiler; correct `setup` in gardener.toml, or let it reach "
        "the network with GARDENER_NETWORK=setup, then resume",
    )
