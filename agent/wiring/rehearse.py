"""Puts a rehearsal server together as the command line wants it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.profile import Profile
from agent.errors import UsageError
from agent.providers import catalog
from agent.rehearsal.clock import RealTime
from agent.rehearsal.conditions import Conditions, conditions_of
from agent.rehearsal.faults import FaultPlan, fault_names
from agent.rehearsal.script import load_script
from agent.rehearsal.server import RehearsalServer

LIMIT = re.compile(
    r"(?P<unit>requests|tokens)/(?P<window>second|minute|hour|day)"
    r"=(?P<amount>\d+)(?P<scale>[kM]?)(?::(?P<refill>fixed|bucket))?"
)
SCALES = {"": 1, "k": 1_000, "M": 1_000_000}


@dataclass(frozen=True)
class RehearsalOptions:
    """What `gardener rehearse` is given; None where a flag was not."""

    script: Path | None = None
    profile: str | None = None
    port: int = 0
    limits: tuple[str, ...] = ()
    """As `tokens/minute=300k:fixed`; the refill may be left out."""
    faults: tuple[str, ...] = ()
    faults_share: float = 0.2
    faults_stay: bool = False
    seed: int = 0
    time_scale: float = 1.0
    tokens_per_second: float | None = None
    first_token_seconds: float = 0.0


@dataclass(frozen=True)
class Rehearsal:
    """A server that is not started yet, and what is on in it."""

    server: RehearsalServer
    profile: Profile
    conditions: Conditions


def prepare_rehearsal(options: RehearsalOptions) -> Rehearsal:
    """Raises UsageError or ConfigError at what cannot be understood, ScriptError at a script."""
    profile = catalog.profile(options.profile or "rehearsal")
    conditions = conditions_of(profile)
    speed = options.tokens_per_second
    conditions = replace(
        conditions,
        limits=with_limits(conditions.limits, [limit_of(text) for text in options.limits]),
        tokens_per_second=conditions.tokens_per_second if speed is None else speed,
        first_token_seconds=options.first_token_seconds,
        faults=FaultPlan(
            names=fault_names(options.faults),
            share=options.faults_share,
            seed=options.seed,
            transient=not options.faults_stay,
        ),
    )
    script = load_script(options.script) if options.script else None
    time = RealTime(options.time_scale)
    server = RehearsalServer(script, conditions, time, options.port)
    return Rehearsal(server, profile, conditions)


def limit_of(text: str) -> Limit:
    """Raises UsageError when the text is no limit."""
    match = LIMIT.fullmatch(text)
    amount = int(match["amount"]) * SCALES[match["scale"]] if match else 0
    if match is None or amount < 1:
        raise UsageError(
            f"{text!r} is not a limit; write one like tokens/minute=300k or requests/day=2400:fixed"
        )
    # A day turns at midnight UTC unless it is said to refill.
    refill = match["refill"] or ("fixed" if match["window"] == "day" else "bucket")
    return Limit.model_validate(
        {"unit": match["unit"], "window": match["window"], "amount": amount, "refill": refill}
    )


def with_limits(limits: Sequence[Limit], given: Sequence[Limit]) -> tuple[Limit, ...]:
    """The limits, each that is given in place of the one on the same unit and window."""
    found = {(limit.unit, limit.window): limit for limit in (*limits, *given)}
    return tuple(sorted(found.values(), key=lambda each: (each.unit, WINDOW_SECONDS[each.window])))
