"""What a log shows of a run."""

import io
from collections.abc import Callable
from datetime import timedelta

from agent.domain.event import (
    Assumed,
    AttemptFailed,
    CallRuled,
    Entry,
    Event,
    ModelRefused,
    ModelReplaced,
    ProfileMended,
    RunResumed,
    RunStarted,
    SessionStarted,
    SurveyTaken,
    TaskFinished,
    ToolFinished,
    Warned,
)
from agent.domain.message import SessionKey, ToolResult
from agent.domain.state import fold
from agent.domain.survey import Survey
from agent.frontends.console import LineConsole, line_of
from agent.frontends.output import Output
from agent.limits.admission import in_both_times

Tell = Callable[..., tuple[Entry, ...]]
SESSION = SessionKey(role="executor", subject="T01")


def lines(entries: tuple[Entry, ...], past: tuple[Entry, ...] = ()) -> list[str]:
    stream = io.StringIO()
    console = LineConsole(Output(stream), past)
    for entry in entries:
        console(entry)
    return stream.getvalue().splitlines()


def test_a_whole_run_reads_as_a_log(tell: Tell, story: list[Event]) -> None:
    assert lines(tell(*story)) == [
        "rehearsal: replies are scripted",
        "run 20260102-030405-ab12 on branch gardener/todo from bbbbbbbbbb: A todo app with a chat",
        "phase plan",
        "plan todo revision 1: 1 requirement, 1 task; planned",
        "checks R1 before: 0 of 1 green, red: the endpoint was not called",
        "lint revision 1: 1 error, 0 other findings, first: no-wiring: T01 has no wiring.",
        "phase garden",
        "plan todo revision 2: 1 requirement, 1 task; gardening round 1: wire it",
        "gardening round 1: 1 edit; Wired.",
        "lint revision 2: no findings",
        "phase execute",
        "task T01 started: The chat",
        "checks T01 before: 0 of 1 green, red: exit code 1",
        "todos T01: 1 of 2 done, next: Test it",
        "continued executor/T01/1 (1): 1 item open, first: todo 2 is open: Test it",
        "checks T01 after: 1 of 1 green",
        "task T01 done in cccccccccc; 1 of 1 task done",
        "phase realign",
        "checks R1 final: 0 of 1 green, red: the endpoint was not called",
        "judge 1: R1 faked",
        "audit 1 of cccccccccc: 1 error, 0 other findings, first: stub-body app.py: "
        "`reply` only returns a constant.",
        "plan todo revision 3: 1 requirement, 2 tasks; realignment pass 1: T01r1",
        "task T01r1 started: Call the model",
        "checks T01r1 before: 0 of 1 green, red: the endpoint was not called",
        "checks T01r1 after: 1 of 1 green",
        "task T01r1 done in dddddddddd; 2 of 2 tasks done",
        "checks R1 final: 1 of 1 green",
        "judge 2: R1 met",
        "audit 2 of dddddddddd: no findings",
        "done: every requirement is proven",
    ]


def test_a_resumed_rehearsal_says_so_first(tell: Tell, story: list[Event]) -> None:
    *past, resumed = tell(*story[:18], RunResumed(phases=("execute", "realign"), version="1"))
    assert lines((resumed,), tuple(past)) == [
        "rehearsal: replies are scripted",
        "resumed 20260102-030405-ab12: execute, realign; 1 of 1 task done",
    ]


def test_a_real_run_does_not_speak_of_rehearsal(tell: Tell, started: RunStarted) -> None:
    real = started.model_copy(update={"rehearsal": False, "branch": ""})
    assert lines(tell(real)) == [
        "run 20260102-030405-ab12 in place from bbbbbbbbbb: A todo app with a chat"
    ]


def test_what_is_decided_without_a_person_is_told(tell: Tell, started: RunStarted) -> None:
    denied = CallRuled(
        session=SESSION, call_id="c1", what="git push", why="deny_commands", allowed=False
    )
    assumed = Assumed(session=SESSION, question="Which colour?", assumption="Blue.")
    assert lines(tell(started, denied, assumed))[2:] == [
        f"policy {SESSION}: refused git push (deny_commands)",
        f"assumed {SESSION}: Which colour? Blue.",
    ]


def test_trouble_is_told_and_routine_is_not(tell: Tell, started: RunStarted) -> None:
    survey = Survey(
        commit="a" * 40,
        languages={"Python": 2},
        files=3,
        commands={},
        entry_points=(),
        dependencies={},
        test_files=(),
        conventions=(),
        environment=(),
        repo_map="",
    )
    result = ToolResult(call_id="c1", text="ok")
    events: list[Event] = [
        started,
        SurveyTaken(survey=survey),
        SessionStarted(session=SESSION, opening=()),
        ModelRefused(session=SESSION, error="503: slow", wait_seconds=12.4, again=True),
        ModelRefused(session=SESSION, error="429: full", wait_seconds=0, again=True),
        ProfileMended(
            role="executor",
            profile="own",
            changes={"strict_tools": "omit", "omit_fields": ("top_k",)},
            reason="400",
        ),
        Warned(message="this plan cannot finish today"),
        ModelRefused(session=SESSION, error="401: no", wait_seconds=0),
        ToolFinished(session=SESSION, result=result),
        ToolFinished(session=SESSION, result=result, interrupted=True),
        AttemptFailed(task_id="T01", attempt=1, reason="no progress"),
        TaskFinished(task_id="T01", status="failed", summary="two attempts,\nno progress"),
    ]
    assert lines(tell(*events))[2:] == [
        "survey aaaaaaaaaa: 3 files, Python",
        "refused executor/T01/1: 503: slow; sent again after 13 s",
        "refused executor/T01/1: 429: full; sent again",
        "learned for the executor that in profile own strict_tools is omit; "
        "omit_fields is ('top_k',)",
        "warning: this plan cannot finish today",
        "refused executor/T01/1: 401: no; not sent again",
        "interrupted executor/T01/1: a tool's outcome is unknown; it is not run again",
        "attempt 1 at T01 failed: no progress",
        "task T01 failed: two attempts, no progress",
    ]


def test_a_refusal_is_told_as_what_was_done_about_it(tell: Tell, started: RunStarted) -> None:
    full = (
        "the limit of 24,000 tokens a day of m is used up until 2026-01-03 00:00 UTC (00:00 local "
        "time); go on then with: gardener resume"
    )
    away = "http://x/v1 began a reply and did not finish it: it broke; run `gardener resume`"
    held = ModelRefused(session=SESSION, error=full, wait_seconds=0, was_sent=False)
    events: list[Event] = [
        started,
        held,
        held.model_copy(update={"is_replaced": True}),
        ModelReplaced(role="executor", profile="groq", model="m2", reason=full),
        ModelRefused(session=SESSION, error=away, wait_seconds=1, again=True),
        ModelRefused(session=SESSION, error=away, wait_seconds=0),
    ]
    shown = full.partition(";")[0]
    assert lines(tell(*events))[2:] == [
        f"held back executor/T01/1: {full}; not sent again",
        f"the executor goes on with m2 of groq: {shown}",
        "refused executor/T01/1: http://x/v1 began a reply and did not finish it: it broke; "
        "sent again after 1 s",
        f"refused executor/T01/1: {away}; not sent again",
    ]


def test_a_night_that_is_slept_over_is_told_with_its_end(tell: Tell, started: RunStarted) -> None:
    error = "http://x/v1 has reached a limit of the day (no more); run `gardener resume` tomorrow"
    slept = ModelRefused(session=SESSION, error=error, wait_seconds=7 * 3600, again=True)
    (_, entry) = tell(started, slept)
    until = in_both_times((entry.at + timedelta(hours=7)).timestamp(), None)
    assert line_of(entry, fold([started, slept])) == (
        f"sleeping executor/T01/1 until {until}: "
        "http://x/v1 has reached a limit of the day (no more)"
    )
    ledgers = f"the limit of 24,000 tokens a day of m is used up until {until}; go on then"
    held = slept.model_copy(update={"error": ledgers, "was_sent": False})
    assert line_of(entry.model_copy(update={"event": held}), fold([started, held])) == (
        f"sleeping executor/T01/1 until {until}: the limit of 24,000 tokens a day of m is used up"
    )


def test_terminal_codes_of_a_model_do_not_reach_the_terminal(tell: Tell) -> None:
    event = AttemptFailed(task_id="T01", attempt=1, reason="\x1b[2J\x9bred\r\nover\u202e")
    (entry,) = tell(event)
    assert line_of(entry, fold([event])) == "attempt 1 at T01 failed: [2J red over"
