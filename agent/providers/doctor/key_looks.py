"""Looks at the keys: is each accepted, and whose is it."""

from collections.abc import Iterator

from agent.domain.finding import Severity
from agent.errors import AuthError, DayLimitReached, ModelUnknown, NoCredit, RateLimited
from agent.providers.doctor.checkup import (
    Aspect,
    Look,
    deviation,
    finding_of,
    known,
    unknown,
)
from agent.providers.doctor.seen import OtherKey, Seen


def look_at_key(seen: Seen) -> Look:
    name = seen.profile.key_env
    told = f" ({name})" if name else ""
    if seen.replies or (seen.has_begun and not isinstance(seen.blocked, AuthError)):
        return known("key", f"accepted{told}" if seen.key_sent else "none is asked for")
    if isinstance(seen.blocked, NoCredit):
        return Look(Aspect("key", f"its account cannot pay{told}", False))
    if isinstance(seen.blocked, AuthError):
        said = refused(seen) if seen.key_sent else "none was sent, one is asked for"
        return Look(Aspect("key", f"{said}{told}", False))
    return unknown("key", "not known")


def looks_at_other_keys(seen: Seen) -> Iterator[Look]:
    """A look for each further account of the profile."""
    for number, other in enumerate(seen.others, start=2):
        yield look_at_other_key(seen, other, f"key {number}")


def look_at_other_key(seen: Seen, other: OtherKey, aspect: str) -> Look:
    name = other.profile.key_env
    if not other.is_set:
        # Without any key the endpoint is one that asks for none, such as a rehearsal.
        return deviation(
            seen,
            aspect,
            f"not set ({name})",
            severity="warning" if seen.key_sent else "info",
            message=f"the profile's accounts name {name}, which is not set",
            remedy=f"set {name}, or take it out of accounts",
        )
    if other.same_as:
        return deviation(
            seen,
            aspect,
            f"the same as {other.same_as} ({name})",
            severity="warning",
            message=f"{name} holds the same key as {other.same_as}, so it is no further account",
            remedy=f"put the key of another account into {name}, or take it out of accounts",
        )
    if other.seen is None:
        return unknown(aspect, f"not tried ({name})")
    if other.seen.blocked is None:
        return known(aspect, f"accepted ({name})")
    return failed_key(other.seen, aspect)


def failed_key(own: Seen, aspect: str) -> Look:
    """A request that was not served says only sometimes that the key is to blame."""
    error, name = own.blocked, own.profile.key_env
    assert error is not None
    is_its_own = isinstance(error, AuthError | ModelUnknown)
    severity: Severity = "error" if is_its_own else "info"
    finding = finding_of(error, own.profile, severity, place=name)
    if not isinstance(error, AuthError):
        message = f"With the key in {name}: {finding.message}"
        finding = finding.model_copy(update={"message": message})
    if isinstance(error, NoCredit):
        return Look(Aspect(aspect, f"its account cannot pay ({name})", False), (finding,))
    if isinstance(error, AuthError):
        return Look(Aspect(aspect, f"{refused(own)} ({name})", False), (finding,))
    if isinstance(error, ModelUnknown):
        said = f"not for the model {own.profile.model} ({name})"
        return Look(Aspect(aspect, said, False), (finding,))
    is_full = isinstance(error, RateLimited | DayLimitReached)
    said = "its limit is reached" if is_full else "no whole reply came"
    return Look(Aspect(aspect, f"not known: {said} ({name})", None), (finding,))


def refused(seen: Seen) -> str:
    """Who refused the key: the endpoint, or nobody was asked because it is no key."""
    return "cannot be sent" if seen.reached_seconds is None else "refused"
