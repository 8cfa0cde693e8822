"""Asks the person at the terminal."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import anyio.to_thread

from agent.errors import NeedsPerson


class TerminalApprover:
    """Asks on standard error, since standard output may be read by a machine."""

    def __init__(self, paused: Callable[[], AbstractContextManager[None]]) -> None:
        self._paused = paused

    async def approve(self, question: str) -> bool:
        """Raises NeedsPerson when nobody is there to answer."""
        if not sys.stdin.isatty():
            raise NeedsPerson(
                f"{question} Nobody is here to answer: read the plan, then approve it with: "
                "gardener resume"
            )
        with self._paused():
            sys.stderr.write(f"{question} [y/N] ")
            sys.stderr.flush()
            answer = await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
        return answer.strip().lower() in {"y", "yes"}
