"""What a run's checkouts get from the user's, by the settings."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.config import Settings
from agent.domain.event import RunStarted
from agent.workspace import supplies
from agent.workspace.git import in_thread


def supply_of(settings: Settings, started: RunStarted) -> Callable[[Path], Awaitable[None]]:
    source = Path(started.repository)

    async def supply(checkout: Path) -> None:
        copied, linked = settings.copy_files, settings.link_files
        await in_thread(lambda: supplies.bring(source, checkout, copied, linked))

    return supply


async def refuse_unusable(settings: Settings, root: Path) -> None:
    """Raises UsageError, before anything is made, as the first checkout would."""

    def look() -> None:
        supplies.refuse_unusable(root, settings.copy_files, "copy_files")
        supplies.refuse_unusable(root, settings.link_files, "link_files")

    await in_thread(look)


def with_links(settings: Settings, root: Path) -> Settings:
    """Commands in a sandbox may read what links lead to."""
    places = ((root / path).resolve() for path in settings.link_files)
    return settings.model_copy(update={"readable_paths": (*settings.readable_paths, *places)})
