"""Stops a run on a signal: the first ends it in good order, a second one by force."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from agent.errors import Outcome
from agent.frontends.output import error_record
from agent.workspace.process import kill_children

SHOW_CURSOR = "\x1b[?25h"
SAME_STOP_SECONDS = 0.25
"""A terminal and the program that started this one may both pass on the same Ctrl-C."""


@contextmanager
def stop_on_signals(
    stop: Callable[[], object], words: Callable[[], str], *, as_json: bool
) -> Iterator[None]:
    """Takes Ctrl-C, a termination and a closed terminal, the latter two unless they are ignored.

    The first calls `stop` in the running event loop. One that comes while that takes its time
    ends the process and all its children, with `words` as the last ones.
    """
    loop = asyncio.get_running_loop()
    first_at: float | None = None

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal first_at
        now = time.monotonic()
        if first_at is None:
            first_at = now
            loop.call_soon_threadsafe(stop)
        elif number != signal.SIGHUP and now - first_at > SAME_STOP_SECONDS:
            end_at_once(words(), as_json=as_json)

    # a shell starts background jobs with Ctrl-C ignored; whoever sends it to them means it
    taken = {signal.SIGINT: signal.getsignal(signal.SIGINT)} | {
        number: before
        for number in (signal.SIGTERM, signal.SIGHUP)
        if (before := signal.getsignal(number)) is signal.SIG_DFL
    }
    for number in taken:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, before in taken.items():
            signal.signal(number, before)


def end_at_once(words: str, *, as_json: bool) -> NoReturn:
    """Past all clean-up, since that is what takes so long; the journal is whole at any time."""
    kill_children()
    if sys.stdout.isatty():
        tell(sys.stdout.fileno(), SHOW_CURSOR)
    if as_json:
        tell(sys.stdout.fileno(), json.dumps(error_record(Outcome.CANCELLED, words)))
    else:
        tell(sys.stderr.fileno(), f"gardener: {words}")
    os._exit(Outcome.CANCELLED.exit_code)


def tell(descriptor: int, text: str) -> None:
    """Writes a line, unless nobody takes it: that may be why the run does not end."""
    os.set_blocking(descriptor, False)
    with suppress(OSError):
        os.write(descriptor, f"{text}\n".encode())
    # a terminal is shared with the shell
    os.set_blocking(descriptor, True)
