"""A checkup as people and machines read it."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.domain.finding import Finding
from agent.domain.profile import Profile
from agent.errors import Outcome, Unavailable
from agent.frontends.checkup import Kept, checkup_lines, checkup_record, outcome_after
from agent.providers.doctor.checkup import Aspect, Checkup

PROFILE = Profile(name="my box", base_url="https://api.test/v1", model="m-1")
SMALLER = Finding(
    id="F1",
    rule="doctor-window",
    severity="error",
    message="the window is smaller than the profile says: 65,536 tokens by the list of models",
    remedy="set window_tokens to 65536",
)
SLOW = Finding(id="F2", rule="doctor-speed", severity="warning", message="it is slow")
ASPECTS = (
    Aspect("key", "accepted (K)", True),
    Aspect("window", "65,536 tokens", False),
    Aspect("tool calls", "not tried", None),
)
CHECKUP = Checkup(
    profile=PROFILE,
    aspects=ASPECTS,
    findings=(SMALLER,),
    changes={"window_tokens": 65_536},
    mended=frozenset({"F1"}),
)
NOT_KEPT = Kept(None, CHECKUP.changes)
FILE = Kept(Path("/home/me/config.toml"), CHECKUP.changes)


def test_the_report_shows_what_is_true_and_what_to_change() -> None:
    assert list(checkup_lines(CHECKUP, NOT_KEPT)) == [
        "my box: m-1 at https://api.test/v1",
        "  ok key         accepted (K)",
        "  !! window      65,536 tokens",
        "  -- tool calls  not tried",
        f"error: {SMALLER.message} {SMALLER.remedy} [doctor-window]",
        'to change, or to apply with --write: [profiles."my box"]',
        "  window_tokens = 65536",
        "the endpoint is not as its profile says",
    ]


def test_what_is_said_of_a_rehearsal_is_told_apart() -> None:
    rehearsed = replace(CHECKUP, rehearsed=True)
    assert next(checkup_lines(rehearsed, NOT_KEPT)) == "rehearsal: replies are scripted"
    assert list(checkup_lines(rehearsed, FILE))[-2] == (
        'careful: [profiles."my box"] now fits the rehearsal, and perhaps no real endpoint'
    )
    assert checkup_record(rehearsed, FILE)["rehearsal"] is True


def test_written_changes_settle_their_findings() -> None:
    assert list(checkup_lines(CHECKUP, FILE))[-3:] == [
        'wrote 1 field of [profiles."my box"] to /home/me/config.toml:',
        "  window_tokens = 65536",
        "the endpoint is as its profile says",
    ]
    assert outcome_after(CHECKUP, FILE) == Outcome.DONE


def test_a_file_that_cannot_be_changed_is_told_under_what_was_seen() -> None:
    kept = Kept(None, CHECKUP.changes, "cannot change config.toml; put it there yourself")
    *lines, last = checkup_lines(CHECKUP, kept)
    assert lines == list(checkup_lines(CHECKUP, NOT_KEPT))[:-1]
    assert (last, outcome_after(CHECKUP, kept)) == (kept.refused, Outcome.USAGE)
    record = checkup_record(CHECKUP, kept)
    assert (record["written"], record["not_written"]) == (None, kept.refused)


def test_findings_without_a_change_are_left_after_writing() -> None:
    checkup = Checkup(
        PROFILE, ASPECTS, (SMALLER, SLOW), {"window_tokens": 1}, None, frozenset("F1")
    )
    assert outcome_after(checkup, FILE) == Outcome.FINDINGS


@pytest.mark.parametrize("kept", [NOT_KEPT, FILE])
def test_a_checkup_that_was_cut_short_says_so(kept: Kept) -> None:
    checkup = Checkup(PROFILE, ASPECTS, (), {}, Unavailable("nothing came; try later"))
    assert outcome_after(checkup, kept) == Outcome.LIMIT
    assert list(checkup_lines(checkup, kept))[-1] == "the checkup could not be finished"


def test_the_record_is_one_object() -> None:
    assert checkup_record(CHECKUP, FILE) == {
        "schema": 1,
        "type": "checkup",
        "outcome": "done",
        "exit_code": 0,
        "rehearsal": False,
        "profile": "my box",
        "model": "m-1",
        "base_url": "https://api.test/v1",
        "aspects": [
            {"name": "key", "said": "accepted (K)", "fine": True},
            {"name": "window", "said": "65,536 tokens", "fine": False},
            {"name": "tool calls", "said": "not tried", "fine": None},
        ],
        "findings": [SMALLER.model_dump(mode="json")],
        "changes": {"window_tokens": 65_536},
        "written": "/home/me/config.toml",
        "not_written": None,
    }
