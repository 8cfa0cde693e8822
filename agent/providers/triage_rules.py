"""The table of refusals: what an endpoint says, the error that is, and the sentence for the user.

The rules are tried from the top and the first that fits decides; each stands for bodies that
providers really send. The error's class names the action.
"""

import re
from dataclasses import dataclass

from agent.errors import (
    AuthError,
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    NoCredit,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    SchemaRejected,
    Unavailable,
)
from agent.providers.told import exceeded_limit
from agent.providers.trouble import Size, Trouble

REDIRECTS = range(300, 400)
CLIENT_ERRORS = range(400, 500)
SERVER_ERRORS = range(500, 600)
TOO_LONG = (400, 413, 422)
"""Elsewhere `too many tokens` speaks of a rate, not of the window."""


@dataclass(frozen=True)
class Rule:
    """`kind` names an entry of KINDS; empty `statuses` or `words` fit anything."""

    kind: str
    statuses: range | tuple[int, ...] = ()
    words: str = ""
    """A regular expression over code, type and message, in lower case."""
    page: bool | None = None
    """Whether the body is a web page."""
    mute: bool = False
    """Whether there must be no words at all."""
    size: Size | None = None
    """How long the refused request must be, measured by the window."""
    should_retry: bool | None = None
    """What the header `x-should-retry` must say."""
    names_field: bool = False
    """Whether it must name a field that can be left out."""
    over_limit: bool = False
    """Whether it must say that the request alone is larger than the limit."""

    def fits(self, trouble: Trouble) -> bool:
        return (
            (not self.statuses or trouble.status in self.statuses)
            and (self.page is None or self.page == trouble.is_page)
            and (not self.mute or trouble.is_mute)
            and (self.size is None or self.size == trouble.request_size)
            and (self.should_retry is None or self.should_retry == trouble.should_retry)
            and (not self.names_field or bool(trouble.fields))
            and (not self.over_limit or exceeded_limit(trouble.words) is not None)
            and (not self.words or re.search(self.words, trouble.words) is not None)
        )


RULES = (
    # llama-server: https://github.com/ggml-org/llama.cpp/pull/15780
    Rule("overflow", SERVER_ERRORS, "exceed_context_size"),
    Rule("refused", SERVER_ERRORS, should_retry=False),
    Rule("refused", SERVER_ERRORS, "requires --"),
    Rule("address", (501, 505)),
    Rule("unavailable", SERVER_ERRORS),
    Rule("address", REDIRECTS),
    Rule("address", (404, 405), page=True),
    Rule("minute", (429,), page=True),
    Rule("unavailable", (400, 403), page=True),
    Rule("minute", (402,), "in_flight_budget"),
    # Those of Model Studio's coding plan: five hours, a week, a month.
    Rule("day", (429,), "(hour|week|month) allocated quota exceeded"),
    Rule("quota", (400, 403, 429), "freetieronly|free allocated quota|free tier of the model"),
    # Model Studio calls a full minute an exceeded quota, down to OpenAI's words for an empty
    # account: https://www.alibabacloud.com/help/en/model-studio/rate-limit
    Rule(
        "minute",
        (429,),
        r"throttling\.(?!.*per (day|hour))|allocated quota exceeded|error-code#token-limit",
    ),
    Rule("quota", (400, 403), r"allocat(ed|ion)\W?quota"),
    Rule("day", (400, 429), "usage limits.{0,40}regain access"),
    Rule("credit", (402, 412)),
    Rule(
        "credit",
        CLIENT_ERRORS,
        "insufficient_quota|arrearage|billing_error|credit balance|insufficient (credit|balance)"
        "|(extra usage|usage credits) (is|are) required",
    ),
    Rule("refused", (403,), "moderation|flagged|content_policy"),
    Rule("model", (403,), "model_not_found|model_permission|access to (the )?model"),
    Rule("key", (401, 403)),
    Rule("key", (400,), "wrong_api_key|invalid_api_key|api key not valid"),
    Rule("too_large", (413, 429), "request too large for model"),
    Rule("too_large", (413, 429), over_limit=True),
    Rule(
        "overflow",
        TOO_LONG,
        "context_length_exceeded|exceed_context_size|prompt is too long|maximum context length"
        "|reduce the length of the|exceeds the context window|exceeds the available context size"
        "|greater than the context length|range of input length|exceed context limit"
        r"|\+ \W*max_new_tokens|request too large|maximum prompt length is|context length of"
        "|exceeds the maximum number of tokens|exceeds the limit of|input is too long"
        "|exceeded model token limit|context window exceeds limit|cannot truncate prompt"
        "|max_tokens must be at least 1, got -",
    ),
    Rule(
        "cap",
        (400, 422),
        r"at most [\d,]+ completion tokens|maximum allowed number of output tokens"
        r"|max_(completion_|new_)?tokens\b.{0,60} must be (less than|<=)|range of max_tokens "
        "|above maximum value",
    ),
    Rule("minute", TOO_LONG, "(token|request)_quota_exceeded|too_many_(tokens|requests)_error"),
    Rule("overflow", (413,)),
    Rule("overflow", TOO_LONG, mute=True, size="long"),
    # Far from full it is a gateway's hiccup: https://github.com/earendil-works/pi/issues/8682
    Rule("unavailable", (400,), mute=True, size="middling"),
    Rule("day", (429,), r"per[ -](day|hour)|\b[rt]p[dh]\b|daily"),
    Rule("second", (429,), r"per[ -]sec|\b[rt]ps\b"),
    Rule("queue", (429,), "queue_exceeded"),
    Rule("minute", (429,), r"per[ -]min|/ min\b|\b[rt]pm\b"),
    Rule("day", (429,), should_retry=False),
    Rule("minute", (429,)),
    Rule("mistake", (400, 422), "tool_use_failed|not present in the tools list"),
    Rule("field", (400, 422), names_field=True),
    Rule(
        "model",
        CLIENT_ERRORS,
        "model_not_found|model_not_exist|model_decommissioned|not a valid model"
        "|model.{0,80}(does not|not) (exist|found)|unable to access model|no endpoints found",
    ),
    Rule("model", (404,), "model"),
    Rule("address", (404, 405)),
    Rule("unavailable", (408, 409, 425, 498, 499)),
    Rule("unavailable", CLIENT_ERRORS, should_retry=True),
    Rule("refused", CLIENT_ERRORS),
    Rule("unavailable"),
)


@dataclass(frozen=True)
class Kind:
    error: type[ProviderError]
    sentence: str
    longest_seconds: float | None = None
    """The window's length where it is known: nothing asks to wait for more."""
    usual_seconds: float | None = None
    """The wait when the endpoint tells none."""


FULL_NOW = "{url} takes no more for the moment ({said}); run `gardener resume` to try again"
DAY = "day"
KINDS = {
    "key": Kind(
        AuthError,
        "{url} refuses {key} ({said}); check that it is current and made for this endpoint",
    ),
    "credit": Kind(
        NoCredit,
        "{url} says that the account of {key} cannot pay ({said}); add credit or use another key",
    ),
    "quota": Kind(
        QuotaExhausted,
        "{url} says that what {key} may use is used up ({said}); "
        "use another key or model, then run `gardener resume`",
    ),
    "model": Kind(ModelUnknown, "{url} does not serve the model {model!r} ({said}); name another"),
    "address": Kind(
        RequestRefused,
        "{url} has no {dialect} endpoint ({said}); check {address}",
    ),
    "overflow": Kind(
        ContextOverflow,
        "the request does not fit the window of {model!r} at {url} ({said}); "
        "set window_tokens to what the endpoint really serves",
    ),
    "too_large": Kind(
        RequestTooLarge,
        "{url} never admits a request of this size ({said}); "
        "lower max_output_tokens, or use an account with a higher limit",
    ),
    "cap": Kind(
        RequestTooLarge,
        "{url} does not write that much with {model!r} ({said}); lower max_output_tokens",
    ),
    DAY: Kind(
        DayLimitReached,
        "{url} has reached a limit of the day or hour ({said}); "
        "run `gardener resume` after its reset",
    ),
    "minute": Kind(
        RateLimited,
        "{url} has reached a limit of the minute ({said}); "
        "wait a minute, then run `gardener resume`",
    ),
    "second": Kind(RateLimited, FULL_NOW, longest_seconds=1.0, usual_seconds=1.0),
    "queue": Kind(RateLimited, FULL_NOW, usual_seconds=2.0),
    "mistake": Kind(
        MalformedReply,
        "{url} took back a tool call of {model!r} ({said}); run `gardener resume` to try again",
    ),
    "field": Kind(
        SchemaRejected,
        "{url} does not take {fields} ({said}); add {them} to omit_fields of the profile "
        "{profile!r}",
    ),
    "refused": Kind(
        RequestRefused,
        "{url} refuses the request ({said}); check that model and profile fit this endpoint",
    ),
    "unavailable": Kind(
        Unavailable,
        "{url} did not serve the request ({said}); run `gardener resume` when it is back",
    ),
}


def kind_of(trouble: Trouble) -> str:
    return next(rule.kind for rule in RULES if rule.fits(trouble))
