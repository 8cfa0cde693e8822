"""Faults that come in place of a reply: refusals, broken pages, and silence."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.domain.limits import WINDOW_SECONDS, Limit
from agent.domain.profile import Dialect
from agent.domain.readings import Window
from agent.rehearsal.clock import LONGEST_SILENCE_SECONDS
from agent.rehearsal.flavours import Flavour
from agent.rehearsal.limit_books import Full, Standing
from agent.rehearsal.local_http import Answer
from agent.rehearsal.refusals import refuse, refuse_full
from agent.rehearsal.wire import Complaint

PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Attention Required! | Cloudflare</title></head>"
    b"<body><h1>Sorry, you have been blocked</h1></body></html>\n"
)
MINUTE_LIMIT = 300_000
DAY_LIMIT = 24_000_000
MINUTE_WAIT_SECONDS = 7.0


@dataclass(frozen=True)
class Scene:
    """What a fault is played in."""

    flavour: Flavour
    dialect: Dialect
    model: str
    now: float
    scale: float
    """What a second is told as."""
    stall_seconds: float
    keep_silent: Callable[[float], None]
    """Until the time is over; raises ServerStopped when the client leaves before."""


def rate_minute(scene: Scene) -> Answer:
    """429, the tokens of the minute are used up."""
    return full_answer(scene, "minute", MINUTE_LIMIT, MINUTE_WAIT_SECONDS)


def rate_day(scene: Scene) -> Answer:
    """429, the tokens of the day are used up until midnight UTC."""
    left = WINDOW_SECONDS["day"] - scene.now % WINDOW_SECONDS["day"]
    return full_answer(scene, "day", DAY_LIMIT, left)


def full_answer(scene: Scene, window: Window, amount: int, wait: float) -> Answer:
    limit = Limit(unit="tokens", window=window, amount=amount, refill="fixed")
    standing = Standing(limit, 0, wait)
    full = Full(standing, 1_000, wait)
    return refuse_full(scene.flavour, full, (standing,), scene.model, scene.now, scene.scale)


def rate_queue(scene: Scene) -> Answer:
    """429, the provider is busy; nothing says for how long."""
    return refuse(scene.flavour, Complaint("queue"))


def rate_empty(scene: Scene) -> Answer:
    """429 without a body or any header."""
    del scene
    return Answer(429, "", ())


def error_500(scene: Scene) -> Answer:
    """500, a server error."""
    return refuse(scene.flavour, Complaint("server"))


def error_529(scene: Scene) -> Answer:
    """The provider is overloaded: 529, or the status that this provider sends instead."""
    return refuse(scene.flavour, Complaint("overloaded"))


def html_403(scene: Scene) -> Answer:
    """403 with a web page, from a gateway in front of the endpoint."""
    del scene
    return Answer(403, "text/html; charset=UTF-8", (PAGE,))


def empty_400(scene: Scene) -> Answer:
    """400 without a body, as some endpoints answer a prompt that is too long."""
    del scene
    return Answer(400, "", ())


def key_refused(scene: Scene) -> Answer:
    """401, the key is wrong."""
    return refuse(scene.flavour, Complaint("key"))


def no_credit(scene: Scene) -> Answer:
    """The account of the key cannot pay: 402, or what this provider sends instead."""
    return refuse(scene.flavour, Complaint("credit"))


def model_gone(scene: Scene) -> Answer:
    """404, the model is no longer served."""
    return refuse(
        scene.flavour, Complaint("model", {"model": scene.model, "served": "another model"})
    )


def hang(scene: Scene) -> Answer:
    """Silence before the first byte, until the client leaves."""
    scene.keep_silent(LONGEST_SILENCE_SECONDS)
    return error_500(scene)
