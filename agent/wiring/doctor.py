"""Puts the doctor together: which endpoint, with which key, over which adapter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.config import Settings
from agent.config.user_file import user_file, write_profile
from agent.domain.profile import Profile
from agent.errors import ConfigError
from agent.limits.governor import AccountGovernor
from agent.limits.owners import this_process
from agent.limits.pool import account_name
from agent.providers import catalog
from agent.providers.client import is_address
from agent.providers.dialects import client_of
from agent.providers.doctor.checkup import Checkup, redacted
from agent.providers.doctor.diagnosis import diagnose
from agent.wiring.ledger import open_books
from agent.wiring.machine import SystemClock
from agent.wiring.models import LOOPBACK
from agent.wiring.till import DOCTOR, AccountTill

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
    settings: Settings,
    options: DoctorOptions,
    on_step: Callable[[str], None],
    on_pause: Callable[[str], None],
) -> Checkup:
    """What is true of the endpoint; never longer than a few timeouts and two waits for a limit.

    Raises ConfigError when the profile is unknown, or names no model, address or key.
    """
    from agent.providers.doctor.examination import examine
    from agent.providers.doctor.probes import Account, Doctor
    from agent.providers.doctor.recording import Recorder

    profile = doctored_profile(settings, options)
    keys = checked_keys(settings, profile)
    clock = SystemClock()
    # Loading an SDK takes its time, which is none of the endpoint's.
    await client_of(profile, keys[profile.key_env]).connect(None).aclose()
    books = open_books(settings, clock)
    governor = AccountGovernor(books, clock, this_process())
    run_id = f"{DOCTOR}-{clock.now():%Y%m%d-%H%M%S}"

    def account(variable: str, key: str) -> Account:
        def make_adapter(profile: Profile, client: "httpx2.AsyncClient") -> "Adapter":
            return client_of(profile, key, client)

        name = account_name(profile.base_url, key)
        return Account(
            variable, key, make_adapter, AccountTill(governor, books, clock, name, run_id)
        )

    first, *others = (account(variable, key) for variable, key in keys.items())
    doctor = Doctor(
        account=first,
        clock=clock,
        recorder=Recorder(clock.monotonic),
        timeout_seconds=options.timeout_seconds,
        cheap=options.cheap,
        on_step=on_step,
        on_pause=on_pause,
        others=tuple(others),
    )
    try:
        return redacted(diagnose(await examine(doctor, profile)), *keys.values())
    finally:
        books.close()


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


def checked_keys(settings: Settings, profile: Profile) -> dict[str, str]:
    """The key of each variable, the profile's own first; empty where there is none.

    Raises ConfigError naming the variable where the endpoint asks for one.
    """
    found = {name: settings.key(name) for name in (profile.key_env, *profile.accounts)}
    is_here = LOOPBACK.match(profile.base_url)
    if found[profile.key_env] is None and profile.key_env and not is_here:
        raise ConfigError(f"no key for {profile.base_url}: set {profile.key_env}")
    return {name: key.get_secret_value() if key else "" for name, key in found.items()}


def fields_to_write(checkup: Checkup, options: DoctorOptions, own: catalog.Own) -> dict[str, Any]:
    """The changes, and what flags said in place of the profile and `own` does not say yet."""
    said = own.get(checkup.profile.name, {})
    given = {"model": options.model, "base_url": options.base_url}
    new = {name: value for name, value in given.items() if value and said.get(name) != value}
    return new | dict(checkup.changes)


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
