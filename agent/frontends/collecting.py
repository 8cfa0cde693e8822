"""Lets the search for garbage rest while a run starts.

What is loaded and made until the first reply stays for the whole run; to look through it again
and again takes a quarter of the processor time until then.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.domain.event import Entry


@contextmanager
def resting() -> Iterator[None]:
    """No search until `wake` is told of a reply, or until the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def wake(entry: "Entry") -> None:
    """A journal listener: from the first reply on, only what is newer is looked through."""
    if entry.event.type == "model_responded" and not gc.isenabled():
        gc.freeze()
        gc.enable()
