"""The size of the next request is what the last one was counted at, and a guess at the rest."""

import pytest
from context.sessions import KEY, KINDS, Talk, code

from agent.context.tokens import estimate
from agent.context.transcript import LARGEST_LIE, Meter, Size
from agent.domain.event import SessionStarted, TranscriptShortened
from agent.domain.message import text_message
from agent.domain.reduction import Reduction

MARGIN = 1.45


def size(talk: Talk, margin: float = MARGIN, meter: Meter | None = None) -> Size:
    meter = meter or Meter()
    meter.take(talk.state, KINDS)
    return meter.size(talk.state, (), "", margin)


def long_talk(counted: int = 0) -> Talk:
    talk = Talk()
    for number in range(4):
        talk.read(f"f{number}.py", code(number))
    (call,) = talk.reply(("read", {"files": ["last.py"]}), counted=counted)
    talk.result(call, "short")
    return talk


def test_a_fresh_session_is_estimated_whole_and_may_be_larger_by_the_margin() -> None:
    found = size(Talk())
    assert found == Size(found.expected, -(-found.expected * 145 // 100))


def test_only_what_came_after_the_last_count_is_a_guess() -> None:
    guessed = size(long_talk()).expected
    counted = round(guessed * 1.2)
    found = size(long_talk(counted))
    assert counted < found.expected < counted + 60
    assert found.surely < counted * 1.2


def test_a_long_result_that_came_after_raises_what_it_may_be_more_than_what_is_expected() -> None:
    counted = size(long_talk()).expected
    talk = long_talk(counted)
    talk.say("word " * 1_000)
    found = size(talk)
    assert found.expected - counted == pytest.approx(1_050, abs=100)
    assert found.surely - counted > 1_350


def test_what_was_reduced_since_the_count_is_taken_off() -> None:
    counted = size(long_talk()).expected
    talk, meter = long_talk(counted), Meter()
    before = size(talk, meter=meter)
    reduction = Reduction(call_id="c1", kind="one_line")
    talk.tell(TranscriptShortened(session=KEY, reductions=(reduction,)))
    after = size(talk, meter=meter)
    freed = estimate(code(0))
    assert before.expected - after.expected == pytest.approx(freed, rel=0.4)
    assert before.surely - after.surely < before.expected - after.expected


def test_a_resumed_session_is_measured_the_same() -> None:
    counted = size(long_talk()).expected
    talk, meter = long_talk(counted), Meter()
    size(talk, meter=meter)
    talk.tell(
        TranscriptShortened(session=KEY, reductions=(Reduction(call_id="c1", kind="one_line"),))
    )
    assert size(talk, meter=meter) == size(talk, meter=Meter())


@pytest.mark.parametrize("counted", [0, 7, 10**7])
def test_a_count_that_cannot_be_of_this_text_is_not_believed(counted: int) -> None:
    assert size(long_talk(counted)) == size(long_talk())


def test_an_endpoint_that_reports_less_than_it_counts_is_believed_so_far() -> None:
    honest = size(long_talk()).expected
    assert size(long_talk(round(honest * LARGEST_LIE))).surely >= honest


def test_a_handover_begins_the_count_anew() -> None:
    talk, meter = long_talk(900), Meter()
    size(talk, meter=meter)
    talk.tell(SessionStarted(session=KEY, opening=(text_message("user", "go on"),), note="n"))
    assert size(talk, meter=meter) == size(Talk(opening=(text_message("user", "go on"),)))
