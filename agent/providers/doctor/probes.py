"""Asks an endpoint for one thing: a reply, or more than its window holds; judges nothing.

The tries go through the adapter that a run uses. They are made again where the endpoint's trouble
asks for it, because the doctor wants to see what the endpoint can do, not to do work with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import anyio

from agent.domain.message import Completion, ModelRequest
from agent.domain.ports import Clock, ModelClient
from agent.domain.profile import Profile
from agent.errors import Action, ProviderError, RateLimited, Unavailable, Unreachable
from agent.providers.doctor.requests import overflow_request
from agent.providers.doctor.seen import Hearing, Overflow, Reply, Seen
from agent.providers.mending import mended
from agent.providers.rate_headers import readings
from agent.providers.told import instant

if TYPE_CHECKING:
    import httpx2

    from agent.providers.doctor.recording import Exchange, Recorder

TRIES = 3
HUNG = 2
"""The tries that one without an end counts for."""
LESSONS = 6
"""Most things that an endpoint may teach by refusing them."""
LONGEST_WAIT_SECONDS = 75.0
SILENT_SHARE = 0.25
"""An endpoint that sends nothing for this share of the timeout has fallen silent."""
ENOUGH_CHARACTERS = 100
"""So much of a text says how fast it is written."""
REDIRECTED = 300
REFUSED = 400
BROKEN = 500
REHEARSAL = "rehearsal"
AWHILE_SECONDS = 1.0
"""A longer wait is announced."""
LONG_SECONDS = 10.0
"""Whoever reads no steps would take a longer wait for a hang."""


class Adapter(ModelClient, Protocol):
    async def aclose(self) -> None: ...


MakeAdapter = Callable[[Profile, "httpx2.AsyncClient"], Adapter]
OnWait = Callable[[float, str], None]


class Till(Protocol):
    """Books the tries of one account beside whatever else spends its limits."""

    async def admit(self, profile: Profile, request: ModelRequest, on_wait: OnWait) -> int:
        """Waits until the limits let the request through; returns the booking's number.

        Tells each wait, in seconds, and its reason before it begins; what `on_wait` raises ends
        it. Raises a ProviderError when no waiting helps.
        """
        ...

    def served(self, booking: int, completion: Completion) -> None: ...

    def failed(self, booking: int, error: ProviderError | None, *, is_refused: bool) -> None:
        """No reply came; `is_refused` when the endpoint did not let the request in."""
        ...


@dataclass(frozen=True)
class Account:
    """One of the profile's accounts, and how it is asked."""

    variable: str
    """The environment variable of its key; empty where none is asked for."""
    key: str
    """Empty when the variable is not set."""
    make_adapter: MakeAdapter
    till: Till


@dataclass(frozen=True)
class Doctor:
    """How the tries are made."""

    account: Account
    clock: Clock
    recorder: "Recorder"
    timeout_seconds: float = 30.0
    """How long one try may take."""
    cheap: bool = False
    """Whether the request over the window is left out."""
    on_step: Callable[[str], None] = lambda _: None
    on_pause: Callable[[str], None] = lambda _: None
    """Told each wait that one should know of even where no steps are shown."""
    others: tuple[Account, ...] = ()
    """Of each only the key is tried."""

    def tell_pause(self, seconds: float, said: str) -> None:
        (self.on_pause if seconds >= LONG_SECONDS else self.on_step)(said)


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
                doctor.tell_pause(seconds, f"again in {seconds:g} s, as the endpoint asks")
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
    """Books a request and sends it once.

    Raises a ProviderError when it may not be sent, or no whole reply comes in time.
    """
    till, recorder = doctor.account.till, doctor.recorder
    booking = await till.admit(seen.learned, request, partial(wait_or_stop, doctor, seen.learned))
    before = len(recorder.exchanges)
    try:
        completion = await send(doctor, seen, request, heard)
    except ProviderError as error:
        till.failed(booking, error, is_refused=is_refusal(recorder.exchanges[before:]))
        raise
    except BaseException:
        till.failed(booking, None, is_refused=False)
        raise
    till.served(booking, completion)
    exchange = recorder.last
    assert exchange is not None, "the adapter used the recorded client"
    return Reply(completion, exchange, heard.began_at if heard.characters else None)


def wait_or_stop(doctor: Doctor, profile: Profile, seconds: float, reason: str) -> None:
    """Tells a wait for the account's limits; raises RateLimited when it is too long."""
    if seconds > LONGEST_WAIT_SECONDS:
        raise RateLimited(
            f"other work keeps the limits of {profile.model} full: {reason}; "
            f"try again in {seconds:.0f} s",
            seconds,
        )
    if seconds > AWHILE_SECONDS:
        doctor.tell_pause(seconds, f"again in {seconds:.0f} s, because {reason}")


def is_refusal(exchanges: "list[Exchange]") -> bool:
    """Whether the endpoint said no before it let the request in, or was not asked at all."""
    return not exchanges or REFUSED <= exchanges[-1].status < BROKEN


async def send(doctor: Doctor, seen: Seen, request: ModelRequest, heard: Hearing) -> Completion:
    """Raises a ProviderError when no whole reply comes in time."""

    def note_text(text: str) -> None:
        heard.note(text, doctor.clock.monotonic())

    client = doctor.recorder.client(doctor.timeout_seconds)
    adapter = doctor.account.make_adapter(seen.learned, client)
    before = len(doctor.recorder.exchanges)
    try:
        with anyio.fail_after(doctor.timeout_seconds):
            return await adapter.complete(request, note_text)
    except TimeoutError as error:
        raise late(doctor, seen.profile, doctor.recorder.exchanges[before:]) from error
    finally:
        if len(doctor.recorder.exchanges) > before:
            note_headers(doctor, seen)
            note_beginning(doctor, seen)
        with anyio.move_on_after(1, shield=True):
            await adapter.aclose()


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


def note_beginning(doctor: Doctor, seen: Seen) -> None:
    """What the head of an answer to a request says, however the reply goes on."""
    exchange = doctor.recorder.last
    if exchange is not None and exchange.status and exchange.status < REDIRECTED:
        seen.has_begun = True
        seen.begun_readings = readings(exchange.headers, seen.profile) or seen.begun_readings


async def try_overflow(doctor: Doctor, seen: Seen) -> Overflow:
    """Sends more than the window holds; a right endpoint refuses it before it costs anything."""
    request = overflow_request(seen.learned)
    for _ in range(TRIES):
        before = len(doctor.recorder.exchanges)
        try:
            reply = await one_try(doctor, seen, request, Hearing())
        except ProviderError as error:
            overflow = refused_overflow(error, doctor.recorder.exchanges[before:])
            if error.action is not Action.RESEND or is_late(error):
                break
        else:
            counted = reply.completion.usage.input_tokens
            return Overflow(None, reply.exchange.status, input_tokens=counted)
    return overflow


def refused_overflow(error: ProviderError, exchanges: "list[Exchange]") -> Overflow:
    if not exchanges:
        return Overflow(error, was_sent=False)
    said_nothing = not exchanges[-1].body.strip()
    return Overflow(error, exchanges[-1].status, said_nothing=said_nothing)
