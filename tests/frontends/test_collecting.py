"""The search for garbage, which rests while a run starts."""

import gc
from collections.abc import Callable

from agent.domain.event import Entry, Event
from agent.frontends.collecting import resting, wake

Tell = Callable[..., tuple[Entry, ...]]


def test_garbage_is_looked_for_from_the_first_reply_on(tell: Tell, story: list[Event]) -> None:
    looks: list[tuple[str, bool]] = []
    with resting():
        for entry in tell(*story):
            wake(entry)
            looks.append((entry.event.type, gc.isenabled()))
    gc.unfreeze()
    replied = [name for name, _ in looks].index("model_responded")
    assert [looking for _, looking in looks] == [at >= replied for at in range(len(looks))]
    assert replied > 0


def test_garbage_is_looked_for_again_where_no_reply_came() -> None:
    with resting():
        assert not gc.isenabled()
    assert gc.isenabled()
