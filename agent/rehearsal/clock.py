"""Time of the local server: real, faster than real, or moved by hand in tests."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

SLICE_SECONDS = 0.05
"""How long the server is at most deaf while it keeps silent, in real seconds."""
LONGEST_SILENCE_SECONDS = 3_600.0


class ServerStopped(ConnectionAbortedError):
    """The server stops, or the client has left: the reply ends here."""


class ServerTime(Protocol):
    """Seconds since 1970, UTC."""

    def now(self) -> float: ...

    def wait_until(self, instant: float) -> None:
        """Raises ServerStopped when the server stops meanwhile."""
        ...

    def keep_silent(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        """Raises ServerStopped when the client leaves or the server stops meanwhile."""
        ...

    def told(self, seconds: float) -> float:
        """A length of time as clients are told it."""
        ...

    def stop(self) -> None:
        """Wakes everybody who waits."""
        ...


class RealTime:
    """The machine's time; with a scale, each real second counts as so many."""

    def __init__(self, scale: float = 1.0, *, tell_real: bool = True) -> None:
        """`tell_real`: clients wait in real time, so they are told waits in real seconds."""
        self._scale = scale
        self._tell_real = tell_real
        self._began = time.time()
        self._monotonic = time.monotonic()
        self._stopped = threading.Event()

    def now(self) -> float:
        return self._began + (time.monotonic() - self._monotonic) * self._scale

    def wait_until(self, instant: float) -> None:
        seconds = (instant - self.now()) / self._scale
        if seconds > 0 and self._stopped.wait(seconds):
            raise ServerStopped

    def keep_silent(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        end = time.monotonic() + min(seconds / self._scale, LONGEST_SILENCE_SECONDS)
        while (left := end - time.monotonic()) > 0:
            if self._stopped.wait(min(left, SLICE_SECONDS)) or is_gone():
                raise ServerStopped

    def told(self, seconds: float) -> float:
        return seconds / self._scale if self._tell_real else seconds

    def stop(self) -> None:
        self._stopped.set()


class VirtualTime:
    """Time that moves only when somebody waits, or by hand.

    A silence lasts until the client leaves: virtual time cannot make one pass.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def now(self) -> float:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds

    def wait_until(self, instant: float) -> None:
        with self._lock:
            self._now = max(self._now, instant)

    def keep_silent(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        del seconds
        while not is_gone():
            if self._stopped.wait(SLICE_SECONDS):
                break
        raise ServerStopped

    def told(self, seconds: float) -> float:
        return seconds

    def stop(self) -> None:
        self._stopped.set()
