"""A doctor in virtual time, and endpoints for it to look at."""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import anyio
import httpx2
import pytest
from fakes import START, FakeClock

from agent.domain.message import Completion, ModelRequest
from agent.domain.profile import Profile
from agent.errors import ProviderError
from agent.providers.dialects import client_of
from agent.providers.doctor.checkup import Checkup
from agent.providers.doctor.diagnosis import diagnose
from agent.providers.doctor.examination import examine
from agent.providers.doctor.probes import Account, Adapter, Doctor, OnWait, Till
from agent.providers.doctor.recording import Recorder
from agent.providers.doctor.seen import Seen
from agent.rehearsal.clock import VirtualTime
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.local_http import Answer, LocalServer, Received
from agent.rehearsal.script import Script
from agent.rehearsal.server import RehearsalServer

PROFILE = Profile(name="box", base_url="", model="rehearsal", key_env="TEST_KEY")
LONGEST_SECONDS = 30
TRUST = ssl.create_default_context()
"""Made once: reading the certificates takes longer than most checkups."""


class RunningClock(FakeClock):
    """A stopwatch of the machine, whose sleeps take no time."""

    def monotonic(self) -> float:
        return time.monotonic()


class Unbooked:
    """Lets every request through at once."""

    async def admit(self, profile: Profile, request: ModelRequest, on_wait: OnWait) -> int:
        return 0

    def served(self, booking: int, completion: Completion) -> None:
        pass

    def failed(self, booking: int, error: ProviderError | None, *, is_refused: bool) -> None:
        pass


UNBOOKED = Unbooked()


@dataclass
class Consulting:
    """Examines endpoints and keeps what was slept."""

    clock: FakeClock = field(default_factory=FakeClock)
    steps: list[str] = field(default_factory=list)
    pauses: list[str] = field(default_factory=list)
    till: Till = UNBOOKED
    key: str = "sk-1"

    async def see(
        self, url: str, *, cheap: bool = False, patience: float = 5.0, **fields: object
    ) -> Seen:
        profile = PROFILE.model_copy(update={"base_url": f"{url}/v1", **fields})
        recorder = Recorder(self.clock.monotonic, TRUST)
        first, *others = (
            account_of(variable, key, self.till) for variable, key in keys_of(profile, self.key)
        )
        doctor = Doctor(
            first,
            self.clock,
            recorder,
            patience,
            cheap,
            self.steps.append,
            self.pauses.append,
            tuple(others),
        )
        with anyio.fail_after(LONGEST_SECONDS):
            return await examine(doctor, profile)

    async def checkup(
        self, url: str, *, cheap: bool = False, patience: float = 5.0, **fields: object
    ) -> Checkup:
        return diagnose(await self.see(url, cheap=cheap, patience=patience, **fields))


def keys_of(profile: Profile, first: str) -> Iterator[tuple[str, str]]:
    """A further variable holds what its name ends in; `UNSET` holds nothing."""
    yield profile.key_env, first
    for variable in profile.accounts:
        yield variable, "" if variable == "UNSET" else f"sk-{variable.rpartition('_')[2]}"


def account_of(variable: str, key: str, till: Till = UNBOOKED) -> Account:
    def adapter(profile: Profile, client: httpx2.AsyncClient) -> Adapter:
        return client_of(profile, key, client)

    return Account(variable, key, adapter, till)


@pytest.fixture
def consulting() -> Consulting:
    return Consulting()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Received], Answer]], str]]:
    """Starts a server that answers as it is told; returns its address."""
    servers: list[LocalServer] = []

    def start(answer: Callable[[Received], Answer]) -> str:
        server = LocalServer(answer, now=START.timestamp)
        server.start()
        servers.append(server)
        return server.url

    yield start
    for server in servers:
        server.stop()


class SharedTime(VirtualTime):
    """The server's clock goes with the doctor's."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()

    def wait_until(self, instant: float) -> None:
        self._clock.seconds = max(self._clock.seconds, instant - START.timestamp())


def rehearsal(
    conditions: Conditions, clock: FakeClock | None = None, script: Script | None = None
) -> RehearsalServer:
    return RehearsalServer(script, conditions, SharedTime(clock or FakeClock()))
