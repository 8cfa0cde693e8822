"""A scripted endpoint that keeps what it was sent, and runs over it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import yaml
from scenario import Played, Session, played

from agent.config import load_settings
from agent.domain.check import CommandCheck
from agent.domain.event import Phase, ToolFinished
from agent.domain.plan import EntryPoint, Plan, Requirement, Task
from agent.journal import FILE_NAME
from agent.planning.planfile import render
from agent.rehearsal.local_http import Answer, Received
from agent.rehearsal.script import load_script
from agent.rehearsal.server import RehearsalServer
from agent.wiring import resume_run, start_run


class ListeningServer(RehearsalServer):
    """Remembers the body of each request."""

    def __init__(self, script: Path) -> None:
        self.bodies: list[str] = []
        super().__init__(load_script(script))

    def _answer(self, received: Received) -> Answer:
        self.bodies.append(received.body.decode())
        return super()._answer(received)


@dataclass(frozen=True)
class Overheard:
    run: Played
    bodies: tuple[str, ...]
    """The requests, in the order they came."""

    @property
    def journal(self) -> str:
        return (self.run.result.run_folder / FILE_NAME).read_text(encoding="utf-8")

    @property
    def results(self) -> list[str]:
        """What each call of the executor was answered, in order."""
        ended = self.run.of(ToolFinished)
        return [event.result.text for event in ended if event.session.role == "executor"]

    def committed(self, path: str) -> str:
        return self.run.git("show", f"{self.run.result.branch}:{path}")


def one_task(check: str, *, modifies: tuple[str, ...] = (), creates: tuple[str, ...] = ()) -> Plan:
    """A plan of one task, which the check proves."""
    proof = (CommandCheck(run=check),)
    task = Task(
        id="T01",
        title="Do it",
        serves=("R1",),
        creates=creates,
        modifies=modifies,
        wiring="README.md names it",
        checks=proof,
    )
    return Plan(
        name="one",
        title="One task",
        request="Do it.",
        requirements=(Requirement(id="R1", title="It is done", checks=proof),),
        entry_points=(EntryPoint(id="E1", command="cat README.md", path="README.md"),),
        tasks=(task,),
    )


@contextmanager
def listening(tmp_path: Path, *sessions: Session) -> Iterator[ListeningServer]:
    script = tmp_path / "script.yaml"
    text = yaml.safe_dump({"version": 1, "description": "test", "sessions": list(sessions)})
    script.write_text(text, encoding="utf-8")
    with ListeningServer(script) as server:
        yield server


def execute(
    tmp_path: Path,
    repository: Path,
    plan: Plan,
    *sessions: Session,
    environment: Mapping[str, str] | None = None,
    resume: Path | None = None,
    phases: tuple[Phase, ...] = ("execute",),
    **overrides: object,
) -> Overheard:
    """Works the plan off, through the real program, and hears what the endpoint is asked."""
    plan_file = repository / "plans" / f"{plan.name}.md"
    plan_file.parent.mkdir(exist_ok=True)
    plan_file.write_text(render(plan), encoding="utf-8")
    with listening(tmp_path, *sessions) as server:
        profile = {"model": "rehearsal", "base_url": server.base_url}
        ends = {"profile": "here", "profiles": {"here": profile}, "base_url": server.base_url}
        given = {**ends, "task_attempts": 1, **overrides}
        home = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
        settings = load_settings({**home, **(environment or {})}, repository, given)
        common: dict[str, Any] = {"place": repository, "settings": settings}
        if resume is None:
            work = partial(start_run, **common, plan_file=plan_file, phases=phases)
        else:
            work = partial(resume_run, **common, run_folder=resume)
        return Overheard(played(anyio.run(work), repository), tuple(server.bodies))
