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
    LONGEST_WAIT_SECONDS,
    Opening,
    Patience,
    amount_to_book,
    behind,
    in_words,
    opening,
    refuse_too_large,
)
from agent.limits.books import REHEARSAL, Booking, Books, BooksAway, Owner, Page, Ticket, booking_of
from agent.limits.gauges import MINUTE_SECONDS, effective_limits, read_gauges
from agent.limits.line import ahead_of, handicap, waiting, with_ticket, without
from agent.limits.settlement import closed, failed, settled, with_ratio
from agent.limits.tighten import Heard, learn_limits, learn_use
from agent.limits.upkeep import AHEAD_SECONDS, put_right
from agent.limits.windows import TOLERANCE_SECONDS, Gauge

LOOK_AGAIN_SECONDS = 1.0
"""While it waits, the governor looks whether somebody gave something back."""
BUSY_PAUSE_SECONDS = 0.05
BOOKS_PATIENCE_SECONDS = 60.0
"""How long books that are away are waited for."""


@dataclass(frozen=True)
class Wait:
    """The request may not go yet."""

    now: float
    until: float
    reason: str
    ticket: Ticket
    alone: Opening
    """When it might go if nobody else waited."""


@dataclass(frozen=True)
class Sent:
    """A request of this process whose end is not known yet."""

    booking: Booking
    declared: tuple[Limit, ...]


class AccountGovernor:
    """A Governor over books that every process shares.

    A profile without limits is admitted at once, and booked all the same. `zone` is the local
    time zone, None for the machine's own. An owner's name stands for one governor.
    """

    def __init__(
        self,
        books: Books,
        clock: Clock,
        owner: Owner,
        *,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
        zone: tzinfo | None = None,
    ) -> None:
        self._books = books
        self._clock = clock
        self._owner = owner
        self._patience = Patience(longest_wait_seconds, zone)
        self._open: dict[int, Sent] = {}

    def wait_seconds(self, admission: Admission) -> float:
        """How long `admit` would wait now; infinite for a request larger than a whole window.

        0 when the books are away: `admit` waits for them.
        """
        try:
            wait = self._books.change(
                admission.account, admission.model, lambda page: self._look(page, admission, None)
            )
        except BooksAway:
            return 0.0
        return wait.until - wait.now if wait.until > wait.now + TOLERANCE_SECONDS else 0.0

    async def admit(self, admission: Admission, on_wait: Callable[[float, str], None]) -> int:
        """Books the request, waiting as long as its limits need and never longer.

        Tells each wait and its reason before it begins; a wait that becomes longer is told again
        with what was added. Returns the booking's number. Raises DayLimitReached when a limit or
        a pause keeps for longer than one waits, RequestTooLarge when the request is larger than a
        whole window allows, ConfigError when the books cannot be used.
        """
        arrived = self._clock.monotonic()
        told_until = 0.0
        ticket: Ticket | None = None
        try:
            while True:
                tried = await self._reach(admission, ticket, arrived, on_wait)
                if isinstance(tried, int):
                    ticket = None
                    return tried
                ticket = tried.ticket
                begun = max(tried.now, told_until)
                if tried.until > begun + LOOK_AGAIN_SECONDS or not told_until:
                    on_wait(tried.until - begun, tried.reason)
                    told_until = tried.until
                await self._clock.sleep(min(tried.until - tried.now, LOOK_AGAIN_SECONDS))
        finally:
            if ticket is not None:
                self._leave(admission, ticket.name)

    def mark_rehearsed(self, booking: int) -> None:
        """Books the request as a script's once it ends; after that nothing changes."""
        if sent := self._open.get(booking):
            scripted = replace(sent.booking, profile=REHEARSAL)
            self._open[booking] = replace(sent, booking=scripted)

    def settle(self, booking: int, usage: Usage, readings: tuple[LimitReading, ...]) -> None:
        """Corrects the books by what the endpoint reported; a second time changes nothing."""
        sent = self._open.pop(booking, None)
        if sent is None:
            return
        then = self._clock.monotonic()

        def work(page: Page) -> None:
            now = self._now() - (self._clock.monotonic() - then)
            ended = settled(self._kept(page, sent.booking), usage, now)
            page.put(ended)
            page.standing = with_ratio(page.standing, ended, usage)
            if readings:
                self._learn(page, ended, sent.declared, Heard(readings, ended.booked_at, now))

        self._books.soon(sent.booking.account, sent.booking.model, work)

    def fail(self, booking: int, wait_seconds: float | None) -> None:
        """The request was not served; with `wait_seconds` the endpoint refused it for so long.

        Refused so, it costs no tokens, and nobody sends anything for that time, which may be 0.
        Otherwise it may have been counted before it broke, so it stays counted.
        """
        sent = self._open.pop(booking, None)
        if sent is None:
            return
        then = self._clock.monotonic()

        def work(page: Page) -> None:
            now = self._now() - (self._clock.monotonic() - then)
            known = self._kept(page, sent.booking)
            page.put(failed(known, now, is_refused=wait_seconds is not None))
            if wait_seconds is not None:
                page.standing = closed(page.standing, now, wait_seconds)

        self._books.soon(sent.booking.account, sent.booking.model, work)

    def _kept(self, page: Page, booking: Booking) -> Booking:
        """The booking as the books have it; written once more into books that have lost it."""
        known = page.get(booking.number)
        if known and (known.owner, known.booked_at) == (booking.owner, booking.booked_at):
            return replace(known, profile=booking.profile)
        return replace(booking, number=page.add(booking))

    def _learn(
        self, page: Page, booking: Booking, declared: tuple[Limit, ...], heard: Heard
    ) -> None:
        standing = learn_limits(page.standing, heard, declared)
        limits = effective_limits(declared, standing, heard.received_at)
        gauges = read_gauges(page, standing, limits, heard.received_at)
        page.standing = learn_use(standing, heard, gauges)

    def _leave(self, admission: Admission, name: str) -> None:
        def work(page: Page) -> None:
            line = without(name, page.standing.tickets)
            page.standing = page.standing.model_copy(update={"tickets": line})

        self._books.soon(admission.account, admission.model, work)

    def _now(self) -> float:
        return self._books.now(self._clock.now().timestamp())

    async def _reach(
        self,
        admission: Admission,
        ticket: Ticket | None,
        arrived: float,
        on_wait: Callable[[float, str], None],
    ) -> int | Wait:
        """What the books say, as soon as they can be used.

        Others hold them for an instant, a server may begin anew. Raises BooksAway when they stay
        away.
        """
        begun, told = self._clock.monotonic(), False
        while True:
            try:
                return self._try(admission, ticket, arrived)
            except BooksAway as error:
                away = self._clock.monotonic() - begun
                if away >= BOOKS_PATIENCE_SECONDS:
                    raise BooksAway(f"{error}, then go on with: gardener resume") from None
                if away >= LOOK_AGAIN_SECONDS and not told:
                    on_wait(BOOKS_PATIENCE_SECONDS - away, str(error))
                    told = True
            await self._clock.sleep(LOOK_AGAIN_SECONDS if told else BUSY_PAUSE_SECONDS)

    def _try(self, admission: Admission, ticket: Ticket | None, arrived: float) -> int | Wait:
        def work(page: Page) -> Booking | Wait:
            wait = self._look(page, admission, ticket)
            now = wait.now
            limits = effective_limits(admission.limits, page.standing, now)
            refuse_too_large(admission, limits)
            self._patience.stop_at_long_pause(admission.model, page.standing.blocked_until, now)
            self._patience.stop_at_long_wait(admission.model, wait.alone, now)
            line = waiting(page.standing.tickets, self._owner, now)
            waits = wait.until > now + TOLERANCE_SECONDS
            line = with_ticket(wait.ticket, line) if waits else without(wait.ticket.name, line)
            if line != page.standing.tickets:
                page.standing = page.standing.model_copy(update={"tickets": line})
            if waits:
                return wait
            waited = self._clock.monotonic() - arrived
            booking = booking_of(
                admission,
                charged=wait.ticket.tokens,
                at=now,
                owner=self._owner.name,
                # To read and write the books is no wait.
                waited=waited if ticket or waited >= LOOK_AGAIN_SECONDS else 0.0,
            )
            return replace(booking, number=page.add(booking))

        found = self._books.change(admission.account, admission.model, work)
        if isinstance(found, Wait):
            return found
        self._open[found.number] = Sent(found, admission.limits)
        return found.number

    def _look(self, page: Page, admission: Admission, ticket: Ticket | None) -> Wait:
        """When the request may go, and the place in the line that it has until then."""
        now = self._now()
        put_right(page, self._owner, self._open, now)
        standing = page.standing
        limits = effective_limits(admission.limits, standing, now)
        gauges = read_gauges(page, standing, limits, now)
        tokens = amount_to_book(admission, limits, standing.ratios)
        if ticket is None or ticket.due > now + MINUTE_SECONDS + AHEAD_SECONDS:
            ticket = self._draw(page, admission, gauges, now)
        ticket = ticket.model_copy(update={"seen": now, "tokens": tokens})
        start = max(now, standing.blocked_until)
        alone = opening(gauges, tokens, start)
        line = ahead_of(ticket, waiting(standing.tickets, self._owner, now)) if gauges else ()
        placed, turn = behind(line, gauges, start, self._patience.longest_seconds)
        there = opening(placed, tokens, turn)
        if alone.keeps:
            reason = f"{in_words(alone.keeps)} are used up"
        elif standing.blocked_until > now:
            reason = "the endpoint asked for a pause"
        else:
            reason = "others are first in line"
        return Wait(now, there.at, reason, ticket, alone)

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
