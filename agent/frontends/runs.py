"""Finding the runs of a repository."""

import json
from pathlib import Path

from agent.errors import UsageError
from agent.journal import FILE_NAME
from agent.workspace.repository import common_dir


def runs_folder(path: Path) -> Path:
    """Where the repository around `path` keeps its runs; it need not exist yet.

    Raises RepositoryError when there is no repository.
    """
    return common_dir(path) / "gardener" / "runs"


def project_root(path: Path) -> Path | None:
    """The checkout around `path`, None outside of one."""
    place = path.resolve()
    return next((p for p in (place, *place.parents) if (p / ".git").exists()), None)


def all_runs(path: Path) -> tuple[Path, ...]:
    """The folders of all runs that began, the newest first."""
    folder = runs_folder(path)
    journals = folder.glob(f"*/{FILE_NAME}") if folder.is_dir() else ()
    began = [(at, journal.parent) for journal in journals if (at := started_at(journal))]
    return tuple(run for _, run in sorted(began, reverse=True))


def started_at(journal: Path) -> str:
    """The time of the first entry, empty when a crash left none."""
    with journal.open(encoding="utf-8", errors="replace") as file:
        line = file.readline()
    if not line.endswith("\n"):
        return ""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    # Without the zone, since "05Z" sorts behind "05.5Z".
    return str(entry.get("at", "")).rstrip("Z") if isinstance(entry, dict) else ""


def newest_run(path: Path) -> Path:
    """Raises UsageError when the repository has no run."""
    runs = all_runs(path)
    if not runs:
        raise UsageError(
            'this repository has no run yet; start one with: gardener run "what you want"'
        )
    return runs[0]


def find_run(path: Path, name: str | None) -> Path:
    """The folder of a run by its name or the beginning of it; the newest without one.

    Raises UsageError when no run, or more than one, has that name.
    """
    if name is None:
        return newest_run(path)
    runs = all_runs(path) or (newest_run(path),)
    found = [run for run in runs if run.name == name] or [
        run for run in runs if name and run.name.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    named = ", ".join(run.name for run in (found or runs)[:5])
    if found:
        raise UsageError(f"{name!r} begins the names of more than one run: {named}; name one")
    raise UsageError(f"no run named {name!r}; the newest runs are: {named}")
