"""Tries an endpoint: asks for its list, a tool call, some text and too much; judges nothing.

The tries go through the adapter that a run uses. They are made again where the endpoint's trouble
asks for it, because the doctor wants to see what the endpoint can do, not to do work with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import anyio

from agent.domain.message import ModelRequest
from agent.domain.ports import Clock, ModelClient
from agent.domain.profile import Profile
from agent.errors import Action, ProviderError, Unavailable, Unreachable
from agent.providers.doctor.requests import overflow_request, text_request, tool_request
from agent.providers.doctor.seen import Hearing, Overflow, Reply, Seen
from agent.providers.mending import mended
from agent.providers.model_list import list_models
from agent.providers.rate_headers import readings
from agent.providers.told import instant
from agent.providers.triage import unavailable

if TYPE_CHECKING:
    import httpx2

    from agent.providers.doctor.recording import Exchange, Recorder

TRIES = 3
HUNG = 2
"""The tries that one without an end counts for."""
LESSONS = 6
"""Most things that an endpoint may teach by refusing them."""
LONGEST_WAIT_SECONDS = 75.0
REPLIES = 2
ROUNDS = 6
"""Times the timeout that a whole checkup may take, waits for a limit not counted."""
SILENT_SHARE = 0.25
"""An endpoint that sends nothing for this share of the timeout has fallen silent."""
ENOUGH_CHARACTERS = 100
"""So much of a text says how fast it is written."""
REFUSED = 400
REHEARSAL = "rehearsal"
AWHILE_SECONDS = 1.0
"""A longer wait is announced."""


class Adapter(ModelClient, Protocol):
    async def aclose(self) -> None: ...


MakeAdapter = Callable[[Profile, "httpx2.AsyncClient"], Adapter]


@dataclass(frozen=True)
class Doctor:
    """How the tries are made."""

    key: str
    clock: Clock
    make_adapter: MakeAdapter
    recorder: "Recorder"
    timeout_seconds: float = 30.0
    """How long one try may take."""
    cheap: bool = False
    """Whether the request over the window is left out."""
    on_step: Callable[[str], None] = lambda _: None


async def examine(doctor: Doctor, profile: Profile) -> Seen:
    """Everything that can be seen within ROUNDS timeouts and one limit's wait for each reply."""
    seen = Seen(profile, hurried(profile, doctor.timeout_seconds), key_sent=bool(doctor.key))
    longest = ROUNDS * doctor.timeout_seconds + REPLIES * LONGEST_WAIT_SECONDS
    with anyio.move_on_after(longest) as scope:
        await try_everything(doctor, seen)
    if scope.cancelled_caught:
        seen.blocked = unavailable(profile, f"the checkup did not end within {longest:g} s")
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
    client = doctor.recorder.client(doctor.timeout_seconds)
    try:
        seen.models = await list_models(seen.learned, doctor.key, client, doctor.timeout_seconds)
    except Unreachable as error:
        seen.blocked = error
    except ProviderError as error:
        seen.list_error = error
    finally:
        await client.aclose()
    note_headers(doctor, seen)


async def try_reply(
    doctor: Doctor, seen: Seen, ask: Callable[[Profile], ModelRequest], *, slowly: bool = False
) -> Reply | None:
    """The reply, after as many tries as the endpoint's trouble is worth.

    `slowly`: text that is still being written when the time is up is enough.
    """
    tries = lessons = 0
    waited = False
    while True:
        heard = Hearing()
        try:
            return await one_try(doctor, seen, ask(seen.learned), heard)
        except ProviderError as error:
            better = mended(seen.learned, error)
            if better and lessons < LESSONS:
                seen.learned, lessons = better, lessons + 1
                continue
            if slowly and is_late(error) and heard.characters >= ENOUGH_CHARACTERS:
                seen.unfinished = heard
                return None
            tries += HUNG if is_late(error) else 1
            seconds = pause_seconds(error, waited=waited)
            if seconds is None or tries >= TRIES:
                seen.blocked = error
                return None
            waited = waited or error.action is Action.WAIT
            seen.troubles.append(error)
            if seconds > AWHILE_SECONDS:
                doctor.on_step(f"again in {seconds:g} s, as the endpoint asks")
            await doctor.clock.sleep(seconds)


def is_late(error: ProviderError) -> bool:
    """Whether the endpoint has failed by taking too long."""
    return isinstance(error.__cause__, TimeoutError)


def pause_seconds(error: ProviderError, *, waited: bool) -> float | None:
    """How long to wait before another try; None when another would say the same."""
    match error.action:
        case Action.RESEND if not isinstance(error, Unreachable):
            seconds = error.wait_seconds or 0.0
        case Action.WAIT if not waited:
            seconds = error.wait_seconds or 60.0
        case _:
            return None
    return seconds if seconds <= LONGEST_WAIT_SECONDS else None


async def one_try(doctor: Doctor, seen: Seen, request: ModelRequest, heard: Hearing) -> Reply:
    """Sends a request once. Raises a ProviderError when no whole reply comes in time."""

    def note_text(text: str) -> None:
        heard.note(text, doctor.clock.monotonic())

    adapter = doctor.make_adapter(seen.learned, doctor.recorder.client(doctor.timeout_seconds))
    before = len(doctor.recorder.exchanges)
    try:
        with anyio.fail_after(doctor.timeout_seconds):
            completion = await adapter.complete(request, note_text)
    except TimeoutError as error:
        raise late(doctor, seen.profile, doctor.recorder.exchanges[before:]) from error
    finally:
        note_headers(doctor, seen)
        with anyio.move_on_after(1, shield=True):
            await adapter.aclose()
    exchange = doctor.recorder.last
    assert exchange is not None, "the adapter used the recorded client"
    return Reply(completion, exchange, heard.began_at if heard.characters else None)


def late(doctor: Doctor, profile: Profile, exchanges: "list[Exchange]") -> Unavailable:
    """The sentence for a reply that was not whole in time."""
    within = f"within {doctor.timeout_seconds:g} s"
    again = "give it longer with --timeout, or try at another hour"
    if not exchanges or not exchanges[-1].status:
        return Unavailable(f"{profile.base_url} did not begin to answer {within}; {again}")
    exchange = exchanges[-1]
    since = doctor.clock.monotonic() - (exchange.last_at if exchange.pieces else exchange.head_at)
    if since >= SILENT_SHARE * doctor.timeout_seconds:
        return Unavailable(
            f"{profile.base_url} began a reply, then sent nothing for {since:.1f} s; {again}"
        )
    return Unavailable(
        f"{profile.base_url} was still sending, no whole reply came {within}; {again}"
    )


def note_headers(doctor: Doctor, seen: Seen) -> None:
    """What the newest answer's headers say of limits and of the time."""
    exchange = doctor.recorder.last
    if exchange is None or not exchange.status:
        return
    if seen.reached_seconds is None:
        seen.reached_seconds = exchange.head_at - exchange.sent_at
    seen.rehearsed = seen.rehearsed or exchange.headers.get("server") == REHEARSAL
    seen.headers |= {name for name in exchange.headers if "ratelimit" in name}
    if exchange.status >= REFUSED:
        seen.refused_readings = readings(exchange.headers, seen.profile) or seen.refused_readings
    if told := instant(exchange.headers.get("date")):
        age = doctor.clock.monotonic() - exchange.head_at
        seen.skew_seconds = (told - doctor.clock.now()).total_seconds() + age


async def try_overflow(doctor: Doctor, seen: Seen) -> Overflow:
    """Sends more than the window holds; a right endpoint refuses it before it costs anything."""
    request = overflow_request(seen.learned)
    for _ in range(TRIES):
        try:
            reply = await one_try(doctor, seen, request, Hearing())
        except ProviderError as error:
            overflow = refused_overflow(error, doctor.recorder.last)
            if error.action is not Action.RESEND or is_late(error):
                break
        else:
            counted = reply.completion.usage.input_tokens
            return Overflow(None, reply.exchange.status, input_tokens=counted)
    return overflow


def refused_overflow(error: ProviderError, exchange: "Exchange | None") -> Overflow:
    if exchange is None:
        return Overflow(error)
    return Overflow(error, exchange.status, said_nothing=not exchange.body.strip())
