"""A job, and what it is played on: a repository, servers with and without faults, settings."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from scenario import Session, git

from agent.config import Settings, load_settings
from agent.domain.event import Event
from agent.domain.message import Role
from agent.domain.profile import Dialect
from agent.journal import FILE_NAME, read_entries
from agent.providers import catalog
from agent.rehearsal.conditions import conditions_of
from agent.rehearsal.faults import NO_FAULTS, FaultPlan
from agent.rehearsal.server import RehearsalServer
from agent.rehearsal.visit import SeenRequest
from fault_jobs.clock import FastTime
from fault_jobs.work import HONEST, Length, script

FIRST_BYTE_SECONDS = 1.0
STALL_SECONDS = 0.5
"""What the profile grants a request, in real seconds."""
REQUEST_ATTEMPTS = 6
MAX_WAIT_SECONDS = 75.0
"""By the run's clock."""
STALLED_SECONDS = 3_600.0
"""How long a stalled stream keeps silent."""
PORTS = range(61_000, 65_000)
"""Above those that the system gives to clients, so that a server comes back where it was."""
KEYS = {"SIM_API_KEY": "key-one", "SIM_TWO_API_KEY": "key-two"}
THINKING = {"extra_body": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}
numbers = count(os.getpid() * 17)


@dataclass(frozen=True)
class Job:
    """Which faults a whole run meets, and where."""

    name: str
    profile: str
    """The ready profile whose dialect, limits and manners the endpoint has."""
    faults: tuple[str, ...]
    share: float = 1.0
    """Of the requests that could be hit, how many are."""
    seed: int = 0
    stays: bool = False
    """Whether a request that was hit may be hit again."""
    role: Role | None = None
    """The only role that meets faults; the others have an endpoint without any."""
    accounts: int = 1
    spare: str = ""
    """The ready profile of a fallback without faults."""
    length: Length = "short"
    """Of the user's request, which is a part of almost every prompt."""
    window_tokens: int = 0
    """What the endpoints really serve; 0: what their profiles say."""

    @property
    def is_drawn(self) -> bool:
        """Whether it is one of the combinations, whose names are their seeds."""
        return self.name.isdecimal()

    @property
    def plan(self) -> FaultPlan:
        return FaultPlan(
            self.faults,
            self.share,
            self.seed,
            transient=not self.stays,
            stall_seconds=STALLED_SECONDS,
        )

    @property
    def endpoints(self) -> dict[str, str]:
        """The ready profile behind each: faults are at `sim` alone."""
        calm = {"calm": self.profile} if self.role else {}
        return {"sim": self.profile, **calm, **({"spare": self.spare} if self.spare else {})}


class Stage:
    """Where one job is played."""

    def __init__(self, job: Job, folder: Path) -> None:
        """`folder` is empty, and the job's own."""
        self.job = job
        self.repository = new_repository(folder / "repository")
        self._home = folder / "home"
        self._ports: dict[str, int] = {}
        self._servers: dict[str, RehearsalServer] = {}

    @contextmanager
    def open(
        self, time: FastTime, sessions: tuple[Session, ...], faults: FaultPlan
    ) -> Iterator[None]:
        """Starts the servers, each where it was before."""
        with ExitStack() as stack:
            for name, ready in self.job.endpoints.items():
                known = conditions_of(catalog.profile(ready))
                conditions = replace(
                    known,
                    tokens_per_second=0.0,
                    window_tokens=self.job.window_tokens or known.window_tokens,
                    faults=faults if name == "sim" else NO_FAULTS,
                )
                for port in self._candidates(name):
                    server = RehearsalServer(script(sessions), conditions, time, port)
                    if has_started(server):
                        break
                else:
                    raise OSError(f"no port is free for the server {name}")
                stack.callback(server.stop)
                self._servers[name], self._ports[name] = server, port
            yield

    def _candidates(self, name: str) -> Iterator[int]:
        known = self._ports.get(name)
        for _ in PORTS:
            yield known or PORTS[next(numbers) % len(PORTS)]

    @property
    def settings(self) -> Settings:
        job = self.job
        tables = {
            name: {
                "like": ready,
                "model": f"rehearsal-{name}",
                "base_url": self._servers[name].base_url,
                "key_env": "SIM_API_KEY",
                "accounts": list(KEYS)[1 : job.accounts],
                "first_byte_seconds": FIRST_BYTE_SECONDS,
                "stall_seconds": STALL_SECONDS,
                **(THINKING if dialect_of(ready) == "anthropic_messages" else {}),
            }
            for name, ready in job.endpoints.items()
        }
        overrides: dict[str, Any] = {
            "profiles": tables,
            "profile": "calm" if job.role else "sim",
            "roles": {job.role: {"profile": "sim"}} if job.role else {},
            "fallback": ("spare",) if job.spare else (),
            "request_attempts": REQUEST_ATTEMPTS,
            "max_wait_seconds": MAX_WAIT_SECONDS,
        }
        environment = {"HOME": str(self._home), "PATH": "/usr/bin:/bin", **KEYS}
        return load_settings(environment, self.repository, overrides)

    @property
    def run_folder(self) -> Path | None:
        """Where the journal is, once the run has begun."""
        return next((self.repository / ".git" / "gardener" / "runs").glob("*"), None)

    @property
    def events(self) -> tuple[Event, ...]:
        folder = self.run_folder
        return tuple(e.event for e in read_entries(folder / FILE_NAME)) if folder else ()

    @property
    def seen(self) -> tuple[SeenRequest, ...]:
        """What the servers were asked since they were started, in its order."""
        seen = (each for server in self._servers.values() for each in server.requests)
        return tuple(sorted(seen, key=lambda each: each.at))


def dialect_of(ready: str) -> Dialect:
    return catalog.profile(ready).dialect


def has_started(server: RehearsalServer) -> bool:
    """Whether its port was free."""
    try:
        server.start()
    except OSError:
        return False
    return True


def new_repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text(HONEST["README.md"][0], encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "begin")
    return folder
