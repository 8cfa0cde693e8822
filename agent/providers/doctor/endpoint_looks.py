"""Looks at the endpoint: is it there, what does it take, what does it say of itself."""

import json

from agent.errors import (
    ContextOverflow,
    MalformedReply,
    ModelUnknown,
    RateLimited,
    RequestTooLarge,
    Unavailable,
)
from agent.providers.doctor.checkup import (
    LEARNED_FIELDS,
    SKEW_SECONDS,
    Aspect,
    Look,
    deviation,
    known,
    unknown,
    what_happened,
)
from agent.providers.doctor.seen import Overflow, Seen

REFUSED = 400


def look_at_connection(seen: Seen) -> Look:
    if seen.reached_seconds is None:
        return unknown("reachable", "no answer")
    return known("reachable", f"yes, in {seen.reached_seconds:.2f} s")


def look_at_models(seen: Seen) -> Look:
    model, models = seen.profile.model, seen.models
    if seen.reached_seconds is None:
        return unknown("models")
    if models is None:
        error = seen.list_error
        return unknown("models", what_happened(error) if error else "the endpoint has no list")
    if not models.names:
        return unknown("models", "none listed")
    if model in models.names:
        return known("models", f"{len(models.names)} listed, {model} among them")
    near = ", ".join(models.nearest(model))
    said = f"{len(models.names)} listed, {model} not among them"
    if isinstance(seen.blocked, ModelUnknown):
        return Look(Aspect("models", said, False))
    return deviation(
        seen,
        "models",
        said,
        severity="info" if seen.replies else "error",
        message=f"the endpoint does not list {model!r}",
        remedy=f"name one that it lists, such as {near}",
    )


def look_at_window(seen: Seen) -> Look:
    real, source = real_window(seen)
    declared = seen.profile.window_tokens
    if real is None:
        return unknown("window", f"not told; the profile says {declared:,} tokens")
    said = f"{real:,} tokens {source}; the profile says {declared:,}"
    if real == declared:
        return known("window", f"{real:,} tokens {source}")
    if real > declared:
        return deviation(
            seen,
            "window",
            said,
            severity="info",
            message=f"the window is larger than the profile uses: {real:,} tokens {source}",
            remedy="raise window_tokens if larger requests are wanted",
        )
    return deviation(
        seen,
        "window",
        said,
        message=f"the window is smaller than the profile says: {real:,} tokens {source}",
        remedy=f"set window_tokens to {real}",
        changes={"window_tokens": real},
    )


def real_window(seen: Seen) -> tuple[int | None, str]:
    """The window and where it is from: the smallest figure that the endpoint itself gives."""
    found: list[tuple[int, str]] = []
    if seen.models and seen.models.window_tokens:
        found.append((seen.models.window_tokens, "by the list of models"))
    if seen.overflow and isinstance(seen.overflow.error, ContextOverflow):
        told = seen.overflow.error.window_tokens
        found += [(told, "by the refusal of a longer request")] if told else []
    if seen.learned.window_tokens < seen.profile.window_tokens:
        found.append((seen.learned.window_tokens, "by the refusal of a short request"))
    return min(found, default=(None, ""), key=lambda each: each[0] or 0)


def look_at_request(seen: Seen) -> Look:
    """The longest reply, and the fields that were refused."""
    learned = {
        name: plain(getattr(seen.learned, name))
        for name in LEARNED_FIELDS
        if getattr(seen.learned, name) != getattr(seen.profile, name)
    }
    longest = seen.models.output_tokens if seen.models else None
    if longest and longest < seen.profile.max_output_tokens:
        learned["max_output_tokens"] = min(longest, seen.learned.max_output_tokens)
    if not learned:
        return known("request", "taken as it is") if seen.replies else unknown("request")
    names = ", ".join(f"{name} = {json.dumps(value)}" for name, value in learned.items())
    return deviation(
        seen,
        "request",
        f"taken with {names}",
        message="the endpoint refuses requests as the profile makes them",
        remedy=f"set {names}",
        changes=learned,
    )


def plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def look_at_overflow(seen: Seen) -> Look:
    overflow = seen.overflow
    if overflow is None:
        return unknown("overflow")
    error = overflow.error
    if error is None:
        return served_overflow(seen, overflow)
    if not overflow.was_sent:
        return unknown("overflow", f"not tried: {what_happened(error)}")
    if isinstance(error, RateLimited | RequestTooLarge):
        return unknown("overflow", "refused for its rate before its length was looked at")
    if isinstance(error, Unavailable | MalformedReply) and overflow.status < REFUSED:
        return unknown("overflow", "not known, no whole answer came")
    if not isinstance(error, ContextOverflow):
        return deviation(
            seen,
            "overflow",
            f"HTTP {overflow.status}, in words that do not say so",
            severity="warning",
            message="a request over the window is not refused as one",
            remedy="keep window_tokens below what the endpoint really serves",
            evidence=str(error),
        )
    if overflow.said_nothing:
        return known("overflow", f"HTTP {overflow.status} without a word")
    names = "names" if error.window_tokens else "does not name"
    return known("overflow", f"HTTP {overflow.status}, {names} the window")


def served_overflow(seen: Seen, overflow: Overflow) -> Look:
    """A request over the window was answered: the window is larger, or the request was cut."""
    counted, window = overflow.input_tokens, seen.learned.window_tokens
    if not counted:
        return unknown("overflow", "served, and not counted")
    if counted > window:
        return deviation(
            seen,
            "overflow",
            f"none: {counted:,} tokens were served",
            severity="info",
            message=f"the endpoint serves requests of {counted:,} tokens",
            remedy="raise window_tokens if larger requests are wanted",
        )
    if counted == window:
        return deviation(
            seen,
            "overflow",
            "cut to the window without a word",
            severity="info",
            message="the endpoint cuts requests over its window silently",
            remedy="nothing is to be done while window_tokens is what the server keeps",
        )
    return deviation(
        seen,
        "overflow",
        f"cut to {counted:,} tokens without a word",
        message=f"the endpoint cuts long requests silently, to {counted:,} tokens",
        remedy="raise the server's context length, or set window_tokens to what it keeps",
        changes={"window_tokens": counted},
    )


def look_at_clock(seen: Seen) -> Look:
    if seen.reached_seconds is None:
        return unknown("clock")
    if seen.skew_seconds is None:
        return unknown("clock", "the endpoint does not tell its time")
    seconds = abs(seen.skew_seconds)
    said = f"{seconds:.0f} s apart"
    if seconds <= SKEW_SECONDS:
        return known("clock", said)
    if seen.rehearsed:
        return unknown("clock", f"{said}, as a rehearsal's own time may be")
    return deviation(
        seen,
        "clock",
        said,
        severity="warning",
        message=f"this machine's clock and the endpoint's are {seconds:,.0f} s apart",
        remedy="set this machine's clock; limits of a day turn at midnight UTC",
    )
