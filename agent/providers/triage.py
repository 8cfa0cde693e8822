"""Turns what an endpoint answered instead of a reply into the one error that says what to do.

The rules are tried from the top and the first that fits decides; each stands for bodies that
providers really send.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.domain.profile import Profile
from agent.errors import (
    AuthError,
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    ProviderError,
    RateLimited,
    RequestRefused,
    Unavailable,
    Unreachable,
)
from agent.providers.trouble import Trouble, error_in, read_body, read_chunk

__all__ = ["error_in", "malformed", "model_unknown", "triage", "triage_chunk", "unavailable"]

SERVER_ERRORS = range(500, 600)
CLIENT_ERRORS = range(400, 500)
TOO_LONG = (400, 413, 422)
"""Elsewhere `too many tokens` speaks of a rate, not of the window."""


@dataclass(frozen=True)
class Rule:
    """`kind` names a sentence; empty `statuses` or `words` fit anything."""

    kind: str
    statuses: range | tuple[int, ...] = ()
    words: str = ""
    """A regular expression over code, type and message, in lower case."""
    page: bool | None = None
    """Whether the body is a web page."""
    empty: bool = False
    """Whether the body must be empty."""

    def fits(self, trouble: Trouble) -> bool:
        return (
            (not self.statuses or trouble.status in self.statuses)
            and (self.page is None or self.page == trouble.is_page)
            and (not self.empty or trouble.is_empty)
            and (not self.words or re.search(self.words, trouble.words) is not None)
        )


RULES = (
    Rule("unavailable", SERVER_ERRORS),
    Rule("address", (404, 405), page=True),
    Rule("unavailable", (400, 403, 429), page=True),
    Rule("minute", (402,), "in_flight_budget"),
    Rule("day", (400, 429), r"allocat(ed|ion)\W?quota"),
    Rule("credit", (402, 412)),
    Rule(
        "credit",
        CLIENT_ERRORS,
        "insufficient_quota|arrearage|billing_error|credit balance|insufficient (credit|balance)",
    ),
    Rule("key", (401, 403)),
    Rule("key", (400,), "wrong_api_key|invalid_api_key|api key not valid"),
    Rule(
        "overflow",
        TOO_LONG,
        "context_length_exceeded|exceed_context_size|prompt is too long|maximum context length"
        "|reduce the length of the|exceeds the context window|exceeds the available context size"
        "|greater than the context length|range of input length|exceed context limit"
        r"|max_new_tokens\W* must be|request too large",
    ),
    Rule("overflow", (413,)),
    Rule("overflow", TOO_LONG, empty=True),
    Rule("day", (429,), r"per[ -](day|hour)|\b[rt]p[dh]\b|daily"),
    Rule("minute", (429,)),
    Rule("mistake", (400, 422), "tool_use_failed|not present in the tools list"),
    Rule(
        "model",
        CLIENT_ERRORS,
        "model_not_found|model_not_exist|model_decommissioned|not a valid model"
        "|model.{0,80}(does not|not) (exist|found)|unable to access model",
    ),
    Rule("model", (404,), "model"),
    Rule("address", (404, 405)),
    Rule("unavailable", (408, 409, 425)),
    Rule("refused", CLIENT_ERRORS),
    Rule("unavailable"),
)

ERRORS: dict[str, type[ProviderError]] = {
    "key": AuthError,
    "credit": AuthError,
    "model": ModelUnknown,
    "address": RequestRefused,
    "overflow": ContextOverflow,
    "day": DayLimitReached,
    "minute": RateLimited,
    "mistake": MalformedReply,
    "refused": RequestRefused,
    "unavailable": Unavailable,
}

SENTENCES = {
    "key": "{url} refuses {key} ({said}); check that it is current and made for this endpoint",
    "credit": "{url} says that the account of {key} cannot pay ({said}); "
    "add credit or use another key",
    "model": "{url} does not serve the model {model!r} ({said}); name another",
    "address": "{url} has no chat endpoint ({said}); check OPENAI_BASE_URL, it mostly ends in /v1",
    "overflow": "the request does not fit the window of {model!r} at {url} ({said}); "
    "set window_tokens to what the endpoint really serves",
    "day": "{url} has reached a limit of the day or hour ({said}); "
    "run `gardener resume` after its reset",
    "minute": "{url} has reached a limit of the minute ({said}); "
    "wait a minute, then run `gardener resume`",
    "mistake": "{url} took back a tool call of {model!r} ({said}); "
    "run `gardener resume` to try again",
    "refused": "{url} refuses the request ({said}); check that model and profile fit this endpoint",
    "unavailable": "{url} did not serve the request ({said}); "
    "run `gardener resume` when it is back",
}


def triage(status: int, headers: Mapping[str, str], body: str, profile: Profile) -> ProviderError:
    """The error for an HTTP answer that is not a reply."""
    trouble = read_body(status, body)
    return error_of(trouble, retry_after_seconds(headers, trouble.message), profile)


def triage_chunk(chunk: Mapping[str, object], profile: Profile) -> ProviderError:
    """The error for an error object where a piece of a reply should be."""
    trouble = read_chunk(chunk)
    return error_of(trouble, retry_after_seconds({}, trouble.message), profile)


def error_of(trouble: Trouble, retry_after: float | None, profile: Profile) -> ProviderError:
    kind = next(rule.kind for rule in RULES if rule.fits(trouble))
    text = SENTENCES[kind].format(
        url=profile.base_url,
        key=f"the key in {profile.key_env}" if profile.key_env else "the key",
        model=profile.model,
        said=trouble.said,
    )
    return RateLimited(text, retry_after) if kind == "minute" else ERRORS[kind](text)


def retry_after_seconds(headers: Mapping[str, str], message: str) -> float | None:
    """The endpoint's own figure: from a header, else from its words (`try again in 1m26.4s`)."""
    milliseconds = as_seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    if (seconds := as_seconds(headers.get("retry-after"))) is not None:
        return seconds
    told = re.search(r"try again in (?:(\d+)m(?!s))?(?:([\d.]+)(ms|s))?", message)
    if not told or not any(told.groups()):
        return None
    minutes, amount, unit = told.groups()
    rest = float(amount or 0) / (1000 if unit == "ms" else 1)
    return 60 * int(minutes or 0) + rest


def as_seconds(text: str | None) -> float | None:
    """Of the header's two forms only the number is read; the date would need a clock."""
    return float(text) if text and re.fullmatch(r"\d+(\.\d+)?", text) else None


def model_unknown(profile: Profile, served: list[str]) -> ModelUnknown:
    """The sentence once it is known what the endpoint serves."""
    wanted = f"{profile.base_url} does not serve the model {profile.model!r}"
    return ModelUnknown(f"{wanted}; name another, such as {', '.join(served)}")


def unavailable(profile: Profile, reason: str) -> Unavailable:
    return Unavailable(
        f"cannot get a reply from {profile.base_url}: {reason}; "
        "check OPENAI_BASE_URL and that the endpoint is up"
    )


def unreachable(profile: Profile, reason: str) -> Unreachable:
    return Unreachable(
        f"cannot reach {profile.base_url}: {reason}; "
        "check OPENAI_BASE_URL and that the endpoint is up"
    )


def malformed(profile: Profile, reason: str) -> MalformedReply:
    return MalformedReply(
        f"{profile.base_url} sent a reply that is not in the chat dialect: {reason}; "
        "check OPENAI_BASE_URL, it mostly ends in /v1"
    )
