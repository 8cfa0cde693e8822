"""More providers' manners, and the table of all."""

from agent.rehearsal.flavours import (
    ANTHROPIC_FIELDS,
    CEREBRAS,
    GROQ,
    OPENAI,
    REHEARSAL,
    Flavour,
    Refusal,
    words,
)
from agent.rehearsal.wire import ChatStyle

ANTHROPIC = Flavour(
    "anthropic",
    form="anthropic",
    headers="anthropic",
    known_fields=words(ANTHROPIC_FIELDS),
    refusals={
        "json": Refusal(400, "The request body is not valid JSON"),
        "path": Refusal(404, "Not Found", "not_found_error"),
        "model": Refusal(404, "model: {model}", "not_found_error"),
        "key": Refusal(401, "invalid x-api-key", "authentication_error"),
        "credit": Refusal(
            400,
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
            "Billing to upgrade or purchase credits.",
        ),
        "overflow": Refusal(400, "prompt is too long: {prompt} tokens > {window} maximum"),
        "overflow_by_output": Refusal(
            400,
            "input length and max_tokens exceed context limit: {prompt} + {output} > {window}",
        ),
        "field": Refusal(400, "{field}: Extra inputs are not permitted"),
        "rate": Refusal(
            429,
            "This request would exceed your organization's rate limit of {limit} {unit} per "
            "{window_word}.",
            "rate_limit_error",
        ),
        "queue": Refusal(429, "Number of concurrent connections exceeded.", "rate_limit_error"),
        "server": Refusal(500, "Internal server error", "api_error"),
        "overloaded": Refusal(529, "Overloaded", "overloaded_error"),
        "open_calls": Refusal(
            400,
            "messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately "
            "after: {ids}. Each `tool_use` block must have a corresponding `tool_result` block in "
            "the next message.",
        ),
        "orphan": Refusal(
            400,
            "messages.{index}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: "
            "{ids}. Each `tool_result` block must have a corresponding `tool_use` block in the "
            "previous message.",
        ),
        "twin": Refusal(400, "messages.{index}: `tool_use` ids must be unique"),
    },
)
OPENROUTER = Flavour(
    "openrouter",
    form="openrouter",
    window_field="context_length",
    headers="none",
    chat=ChatStyle(usage="always", role_repeated=True, comment=b": OPENROUTER PROCESSING\n\n"),
    refusals={
        "overflow": Refusal(
            400,
            "This endpoint's maximum context length is {window} tokens. However, you requested "
            "about {total} tokens ({prompt} of text input, {output} in the output).",
        ),
        "model": Refusal(400, "{model} is not a valid model ID"),
        "credit": Refusal(
            402,
            "This request requires more credits, or fewer max_tokens. You requested up to 64000 "
            "tokens, but can only afford 2666. To increase, visit "
            "https://openrouter.ai/settings/credits and upgrade to a paid account",
        ),
        "overloaded": Refusal(503, "No instances available", "overloaded_error"),
    },
)
FIREWORKS = Flavour(
    "fireworks",
    headers="none",
    window_field="context_length",
    refusals={
        "overflow": Refusal(
            400, "prompt is too long: {total} tokens exceeds maximum context length of {window}"
        ),
        "message_field": Refusal(
            400, "Extra inputs are not permitted, field: 'messages[{index}].{field}'"
        ),
        "model": Refusal(
            404, "Model not found, inaccessible, and/or not deployed", code="NOT_FOUND"
        ),
        "overloaded": Refusal(503, "Service overloaded", "overloaded_error"),
    },
    known_message_fields=words("role content name tool_calls tool_call_id reasoning_content"),
)
TOGETHER = Flavour(
    "together",
    window_field="context_length",
    refusals={
        "overflow": Refusal(
            422,
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= {window}. "
            "Given: {prompt} `inputs` tokens and {output} `max_new_tokens`",
        ),
        "overloaded": Refusal(503, "The server is overloaded.", "overloaded_error"),
    },
)
DASHSCOPE = Flavour(
    "dashscope",
    headers="none",
    retry_after=None,
    chat=ChatStyle(calls="empty_id"),
    refusals={
        "credit": Refusal(
            400,
            "Access denied, please make sure your account is in good standing.",
            "Arrearage",
            "Arrearage",
        ),
        "overflow": Refusal(
            400,
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be "
            "[1, {window}]",
            code="invalid_parameter_error",
        ),
        "rate": Refusal(
            429,
            "You exceeded your current {unit} per {window_word} limit.",
            "limit_requests",
            "Throttling.RateQuota",
        ),
    },
)
VLLM = Flavour(
    "vllm",
    form="numeric",
    window_field="max_model_len",
    headers="none",
    retry_after=None,
    refusals={
        "overflow": Refusal(
            400,
            "This model's maximum context length is {window} tokens. However, you requested "
            "{total} tokens ({prompt} in the messages, {output} in the completion). Please reduce "
            "the length of the messages or completion.",
            "BadRequestError",
        ),
        "model": Refusal(404, "The model `{model}` does not exist.", "NotFoundError"),
        "server": Refusal(500, "Internal server error", "InternalServerError"),
        "overloaded": Refusal(503, "Service unavailable", "ServiceUnavailableError"),
    },
)
LLAMACPP = Flavour(
    "llamacpp",
    form="numeric",
    headers="none",
    retry_after=None,
    refusals={
        "overflow": Refusal(
            400,
            "request ({prompt} tokens) exceeds the available context size ({window} tokens), "
            "try increasing it",
            "exceed_context_size_error",
            extra={"n_prompt_tokens": "prompt", "n_ctx": "window"},
        ),
        "overloaded": Refusal(503, "Loading model", "unavailable_error"),
    },
)
OLLAMA = Flavour(
    "ollama",
    headers="none",
    retry_after=None,
    cuts_silently=True,
    chat=ChatStyle(calls="whole"),
    refusals={
        "model": Refusal(404, 'model "{model}" not found, try pulling it first', "api_error")
    },
)
LMSTUDIO = Flavour(
    "lmstudio",
    headers="none",
    retry_after=None,
    refusals={
        "overflow": Refusal(
            400,
            "The number of tokens to keep from the initial prompt is greater than the context "
            "length. Try to load the model with a larger context length.",
        )
    },
)
FLAVOURS: dict[str, Flavour] = {
    flavour.name: flavour
    for flavour in (
        REHEARSAL,
        CEREBRAS,
        OPENAI,
        GROQ,
        ANTHROPIC,
        OPENROUTER,
        FIREWORKS,
        TOGETHER,
        DASHSCOPE,
        VLLM,
        LLAMACPP,
        OLLAMA,
        LMSTUDIO,
    )
}


def flavour_of(profile_name: str) -> Flavour:
    """The manners behind a profile: its name, or the word that it begins with."""
    return FLAVOURS.get(profile_name) or FLAVOURS.get(profile_name.split("-")[0], REHEARSAL)
