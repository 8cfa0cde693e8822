"""Puts the doctor together: which endpoint, with which key, over which adapter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.config import Settings
from agent.config.user_file import user_file, write_profile
from agent.domain.profile import Profile
from agent.errors import ConfigError
from agent.providers import catalog
from agent.providers.client import is_address
from agent.providers.dialects import client_of
from agent.providers.doctor.checkup import Checkup, redacted
from agent.providers.doctor.diagnosis import diagnose
from agent.wiring.machine import SystemClock
from agent.wiring.models import LOOPBACK

if TYPE_CHECKING:
    import httpx2

    from agent.providers.doctor.probes import Adapter


@dataclass(frozen=True)
class DoctorOptions:
    """What `gardener doctor` is given; None where a flag was not."""

    profile: str | None = None
    model: str | None = None
    base_url: str | None = None
    cheap: bool = False
    timeout_seconds: float = 30.0


async def examine_endpoint(
    settings: Settings, options: DoctorOptions, on_step: Callable[[str], None]
) -> Checkup:
    """What is true of the endpoint; never longer than a few timeouts and two waits for a limit.

    Raises ConfigError when the profile is unknown, or names no model, address or key.
    """
    from agent.providers.doctor.probes import Doctor, examine
    from agent.providers.doctor.recording import Recorder

    profile = doctored_profile(settings, options)
    key = checked_key(settings, profile)

    def make_adapter(profile: Profile, client: "httpx2.AsyncClient") -> "Adapter":
        return client_of(profile, key, client)

    # Loading an SDK takes its time, which is none of the endpoint's.
    await client_of(profile, key).connect(None).aclose()
    clock = SystemClock()
    doctor = Doctor(
        key=key,
        clock=clock,
        make_adapter=make_adapter,
        recorder=Recorder(clock.monotonic),
        timeout_seconds=options.timeout_seconds,
        cheap=options.cheap,
        on_step=on_step,
    )
    return redacted(diagnose(await examine(doctor, profile)), key)


def doctored_profile(settings: Settings, options: DoctorOptions) -> Profile:
    """The profile with what settings and flags say; the general model is of the general profile.

    Raises ConfigError when nothing is left to ask for.
    """
    name = options.profile or settings.profile
    at_home = name == settings.profile
    model = options.model or (settings.model if at_home else None)
    base_url = options.base_url or (settings.base_url if at_home else None)
    base = catalog.profile(name, settings.profiles, model or "")
    # A checkup is no session of a run, so no script has a reply for it.
    update = {"base_url": base_url or base.base_url, "session_header": False}
    profile = base.model_copy(update=update)
    if not profile.base_url:
        raise ConfigError(f"the profile {name!r} has no address; give one with --base-url")
    if not is_address(profile.base_url):
        raise ConfigError(f"{profile.base_url!r} is no address; give one like https://HOST/v1")
    if not profile.model:
        raise ConfigError(f"the profile {name!r} names no model; give one with --model")
    return profile


def checked_key(settings: Settings, profile: Profile) -> str:
    """The key; empty where none is asked for. Raises ConfigError naming the variable."""
    key = settings.key(profile.key_env)
    if key is None and profile.key_env and not LOOPBACK.match(profile.base_url):
        raise ConfigError(f"no key for {profile.base_url}: set {profile.key_env}")
    return key.get_secret_value() if key else ""


def fields_to_write(checkup: Checkup, options: DoctorOptions) -> dict[str, Any]:
    """The changes, and what flags said in place of the profile."""
    given = {"model": options.model, "base_url": options.base_url}
    return {name: value for name, value in given.items() if value} | dict(checkup.changes)


def keep_fields(
    environment: Mapping[str, str], settings: Settings, name: str, fields: Mapping[str, Any]
) -> Path:
    """Writes fields of a profile into the user's file.

    Raises ConfigError when there is no such file to be, or the profile could not be read again.
    """
    path = user_file(environment)
    if path is None:
        raise ConfigError("there is no folder for settings: set HOME or XDG_CONFIG_HOME")
    own = {**settings.profiles.get(name, {}), **fields}
    catalog.profile(name, {**settings.profiles, name: own})
    write_profile(path, name, fields)
    return path
