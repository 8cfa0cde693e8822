"""Turns what an endpoint answered instead of a reply into the one error that says what to do.

The rules are data, in `triage_rules`; figures and names are read by `told`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from agent.domain.profile import Dialect, Profile
from agent.domain.readings import Window
from agent.errors import (
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    ProviderError,
    RateLimited,
    RequestTooLarge,
    SchemaRejected,
    Unavailable,
    Unreachable,
)
from agent.providers.rate_headers import readings
from agent.providers.ready_profiles import READY
from agent.providers.told import (
    exceeded_limit,
    output_cap,
    reset_seconds,
    wait_seconds,
    window_tokens,
)
from agent.providers.triage_rules import DAY, KINDS, Kind, kind_of
from agent.providers.trouble import Trouble, error_in, read_body, read_chunk

__all__ = [
    "address_setting",
    "broken_off",
    "error_in",
    "malformed",
    "model_unknown",
    "odd_reply",
    "triage",
    "triage_chunk",
    "unavailable",
    "unreachable",
]

VERSION = re.compile(r"/v\d+/?$")
"""How an address mostly ends."""
LONGEST_MINUTE_SECONDS = 120.0
"""An endpoint that asks for more is not full for a minute; the SDKs draw the line here too."""
DIALECTS: dict[Dialect, str] = {
    "openai_chat": "chat",
    "openai_responses": "responses",
    "anthropic_messages": "messages",
}
MINUTES: tuple[Window, ...] = ("second", "minute")
DAYS: tuple[Window, ...] = ("hour", "day")


def triage(
    status: int,
    headers: Mapping[str, str],
    body: str,
    profile: Profile,
    *,
    request_bytes: int | None = None,
) -> ProviderError:
    """The error for an HTTP answer that is not a reply.

    `request_bytes` is the length of the body that was sent: a refusal without a word is an
    overflow only when the request may be long.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    trouble = replace(
        read_body(status, body),
        headers=lower,
        request_bytes=request_bytes,
        window_tokens=profile.window_tokens,
    )
    return error_of(trouble, kind_of(trouble), profile)


def triage_chunk(chunk: Mapping[str, object], profile: Profile) -> ProviderError:
    """The error for an error object where a piece of a reply should be.

    The endpoint had let the request in, so a refusal without a known reason is a failure of its
    own, and the request is sent again.
    """
    trouble = read_chunk(chunk)
    kind = kind_of(trouble)
    return error_of(trouble, "unavailable" if kind == "refused" else kind, profile)


def error_of(trouble: Trouble, name: str, profile: Profile) -> ProviderError:
    """The error of a kind, with what the trouble tells of seconds, windows, caps and fields."""
    kind, words = KINDS[name], trouble.words
    seconds = wait_seconds(trouble.headers, words)
    if kind.error is RateLimited and seconds and seconds > LONGEST_MINUTE_SECONDS:
        kind = kind if kind.longest_seconds else KINDS[DAY]
    text = sentence(kind, trouble, profile)
    error = kind.error
    if error is SchemaRejected:
        return SchemaRejected(text, *trouble.fields)
    if error is RequestTooLarge:
        cap = output_cap(words)
        return RequestTooLarge(text, cap or exceeded_limit(words), of_output=name == "cap")
    if error is ContextOverflow:
        return ContextOverflow(text, window_tokens(words))
    if issubclass(error, DayLimitReached):
        until = reset_seconds(trouble.headers, words)
        return error(text, reset_in_headers(trouble, profile, DAYS) if until is None else until)
    if error is RateLimited and seconds is None:
        seconds = reset_in_headers(trouble, profile, MINUTES)
    if issubclass(error, RateLimited | Unavailable):
        return error(text, bounded(kind, seconds))
    return error(text)


def sentence(kind: Kind, trouble: Trouble, profile: Profile) -> str:
    names = [repr(name) for name in trouble.fields]
    several = len(names) > 1
    return kind.sentence.format(
        url=profile.base_url,
        key=f"the key in {profile.key_env}" if profile.key_env else "the key",
        model=profile.model,
        profile=profile.name,
        fields=("the fields " if several else "the field ") + " and ".join(names),
        them="them" if several else "it",
        said=trouble.said,
        dialect=DIALECTS[profile.dialect],
        address=where_it_ends(profile),
    )


def address_setting(profile: Profile) -> str:
    """What a user corrects when the address is wrong; OPENAI_BASE_URL may have replaced it."""
    own = f"base_url of the profile {profile.name!r}"
    known = {READY.get(profile.name, {}).get("base_url"), profile.own_base_url} - {""}
    return own if profile.base_url in known else f"OPENAI_BASE_URL or {own}"


def where_it_ends(profile: Profile) -> str:
    """The setting, and what is mostly wrong with it."""
    ends_right = profile.dialect == "anthropic_messages" or VERSION.search(profile.base_url)
    return address_setting(profile) + ("" if ends_right else ", which mostly ends in /v1")


def reset_in_headers(
    trouble: Trouble, profile: Profile, windows: tuple[Window, ...]
) -> float | None:
    """Seconds until the last of the used-up limits is reset, where the headers tell it."""
    told = readings(trouble.headers, profile)
    used_up = [each for each in told if each.window in windows and each.remaining == 0]
    resets = [each.reset_seconds for each in used_up if each.reset_seconds is not None]
    return max(resets, default=None)


def bounded(kind: Kind, seconds: float | None) -> float | None:
    """The endpoint's figure, never longer than a known window."""
    if seconds is None:
        return kind.usual_seconds
    return seconds if kind.longest_seconds is None else min(seconds, kind.longest_seconds)


def model_unknown(profile: Profile, served: list[str]) -> ModelUnknown:
    """The sentence once it is known what the endpoint serves."""
    wanted = f"{profile.base_url} does not serve the model {profile.model!r}"
    return ModelUnknown(f"{wanted}; name another, such as {', '.join(served)}")


def unavailable(profile: Profile, reason: str) -> Unavailable:
    return Unavailable(
        f"cannot get a reply from {profile.base_url}: {reason}; "
        f"check {address_setting(profile)} and that the endpoint is up"
    )


def unreachable(profile: Profile, reason: str) -> Unreachable:
    return Unreachable(
        f"cannot reach {profile.base_url}: {reason}; "
        f"check {address_setting(profile)} and that the endpoint is up"
    )


def malformed(profile: Profile, reason: str) -> MalformedReply:
    return MalformedReply(
        f"{profile.base_url} sent a reply that is not in the {DIALECTS[profile.dialect]} dialect: "
        f"{reason}; check {where_it_ends(profile)}"
    )


def broken_off(profile: Profile, reason: str) -> Unavailable:
    """For a reply that had begun: the address is right, then, and the key was taken."""
    return Unavailable(
        f"{profile.base_url} began a reply and did not finish it: {reason}; "
        "run `gardener resume` to try again"
    )


def odd_reply(profile: Profile, reason: str, usage: object = None) -> MalformedReply:
    """For a reply in the right dialect that says nothing usable; `usage` is what it was counted."""
    return MalformedReply(
        f"{profile.base_url} sent a reply that cannot be used: {reason}; "
        "run `gardener resume` to try again, or use another model",
        usage,
    )
