"""Each fault as it goes over the wire, byte for byte, and the dice that choose them."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from raw_http import events_of, exchange, shown, split, status_of

from agent.errors import UsageError
from agent.rehearsal.clock import VirtualTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FAULTS, Dice, FaultPlan, fault_names
from agent.rehearsal.script import Script, ScriptedCall, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

WIRE = Path(__file__).parent / "wire"
START = 1_767_323_045.0
SILENT = {"hang", "stall"}
"""They wait until the client leaves; other tests see to them."""
ONE_CALL = (ScriptedCall(tool="write", arguments={"path": "ä.py", "text": "x = 1\n", "mode": 7}),)
TWO_CALLS = (
    ScriptedCall(tool="read", arguments={"path": "a.py"}),
    ScriptedCall(tool="read", arguments={"path": "b.py"}),
)
CLOSERS = (ScriptedCall(tool="write", arguments={"text": "<p>\n</parameter>\n</function>\n"}),)
CALLS = {
    "calls-in-one-text": TWO_CALLS,
    "calls-interleaved": TWO_CALLS,
    "qwen-xml-closers-inside": CLOSERS,
}
ASKED: dict[str, Any] = {
    "model": "rehearsal",
    "messages": [{"role": "user", "content": "hi"}],
    "stream": True,
    "stream_options": {"include_usage": True},
}
SESSION = {"X-Gardener-Session": "executor/T01/1; turn=0"}


def script(*calls: ScriptedCall, say: str = "Ich schreibe – jetzt.") -> Script:
    reply = ScriptedReply(say=say, calls=calls)
    session = ScriptedSession(role="executor", replies=(reply, ScriptedReply(say="Next.")))
    return Script(version=1, description="d", sessions=(session,))


def serving(name: str, *, share: float = 1.0, transient: bool = True) -> RehearsalServer:
    plan = FaultPlan((name,), share, transient=transient)
    played = script(*CALLS.get(name, ONE_CALL))
    return RehearsalServer(played, Conditions(faults=plan), VirtualTime(START))


def said(raw: bytes) -> list[Any]:
    return [event["choices"] for event in events_of(raw)]


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in SILENT])
def test_a_fault_sends_exactly_its_bytes_and_once(name: str) -> None:
    with serving(name) as server:
        hit = exchange(server.base_url, "/v1/chat/completions", ASKED, SESSION)
        again = exchange(server.base_url, "/v1/chat/completions", ASKED, SESSION)
    assert shown(hit) == (WIRE / f"{name}.txt").read_text(encoding="utf-8")
    with RehearsalServer(script(*CALLS.get(name, ONE_CALL)), time=VirtualTime(START)) as plain:
        clean = exchange(plain.base_url, "/v1/chat/completions", ASKED, SESSION)
    assert said(again) == said(clean)
    assert [seen.faults for seen in server.requests] == [(name,), ()]


def test_a_fault_that_stays_hits_the_same_request_again() -> None:
    with serving("error-500", transient=False) as server:
        answers = [
            exchange(server.base_url, "/v1/chat/completions", ASKED, SESSION) for _ in range(4)
        ]
    assert [status_of(raw) for raw in answers] == [500] * 4


def test_the_script_does_not_run_ahead_of_a_client_that_counts_a_spoiled_reply() -> None:
    later = {"X-Gardener-Session": "executor/T01/1; turn=1"}
    with serving("length-cut") as server:
        cut = exchange(server.base_url, "/v1/chat/completions", ASKED, SESSION)
        second = {**ASKED, "messages": [*ASKED["messages"], {"role": "user", "content": "cut"}]}
        exchange(server.base_url, "/v1/chat/completions", second, later)
        whole = exchange(server.base_url, "/v1/chat/completions", second, later)
    assert b'"length"' in cut
    assert b"schreibe" in b"".join(split(whole)[1])


def test_the_script_goes_on_when_a_spoiled_reply_is_asked_for_again() -> None:
    later = {"X-Gardener-Session": "executor/T01/1; turn=1"}
    with serving("empty-reply") as server:
        for _ in range(2):
            again = exchange(server.base_url, "/v1/chat/completions", ASKED, SESSION)
        exchange(server.base_url, "/v1/chat/completions", ASKED, later)
        after = exchange(server.base_url, "/v1/chat/completions", ASKED, later)
    assert b"schreibe" in again
    assert b"Next." in after


ALL_TRAITS = frozenset().union(*(fault.needs for fault in FAULTS.values()))


def thrown(plan: FaultPlan, requests: int = 400) -> list[tuple[str, ...]]:
    dice = Dice(plan)
    return [
        tuple(fault.name for fault in dice.throw("a", str(number), ALL_TRAITS))
        for number in range(requests)
    ]


def test_a_seed_always_gives_the_same_faults() -> None:
    every = fault_names(["all"])
    assert thrown(FaultPlan(every, seed=7)) == thrown(FaultPlan(every, seed=7))
    assert thrown(FaultPlan(every, seed=7)) != thrown(FaultPlan(every, seed=8))


def test_the_share_of_requests_is_hit_and_every_fault_comes_up() -> None:
    every = fault_names(["all"])
    chosen = thrown(FaultPlan(every, share=0.3), requests=4_000)
    assert 0.25 < sum(bool(faults) for faults in chosen) / len(chosen) < 0.32
    assert {name for faults in chosen for name in faults} == set(every)
    assert max(len(faults) for faults in chosen) == 3


def test_no_request_gets_two_faults_of_one_stage_or_one_beside_a_refusal() -> None:
    for faults in thrown(FaultPlan(fault_names(["all"]), share=1.0, transient=False)):
        stages = [FAULTS[name].stage for name in faults]
        assert len(set(stages)) == len(stages)
        assert "instead" not in stages or len(stages) == 1


def test_a_third_request_in_a_row_is_never_lost() -> None:
    names = tuple(name for name in FAULTS if FAULTS[name].costs)
    lost = [bool(faults) for faults in thrown(FaultPlan(names, share=1.0), requests=9)]
    assert lost == [True, True, False] * 3


def test_a_fault_that_does_not_fit_leaves_the_reply_alone() -> None:
    dice = Dice(FaultPlan(("qwen-xml", "utf8-split"), share=1.0))
    assert dice.throw("a", "1", frozenset({"stream", "chat"})) == ()


def test_combined_faults_never_change_what_is_sent_beyond_what_they_say() -> None:
    """Every combination can be played: none trips over what another has done."""
    every = tuple(name for name in FAULTS if FAULTS[name].stage != "instead" and name != "stall")
    random = Random(1)
    for seed in range(60):
        plan = FaultPlan(tuple(random.sample(every, 8)), share=1.0, seed=seed)
        with RehearsalServer(
            script(*TWO_CALLS), Conditions(faults=plan), VirtualTime(START)
        ) as server:
            raw = exchange(server.base_url, "/v1/chat/completions", ASKED, SESSION)
        assert status_of(raw) == 200
        assert split(raw)[1]


def test_an_unknown_fault_is_told_with_its_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        fault_names(["qwen-xlm"])
    assert str(caught.value).startswith("no fault named 'qwen-xlm'; did you mean 'qwen-xml'")


def test_every_fault_says_what_it_does() -> None:
    assert [name for name, fault in FAULTS.items() if not fault.about.endswith(".")] == []
