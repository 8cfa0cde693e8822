"""The books in a Redis server, shared by several hosts that spend one account.

Everything of one account and model is changed optimistically: read, then written only if nobody
else wrote in between, else done again. Layout, all under `gardener:`

    number                  the last booking's number
    bookings                hash: number -> booking as JSON
    starts                  sorted set: number by its beginning
    KEY:standing            JSON
    KEY:log                 sorted set: number by the instant it counts
    KEY:minutes             hash: t:MINUTE -> tokens, r:MINUTE -> requests
    KEY:open                set of numbers
    KEY:revision            counts changes; watched
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from agent.errors import ConfigError
from agent.limits.books import (
    KEPT_DAYS,
    MINUTE_END,
    Booking,
    Charge,
    Page,
    Standing,
    standing_from,
)

T = TypeVar("T")
PREFIX = "gardener:"
NUMBER = PREFIX + "number"
BOOKINGS = PREFIX + "bookings"
STARTS = PREFIX + "starts"
TIMEOUT_SECONDS = 5.0
MOST_TRIES = 200
CHUNK = 500
MINUTE = 60


class Commands(Protocol):
    """A client's commands, or those of a pipeline that reads at once."""

    def __getattr__(self, name: str) -> Callable[..., Any]: ...


class RedisPage:
    """One account and model: reads at once, keeps its writes until the end."""

    def __init__(self, pipe: Commands, key: str) -> None:
        self._pipe = pipe
        self._key = key
        self.writes: list[Callable[[], object]] = []
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
        return self._many(sorted(self._pipe.smembers(f"{self._key}:open"), key=int))

    def get(self, number: int) -> Booking | None:
        text = self._pipe.hget(BOOKINGS, number)
        return booking_from(text) if text else None

    def add(self, booking: Booking) -> int:
        number = int(self._pipe.incr(NUMBER))
        self._write(Booking(**{**asdict(booking), "number": number}), None)
        if number % CHUNK == 0:
            self._forget(booking.booked_at - KEPT_DAYS * 86_400)
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

    def _tally(self, booking: Booking, sign: int) -> None:
        pipe, name = self._pipe, f"{self._key}:minutes"
        minute = int(booking.counted_at // MINUTE)
        for field, amount in ((f"t:{minute}", booking.charged), (f"r:{minute}", 1)):
            self.writes.append(
                lambda field=field, amount=amount: pipe.hincrby(name, field, sign * amount)  # type: ignore[misc]
            )

    def _each(self, since: float) -> tuple[Charge, ...]:
        numbers = self._pipe.zrangebyscore(f"{self._key}:log", since, "+inf")
        return tuple(
            Charge(each.counted_at, each.charged, 1, f"{each.run}/{each.role}")
            for each in self._many(numbers)
        )

    def _minutes(self, since: float, now: float) -> tuple[Charge, ...]:
        minutes = range(int(since // MINUTE), int(now // MINUTE) + 1)
        fields = [f"{unit}:{minute}" for minute in minutes for unit in "tr"]
        values = self._pipe.hmget(f"{self._key}:minutes", fields)
        pairs = zip(values[::2], values[1::2], strict=True)
        return tuple(
            Charge(minute * MINUTE + MINUTE_END, int(tokens or 0), int(requests or 0))
            for minute, (tokens, requests) in zip(minutes, pairs, strict=True)
            if int(requests or 0)
        )

    def _many(self, numbers: list[Any]) -> tuple[Booking, ...]:
        texts = self._pipe.hmget(BOOKINGS, numbers) if numbers else []
        return tuple(booking_from(text) for text in texts if text)

    def _forget(self, oldest: float) -> None:
        pipe, key = self._pipe, self._key
        if gone := pipe.zrangebyscore(STARTS, "-inf", oldest):
            self.writes.append(lambda: pipe.hdel(BOOKINGS, *gone))
            self.writes.append(lambda: pipe.zrem(STARTS, *gone))
            self.writes.append(lambda: pipe.zremrangebyscore(f"{key}:log", "-inf", oldest))


class RedisBooks:
    """Raises ConfigError when nobody answers at the URL."""

    def __init__(self, url: str) -> None:
        try:
            from redis import Redis
        except ImportError:
            raise ConfigError(
                "a ledger in Redis needs the redis package; "
                "install it with: pip install 'plan-gardener[redis]'"
            ) from None
        try:
            parts = urlsplit(url)
            self._place = f"{parts.hostname}:{parts.port or 6379}"
            self._client: Any = Redis.from_url(
                url,
                decode_responses=True,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
            )
        except ValueError:
            raise ConfigError(
                "the ledger's address is not like redis://HOST:PORT/0; correct GARDENER_LEDGER"
            ) from None
        with self._told():
            try:
                self._client.ping()
            except BaseException:
                self._client.close()
                raise

    def change(self, account: str, model: str, work: Callable[[Page], T]) -> T:
        from redis.exceptions import WatchError

        key = PREFIX + quote(f"{account}/{model}", safe="/.-_")
        with self._told():
            for _ in range(MOST_TRIES):
                with self._client.pipeline() as pipe:
                    pipe.watch(f"{key}:revision")
                    page = RedisPage(pipe, key)
                    result = work(page)
                    try:
                        page.finish()
                    except WatchError:
                        continue
                    return result
        raise ConfigError(f"the ledger at {self._place} is too busy to be written; try again")

    def find(self, number: int) -> Booking | None:
        with self._told():
            text = self._client.hget(BOOKINGS, number)
        return booking_from(text) if text else None

    def bookings(self, since: float = 0.0, run: str = "") -> Iterator[Booking]:
        with self._told():
            numbers = sorted(self._client.zrangebyscore(STARTS, since, "+inf"), key=int)
            for begin in range(0, len(numbers), CHUNK):
                for text in self._client.hmget(BOOKINGS, numbers[begin : begin + CHUNK]):
                    if text and (booking := booking_from(text)).run.startswith(run):
                        yield booking

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the client's complaints into one sentence, which never has the password."""
        from redis.exceptions import AuthenticationError, RedisError

        try:
            yield
        except AuthenticationError:
            raise ConfigError(
                f"the ledger at {self._place} refuses the password; correct it in GARDENER_LEDGER"
            ) from None
        except RedisError as error:
            raise ConfigError(
                f"the ledger at {self._place} cannot be used ({type(error).__name__}); start "
                "Redis there, or set GARDENER_LEDGER to another place"
            ) from None


def counts(booking: Booking) -> bool:
    """Whether it counts at `counted_at`: what is charged by usage does not before it ended."""
    return booking.state != "open" or booking.charging == "admission"


def booking_from(text: str) -> Booking:
    return Booking(**json.loads(text))
