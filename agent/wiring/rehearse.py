"""Puts a rehearsal server together as the command line wants it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from agent.config import Settings, load_settings
from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.message import ROLES
from agent.domain.profile import Profile
from agent.errors import UsageError
from agent.providers import catalog
from agent.rehearsal.clock import RealTime
from agent.rehearsal.conditions import MODEL, Conditions, conditions_of
from agent.rehearsal.faults import FaultPlan, fault_names
from agent.rehearsal.script import load_script
from agent.rehearsal.server import RehearsalServer

LIMIT = re.compile(
    r"(?P<unit>requests|tokens)/(?P<window>second|minute|hour|day)"
    r"=(?P<amount>\d{1,15})(?P<scale>[kM]?)(?::(?P<refill>fixed|bucket))?"
)
SCALES = {"": 1, "k": 1_000, "M": 1_000_000}
PLAIN_CLIENT = "openai"
"""The profile that asks a rehearsal of no profile; the one named for it takes a script only."""


@dataclass(frozen=True)
class RehearsalOptions:
    """What `gardener rehearse` is given; None where a flag was not."""

    script: Path | None = None
    profile: str | None = None
    model: str | None = None
    port: int = 0
    window_tokens: int | None = None
    limits: tuple[str, ...] = ()
    """As `tokens/minute=300k:fixed`; the refill may be left out."""
    charge: Literal["admission", "usage"] | None = None
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
    options: RehearsalOptions

    @property
    def client_profile(self) -> str:
        return PLAIN_CLIENT if self.profile.name == MODEL else self.profile.name

    @property
    def client_model(self) -> str:
        return self.profile.model or MODEL


def prepare_rehearsal(options: RehearsalOptions, own: catalog.Own = catalog.NONE) -> Rehearsal:
    """`own` holds the profiles of the settings.

    Raises UsageError or ConfigError at what cannot be understood, ScriptError at a script.
    """
    name = options.profile or MODEL
    profile = catalog.profile(name, own, options.model or "")
    conditions = conditions_of(profile, str(own.get(name, {}).get(catalog.LIKE, "")))
    charging, speed = conditions.charging, options.tokens_per_second
    conditions = replace(
        conditions,
        window_tokens=options.window_tokens or conditions.window_tokens,
        limits=with_limits(conditions.limits, [limit_of(text) for text in options.limits]),
        charging=replace(charging, mode=options.charge or charging.mode),
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
    return Rehearsal(server, profile, conditions, options)


def client_environment(
    rehearsal: Rehearsal, environment: Mapping[str, str], project_root: Path | None
) -> dict[str, str]:
    """The variables with which every role asks this server, whatever the settings say.

    Raises ConfigError when the settings cannot be understood.
    """
    told = {
        "profile": rehearsal.client_profile,
        "model": rehearsal.client_model,
        "base_url": rehearsal.server.base_url,
    }
    variables = {f"GARDENER_{field.upper()}": value for field, value in told.items()}
    settings = load_settings({**environment, **variables}, project_root)
    for role in ROLES:
        own = settings.role(role).model_dump()
        if any(own[field] != value for field, value in told.items()):
            of_role = f"GARDENER_{role.upper()}_"
            variables |= {f"{of_role}{field.upper()}": value for field, value in told.items()}
    return variables


def other_endpoints(settings: Settings) -> tuple[str, ...]:
    """The fallback profiles of the settings: they ask their own endpoints also in a rehearsal."""
    return tuple(dict.fromkeys(name for role in ROLES for name in settings.role(role).fallback))


def limit_of(text: str) -> Limit:
    """Raises UsageError when the text is no limit."""
    match = LIMIT.fullmatch(text)
    amount = int(match["amount"]) * SCALES[match["scale"]] if match else 0
    if match is None or amount < 1:
        raise UsageError(
            f"{text!r} is not a limit; write one like tokens/minute=300k or "
            f"requests/day=2400:fixed, with one of the windows {', '.join(WINDOW_SECONDS)}"
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
