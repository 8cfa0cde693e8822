"""What a reply's headers teach; pure. They only ever make the books stricter."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.readings import LimitReading
from agent.limits.books import Correction, Learned, Standing
from agent.limits.gauges import LEARNED_SECONDS, LOOK_BACK
from agent.limits.windows import Gauge, Turn, used

ROUNDED_SECONDS = 1.0
"""A whole number of seconds may have been rounded, up or down."""


@dataclass(frozen=True)
class Heard:
    """Readings, and between which instants the endpoint took them."""

    readings: Sequence[LimitReading]
    sent_at: float
    received_at: float


def learn_limits(standing: Standing, heard: Heard, declared: Sequence[Limit]) -> Standing:
    """The standing with the amounts that the readings told, and when fixed windows turn.

    Of a limit that is not declared as fixed, a reset says only when its bucket is full.
    """
    now = heard.received_at
    turning = {(each.unit, each.window) for each in declared if each.refill == "fixed"}
    learned = {(each.unit, each.window): each for each in standing.learned}
    for reading in heard.readings:
        key = (reading.unit, reading.window)
        learned[key] = told(learned.get(key), reading, heard, turns=key in turning)
    kept = tuple(each for each in learned.values() if each.at > now - LEARNED_SECONDS)
    return standing.model_copy(update={"learned": kept})


def learn_use(standing: Standing, heard: Heard, gauges: Sequence[Gauge]) -> Standing:
    """The standing with the foreign use that the readings show."""
    corrections = [
        each
        for each in standing.corrections
        if each.at > heard.received_at - LOOK_BACK[each.window] * WINDOW_SECONDS[each.window]
    ]
    known = {(gauge.limit.unit, gauge.limit.window): gauge for gauge in gauges}
    for reading in heard.readings:
        gauge = known.get((reading.unit, reading.window))
        missing = foreign(reading, gauge, heard.sent_at) if gauge else 0
        if missing > 0:
            correction = Correction(
                unit=reading.unit, window=reading.window, at=heard.sent_at, amount=missing
            )
            corrections.append(correction)
    return standing.model_copy(update={"corrections": tuple(corrections)})


def told(known: Learned | None, reading: LimitReading, heard: Heard, *, turns: bool) -> Learned:
    """What is known of one limit after a reading; the newest amount holds."""
    amount = reading.limit if reading.limit and reading.limit > 0 else None
    turn = turn_of(known) if known else None
    if turns and reading.reset_seconds is not None:
        rounded = ROUNDED_SECONDS if reading.reset_seconds.is_integer() else 0.0
        now = Turn(
            heard.sent_at + reading.reset_seconds - rounded,
            heard.received_at + reading.reset_seconds + rounded,
        )
        turn = narrowed(turn, now, WINDOW_SECONDS[reading.window])
    return Learned(
        unit=reading.unit,
        window=reading.window,
        at=heard.received_at,
        amount=amount or (known.amount if known else None),
        turns_from=turn.earliest if turn else None,
        turns_by=turn.latest if turn else None,
    )


def turn_of(known: Learned) -> Turn | None:
    if known.turns_from is None or known.turns_by is None:
        return None
    return Turn(known.turns_from, known.turns_by)


def narrowed(known: Turn | None, heard: Turn, window_seconds: float) -> Turn | None:
    """The span in which the window turns after another measurement.

    What both spans have in common; the new one where they contradict each other, and nothing new
    from a span as long as half the window, as a long reply gives.
    """
    if heard.latest - heard.earliest > window_seconds / 2:
        return known
    if known is None:
        return heard
    windows = round((heard.earliest - known.earliest) / window_seconds) * window_seconds
    both = Turn(
        max(known.earliest + windows, heard.earliest), min(known.latest + windows, heard.latest)
    )
    return both if both.earliest <= both.latest else heard


def foreign(reading: LimitReading, gauge: Gauge, sent_at: float) -> int:
    """Use that the endpoint counts and the books do not know; negative when they know more.

    The endpoint looked at some instant after sending; compared is with the most that the books
    could have counted since, so what is our own is never taken for foreign.
    """
    if reading.remaining is None:
        return 0
    whole = reading.limit if reading.limit and reading.limit > 0 else gauge.limit.amount
    theirs = whole - min(max(reading.remaining, 0), whole)
    return theirs - used(gauge, sent_at)
