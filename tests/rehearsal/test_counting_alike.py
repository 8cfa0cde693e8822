"""What the counters tell beside what clients saw, request by request and token by token."""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from raw_http import TIMEOUT_SECONDS, body_of, events_of, exchange, place_of, status_of

from agent.domain.limits import Limit
from agent.rehearsal.clock import RealTime, VirtualTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.script import EndpointReply, Script, ScriptedReply, ScriptedSession
from agent.rehearsal.server import RehearsalServer

CHAT = "/v1/chat/completions"
NAMES = ("prompt_tokens", "completion_tokens", "cached_tokens")
MIDNIGHT = 1_767_312_000.0
"""2026-01-02T00:00:00Z."""


def body(text: str, **fields: object) -> dict[str, Any]:
    return {
        "model": "rehearsal",
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **fields,
    }


def usage_in(raw: bytes) -> tuple[int, ...]:
    (told,) = (event["usage"] for event in events_of(raw) if event.get("usage"))
    cached = told["prompt_tokens_details"]["cached_tokens"]
    return told["prompt_tokens"], told["completion_tokens"], cached


def told_by(server: RehearsalServer) -> tuple[int, ...]:
    totals = server.totals()
    return tuple(totals[f"told_{name}"] for name in NAMES)


def at_once(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)


def test_two_hundred_clients_at_once_and_the_server_count_the_same() -> None:
    limit = Limit(unit="requests", window="hour", amount=150, refill="fixed")
    answers: list[bytes] = []
    conditions = Conditions(limits=(limit,), tokens_per_second=2_000)
    with RehearsalServer(None, conditions, VirtualTime(MIDNIGHT)) as server:

        def one(number: int) -> None:
            answers.append(exchange(server.base_url, CHAT, body(f"hi {number % 9} " * 20)))

        at_once([lambda number=number: one(number) for number in range(200)])  # type: ignore[misc]
        told = told_by(server)
        totals = server.totals()
    served = [raw for raw in answers if status_of(raw) == 200]
    assert (len(answers), len(served)) == (200, 150)
    assert (totals["admitted"], totals["told"]) == (150, 150)
    assert totals["refused"] == {"429 requests/hour": 50}
    assert told == tuple(map(sum, zip(*map(usage_in, served), strict=True)))


def test_a_client_that_leaves_before_the_end_is_not_told() -> None:
    conditions = Conditions(tokens_per_second=40.0)
    data = json.dumps(body("Count from 1 to 20")).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
    before = threading.active_count()
    with RehearsalServer(None, conditions, RealTime(20)) as server:
        with socket.create_connection(place_of(server.base_url), TIMEOUT_SECONDS) as leaving:
            leaving.sendall(head.encode() + data)
            assert leaving.recv(1)
        for thread in threading.enumerate():
            if "process_request" in thread.name:
                thread.join(TIMEOUT_SECONDS)
        totals = server.totals()
        stays = usage_in(exchange(server.base_url, CHAT, body("Count from 1 to 20")))
        assert told_by(server) == stays
    assert (totals["admitted"], totals["told"]) == (1, 0)
    assert threading.active_count() == before


@pytest.mark.parametrize("refill", ["fixed", "bucket"])
def test_a_limit_is_full_at_its_last_token_and_free_when_it_turns(refill: str) -> None:
    limit = Limit.model_validate(
        {"unit": "tokens", "window": "minute", "amount": 1_000, "refill": refill}
    )
    time = VirtualTime(MIDNIGHT)
    conditions = Conditions(limits=(limit,), charging=Charging("admission"))
    with RehearsalServer(None, conditions, time) as server:

        def ask(reserved: int) -> int:
            return status_of(exchange(server.base_url, CHAT, body("hi", max_tokens=reserved)))

        assert [ask(998), ask(997), ask(1)] == [429, 200, 429]
        time.advance(59.9)
        assert ask(997) == 429
        time.advance(0.1)
        assert ask(997) == 200


def test_a_day_turns_at_midnight_on_the_server_s_own_clock() -> None:
    day = Limit(unit="tokens", window="day", amount=1_000, refill="fixed")
    conditions = Conditions(limits=(day,), charging=Charging("admission"))
    time = VirtualTime(MIDNIGHT - 2)
    with RehearsalServer(None, conditions, time) as server:
        first = exchange(server.base_url, CHAT, body("hi", max_tokens=997))
        full = exchange(server.base_url, CHAT, body("hi", max_tokens=997))
        time.advance(2)
        next_day = exchange(server.base_url, CHAT, body("hi", max_tokens=997))
        minutes = [row["minute"] for row in server.counters()["rows"]]
    assert [status_of(raw) for raw in (first, full, next_day)] == [200, 429, 200]
    assert "Please try again in 2s." in body_of(full)["error"]["message"]
    assert minutes == ["2026-01-01T23:59Z", "2026-01-02T00:00Z"]


def test_a_day_of_a_fast_clock_is_over_soon() -> None:
    day = Limit(unit="requests", window="day", amount=1, refill="fixed")
    with RehearsalServer(None, Conditions(limits=(day,)), RealTime(86_400 * 4)) as server:
        statuses = [status_of(exchange(server.base_url, CHAT, body("hi")))]
        while len(statuses) < 10_000 and statuses.count(200) < 3:
            statuses.append(status_of(exchange(server.base_url, CHAT, body("hi"))))
    assert statuses.count(200) == 3
    assert 429 in statuses


def test_a_prefix_is_cached_for_its_own_model_and_key_only() -> None:
    conditions = Conditions(any_model=True)
    long = "word " * 100
    with RehearsalServer(None, conditions) as server:

        def cached(model: str, key: str) -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return usage_in(exchange(server.base_url, CHAT, body(long, model=model), headers))[2]

        asked = [("a", "k"), ("b", "k"), ("a", "l"), ("a", "k")]
        assert [bool(cached(*each)) for each in asked] == [False, False, False, True]
        assert server.requests[-1].cached_share == 1.0


def scripted(*replies: str) -> Script:
    said = tuple(ScriptedReply(say=text) for text in replies)
    session = ScriptedSession(role="executor", replies=said)
    return Script(
        version=1, description="d", sessions=(session,), endpoint=EndpointReply(reply="own")
    )


def ask_in_session(server: RehearsalServer, turn: int) -> str:
    headers = {"X-Gardener-Session": f"executor/T01/1; turn={turn}"}
    answer = body_of(exchange(server.base_url, CHAT, body("hi", stream=False), headers))
    choice = answer["choices"][0]
    return f"{choice['message']['content']} {choice['finish_reason']}"


def test_a_second_run_on_one_server_gets_the_script_from_its_beginning() -> None:
    """A turn that was spoiled in the first run is none that the second one has had."""
    limited = replace(Conditions(), keeps_reservation=True)
    long = "x" * 200
    with RehearsalServer(scripted(long, "second", "third"), limited) as server:

        def run(reserved: int) -> list[str]:
            headers = {"X-Gardener-Session": "executor/T01/1; turn=0"}
            small = body("hi", stream=False, max_tokens=reserved)
            first = body_of(exchange(server.base_url, CHAT, small, headers))["choices"][0]
            rest = [ask_in_session(server, turn) for turn in (1, 2)]
            return [first["finish_reason"], *rest]

        assert run(10) == ["length", f"{long} stop", "second stop"]
        assert run(9_000) == ["stop", "second stop", "third stop"]


def test_a_program_of_its_own_gets_more_than_words_only_when_it_asks_for_more() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    with RehearsalServer(scripted("x")) as server:

        def said(**fields: object) -> dict[str, Any]:
            raw = exchange(server.base_url, CHAT, body("hi", stream=False) | fields)
            message: dict[str, Any] = body_of(raw)["choices"][0]["message"]
            return message

        assert said()["content"] == "own"
        assert said(tools=[tool])["tool_calls"][0]["function"]["name"] == "f"
        count = [{"role": "user", "content": "Count from 1 to 3."}]
        assert said(messages=count)["content"] == "one, two, three"
