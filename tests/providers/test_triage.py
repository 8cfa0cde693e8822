"""The bodies are those that providers send; where a source has a field open it is left out."""

import json

import pytest

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
)
from agent.providers.triage import triage

PROFILE = Profile(name="cerebras", base_url="https://api.test/v1", model="m-1", key_env="TEST_KEY")


def flat(message: str, kind: str, code: str, param: str = "") -> str:
    return json.dumps({"message": message, "type": kind, "param": param, "code": code})


def wrapped(message: str, **fields: object) -> str:
    return json.dumps({"error": {"message": message, **fields}})


def too_many(what: str) -> str:
    message = f"{what} limit exceeded - too many processed."
    return flat(message, "too_many_tokens_error", "token_quota_exceeded", "quota")


GROQ_SIZE = (
    "Request too large for model `llama` in organization `org_x` service tier `on_demand` on "
    "tokens per minute (TPM): Limit 12000, Requested 14137, please reduce your message size"
)
GROQ_RATE = (
    "Rate limit reached for model `llama` on tokens per minute (TPM): Limit 6000, Used 5034, "
    "Requested 1443. Please try again in 4.77s."
)
GROQ_DAY = "Rate limit reached for model `llama` on tokens per day (TPD): Limit 500000, Used 499999"
VLLM_WINDOW = (
    "This model's maximum context length is 131072 tokens. However, you requested 156632 tokens "
    "(152536 in the messages, 4096 in the completion). Please reduce the length of the messages."
)
LLAMA_WINDOW = "request (13392 tokens) exceeds the available context size (8192 tokens)"
LM_STUDIO_WINDOW = (
    "The number of tokens to keep from the initial prompt is greater than the context length"
)
REASONING = "property 'messages.2.assistant.reasoning_content' is unsupported"
IN_FLIGHT = wrapped(
    "Too much at once", code=402, metadata={"limit_source": "openrouter_in_flight_budget"}
)
PAGE = "<!DOCTYPE html><html><body>Attention required</body></html>"
NOT_FOUND = "Model llama3.1-8b does not exist or you do not have access to it."
HISTORY = "Expecting ',' delimiter: line 1 column 54 (char 53)"

CASES: list[tuple[int, str, type[ProviderError]]] = [
    # Cerebras: flat
    (429, too_many("Tokens per minute"), RateLimited),
    (429, too_many("Requests per second"), RateLimited),
    (429, too_many("Tokens per day"), DayLimitReached),
    (429, too_many("Requests per hour"), DayLimitReached),
    (
        429,
        flat("We're experiencing high traffic", "too_many_requests_error", "queue_exceeded"),
        RateLimited,
    ),
    (429, "", RateLimited),
    (400, flat(REASONING, "invalid_request_error", "wrong_api_format"), RequestRefused),
    (
        422,
        flat("body.maxTokens: unsupported", "invalid_request_error", "wrong_api_format"),
        RequestRefused,
    ),
    (
        400,
        flat(
            "Please reduce the length of the messages or completion.",
            "x",
            "context_length_exceeded",
        ),
        ContextOverflow,
    ),
    (400, "", ContextOverflow),
    (413, "", ContextOverflow),
    (404, flat(NOT_FOUND, "not_found_error", "model_not_found"), ModelUnknown),
    (401, flat("Wrong API Key", "invalid_request_error", "wrong_api_key"), AuthError),
    (403, PAGE, Unavailable),
    (520, PAGE, Unavailable),
    (400, flat("Tool is not present in the tools list", "x", "y"), MalformedReply),
    # OpenAI
    (401, wrapped("Incorrect API key provided", code="invalid_api_key"), AuthError),
    (429, wrapped("You exceeded your current quota", code="insufficient_quota"), AuthError),
    (
        429,
        wrapped("Rate limit reached for gpt on tokens per min (TPM)", code="rate_limit_exceeded"),
        RateLimited,
    ),
    (
        429,
        wrapped("Rate limit reached for gpt on requests per day (RPD)", code="rate_limit_exceeded"),
        DayLimitReached,
    ),
    (404, wrapped("The model `x` does not exist", code="model_not_found"), ModelUnknown),
    (400, wrapped("Your input exceeds the context window of this model."), ContextOverflow),
    (500, wrapped("The server had an error", type="server_error"), Unavailable),
    # OpenRouter
    (402, wrapped("Insufficient credits", code=402), AuthError),
    (402, IN_FLIGHT, RateLimited),
    (400, wrapped("qwen/x is not a valid model ID", code=400), ModelUnknown),
    (408, wrapped("Request timed out", code=408), Unavailable),
    (502, wrapped("Provider returned error", code=502), Unavailable),
    # Groq
    (413, wrapped(GROQ_SIZE, type="tokens", code="rate_limit_exceeded"), ContextOverflow),
    (429, wrapped(GROQ_RATE, type="tokens", code="rate_limit_exceeded"), RateLimited),
    (429, wrapped(GROQ_DAY, type="tokens", code="rate_limit_exceeded"), DayLimitReached),
    (400, wrapped("Tool call validation failed", code="tool_use_failed"), MalformedReply),
    # Together, Fireworks
    (422, wrapped("`inputs` tokens + `max_new_tokens` must be <= 32769"), ContextOverflow),
    (
        400,
        wrapped("prompt is too long: 143250 tokens exceeds maximum context length"),
        ContextOverflow,
    ),
    (412, wrapped("Account suspended"), AuthError),
    (
        404,
        json.dumps({"error": "Model not found, inaccessible, and/or not deployed"}),
        ModelUnknown,
    ),
    # DashScope
    (
        400,
        wrapped("Range of input length should be [1, 129024]", code="InvalidParameter"),
        ContextOverflow,
    ),
    (429, wrapped("Requests rate limit exceeded", code="Throttling.RateQuota"), RateLimited),
    (429, wrapped("Allocated quota exceeded", code="insufficient_quota"), DayLimitReached),
    (400, wrapped("Access denied, overdue payment", code="Arrearage"), AuthError),
    # vLLM, llama.cpp, Ollama, LM Studio
    (400, json.dumps({"object": "error", "message": VLLM_WINDOW, "code": 400}), ContextOverflow),
    (400, wrapped(HISTORY, type="BadRequestError", code=400), RequestRefused),
    (400, wrapped(LLAMA_WINDOW, type="exceed_context_size_error", code=400), ContextOverflow),
    (503, wrapped("Loading model", type="unavailable_error", code=503), Unavailable),
    (404, wrapped("model 'x' not found, try pulling it first"), ModelUnknown),
    (400, wrapped(LM_STUDIO_WINDOW), ContextOverflow),
    # Anthropic
    (400, wrapped("prompt is too long: 213462 tokens > 200000 maximum"), ContextOverflow),
    (
        400,
        wrapped("input length and `max_tokens` exceed context limit: 199999 + 8192"),
        ContextOverflow,
    ),
    (529, wrapped("Overloaded", type="overloaded_error"), Unavailable),
    # Frameworks and wrong addresses
    (404, json.dumps({"detail": "Not Found"}), RequestRefused),
    (404, PAGE, RequestRefused),
    (405, json.dumps({"detail": "Method Not Allowed"}), RequestRefused),
    (422, json.dumps({"detail": [{"msg": "field required", "loc": ["body"]}]}), RequestRefused),
    (418, "just text", RequestRefused),
]


@pytest.mark.parametrize(("status", "body", "expected"), CASES)
def test_a_refusal_becomes_the_error_that_says_what_to_do(
    status: int, body: str, expected: type[ProviderError]
) -> None:
    error = triage(status, {}, body, PROFILE)
    assert type(error) is expected
    assert "\n" not in str(error)
    assert "https://api.test/v1" in str(error)


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "60"}, "slow down", 60.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, "slow down", 1.5),
        ({"retry-after": "Fri, 21 Nov 2026 00:00:00 GMT"}, "slow down", None),
        ({}, "Please try again in 4.77s.", 4.77),
        ({}, "Please try again in 1m26.4s.", 86.4),
        ({}, "Please try again in 644ms.", 0.644),
        ({}, "Please try again in a while.", None),
    ],
)
def test_the_endpoint_s_own_wait_is_carried(
    headers: dict[str, str], message: str, seconds: float | None
) -> None:
    error = triage(429, headers, wrapped(message), PROFILE)
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == seconds


def test_the_sentence_names_key_place_and_reason() -> None:
    error = triage(401, {}, wrapped("Incorrect API key provided."), PROFILE)
    assert str(error) == (
        "https://api.test/v1 refuses the key in TEST_KEY (HTTP 401: Incorrect API key provided); "
        "check that it is current and made for this endpoint"
    )


def test_a_long_message_is_cut_to_one_line() -> None:
    error = triage(400, {}, wrapped("why\n" * 1000), PROFILE)
    assert len(str(error)) < 500
    assert "\n" not in str(error)
