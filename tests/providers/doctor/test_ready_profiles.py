"""The doctor against the rehearsal of every ready profile: each is played as it is declared."""

from dataclasses import replace

import anyio
import pytest
from providers.doctor.conftest import TRUST, RunningClock, account_of

from agent.errors import Outcome
from agent.providers import catalog
from agent.providers.doctor.checkup import Checkup
from agent.providers.doctor.diagnosis import diagnose
from agent.providers.doctor.examination import examine
from agent.providers.doctor.probes import Doctor
from agent.providers.doctor.recording import Recorder
from agent.rehearsal.clock import RealTime
from agent.rehearsal.conditions import Conditions, conditions_of
from agent.rehearsal.server import RehearsalServer

pytestmark = pytest.mark.anyio
CLOCK = RunningClock()


async def checkup_of(name: str, conditions: Conditions) -> Checkup:
    named = catalog.profile(name)
    profile = named if named.model else catalog.profile(name, model="rehearsal")
    recorder = Recorder(CLOCK.monotonic, TRUST)
    doctor = Doctor(account_of("", ""), CLOCK, recorder, timeout_seconds=20)
    with RehearsalServer(None, conditions, RealTime()) as server, anyio.fail_after(60):
        here = profile.model_copy(update={"base_url": server.base_url})
        seen = await examine(doctor, here)
    # The stopwatch runs, the clock of these tests stands.
    seen.skew_seconds = None
    return diagnose(seen)


@pytest.mark.parametrize("name", catalog.names())
async def test_a_ready_profile_is_played_as_it_is_declared(name: str) -> None:
    profile = catalog.profile(name)
    conditions = replace(conditions_of(profile), tokens_per_second=0.0)
    checkup = await checkup_of(name, conditions)
    serious = [finding for finding in checkup.findings if finding.severity != "info"]
    assert (checkup.outcome, serious, checkup.changes) == (Outcome.DONE, [], {})
    assert False not in [aspect.fine for aspect in checkup.aspects]
    said = {aspect.name: aspect.said for aspect in checkup.aspects}
    assert f"{profile.window_tokens:,} tokens" in said["window"]


async def test_the_speed_that_a_profile_promises_is_measured() -> None:
    conditions = replace(conditions_of(catalog.profile("cerebras")), first_token_seconds=0.2)
    checkup = await checkup_of("cerebras", conditions)
    fine = {aspect.name: aspect.fine for aspect in checkup.aspects}
    said = {aspect.name: aspect.said for aspect in checkup.aspects}
    assert (fine["speed"], checkup.findings) == (True, ())
    assert said["speed"].endswith("the profile promises 3,000")
    assert float(said["first token"].split()[1]) >= 0.2


async def test_a_speed_below_the_promise_is_found() -> None:
    conditions = replace(conditions_of(catalog.profile("cerebras")), tokens_per_second=900.0)
    checkup = await checkup_of("cerebras", conditions)
    (finding,) = checkup.findings
    assert finding.rule == "doctor-speed"
