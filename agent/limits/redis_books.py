"""The books in a Redis server, shared by several hosts that spend one account.

Everything of one account and model is changed optimistically: read, then written only if nobody
else wrote in between, else done again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from agent.errors import ConfigError
from agent.limits.books import Booking, BooksAway, Page
from agent.limits.late import LateChanges
from agent.limits.redis_page import (
    BOOKINGS,
    CHUNK,
    PREFIX,
    STARTS,
    RedisPage,
    Unreadable,
    booking_from,
)

T = TypeVar("T")
LAYOUT = 1
VERSION = PREFIX + "version"
TIMEOUT_SECONDS = 1.0
"""How long a server that is silent is waited for at once."""
IDLE_SECONDS = 15.0
"""A connection that was idle for longer is tried before it is used."""
MOST_TRIES = 100


class RedisBooks(LateChanges):
    """Raises ConfigError when nobody answers at the URL, or what is there is a newer version's.

    With `by_server` the server's clock dates everything: those of several hosts may differ.
    """

    def __init__(self, url: str, *, by_server: bool = False) -> None:
        super().__init__()
        self._by_server = by_server
        try:
            parts = urlsplit(url)
            self._place = f"{parts.hostname}:{parts.port or 6379}"
            self._client = client_of(url)
        except ValueError:
            raise ConfigError(
                "the ledger's address is not like redis://HOST:PORT/0; correct GARDENER_LEDGER"
            ) from None
        with self._told():
            try:
                self._client.set(VERSION, LAYOUT, nx=True)
                newest = version_from(self._client.get(VERSION))
            except BaseException:
                self._client.close()
                raise
        if newest > LAYOUT:
            self._client.close()
            raise ConfigError(
                f"the ledger at {self._place} was written by a newer gardener; update gardener, "
                "or name another place with GARDENER_LEDGER"
            )

    def now(self, own: float) -> float:
        if not self._by_server:
            return own
        with self._told():
            seconds, millionths = self._client.time()
        return float(seconds + millionths / 1e6)

    def _change(self, account: str, model: str, work: Callable[[Page], T]) -> T:
        from redis.exceptions import WatchError

        key = PREFIX + quote(f"{account}/{model}", safe="/.-_")
        with self._told():
            for _ in range(MOST_TRIES):
                with self._client.pipeline() as pipe:
                    try:
                        pipe.watch(f"{key}:revision")
                        page = RedisPage(pipe, key)
                        result = work(page)
                        page.finish()
                    except WatchError:
                        continue
                    return result
        raise BooksAway(f"the ledger at {self._place} is too busy to be written; try again")

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

    def _close(self) -> None:
        self._client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the client's complaints into one sentence, which never has the password."""
        from redis.exceptions import AuthenticationError, RedisError, ResponseError

        try:
            yield
        except AuthenticationError:
            raise ConfigError(
                f"the ledger at {self._place} refuses the password; correct it in GARDENER_LEDGER"
            ) from None
        except ResponseError as error:
            raise self._refused(str(error)) from None
        except (RedisError, OSError) as error:
            raise BooksAway(
                f"the ledger at {self._place} does not answer ({type(error).__name__}); start "
                "Redis there, or set GARDENER_LEDGER to another place"
            ) from None
        except Unreadable:
            raise ConfigError(self._foreign()) from None

    def _refused(self, words: str) -> ConfigError:
        if words.startswith("WRONGTYPE"):
            return ConfigError(self._foreign())
        if words.startswith(("NOAUTH", "NOPERM")):
            return ConfigError(
                f"the ledger at {self._place} does not let this user in; name user and password "
                "in GARDENER_LEDGER: redis://USER:PASSWORD@HOST:PORT/0"
            )
        return BooksAway(
            f"the ledger at {self._place} refuses to work ({shown(words)}); mend that Redis, or "
            "set GARDENER_LEDGER to another place"
        )

    def _foreign(self) -> str:
        return (
            f"the ledger at {self._place} holds what gardener did not write under {PREFIX!r}; "
            "name another database with GARDENER_LEDGER"
        )


def client_of(url: str) -> Any:  # noqa: ANN401 - the client's own type is not precise
    """Raises ConfigError without the package, ValueError when the URL is none."""
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise ConfigError(
            "a ledger in Redis needs the redis package; "
            "install it with: pip install 'plan-gardener[redis]'"
        ) from None
    client = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=IDLE_SECONDS,
        # It would sleep between its own tries, and everything else with it.
        retry=Retry(NoBackoff(), 1),
    )
    try:
        # Connects to nothing yet, but looks at what the URL asks for.
        client.connection_pool.make_connection()
    except TypeError:
        raise ValueError("the URL asks for what no connection has") from None
    return client


def shown(words: str) -> str:
    return " ".join(words.split())[:100]


def version_from(text: str | None) -> int:
    """Raises Unreadable."""
    if text is not None and not text.isdecimal():
        raise Unreadable
    return int(text or LAYOUT)
