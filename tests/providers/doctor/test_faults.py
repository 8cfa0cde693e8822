"""The doctor against every fault of the rehearsal, in every dialect: what it says is so there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
from providers.doctor.conftest import Consulting, rehearsal

from agent.domain.limits import Limit
from agent.domain.profile import Dialect
from agent.errors import (
    AuthError,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    NoCredit,
    Outcome,
    ProviderError,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from agent.providers.doctor.checkup import Checkup
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.counting import count_asked_for
from agent.rehearsal.faults import FAULTS, FaultPlan
from agent.rehearsal.flavours import CEREBRAS
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession

pytestmark = pytest.mark.anyio
WINDOW = 8_192
SILENT = {"hang", "stall"}
SHORT, LONG = 0.6, 15.0
"""How long a silence is borne, and everything else: also a busy machine answers in time."""
NOTE = ScriptedCall(tool="note", arguments={"number": 42, "word": "ready"})
CLOSERS = ScriptedCall(tool="note", arguments={"number": 42, "word": "\n</parameter>\n"})
CALLS = {
    "calls-in-one-text": (NOTE, NOTE),
    "calls-interleaved": (NOTE, NOTE),
    "qwen-xml-closers-inside": (CLOSERS,),
}
AS_TEXT = {"text_calls": True}


@dataclass(frozen=True)
class Said:
    """What a checkup must say; everything that is not named must be fine."""

    blocked: type[ProviderError] | None = None
    outcome: Outcome = Outcome.DONE
    rules: tuple[str, ...] = ()
    """Of the findings that are no mere information."""
    wrong: frozenset[str] = frozenset()
    """The aspects that are not as they should be."""
    changes: Mapping[str, Any] = field(default_factory=dict)


def ends(error: type[ProviderError], rule: str, outcome: Outcome = Outcome.LIMIT) -> Said:
    wrong = frozenset({"key"} if issubclass(error, AuthError) else ())
    return Said(error, outcome, (rule,), wrong)


FINE = Said()
FULL = ends(RateLimited, "doctor-limits")
DOWN = ends(Unavailable, "doctor-served")
TEXT_CALLS = Said(
    None, Outcome.FINDINGS, ("doctor-tool-calls",), frozenset({"tool calls"}), AS_TEXT
)
STAYING: dict[str, Said] = {
    "rate-minute": FULL,
    "rate-day": ends(DayLimitReached, "doctor-limits"),
    "rate-queue": FULL,
    "rate-empty": FULL,
    "error-500": DOWN,
    "error-529": DOWN,
    "html-403": DOWN,
    "empty-400": ends(RequestRefused, "doctor-served", Outcome.USAGE),
    "key-refused": ends(AuthError, "doctor-key", Outcome.USAGE),
    "no-credit": ends(NoCredit, "doctor-credit", Outcome.USAGE),
    "model-gone": ends(ModelUnknown, "doctor-model", Outcome.USAGE),
    "hang": DOWN,
    "stall": DOWN,
    "drop": DOWN,
    "early-end": DOWN,
    "error-chunk": DOWN,
    "empty-reply": ends(MalformedReply, "doctor-dialect"),
    "length-cut": Said(
        None,
        Outcome.FINDINGS,
        ("doctor-streaming", "doctor-tool-calls"),
        frozenset({"streaming", "tool calls"}),
    ),
    "usage-missing": Said(None, Outcome.FINDINGS, ("doctor-usage",), frozenset({"usage"})),
    "qwen-xml": TEXT_CALLS,
    "qwen-xml-no-opener": TEXT_CALLS,
    "qwen-xml-wrong-closer": TEXT_CALLS,
    "qwen-xml-closers-inside": TEXT_CALLS,
    "hermes-json": TEXT_CALLS,
    "calls-in-one-text": TEXT_CALLS,
    "call-in-reasoning": TEXT_CALLS,
    "call-in-think-tags": TEXT_CALLS,
}
"""The others harm nothing: what they do to a reply is put right on the way in."""
BELIEVED = (*("rate-day", "empty-400", "key-refused", "no-credit", "model-gone", "length-cut"),)
"""Nobody tries again after these, so that they pass helps nothing."""


def script(fault: str) -> Script:
    calls = CALLS.get(fault, (NOTE,))
    said = {"tool": ScriptedReply(say="Ich notiere – jetzt.", calls=calls)}
    said["text"] = ScriptedReply(say=count_asked_for("count from 1 to 150") or "")
    sessions = tuple(
        ScriptedSession(role="executor", subject=subject, replies=(reply,))
        for subject, reply in said.items()
    )
    return Script(version=1, description="what the doctor asks for", sessions=sessions)


CASES = [
    (dialect, name)
    for dialect in get_args(Dialect)
    for name, fault in FAULTS.items()
    if fault.fits(dialect)
]
PASSING = [(dialect, name) for dialect, name in CASES if FAULTS[name].costs]
MENDED = [(dialect, name) for dialect, name in CASES if STAYING.get(name) is TEXT_CALLS]


async def consult(
    consulting: Consulting,
    dialect: str,
    fault: str,
    *,
    transient: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Checkup:
    plan = FaultPlan((fault,), share=1.0, seed=1, transient=transient)
    conditions = Conditions(faults=plan, window_tokens=WINDOW)
    with rehearsal(conditions, consulting.clock, script(fault)) as server:
        checkup = await consulting.checkup(
            server.root_url,
            patience=SHORT if fault in SILENT else LONG,
            window_tokens=WINDOW,
            max_output_tokens=1_024,
            dialect=dialect,
            session_header=True,
            **(changes or {}),
        )
        assert server.totals()["faults"][fault] >= 1
    return checkup


def told(checkup: Checkup) -> Said:
    serious = (finding.rule for finding in checkup.findings if finding.severity != "info")
    return Said(
        type(checkup.blocked) if checkup.blocked else None,
        checkup.outcome,
        tuple(sorted(serious)),
        frozenset(aspect.name for aspect in checkup.aspects if aspect.fine is False),
        checkup.changes,
    )


ALWAYS_KNOWN = {
    "reachable": True,
    "key": True,
    "models": True,
    "window": True,
    "request": True,
    "overflow": True,
    "first token": True,
    "clock": True,
}


@pytest.mark.parametrize(("dialect", "fault"), CASES)
async def test_a_fault_that_stays_is_told_as_it_is(
    consulting: Consulting, dialect: str, fault: str
) -> None:
    checkup = await consult(consulting, dialect, fault)
    expected = STAYING.get(fault, FINE)
    assert told(checkup) == expected
    if not expected.blocked:
        fine = {aspect.name: aspect.fine for aspect in checkup.aspects}
        assert {**fine, **ALWAYS_KNOWN} == fine
    for finding in checkup.findings:
        assert finding.remedy
        assert "resume" not in finding.remedy


BROKEN = ("stall", "drop", "early-end", "error-chunk", "empty-reply")
"""The endpoint takes the request, and spoils the reply that it has begun."""


@pytest.mark.parametrize("fault", BROKEN)
async def test_what_the_head_of_a_spoiled_reply_tells_is_believed(
    consulting: Consulting, fault: str
) -> None:
    limit = Limit(unit="tokens", window="day", amount=24_000_000, refill="fixed")
    plan = FaultPlan((fault,), share=1.0, seed=1, transient=False)
    conditions = Conditions(CEREBRAS, limits=(limit,), faults=plan)
    with rehearsal(conditions, consulting.clock) as server:
        patience = SHORT if fault in SILENT else LONG
        checkup = await consulting.checkup(server.root_url, patience=patience)
    said = {aspect.name: aspect.said for aspect in checkup.aspects}
    assert said["key"] == "accepted (TEST_KEY)"
    assert said["limits"] == "24,000,000 tokens/day, by a reply that was spoiled"
    assert checkup.blocked
    for finding in checkup.findings:
        assert "address" not in finding.remedy
        assert "/v1" not in finding.remedy


@pytest.mark.parametrize(("dialect", "fault"), PASSING)
async def test_a_fault_that_passes_does_not_hide_the_endpoint(
    consulting: Consulting, dialect: str, fault: str
) -> None:
    checkup = await consult(consulting, dialect, fault, transient=True)
    assert told(checkup) == (STAYING[fault] if fault in BELIEVED else FINE)
    if fault not in BELIEVED:
        assert [finding.severity for finding in checkup.findings] == ["info"]
        assert checkup.findings[0].remedy.startswith("Nothing is to be done")


@pytest.mark.parametrize(("dialect", "fault"), MENDED)
async def test_the_changes_make_the_profile_right(
    consulting: Consulting, dialect: str, fault: str
) -> None:
    checkup = await consult(consulting, dialect, fault)
    again = await consult(consulting, dialect, fault, changes=checkup.changes)
    assert told(again) == FINE


@pytest.mark.parametrize("dialect", get_args(Dialect))
@pytest.mark.parametrize("seed", range(6))
async def test_faults_together_are_borne_too(
    consulting: Consulting, dialect: str, seed: int
) -> None:
    plan = FaultPlan(tuple(FAULTS), share=0.7, seed=seed, transient=seed % 2 == 0)
    conditions = Conditions(faults=plan, window_tokens=WINDOW)
    with rehearsal(conditions, consulting.clock, script("calls-in-one-text")) as server:
        checkup = await consulting.checkup(
            server.root_url,
            patience=SHORT,
            window_tokens=WINDOW,
            max_output_tokens=1_024,
            dialect=dialect,
            session_header=True,
        )
    assert checkup.changes in ({}, AS_TEXT)
    assert (checkup.outcome is Outcome.DONE) == (told(checkup) == FINE)
    assert checkup.outcome is not Outcome.UNFINISHED
