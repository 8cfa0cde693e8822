"""Admission control: books each request before it is sent, and waits exactly as long as needed."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from agent.domain.limits import Admission, Limit
from agent.domain.message import Usage
from agent.domain.ports import Clock
from agent.domain.readings import LimitReading
from agent.limits.admission import (
    Opening,
    amount_to_book,
    behind,
    in_words,
    opening,
    refuse_too_large,
    stop_at_long_block,
    stop_at_long_wait,
)
from agent.limits.books import (
    RECENT_RATIOS,
    Booking,
    Books,
    Owner,
    Page,
    Standing,
    Ticket,
    booking_of,
)
from agent.limits.gauges import MINUTE_SECONDS, effective_limits, read_gauges
from agent.limits.line import ahead_of, handicap, waiting, with_ticket, without
from agent.limits.tighten import Heard, learn_limits, learn_use
from agent.limits.windows import TOLERANCE_SECONDS, Gauge

LOOK_AGAIN_SECONDS = 1.0
"""While it waits, the governor looks whether somebody gave something back."""
LONGEST_OPEN_SECONDS = 3600.0
"""A booking that is open for longer was forgotten, also by another host."""
DISTRUST_SECONDS = 3600.0
"""How long a declared bucket is not believed after the endpoint refused what should fit."""
DISTRUST_FROM_SECONDS = 5.0
"""A shorter pause says that the endpoint is busy, not that a minute's limit is used up."""


@dataclass(frozen=True)
class Wait:
    """The request may not go yet."""

    until: float
    reason: str
    ticket: Ticket
    alone: Opening
    """When it might go if nobody else waited."""


class AccountGovernor:
    """A Governor over books that every process shares.

    A profile without limits is admitted at once, and booked all the same. `zone` is the local
    time zone, None for the machine's own.
    """

    def __init__(
        self, books: Books, clock: Clock, owner: Owner, *, zone: tzinfo | None = None
    ) -> None:
        self._books = books
        self._clock = clock
        self._owner = owner
        self._zone = zone
        self._declared: dict[int, tuple[Limit, ...]] = {}

    def wait_seconds(self, admission: Admission) -> float:
        """How long `admit` would wait now; infinite for a request larger than a whole window."""
        now = self._now()
        wait = self._books.change(
            admission.account, admission.model, lambda page: self._look(page, admission, now)
        )
        return wait.until - now if wait.until > now + TOLERANCE_SECONDS else 0.0

    async def admit(self, admission: Admission, on_wait: Callable[[float, str], None]) -> int:
        """Books the request, waiting as long as its limits need and never longer.

        Tells each wait and its reason before it begins; a wait that becomes longer is told again
        with what was added. Returns the booking's number. Raises DayLimitReached when only a
        day's or hour's reset would help, RequestTooLarge when the request is larger than a whole
        window allows, ConfigError when the books cannot be used.
        """
        arrived = now = self._now()
        told_until = 0.0
        ticket: Ticket | None = None
        try:
            while True:
                tried = self._try(admission, ticket, arrived, now)
                if isinstance(tried, int):
                    ticket = None
                    self._declared[tried] = admission.limits
                    return tried
                ticket = tried.ticket
                begun = max(now, told_until)
                if tried.until > begun + LOOK_AGAIN_SECONDS or not told_until:
                    on_wait(tried.until - begun, tried.reason)
                    told_until = tried.until
                await self._clock.sleep(min(tried.until - now, LOOK_AGAIN_SECONDS))
                now = self._now()
        finally:
            if ticket is not None:
                self._leave(admission, ticket.name)

    def settle(self, booking: int, usage: Usage, readings: tuple[LimitReading, ...]) -> None:
        """Corrects the books by what the endpoint reported; a second time changes nothing."""
        now = self._now()
        declared = self._declared.pop(booking, ())

        def work(page: Page) -> None:
            known = page.get(booking)
            if known is None or known.state != "open":
                return
            page.put(settled(known, usage, now))
            standing = page.standing
            if usage.input_tokens and known.estimated:
                ratio = usage.input_tokens / known.estimated
                ratios = (*standing.ratios, ratio)[-RECENT_RATIOS:]
                standing = standing.model_copy(update={"ratios": ratios})
            if readings:
                heard = Heard(readings, known.booked_at, now)
                standing = learn_limits(standing, heard, declared)
                limits = effective_limits(declared, standing, now)
                gauges = read_gauges(page, standing, limits, now)
                standing = learn_use(standing, heard, gauges)
            page.standing = standing

        self._with(booking, work)

    def fail(self, booking: int, wait_seconds: float | None) -> None:
        """The request was not served; with `wait_seconds` the endpoint said it is full so long.

        Refused so, it costs no tokens, and nobody sends anything for that time. Otherwise it may
        have been counted before it broke, so it stays counted.
        """
        now = self._now()
        self._declared.pop(booking, None)

        def work(page: Page) -> None:
            known = page.get(booking)
            if known is None or known.state != "open":
                return
            counted = counted_at(known, now)
            if wait_seconds is None:
                page.put(replace(known, state="failed", counted_at=counted))
                return
            page.put(replace(known, state="failed", counted_at=counted, charged=0))
            page.standing = closed(page.standing, now, wait_seconds)

        self._with(booking, work)

    def _with(self, booking: int, work: Callable[[Page], None]) -> None:
        known = self._books.find(booking)
        if known is not None:
            self._books.change(known.account, known.model, work)

    def _leave(self, admission: Admission, name: str) -> None:
        def work(page: Page) -> None:
            line = without(name, page.standing.tickets)
            page.standing = page.standing.model_copy(update={"tickets": line})

        self._books.change(admission.account, admission.model, work)

    def _reap(self, page: Page, now: float) -> None:
        """What a dead process left open counts as it was booked."""
        for each in page.open_bookings():
            if now - each.booked_at > LONGEST_OPEN_SECONDS or self._owner.is_dead(each.owner):
                page.put(replace(each, state="settled"))

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _try(
        self, admission: Admission, ticket: Ticket | None, arrived: float, now: float
    ) -> int | Wait:
        def work(page: Page) -> int | Wait:
            self._reap(page, now)
            limits = effective_limits(admission.limits, page.standing, now)
            refuse_too_large(admission, limits)
            stop_at_long_block(admission.model, page.standing.blocked_until, now, self._zone)
            wait = self._look(page, admission, now, ticket)
            stop_at_long_wait(admission.model, wait.alone, now, self._zone)
            line = waiting(page.standing.tickets, self._owner, now)
            waits = wait.until > now + TOLERANCE_SECONDS
            line = with_ticket(wait.ticket, line) if waits else without(wait.ticket.name, line)
            if line != page.standing.tickets:
                page.standing = page.standing.model_copy(update={"tickets": line})
            if waits:
                return wait
            booking = booking_of(
                admission,
                charged=wait.ticket.tokens,
                at=now,
                owner=self._owner.name,
                waited=now - arrived,
            )
            return page.add(booking)

        return self._books.change(admission.account, admission.model, work)

    def _look(
        self, page: Page, admission: Admission, now: float, ticket: Ticket | None = None
    ) -> Wait:
        """When the request may go, and the place in the line that it has until then."""
        standing = page.standing
        limits = effective_limits(admission.limits, standing, now)
        gauges = read_gauges(page, standing, limits, now)
        tokens = amount_to_book(admission, limits, standing.ratios)
        if ticket is None:
            ticket = self._draw(page, admission, gauges, now)
        ticket = ticket.model_copy(update={"seen": now, "tokens": tokens})
        start = max(now, standing.blocked_until)
        alone = opening(gauges, tokens, start)
        line = ahead_of(ticket, waiting(standing.tickets, self._owner, now)) if gauges else ()
        placed, turn = behind(line, gauges, start)
        there = opening(placed, tokens, turn)
        if alone.keeps:
            reason = f"{in_words(alone.keeps)} are used up"
        elif standing.blocked_until > now:
            reason = "the endpoint asked for a pause"
        else:
            reason = "others are first in line"
        return Wait(there.at, reason, ticket, alone)

    def _draw(
        self, page: Page, admission: Admission, gauges: Sequence[Gauge], now: float
    ) -> Ticket:
        flow = f"{admission.run_id}/{admission.role}"
        recent = page.charges(now - MINUTE_SECONDS, now, by_minute=False) if gauges else ()
        return Ticket(
            name=secrets.token_hex(6),
            flow=flow,
            owner=self._owner.name,
            due=now + handicap(flow, gauges, recent),
            seen=now,
            tokens=0,
        )


def settled(booking: Booking, usage: Usage, now: float) -> Booking:
    """The booking with what was really used; unchanged figures where nothing was reported."""
    counted = counted_at(booking, now)
    if not usage.input_tokens and not usage.output_tokens:
        return replace(booking, state="settled", counted_at=counted)
    fresh = usage.input_tokens - (0 if booking.cached_counts else usage.cached_tokens)
    output = booking.reserve_counted if booking.charging == "admission" else usage.output_tokens
    return replace(
        booking,
        state="settled",
        counted_at=counted,
        charged=max(0, fresh) + output,
        input=usage.input_tokens,
        output=usage.output_tokens,
        cached=usage.cached_tokens,
    )


def counted_at(booking: Booking, now: float) -> float:
    return booking.booked_at if booking.charging == "admission" else now


def closed(standing: Standing, now: float, seconds: float) -> Standing:
    """The standing after the endpoint said it is full, against what the books expected."""
    distrust = now + DISTRUST_SECONDS if seconds >= DISTRUST_FROM_SECONDS else 0.0
    return standing.model_copy(
        update={
            "blocked_until": max(standing.blocked_until, now + seconds),
            "sliding_until": max(standing.sliding_until, distrust),
        }
    )
