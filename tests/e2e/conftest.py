"""A small repository, and the real program over it with scripted replies."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
import yaml
from scenario import Play, Played, Session, git, played

from agent.config import load_settings
from agent.domain.event import PHASES, Phase
from agent.journal import Listener
from agent.wiring import RunResult, resume_run, start_run


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text("hello\n", encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "begin")
    return folder


@pytest.fixture
def play(tmp_path: Path, repository: Path) -> Play:
    """Plays a script over the repository, through the real program."""

    def begin(
        *sessions: Session,
        phases: Sequence[Phase] | None = None,
        resume: Path | None = None,
        listeners: tuple[Listener, ...] = (),
        plan_file: Path | None = None,
        **overrides: object,
    ) -> Played:
        script = tmp_path / "script.yaml"
        text = yaml.safe_dump({"version": 1, "description": "test", "sessions": list(sessions)})
        script.write_text(text, encoding="utf-8")
        environment = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
        settings = load_settings(environment, repository, overrides)

        async def run() -> RunResult:
            if resume is not None:
                return await resume_run(
                    place=repository,
                    settings=settings,
                    run_folder=resume,
                    phases=tuple(phases) if phases else None,
                    script=script,
                    listeners=listeners,
                )
            return await start_run(
                place=repository,
                settings=settings,
                request="Greet me by name.\n",
                plan_file=plan_file,
                phases=tuple(phases or PHASES),
                script=script,
                listeners=listeners,
            )

        return played(anyio.run(run), repository)

    return begin
