"""The line of those who wait for one account and model; pure.

A ticket is due when it was drawn, plus a handicap: the seconds of the account's tokens that its
run and role used in the last minute. So a run that just spent two thirds of the minute stands
40 seconds behind one that spent nothing, never more than a minute, and nobody waits for ever.
"""

from collections.abc import Iterable, Sequence

from agent.domain.limits import WINDOW_SECONDS
from agent.limits.books import Charge, Owner, Ticket
from agent.limits.gauges import MINUTE_SECONDS, amount_of
from agent.limits.windows import Gauge

STALE_SECONDS = 30.0
"""Who has not looked for so long has left the line."""


def handicap(flow: str, gauges: Iterable[Gauge], charges: Iterable[Charge]) -> float:
    """Seconds; `charges` are those of the last minute, one by one."""
    own = [each for each in charges if each.flow == flow]
    shares = [
        sum(amount_of(gauge.limit.unit, each) for each in own)
        * WINDOW_SECONDS[gauge.limit.window]
        / gauge.limit.amount
        for gauge in gauges
        if gauge.limit.window == "minute"
    ]
    return min(MINUTE_SECONDS, max(shares, default=0.0))


def waiting(tickets: Iterable[Ticket], owner: Owner, now: float) -> tuple[Ticket, ...]:
    """The line in its order, without those who left it."""
    alive = (
        ticket
        for ticket in tickets
        if now - ticket.seen < STALE_SECONDS and not owner.is_dead(ticket.owner)
    )
    return tuple(sorted(alive, key=lambda ticket: (ticket.due, ticket.name)))


def ahead_of(ticket: Ticket, line: Sequence[Ticket]) -> tuple[Ticket, ...]:
    mine = (ticket.due, ticket.name)
    return tuple(each for each in line if (each.due, each.name) < mine)


def with_ticket(ticket: Ticket, line: Sequence[Ticket]) -> tuple[Ticket, ...]:
    return (*without(ticket.name, line), ticket)


def without(name: str, line: Sequence[Ticket]) -> tuple[Ticket, ...]:
    return tuple(each for each in line if each.name != name)
