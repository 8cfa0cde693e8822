"""One account and model as Redis keeps them.

All under `gardener:`

    version                 of this layout
    number                  the last booking's number
    bookings                hash: number -> booking as JSON
    starts                  sorted set: number by its beginning
    KEY:standing            JSON
    KEY:log                 sorted set: number by the instant it counts
    KEY:minutes             hash: t:MINUTE -> tokens, r:MINUTE -> requests; of the last days
    KEY:open                set of numbers
    KEY:revision            counts changes; watched
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from agent.limits.books import (
    KEPT_DAYS,
    MINUTE,
    MINUTE_END,
    Booking,
    Charge,
    Standing,
    counts,
    minute_of,
    standing_from,
)

PREFIX = "gardener:"
NUMBER = PREFIX + "number"
BOOKINGS = PREFIX + "bookings"
STARTS = PREFIX + "starts"
CHUNK = 500
DAY = 86_400
KEPT_MINUTES_DAYS = 3


class Unreadable(Exception):
    """What is there was not written by gardener."""


class Commands(Protocol):
    """A client's commands, or those of a pipeline that reads at once."""

    def __getattr__(self, name: str) -> Callable[..., Any]: ...


class RedisPage:
    """One account and model: reads at once, keeps its writes until the end.

    What it reads after a write is as if that were done already.
    """

    def __init__(self, pipe: Commands, key: str) -> None:
        self._pipe = pipe
        self._key = key
        self.writes: list[Callable[[], object]] = []
        self._written: dict[int, Booking] = {}
        self._tallied: Counter[str] = Counter()
        text = pipe.get(f"{key}:standing")
        self._read = standing_from(text) if text else Standing()
        self.standing = self._read

    def charges(self, since: float, now: float, *, by_minute: bool) -> tuple[Charge, ...]:
        counted = self._minutes(since, now) if by_minute else self._each(since)
        unfinished = [
            Charge(now, each.charged, 1, f"{each.run}/{each.role}")
            for each in self.open_bookings()
            if not counts(each)
        ]
        return tuple(sorted((*counted, *unfinished), key=lambda each: each.at))

    def open_bookings(self) -> tuple[Booking, ...]:
        numbers = sorted(self._pipe.smembers(f"{self._key}:open"), key=int)
        return tuple(each for each in self._many(numbers) if each.state == "open")

    def dated_after(self, instant: float) -> tuple[Booking, ...]:
        numbers = self._pipe.zrangebyscore(f"{self._key}:log", f"({instant}", "+inf")
        return tuple(each for each in self._many(numbers) if each.counted_at > instant)

    def get(self, number: int) -> Booking | None:
        if number in self._written:
            return self._written[number]
        text = self._pipe.hget(BOOKINGS, number)
        return booking_from(text) if text else None

    def add(self, booking: Booking) -> int:
        number = int(self._pipe.incr(NUMBER))
        self._write(Booking(**{**asdict(booking), "number": number}), None)
        if number % CHUNK == 0:
            self._forget(booking.booked_at)
        return number

    def put(self, booking: Booking) -> None:
        self._write(booking, self.get(booking.number))

    def finish(self) -> None:
        """Writes what was kept, all of it or nothing."""
        pipe, key = self._pipe, self._key
        if self.standing is not self._read:
            text = self.standing.model_dump_json(exclude_defaults=True)
            self.writes.append(lambda: pipe.set(f"{key}:standing", text))
        if not self.writes:
            return
        pipe.multi()
        pipe.incr(f"{key}:revision")
        for write in self.writes:
            write()
        pipe.execute()

    def _write(self, booking: Booking, before: Booking | None) -> None:
        pipe, key, number = self._pipe, self._key, booking.number
        text = json.dumps(asdict(booking))
        self.writes.append(lambda: pipe.hset(BOOKINGS, number, text))
        if before is None:
            self.writes.append(lambda: pipe.zadd(STARTS, {number: booking.booked_at}))
        elif counts(before):
            self._tally(before, -1)
        if counts(booking):
            self._tally(booking, 1)
            self.writes.append(lambda: pipe.zadd(f"{key}:log", {number: booking.counted_at}))
        keep_open = pipe.sadd if booking.state == "open" else pipe.srem
        self.writes.append(lambda: keep_open(f"{key}:open", number))
        self._written[number] = booking

    def _tally(self, booking: Booking, sign: int) -> None:
        pipe, name = self._pipe, f"{self._key}:minutes"
        minute = minute_of(booking)
        for field, amount in ((f"t:{minute}", booking.charged), (f"r:{minute}", 1)):
            self._tallied[field] += sign * amount
            self.writes.append(
                lambda field=field, amount=amount: pipe.hincrby(name, field, sign * amount)  # type: ignore[misc]
            )

    def _each(self, since: float) -> tuple[Charge, ...]:
        numbers = self._pipe.zrangebyscore(f"{self._key}:log", since, "+inf")
        return tuple(
            Charge(each.counted_at, each.charged, 1, f"{each.run}/{each.role}")
            for each in self._many(numbers)
            if counts(each) and each.counted_at >= since
        )

    def _minutes(self, since: float, now: float) -> tuple[Charge, ...]:
        minutes = range(int(since // MINUTE), int(now // MINUTE) + 1)
        fields = [f"{unit}:{minute}" for minute in minutes for unit in "tr"]
        values = self._pipe.hmget(f"{self._key}:minutes", fields)
        read = zip(fields, values, strict=True)
        sums = {field: int(value or 0) + self._tallied[field] for field, value in read}
        return tuple(
            Charge(minute * MINUTE + MINUTE_END, sums[f"t:{minute}"], sums[f"r:{minute}"])
            for minute in minutes
            if sums[f"r:{minute}"] > 0
        )

    def _many(self, numbers: list[Any]) -> tuple[Booking, ...]:
        """Those of these numbers as they are after what was written, and all that was written."""
        texts = self._pipe.hmget(BOOKINGS, numbers) if numbers else []
        read = {each.number: each for each in map(booking_from, filter(None, texts))}
        return tuple((read | self._written).values())

    def _forget(self, now: float) -> None:
        pipe, key = self._pipe, self._key
        oldest = now - KEPT_DAYS * DAY
        first = (now - KEPT_MINUTES_DAYS * DAY) // MINUTE
        past = [name for name in pipe.hkeys(f"{key}:minutes") if int(name[2:]) < first]
        if past:
            self.writes.append(lambda: pipe.hdel(f"{key}:minutes", *past))
        if gone := pipe.zrangebyscore(STARTS, "-inf", oldest):
            self.writes.append(lambda: pipe.hdel(BOOKINGS, *gone))
            self.writes.append(lambda: pipe.zrem(STARTS, *gone))
            self.writes.append(lambda: pipe.zremrangebyscore(f"{key}:log", "-inf", oldest))


def booking_from(text: str) -> Booking:
    """Raises Unreadable."""
    try:
        return Booking(**json.loads(text))
    except (TypeError, ValueError):
        raise Unreadable from None
