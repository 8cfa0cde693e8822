"""Puts right what crashes and clocks have left in the books of one account and model."""

from collections.abc import Container
from dataclasses import replace

from agent.limits.books import Owner, Page, Standing
from agent.limits.settlement import DISTRUST_SECONDS, failed

LONGEST_OPEN_SECONDS = 3600.0
"""A booking that is open for longer was forgotten, also by another host."""
AHEAD_SECONDS = 10.0
"""What is dated later than this was dated by a clock that has been put back since."""


def put_right(page: Page, owner: Owner, own: Container[int], now: float) -> None:
    """Ends bookings that nobody will end, and dates what lies in the future as of now.

    `own` are the open bookings that the owner knows of. So a clock that was put back by hours
    keeps nobody waiting for longer than a limit's own window.
    """
    for each in page.dated_after(now + AHEAD_SECONDS):
        page.put(replace(each, counted_at=now))
    for each in page.open_bookings():
        if each.owner == owner.name and each.number not in own:
            # It was never sent: the connection broke while it was written.
            page.put(failed(each, now, is_refused=True))
        elif now - each.booked_at > LONGEST_OPEN_SECONDS or owner.is_dead(each.owner):
            page.put(replace(each, state="settled"))
    page.standing = brought_back(page.standing, now)


def brought_back(standing: Standing, now: float) -> Standing:
    """The same standing where nothing in it lies in the future."""
    late = now + AHEAD_SECONDS
    changes: dict[str, object] = {}
    if standing.blocked_at > late:
        length = standing.blocked_until - standing.blocked_at
        changes |= {"blocked_at": now, "blocked_until": now + length}
    if standing.sliding_until > late + DISTRUST_SECONDS:
        changes["sliding_until"] = now + DISTRUST_SECONDS
    if any(each.seen > late for each in standing.tickets):
        # Who still waits takes its place again when it looks next.
        changes["tickets"] = tuple(each for each in standing.tickets if each.seen <= late)
    if any(each.at > late for each in standing.corrections):
        changes["corrections"] = tuple(
            each.model_copy(update={"at": min(each.at, now)}) for each in standing.corrections
        )
    if any(each.at > late for each in standing.learned):
        unaligned = {"at": now, "turns_from": None, "turns_by": None}
        changes["learned"] = tuple(
            each.model_copy(update=unaligned) if each.at > late else each
            for each in standing.learned
        )
    return standing.model_copy(update=changes) if changes else standing
