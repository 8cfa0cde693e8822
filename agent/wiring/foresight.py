"""What a run tells before it spends: whether the day's limits carry what is left."""

from collections.abc import Sequence
from pathlib import Path

from agent.config import Settings
from agent.domain.ports import Clock
from agent.domain.profile import Profile
from agent.limits.books import Books
from agent.wiring.ledger import foretold


def day_warning(
    sizes: Sequence[int],
    profile: Profile,
    settings: Settings,
    books: Books,
    clock: Clock,
    runs: Path,
) -> str | None:
    """The sentence when tasks of these sizes in tokens may not be finished today, else None.

    `runs` is the folder of this repository's journals, whose finished tasks correct the forecast.
    """
    return foretold(sizes, profile, settings, books, clock, runs).warning
