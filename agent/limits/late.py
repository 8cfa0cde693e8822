"""Changes that must not be lost, and hold up nobody, while the books cannot be used."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from agent.errors import ConfigError
from agent.limits.books import Page

T = TypeVar("T")


class LateChanges(ABC):
    """Books that keep what could not be written, in its order, until it can be."""

    def __init__(self) -> None:
        self._late: deque[tuple[str, str, Callable[[Page], None]]] = deque()

    def change(self, account: str, model: str, work: Callable[[Page], T]) -> T:
        self._catch_up()
        return self._change(account, model, work)

    def soon(self, account: str, model: str, work: Callable[[Page], None]) -> None:
        self._late.append((account, model, work))
        with suppress(ConfigError):
            self._catch_up()

    def close(self) -> None:
        with suppress(ConfigError):
            self._catch_up()
        self._close()

    def _catch_up(self) -> None:
        while self._late:
            account, model, work = self._late.popleft()
            try:
                self._change(account, model, work)
            except ConfigError:
                self._late.appendleft((account, model, work))
                raise

    @abstractmethod
    def _change(self, account: str, model: str, work: Callable[[Page], T]) -> T: ...

    @abstractmethod
    def _close(self) -> None: ...
