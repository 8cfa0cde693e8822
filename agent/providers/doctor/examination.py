"""Examines an endpoint: its list, a tool call, some text, too much, and the key of each account."""

from collections.abc import AsyncIterator
from dataclasses import replace

import anyio

from agent.domain.profile import Profile
from agent.errors import (
    AuthError,
    DayLimitReached,
    ModelUnknown,
    ProviderError,
    RateLimited,
    Unreachable,
)
from agent.providers.doctor.probes import (
    LONGEST_WAIT_SECONDS,
    Account,
    Doctor,
    note_headers,
    try_overflow,
    try_reply,
)
from agent.providers.doctor.requests import text_request, tool_request
from agent.providers.doctor.seen import OtherKey, Seen
from agent.providers.model_list import list_models
from agent.providers.triage import unavailable

REPLIES = 2
ROUNDS = 6
"""Times the timeout that the checkup of one account may take, waits for a limit not counted."""
KEY_ROUNDS = 3
OF_ONE_ACCOUNT = (AuthError, RateLimited, DayLimitReached, ModelUnknown)
"""What may be true of one key and not of another."""


async def examine(doctor: Doctor, profile: Profile) -> Seen:
    """Everything that can be seen within ROUNDS timeouts and one limit's wait for each reply.

    A further account takes KEY_ROUNDS timeouts and one wait at most.
    """
    key = doctor.account.key
    seen = Seen(profile, hurried(profile, doctor.timeout_seconds), key_sent=bool(key))
    longest = ROUNDS * doctor.timeout_seconds + REPLIES * LONGEST_WAIT_SECONDS
    with anyio.move_on_after(longest) as scope:
        await try_everything(doctor, seen)
    if scope.cancelled_caught:
        seen.blocked = unavailable(profile, f"the checkup did not end within {longest:g} s")
    seen.others = [each async for each in try_others(doctor, seen)]
    seen.learned = patient(seen.learned, profile)
    return seen


def hurried(profile: Profile, timeout_seconds: float) -> Profile:
    """The profile with no more patience than the checkup has."""
    first = min(profile.first_byte_seconds, timeout_seconds)
    stall = min(profile.stall_seconds, timeout_seconds)
    return profile.model_copy(update={"first_byte_seconds": first, "stall_seconds": stall})


def patient(learned: Profile, profile: Profile) -> Profile:
    update = {
        "first_byte_seconds": profile.first_byte_seconds,
        "stall_seconds": profile.stall_seconds,
    }
    return learned.model_copy(update=update)


async def try_everything(doctor: Doctor, seen: Seen) -> None:
    doctor.on_step("the list of models")
    await try_list(doctor, seen)
    if seen.blocked:
        return
    doctor.on_step("a tool call")
    seen.tool = await try_reply(doctor, seen, tool_request)
    if seen.blocked:
        return
    doctor.on_step("some text")
    seen.text = await try_reply(doctor, seen, text_request, slowly=True)
    if seen.blocked or doctor.cheap:
        return
    doctor.on_step("more than the window holds")
    seen.overflow = await try_overflow(doctor, seen)


async def try_list(doctor: Doctor, seen: Seen) -> None:
    """A list that fails says little, since some endpoints have none; no connection says all."""
    key, client = doctor.account.key, doctor.recorder.client(doctor.timeout_seconds)
    try:
        seen.models = await list_models(seen.learned, key, client, doctor.timeout_seconds)
    except Unreachable as error:
        seen.blocked = error
    except ProviderError as error:
        seen.list_error = error
    finally:
        await client.aclose()
    note_headers(doctor, seen)


async def try_others(doctor: Doctor, seen: Seen) -> AsyncIterator[OtherKey]:
    """What becomes of one small request with the key of each further account."""
    first = doctor.account
    known = {first.key: first.variable} if first.key else {}
    for account in doctor.others:
        profile = seen.profile.model_copy(update={"key_env": account.variable})
        same_as = known.setdefault(account.key, account.variable) if account.key else ""
        if not account.key:
            yield OtherKey(profile, is_set=False)
        elif same_as != account.variable:
            yield OtherKey(profile, same_as=same_as)
        elif seen.blocked and not isinstance(seen.blocked, OF_ONE_ACCOUNT):
            yield OtherKey(profile)
        else:
            doctor.on_step(f"the key in {account.variable}")
            yield OtherKey(profile, seen=await try_key(doctor, account, profile, seen.learned))


async def try_key(doctor: Doctor, account: Account, profile: Profile, learned: Profile) -> Seen:
    own = Seen(profile, learned.model_copy(update={"key_env": account.variable}), key_sent=True)
    longest = KEY_ROUNDS * doctor.timeout_seconds + LONGEST_WAIT_SECONDS
    with anyio.move_on_after(longest) as scope:
        own.tool = await try_reply(replace(doctor, account=account), own, tool_request)
    if scope.cancelled_caught:
        own.blocked = unavailable(profile, f"its checkup did not end within {longest:g} s")
    return own
