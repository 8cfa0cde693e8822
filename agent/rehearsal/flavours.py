"""How providers differ in what they say when they do not serve: data, and nothing else.

Sources are recorded exchanges and public documentation of the providers, gathered in November
2026; texts whose wording is not recorded are marked `inferred`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.rehearsal.wire import PLAIN_STYLE, ChatStyle

Form = Literal["flat", "nested", "numeric", "openrouter", "anthropic"]
HeaderStyle = Literal["none", "each_window", "openai", "groq", "anthropic"]
INVALID = "invalid_request_error"


@dataclass(frozen=True)
class Refusal:
    """One body; `message` is filled with the values of the case."""

    status: int
    message: str
    type: str = INVALID
    code: str = ""
    param: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """More fields of the error: names of values."""


@dataclass(frozen=True)
class Flavour:
    """One provider's manners."""

    name: str
    form: Form = "nested"
    headers: HeaderStyle = "openai"
    headers_when_full: bool = True
    """Whether a 429 tells the limits too."""
    retry_after: int | Literal["exact"] | None = "exact"
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    """What differs from PLAIN, by case."""
    known_fields: frozenset[str] = frozenset()
    """The fields of a body, when others are refused."""
    known_message_fields: frozenset[str] = frozenset()
    checks_history: bool = True
    same_strict: bool = False
    """Whether every tool must carry the same `strict`."""
    cuts_silently: bool = False
    """Whether a prompt over the window is cut, and nobody told."""
    cache_block_tokens: int = 1
    window_field: str = ""
    """Where the list of models tells the window; empty: nowhere."""
    chat: ChatStyle = PLAIN_STYLE


TOO_LONG = (
    "This model's maximum context length is {window} tokens. However, you requested {total} "
    "tokens ({prompt} in the messages, {output} in the completion). Please reduce the length of "
    "the messages."
)
RATE = (
    "Rate limit reached for {model} in organization org-rehearsal on {unit} per "
    "{window_word} ({short}): Limit {limit}, Used {used}, Requested {needed}. "
    "Please try again in {wait}."
)
PLAIN: Mapping[str, Refusal] = {
    "bad": Refusal(400, "{message}", code="invalid_request"),
    "json": Refusal(400, "We could not parse the JSON body of your request."),
    "path": Refusal(404, "no {method} {path} here", code="not_found"),
    "model": Refusal(
        404,
        "The model {model!r} does not exist; this server plays {served!r}.",
        code="model_not_found",
    ),
    "key": Refusal(401, "Incorrect API key provided.", code="invalid_api_key"),
    "credit": Refusal(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "overflow": Refusal(400, TOO_LONG, code="context_length_exceeded", param="messages"),
    "field": Refusal(400, "Unknown parameter: '{field}'.", code="unknown_parameter"),
    "message_field": Refusal(
        400, "Unknown parameter: 'messages[{index}].{field}'.", code="unknown_parameter"
    ),
    "rate": Refusal(429, RATE, "{unit}", "rate_limit_exceeded"),
    "queue": Refusal(429, "The server is busy; try again soon.", "requests", "rate_limit_exceeded"),
    "server": Refusal(
        500, "The server had an error while processing your request.", "server_error"
    ),
    "overloaded": Refusal(529, "The engine is currently overloaded.", "overloaded_error"),
    "open_calls": Refusal(
        400,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: {ids}",
    ),
    "orphan": Refusal(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceding message "
        "with 'tool_calls'.",
        param="messages.[{index}].role",
    ),
    "twin": Refusal(400, "Duplicate tool_call id {ids} in the messages."),
    "strict": Refusal(
        400,
        "Tools with mixed values for 'strict' are not allowed. Please set all tools to "
        "'strict: true' or 'strict: false'",
    ),
    "choice": Refusal(400, "'tool_choice' is only allowed when 'tools' are specified."),
}
CEREBRAS_FIELDS = (
    "messages model clear_thinking disable_reasoning frequency_penalty logit_bias logprobs "
    "max_completion_tokens max_tokens min_completion_tokens min_tokens model_parameters n "
    "parallel_tool_calls prediction presence_penalty prompt_cache_key reasoning_effort "
    "reasoning_format response_format seed service_tier stop stream stream_options temperature "
    "tool_choice tools top_logprobs top_p user"
)
OPENAI_FIELDS = (
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
    "max_tokens messages metadata modalities model moderation n parallel_tool_calls prediction "
    "presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention "
    "reasoning_effort response_format safety_identifier seed service_tier stop store stream "
    "stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options "
    "background context_management conversation include input instructions max_output_tokens "
    "max_tool_calls previous_response_id prompt reasoning text truncation"
)
ANTHROPIC_FIELDS = (
    "cache_control container inference_geo max_tokens messages metadata model output_config "
    "service_tier speed stop_sequences stream system thinking tool_choice tools"
)
MESSAGE_FIELDS = "role content name tool_calls tool_call_id"


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REHEARSAL = Flavour("rehearsal")
CEREBRAS = Flavour(
    "cerebras",
    form="flat",
    headers="each_window",
    headers_when_full=False,
    retry_after=60,
    known_fields=words(CEREBRAS_FIELDS),
    known_message_fields=words(f"{MESSAGE_FIELDS} reasoning"),
    same_strict=True,
    cache_block_tokens=128,
    chat=ChatStyle(calls="whole", usage="finish", bare=True),
    refusals={
        "model": Refusal(
            404,
            "Model {model} does not exist or you do not have access to it.",
            "not_found_error",
            "model_not_found",
            "model",
        ),
        "key": Refusal(401, "Wrong API Key", code="wrong_api_key", param="api_key"),
        "overflow": Refusal(
            400,
            "Please reduce the length of the messages or completion. Current length is {total} "
            "while limit is {window}",
            code="context_length_exceeded",
            param="messages",
        ),
        "field": Refusal(
            400,
            "body.{field}: property 'body.{field}' is unsupported",
            code="wrong_api_format",
            param="validation_error",
        ),
        "message_field": Refusal(
            400,
            "messages.{index}.{role}.{field}: property 'messages.{index}.{role}.{field}' is "
            "unsupported",
            code="wrong_api_format",
            param="validation_error",
        ),
        "rate": Refusal(
            429,
            "{Unit} per {window_word} limit exceeded - too many {unit} {done}.",
            "too_many_{unit}_error",
            "{one}_quota_exceeded",
            "quota",
        ),
        "queue": Refusal(
            429,
            "We're experiencing high traffic right now! Please try again soon.",
            "too_many_requests_error",
            "queue_exceeded",
            "queue",
        ),
    },
)
OPENAI = Flavour(
    "openai",
    known_fields=words(OPENAI_FIELDS),
    known_message_fields=words(f"{MESSAGE_FIELDS} refusal audio function_call"),
    refusals={
        "overflow": Refusal(
            400,
            "Your input exceeds the context window of this model. Please adjust your input and "
            "try again.",
            code="context_length_exceeded",
            param="input",
        ),
        "model": Refusal(
            404,
            "The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        ),
    },
)
GROQ = Flavour(
    "groq",
    headers="groq",
    window_field="context_window",
    chat=ChatStyle(calls="whole", usage="finish", finish_extra={"x_groq": {"id": "req_1"}}),
    refusals={
        "overflow": Refusal(
            400,
            "Please reduce the length of the messages or completion.",
            code="context_length_exceeded",
            param="messages",
        ),
        "rate": Refusal(
            429,
            "Rate limit reached for model `{model}` in organization `org_rehearsal` service tier "
            "`on_demand` on {unit} per {window_word} ({short}): Limit {limit}, Used {used}, "
            "Requested {needed}. Please try again in {wait}.",
            "{unit}",
            "rate_limit_exceeded",
        ),
        "too_large": Refusal(
            413,
            "Request too large for model `{model}` in organization `org_rehearsal` service tier "
            "`on_demand` on {unit} per {window_word} ({short}): Limit {limit}, Requested "
            "{needed}, please reduce your message size and try again.",
            "{unit}",
            "rate_limit_exceeded",
        ),
    },
)
