"""Which model answers for which role, and where."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.config import Settings
from agent.domain.message import ROLES, Role
from agent.domain.profile import Profile
from agent.errors import ConfigError
from agent.limits.pool import account_name
from agent.providers import catalog

REHEARSAL = "rehearsal"
LOOPBACK = re.compile(r"^https?://(127\.|localhost|\[::1\])")


@dataclass(frozen=True)
class Kept:
    """What a run began with, and keeps where the settings say nothing else."""

    models: Mapping[Role, str]
    endpoints: Mapping[Role, str]


NOTHING_KEPT = Kept({}, {})


def role_profiles(
    settings: Settings, *, rehearsal: bool, kept: Kept = NOTHING_KEPT
) -> dict[Role, Profile]:
    """The profile of each role, settings laid over what the run keeps, over the catalog.

    Raises ConfigError when a profile is unknown or no model is named.
    """
    if rehearsal:
        return {role: catalog.profile(REHEARSAL) for role in ROLES}
    return {role: role_profile(settings, role, kept) for role in ROLES}


def role_profile(settings: Settings, role: Role, kept: Kept) -> Profile:
    own = settings.role(role)
    model = own.model or kept.models.get(role, "")
    base = catalog.profile(own.profile or settings.profile, settings.profiles, model)
    if base.name == REHEARSAL:
        raise ConfigError("the rehearsal answers from a script only; pass --rehearsal SCRIPT")
    before = {"model": kept.models.get(role), "base_url": kept.endpoints.get(role)}
    given = {name: value for name, value in before.items() if value}
    given |= own.model_dump(exclude_none=True, exclude={"profile", "fallback", "ladder"})
    chosen = told_who_asks(base.model_copy(update=given))
    if not chosen.model:
        raise ConfigError(
            f"no model is named for the {role}: set GARDENER_MODEL, or "
            f"GARDENER_{role.upper()}_MODEL, or pass --model"
        )
    return chosen


def fallbacks(settings: Settings, role: Role) -> tuple[Profile, ...]:
    """Who answers for the role when its own endpoint cannot go on, in order.

    Raises ConfigError when such a profile is unknown or names no model.
    """
    return named_profiles(settings, settings.role(role).fallback)


def ladder(settings: Settings, role: Role) -> tuple[Profile, ...]:
    """Who is given a task that the role's usual model gets nowhere with, in order.

    Raises ConfigError when such a profile is unknown or names no model.
    """
    return named_profiles(settings, settings.role(role).ladder if role == "executor" else ())


def named_profiles(settings: Settings, names: tuple[str, ...]) -> tuple[Profile, ...]:
    found = []
    for name in names:
        profile = catalog.profile(name, settings.profiles)
        if not profile.model:
            raise ConfigError(f"the profile {name!r} names no model: set profiles.{name}.model")
        found.append(told_who_asks(profile))
    return tuple(found)


def told_who_asks(profile: Profile) -> Profile:
    """A server on this machine may be a rehearsal, whose script asks for the session's name."""
    here = bool(LOOPBACK.match(profile.base_url))
    return profile.model_copy(update={"session_header": profile.session_header or here})


@dataclass(frozen=True)
class Account:
    """A key, and the variable that holds it."""

    key: str
    key_env: str


def accounts_of(settings: Settings, profile: Profile) -> dict[str, Account]:
    """A profile's accounts, by the name of whose limits count.

    An endpoint that asks for no key has one account all the same.
    """
    if profile.name == REHEARSAL:
        return {account_name(profile.base_url, ""): Account(REHEARSAL, profile.key_env)}
    given = {name: settings.key(name) for name in (profile.key_env, *profile.accounts)}
    keys = {name: key.get_secret_value() for name, key in given.items() if key}
    found: dict[str, Account] = {}
    for name, key in (keys or {profile.key_env: ""}).items():
        # A key that stands in two variables is one account, told by the first of them.
        found.setdefault(account_name(profile.base_url, key), Account(key or "none", name))
    return found


def refuse_without_key(settings: Settings, profiles: Mapping[Role, Profile]) -> None:
    """A real endpoint needs a key, unless its profile asks for none or it is on this machine.

    Raises ConfigError naming the variable.
    """
    real = [role for role, profile in profiles.items() if profile.name != REHEARSAL]
    spares = [
        (role, spare)
        for role in real
        for spare in (*fallbacks(settings, role), *ladder(settings, role))
    ]
    for role, profile in (*profiles.items(), *spares):
        keyless = not profile.key_env or LOOPBACK.match(profile.base_url)
        if not keyless and settings.key(profile.key_env) is None:
            raise ConfigError(
                f"no key for the {role} at {profile.base_url}: set {profile.key_env}, "
                "or try the scripted rehearsal with `gardener demo`"
            )


@contextmanager
def scripted(script: Path | None) -> Iterator[str]:
    """The base URL of a rehearsal server that plays the script; empty without one."""
    with ExitStack() as stack:
        if script is None:
            yield ""
        else:
            from agent.rehearsal.script import load_script
            from agent.rehearsal.server import RehearsalServer

            yield stack.enter_context(RehearsalServer(load_script(script))).base_url


def checked_script(script: Path | None) -> str:
    """The script's absolute path, for the journal; empty without one.

    Raises ScriptError when it breaks the format, before anything is begun.
    """
    if script is None:
        return ""
    from agent.rehearsal.script import load_script

    load_script(script)
    return str(script.resolve())


def models_of(profiles: Mapping[Role, Profile]) -> dict[Role, str]:
    return {role: profile.model for role, profile in profiles.items()}


def endpoints_of(profiles: Mapping[Role, Profile]) -> dict[Role, str]:
    return {role: profile.base_url for role, profile in profiles.items()}
