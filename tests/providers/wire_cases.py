"""Refusals as providers send them, each with the one thing to do; a new one is a new row.

Texts are recorded where a recording is public; where a source has a field open it is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.errors import (
    Action,
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

WAIT, CHECKPOINT, SHRINK = Action.WAIT, Action.CHECKPOINT, Action.SHRINK
RESEND, SWITCH, STOP = Action.RESEND, Action.SWITCH, Action.STOP


@dataclass(frozen=True)
class Wire:
    """One answer that is not a reply."""

    name: str
    status: int
    body: str
    error: type[ProviderError]
    action: Action
    seconds: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    figure: int | str | None = None
    """The window, the cap or the field that the error carries."""
    request_bytes: int | None = None


def flat(message: str, kind: str, code: str, param: str = "") -> str:
    return json.dumps({"message": message, "type": kind, "param": param, "code": code})


def wrapped(message: str, **fields: object) -> str:
    return json.dumps({"error": {"message": message, **fields}})


def anthropic(kind: str, message: str) -> str:
    error = {"type": kind, "message": message}
    return json.dumps({"type": "error", "error": error, "request_id": "req_011"})


def cerebras_rate(what: str) -> str:
    done = "tokens processed" if what.startswith("Tokens") else "requests sent"
    kind = "tokens" if what.startswith("Tokens") else "requests"
    code = "token_quota_exceeded" if kind == "tokens" else "request_quota_exceeded"
    message = f"{what} limit exceeded - too many {done}."
    return flat(message, f"too_many_{kind}_error", code, "quota")


def invalid(message: str, param: str = "validation_error") -> str:
    return flat(message, "invalid_request_error", "wrong_api_format", param)


def groq_rate(text: str) -> str:
    start = "Rate limit reached for model `llama` in organization `org_x` service tier `on_demand`"
    return wrapped(f"{start} {text}", type="tokens", code="rate_limit_exceeded")


def openai_rate(text: str) -> str:
    start = "Rate limit reached for gpt in organization org-x on"
    return wrapped(f"{start} {text}", type="tokens", code="rate_limit_exceeded", param=None)


SIXTY = {"retry-after": "60"}
RESETS = {
    "x-ratelimit-remaining-tokens-minute": "0",
    "x-ratelimit-reset-tokens-minute": "11.383",
    "x-ratelimit-remaining-requests-day": "0",
    "x-ratelimit-reset-requests-day": "33011.383",
    "x-ratelimit-remaining-requests-minute": "9",
    "x-ratelimit-reset-requests-minute": "50",
}
DATE = {"date": "Sat, 21 Nov 2026 22:00:00 GMT"}
PAGE = "<!DOCTYPE html><html><body>Attention required</body></html>"
REASONING = "messages.2.assistant.reasoning_content"
GROQ_SIZE = (
    "Request too large for model `llama` in organization `org_x` service tier `on_demand` on "
    "tokens per minute (TPM): Limit 12000, Requested 14137, please reduce your message size"
)
OPENAI_SIZE = (
    "Request too large for gpt in organization org-x on tokens per min (TPM): Limit 30000, "
    "Requested 45112. The input or output tokens must be reduced in order to run successfully."
)
GROQ_SCHEMA = (
    "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : "
    "property 'reasoning_content' is unsupported)]"
)
GROQ_CALL = "Tool call validation failed: parameters for tool X did not match schema"
VLLM_WINDOW = (
    "This model's maximum context length is 131072 tokens. However, you requested 156632 tokens "
    "(152536 in the messages, 4096 in the completion). Please reduce the length of the messages."
)
VLLM_OUTPUT = (
    "'max_tokens' or 'max_completion_tokens' is too large: 10000. This model's maximum context "
    "length is 8192 tokens and your request has 5 input tokens (10000 > 8192 - 5)."
)
VLLM_EXTRA = (
    "[{'type': 'extra_forbidden', 'loc': ('body', 'foo'), "
    "'msg': 'Extra inputs are not permitted', 'input': 1}]"
)
VLLM_TOOLS = (
    '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
)
LLAMA_WINDOW = "request (13392 tokens) exceeds the available context size (8192 tokens)"
LM_STUDIO_WINDOW = (
    "The number of tokens to keep from the initial prompt is greater than the context length"
)
LM_STUDIO_LOADED = (
    "Trying to keep the first 9000 tokens when context the overflows. However, the model is "
    "loaded with context length of only 4096 tokens, which is not enough."
)
IN_FLIGHT = wrapped(
    "Too much at once", code=402, metadata={"limit_source": "openrouter_in_flight_budget"}
)
FREE_MODELS = wrapped(
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 requests per day",
    code=429,
    metadata={"headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Reset": "1795305600000"}},
)
OPENROUTER_WINDOW = (
    "This endpoint's maximum context length is 262144 tokens. However, you requested about "
    "301022 tokens (300000 of text input, 1022 in the output)."
)
NO_TOOLS = "No endpoints found that support tool use."
QUOTA = "You exceeded your current quota, please check your plan and billing details."
LOW_CREDIT = "Your credit balance is too low to access the Anthropic API."
REGAIN = (
    "You have reached your specified API usage limits. "
    "You will regain access on 2026-12-01 at 00:00 UTC."
)
REPEATED = (
    "<400> InternalError.Algo.InvalidParameter: Repetitive tool calls detected in the history"
)
OUTPUT_CAP = (
    "max_tokens is too large: 50000. This model supports at most 16384 completion tokens, "
    "whereas you provided 50000."
)
ANTHROPIC_CAP = (
    "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens for claude"
)
WRONG_NAME = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead."
)
TEMPERATURE = "Unsupported value: 'temperature' does not support 0.2 with this model."
GONE = "Model llama3.1-8b does not exist or you do not have access to it."
TRANSIENT = {"x-should-retry": "true"}
FINAL = {"x-should-retry": "false"}

CEREBRAS = (
    Wire("minute of tokens", 429, cerebras_rate("Tokens per minute"), RateLimited, WAIT, 60, SIXTY),
    Wire(
        "minute, told by its reset alone",
        429,
        cerebras_rate("Tokens per minute"),
        RateLimited,
        WAIT,
        11.383,
        RESETS,
    ),
    Wire(
        "day, told by its reset alone",
        429,
        cerebras_rate("Requests per day"),
        DayLimitReached,
        CHECKPOINT,
        33_011.383,
        RESETS,
    ),
    Wire("minute of requests", 429, cerebras_rate("Requests per minute"), RateLimited, WAIT),
    Wire("second", 429, cerebras_rate("Requests per second"), RateLimited, WAIT, 1, SIXTY),
    Wire("day", 429, cerebras_rate("Tokens per day"), DayLimitReached, CHECKPOINT, None, SIXTY),
    Wire("hour", 429, cerebras_rate("Requests per hour"), DayLimitReached, CHECKPOINT),
    Wire(
        "queue",
        429,
        flat(
            "We're experiencing high traffic right now!",
            "too_many_requests_error",
            "queue_exceeded",
        ),
        RateLimited,
        WAIT,
        2,
    ),
    Wire("429 without a word", 429, "", RateLimited, WAIT, 60, SIXTY),
    Wire(
        "minute told as a bad request",
        400,
        cerebras_rate("Tokens per minute"),
        RateLimited,
        WAIT,
        60,
        SIXTY,
    ),
    Wire(
        "reasoning in the history",
        400,
        invalid(f"{REASONING}: property '{REASONING}' is unsupported"),
        SchemaRejected,
        SHRINK,
        figure="reasoning_content",
    ),
    Wire(
        "unknown field, older status",
        422,
        invalid("body.maxTokens: property 'body.maxTokens' is unsupported"),
        SchemaRejected,
        SHRINK,
        figure="maxTokens",
    ),
    Wire(
        "mixed strict",
        400,
        invalid("Tools with mixed values for 'strict' are not allowed. Please set all tools"),
        SchemaRejected,
        SHRINK,
        figure="strict",
    ),
    Wire(
        "a field that is needed",
        400,
        invalid("messages.1.tool.content: property 'messages.1.tool.content' is unsupported"),
        RequestRefused,
        STOP,
    ),
    Wire(
        "overflow",
        400,
        flat(
            "Please reduce the length of the messages or completion. "
            "Current length is 42328 while limit is 40000",
            "invalid_request_error",
            "context_length_exceeded",
            "messages",
        ),
        ContextOverflow,
        SHRINK,
        figure=40_000,
    ),
    Wire("400 without a word", 400, "", ContextOverflow, SHRINK),
    Wire("400 without a word, long", 400, "", ContextOverflow, SHRINK, request_bytes=400_000),
    Wire("400 without a word, short", 400, "", RequestRefused, STOP, request_bytes=900),
    Wire("413 without a word", 413, "", ContextOverflow, SHRINK, request_bytes=400_000),
    Wire(
        "gone", 404, flat(GONE, "not_found_error", "model_not_found", "model"), ModelUnknown, STOP
    ),
    Wire(
        "key",
        401,
        flat("Wrong API Key", "invalid_request_error", "wrong_api_key", "api_key"),
        AuthError,
        STOP,
    ),
    Wire("page of the edge", 403, PAGE, Unavailable, RESEND),
    Wire("page of the edge at 520", 520, PAGE, Unavailable, RESEND),
    Wire("page of the edge at 429", 429, PAGE, RateLimited, WAIT, 12, {"Retry-After": "12"}),
    Wire(
        "invented tool",
        400,
        flat("Tool is not present in the tools list", "x", "y"),
        MalformedReply,
        RESEND,
    ),
    Wire("no money", 402, flat("Payment required", "billing_error", "x"), NoCredit, SWITCH),
    Wire("503", 503, "", Unavailable, RESEND, 5, {"retry-after": "5"}),
)

OPENAI = (
    Wire(
        "key", 401, wrapped("Incorrect API key provided", code="invalid_api_key"), AuthError, STOP
    ),
    Wire(
        "no money",
        429,
        wrapped(QUOTA, type="insufficient_quota", code="insufficient_quota"),
        NoCredit,
        SWITCH,
        None,
        FINAL,
    ),
    Wire(
        "minute",
        429,
        openai_rate("tokens per min (TPM): Limit 30000, Used 29000, Requested 1500."),
        RateLimited,
        WAIT,
        1.5,
        {"retry-after-ms": "1500", "retry-after": "2", "x-should-retry": "true"},
    ),
    Wire(
        "day",
        429,
        openai_rate("requests per day (RPD): Limit 200, Used 200. Please try again in 7m12s."),
        DayLimitReached,
        CHECKPOINT,
        432,
    ),
    Wire(
        "too large for a minute",
        429,
        wrapped(OPENAI_SIZE, type="tokens", code="rate_limit_exceeded"),
        RequestTooLarge,
        SHRINK,
        figure=30_000,
    ),
    Wire(
        "too large, other words",
        429,
        openai_rate("tokens per min (TPM): Limit 6000, Used 0, Requested 7443."),
        RequestTooLarge,
        SHRINK,
        figure=6_000,
    ),
    Wire(
        "gone",
        404,
        wrapped("The model `x` does not exist", code="model_not_found"),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "model of another project",
        403,
        wrapped("Project `p` does not have access to model `x`", code="model_not_found"),
        ModelUnknown,
        STOP,
    ),
    Wire("forbidden", 403, wrapped("You are not allowed"), AuthError, STOP),
    Wire(
        "overflow",
        400,
        wrapped("Your input exceeds the context window of this model."),
        ContextOverflow,
        SHRINK,
    ),
    Wire(
        "overflow with its window",
        400,
        wrapped(
            "This model's maximum context length is 128,000 tokens. However, your messages "
            "resulted in 130112 tokens.",
            code="context_length_exceeded",
        ),
        ContextOverflow,
        SHRINK,
        figure=128_000,
    ),
    Wire(
        "output cap",
        400,
        wrapped(OUTPUT_CAP, param="max_tokens", code="invalid_value"),
        RequestTooLarge,
        SHRINK,
        figure=16_384,
    ),
    Wire(
        "wrong name",
        400,
        wrapped(WRONG_NAME, param="max_tokens", code="unsupported_parameter"),
        SchemaRejected,
        SHRINK,
        figure="max_tokens",
    ),
    Wire(
        "fixed value",
        400,
        wrapped(TEMPERATURE, param="temperature", code="unsupported_value"),
        SchemaRejected,
        SHRINK,
        figure="temperature",
    ),
    Wire(
        "field told by param",
        400,
        wrapped("No.", param="seed", code="unknown_parameter"),
        SchemaRejected,
        SHRINK,
        figure="seed",
    ),
    Wire(
        "old words",
        400,
        wrapped("Unrecognized request argument supplied: logit"),
        SchemaRejected,
        SHRINK,
        figure="logit",
    ),
    Wire("500", 500, wrapped("The server had an error", type="server_error"), Unavailable, RESEND),
    Wire("500 and final", 500, wrapped("No."), RequestRefused, STOP, None, FINAL),
    Wire(
        "429 and final",
        429,
        wrapped("No."),
        DayLimitReached,
        CHECKPOINT,
        9_000,
        {**FINAL, "retry-after": "9000"},
    ),
    Wire("418 and transient", 418, "just text", Unavailable, RESEND, None, TRANSIENT),
    Wire("409", 409, wrapped("Conflict"), Unavailable, RESEND),
)

ANTHROPIC = (
    Wire(
        "overflow",
        400,
        anthropic("invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"),
        ContextOverflow,
        SHRINK,
        figure=200_000,
    ),
    Wire(
        "overflow with the reservation",
        400,
        anthropic(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 199999 + 8192 > 200000",
        ),
        ContextOverflow,
        SHRINK,
        figure=200_000,
    ),
    Wire(
        "body too large",
        413,
        anthropic("request_too_large", "Request exceeds the maximum size"),
        ContextOverflow,
        SHRINK,
    ),
    Wire(
        "output cap",
        400,
        anthropic("invalid_request_error", ANTHROPIC_CAP),
        RequestTooLarge,
        SHRINK,
        figure=128_000,
    ),
    Wire(
        "sampling",
        400,
        anthropic("invalid_request_error", "temperature: Extra inputs are not permitted"),
        SchemaRejected,
        SHRINK,
        figure="temperature",
    ),
    Wire(
        "overloaded",
        529,
        anthropic("overloaded_error", "Overloaded"),
        Unavailable,
        RESEND,
        None,
        TRANSIENT,
    ),
    Wire(
        "minute",
        429,
        anthropic("rate_limit_error", "This request would exceed the rate limit"),
        RateLimited,
        WAIT,
        12,
        {"retry-after": "12", "x-should-retry": "true"},
    ),
    Wire(
        "five hours",
        429,
        anthropic("rate_limit_error", "This request would exceed the limit"),
        DayLimitReached,
        CHECKPOINT,
        9_432,
        {"retry-after": "9432"},
    ),
    Wire("money", 400, anthropic("invalid_request_error", LOW_CREDIT), NoCredit, SWITCH),
    Wire(
        "monthly limit",
        400,
        anthropic("invalid_request_error", REGAIN),
        DayLimitReached,
        CHECKPOINT,
        9 * 86_400 + 7_200,
        DATE,
    ),
    Wire("key", 401, anthropic("authentication_error", "invalid bearer token"), AuthError, STOP),
    Wire("gone", 404, anthropic("not_found_error", "model: claude-x"), ModelUnknown, STOP),
    Wire("timeout", 504, anthropic("timeout_error", "Request timed out"), Unavailable, RESEND),
)

OPENROUTER = (
    Wire("money", 402, wrapped("Insufficient credits", code=402), NoCredit, SWITCH),
    Wire("in flight", 402, IN_FLIGHT, RateLimited, WAIT, 3, {"Retry-After": "3"}),
    Wire(
        "no such model",
        400,
        wrapped("qwen/x is not a valid model ID", code=400),
        ModelUnknown,
        STOP,
    ),
    Wire("no tools", 404, wrapped(NO_TOOLS, code=404), ModelUnknown, STOP),
    Wire("timeout", 408, wrapped("Request timed out", code=408), Unavailable, RESEND),
    Wire("provider", 502, wrapped("Provider returned error", code=502), Unavailable, RESEND),
    Wire("moderation", 403, wrapped("Your input was flagged", code=403), RequestRefused, STOP),
    Wire(
        "overflow",
        400,
        wrapped(OPENROUTER_WINDOW, code=400),
        ContextOverflow,
        SHRINK,
        figure=262_144,
    ),
    Wire("day of free models", 429, FREE_MODELS, DayLimitReached, CHECKPOINT, 7_200, DATE),
    Wire("day of free models, no clock", 429, FREE_MODELS, DayLimitReached, CHECKPOINT),
)

GROQ = (
    Wire(
        "too large",
        413,
        wrapped(GROQ_SIZE, type="tokens", code="rate_limit_exceeded"),
        RequestTooLarge,
        SHRINK,
        figure=12_000,
    ),
    Wire(
        "minute",
        429,
        groq_rate(
            "on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. "
            "Please try again in 4.77s."
        ),
        RateLimited,
        WAIT,
        4.77,
    ),
    Wire(
        "day",
        429,
        groq_rate(
            "on tokens per day (TPD): Limit 500000, Used 499999, Requested 1733. "
            "Please try again in 1h4m59.424s."
        ),
        DayLimitReached,
        CHECKPOINT,
        3_899.424,
        {"retry-after": "3900"},
    ),
    Wire(
        "day without a reset",
        429,
        groq_rate("on tokens per day (TPD): Limit 500000, Used 5000"),
        DayLimitReached,
        CHECKPOINT,
    ),
    Wire("bad call", 400, wrapped(GROQ_CALL, code="tool_use_failed"), MalformedReply, RESEND),
    Wire(
        "history",
        400,
        wrapped(GROQ_SCHEMA, type="invalid_request_error"),
        SchemaRejected,
        SHRINK,
        figure="reasoning_content",
    ),
    Wire(
        "output cap",
        400,
        wrapped("`max_completion_tokens` must be less than or equal to `32768`, the maximum"),
        RequestTooLarge,
        SHRINK,
        figure=32_768,
    ),
    Wire(
        "overflow",
        400,
        wrapped("Please reduce the length of the messages or completion."),
        ContextOverflow,
        SHRINK,
    ),
    Wire("flex is full", 498, wrapped("Flex tier capacity exceeded"), Unavailable, RESEND),
    Wire(
        "decommissioned",
        400,
        wrapped("The model `x` was removed", code="model_decommissioned"),
        ModelUnknown,
        STOP,
    ),
)

TOGETHER_AND_FIREWORKS = (
    Wire(
        "together overflow",
        422,
        wrapped("`inputs` tokens + `max_new_tokens` must be <= 32769"),
        ContextOverflow,
        SHRINK,
        figure=32_769,
    ),
    Wire("together is busy", 503, wrapped("The server is overloaded"), Unavailable, RESEND),
    Wire("together rate", 429, wrapped("You have been rate limited"), RateLimited, WAIT),
    Wire(
        "fireworks overflow",
        400,
        wrapped("prompt is too long: 143250 tokens exceeds maximum context length of 131071"),
        ContextOverflow,
        SHRINK,
        figure=131_071,
    ),
    Wire("fireworks suspended", 412, wrapped("Account suspended"), NoCredit, SWITCH),
    Wire(
        "fireworks text",
        404,
        json.dumps({"error": "Model not found, inaccessible, and/or not deployed"}),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "fireworks history",
        400,
        wrapped("Extra inputs are not permitted, field: 'messages[3].reasoning'"),
        SchemaRejected,
        SHRINK,
        figure="reasoning",
    ),
)

DASHSCOPE = (
    Wire(
        "overflow",
        400,
        wrapped("Range of input length should be [1, 129024]", code="InvalidParameter"),
        ContextOverflow,
        SHRINK,
        figure=129_024,
    ),
    Wire(
        "output cap",
        400,
        wrapped("Range of max_tokens should be [1, 65536]", code="InvalidParameter"),
        RequestTooLarge,
        SHRINK,
        figure=65_536,
    ),
    Wire(
        "minute",
        429,
        wrapped("Requests rate limit exceeded", code="Throttling.RateQuota"),
        RateLimited,
        WAIT,
    ),
    Wire(
        "allotment",
        429,
        wrapped("Allocated quota exceeded", code="insufficient_quota"),
        QuotaExhausted,
        SWITCH,
    ),
    Wire(
        "allotment by code",
        429,
        wrapped("Used up.", code="Throttling.AllocationQuota"),
        QuotaExhausted,
        SWITCH,
    ),
    Wire(
        "free allotment",
        403,
        wrapped("Used up.", code="AllocationQuota.FreeTierOnly"),
        QuotaExhausted,
        SWITCH,
    ),
    Wire(
        "unpaid", 400, wrapped("Access denied, overdue payment", code="Arrearage"), NoCredit, SWITCH
    ),
    Wire("loop", 400, wrapped(REPEATED, code="invalid_parameter_error"), RequestRefused, STOP),
)

LOCAL = (
    Wire(
        "vllm overflow",
        400,
        json.dumps({"object": "error", "message": VLLM_WINDOW, "code": 400}),
        ContextOverflow,
        SHRINK,
        figure=131_072,
    ),
    Wire(
        "vllm reservation",
        400,
        wrapped(VLLM_OUTPUT, type="BadRequestError", code=400),
        ContextOverflow,
        SHRINK,
        figure=8_192,
    ),
    Wire(
        "vllm history",
        400,
        wrapped("Expecting ',' delimiter: line 1 column 54 (char 53)", type="BadRequestError"),
        RequestRefused,
        STOP,
    ),
    Wire(
        "vllm field",
        400,
        wrapped(VLLM_EXTRA, type="BadRequestError", code=400),
        SchemaRejected,
        SHRINK,
        figure="foo",
    ),
    Wire("vllm flag", 400, wrapped(VLLM_TOOLS, type="BadRequestError"), RequestRefused, STOP),
    Wire(
        "llama overflow",
        400,
        wrapped(LLAMA_WINDOW, type="exceed_context_size_error", code=400),
        ContextOverflow,
        SHRINK,
        figure=8_192,
    ),
    Wire(
        "llama loads",
        503,
        wrapped("Loading model", type="unavailable_error", code=503),
        Unavailable,
        RESEND,
    ),
    Wire(
        "llama flag",
        500,
        wrapped("tools param requires --jinja flag", code=500),
        RequestRefused,
        STOP,
    ),
    Wire(
        "ollama model",
        404,
        wrapped("model 'x' not found, try pulling it first"),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "ollama tools",
        400,
        wrapped("gemma:2b does not support tools", type="api_error"),
        RequestRefused,
        STOP,
    ),
    Wire("lm studio overflow", 400, wrapped(LM_STUDIO_WINDOW), ContextOverflow, SHRINK),
    Wire(
        "lm studio loaded window",
        400,
        json.dumps({"error": LM_STUDIO_LOADED}),
        ContextOverflow,
        SHRINK,
        figure=4_096,
    ),
)

OTHERS = (
    Wire(
        "xai overflow",
        400,
        wrapped("This model's maximum prompt length is 131072 but the request contains 537812"),
        ContextOverflow,
        SHRINK,
        figure=131_072,
    ),
    Wire(
        "mistral overflow",
        400,
        flat(
            "Prompt contains 90000 tokens, too large for model with 32768 maximum context length",
            "invalid_request_error",
            "3051",
        ),
        ContextOverflow,
        SHRINK,
        figure=32_768,
    ),
    Wire(
        "mistral field",
        422,
        json.dumps(
            {
                "detail": [
                    {
                        "type": "extra_forbidden",
                        "loc": ["body", "foo"],
                        "msg": "Extra inputs are not permitted",
                        "input": 100,
                    }
                ]
            }
        ),
        SchemaRejected,
        SHRINK,
        figure="foo",
    ),
    Wire(
        "copilot overflow",
        400,
        wrapped("prompt token count of 150000 exceeds the limit of 128000", code="x"),
        ContextOverflow,
        SHRINK,
        figure=128_000,
    ),
    Wire(
        "gemini overflow",
        400,
        json.dumps(
            [
                {
                    "error": {
                        "code": 400,
                        "message": "The input token count (1196265) exceeds "
                        "the maximum number of tokens allowed (1048575).",
                    }
                }
            ]
        ),
        ContextOverflow,
        SHRINK,
        figure=1_048_575,
    ),
    Wire(
        "gemini minute",
        429,
        json.dumps(
            [{"error": {"code": 429, "message": "Quota exceeded. Please retry in 34.07s."}}]
        ),
        RateLimited,
        WAIT,
        34.07,
    ),
    Wire(
        "azure minute",
        429,
        wrapped("Exceeded. Please retry after 26 seconds.", code="429"),
        RateLimited,
        WAIT,
        26,
    ),
    Wire(
        "deepinfra",
        500,
        json.dumps({"detail": {"error": "inference exception"}}),
        Unavailable,
        RESEND,
    ),
)

FRONTS = (
    Wire("path of a framework", 404, json.dumps({"detail": "Not Found"}), RequestRefused, STOP),
    Wire("page at a wrong address", 404, PAGE, RequestRefused, STOP),
    Wire("method", 405, json.dumps({"detail": "Method Not Allowed"}), RequestRefused, STOP),
    Wire("not built in", 501, "", RequestRefused, STOP),
    Wire("moved", 308, "", RequestRefused, STOP),
    Wire("nginx finds the body too large", 413, PAGE, ContextOverflow, SHRINK),
    Wire(
        "missing field",
        422,
        json.dumps({"detail": [{"msg": "field required", "loc": ["body"]}]}),
        RequestRefused,
        STOP,
    ),
    Wire("text", 418, "just text", RequestRefused, STOP),
    Wire(
        "until a date",
        429,
        wrapped("slow down"),
        RateLimited,
        WAIT,
        30,
        {**DATE, "Retry-After": "Sat, 21 Nov 2026 22:00:30 GMT"},
    ),
    Wire(
        "until a date that is over",
        503,
        "",
        Unavailable,
        RESEND,
        0,
        {**DATE, "Retry-After": "Sat, 21 Nov 2026 21:59:30 GMT"},
    ),
    Wire(
        "until a date, no clock",
        429,
        wrapped("slow down"),
        RateLimited,
        WAIT,
        None,
        {"Retry-After": "Sat, 21 Nov 2026 22:00:30 GMT"},
    ),
    Wire(
        "a broken wait", 429, wrapped("slow down"), RateLimited, WAIT, None, {"retry-after": "soon"}
    ),
    Wire("minutes in words", 429, wrapped("Please try again in 1m26.4s."), RateLimited, WAIT, 86.4),
    Wire(
        "milliseconds in words",
        429,
        wrapped("Please try again in 644ms."),
        RateLimited,
        WAIT,
        0.644,
    ),
    Wire("no figure in words", 429, wrapped("Please try again in a while."), RateLimited, WAIT),
    Wire("an unknown server error", 599, "?", Unavailable, RESEND),
)

CASES = {
    f"{provider}: {case.name}": case
    for provider, cases in {
        "cerebras": CEREBRAS,
        "openai": OPENAI,
        "anthropic": ANTHROPIC,
        "openrouter": OPENROUTER,
        "groq": GROQ,
        "together, fireworks": TOGETHER_AND_FIREWORKS,
        "dashscope": DASHSCOPE,
        "local": LOCAL,
        "others": OTHERS,
        "fronts": FRONTS,
    }.items()
    for case in cases
}


@dataclass(frozen=True)
class Chunk:
    """An error object in the middle of a stream, where no status line can be."""

    name: str
    chunk: Mapping[str, object]
    error: type[ProviderError]
    action: Action


CHUNKS = (
    Chunk(
        "cerebras: minute",
        {"error": json.loads(cerebras_rate("Tokens per minute")), "status_code": 429},
        RateLimited,
        WAIT,
    ),
    Chunk("flat: minute", json.loads(cerebras_rate("Tokens per minute")), RateLimited, WAIT),
    Chunk(
        "anthropic: overloaded",
        json.loads(anthropic("overloaded_error", "Overloaded")),
        Unavailable,
        RESEND,
    ),
    Chunk(
        "anthropic: api_error",
        json.loads(anthropic("api_error", "Internal server error")),
        Unavailable,
        RESEND,
    ),
    Chunk(
        "openrouter: provider",
        {"error": {"code": 502, "message": "Provider disconnected"}},
        Unavailable,
        RESEND,
    ),
    Chunk(
        "openrouter: failed after it was let in",
        {"error": {"code": 400, "message": "Token limit reached"}, "choices": []},
        Unavailable,
        RESEND,
    ),
    Chunk(
        "groq: bad call",
        {"error": {"message": GROQ_CALL, "code": "tool_use_failed", "status_code": 400}},
        MalformedReply,
        RESEND,
    ),
    Chunk(
        "responses: server error",
        {"type": "error", "code": "server_error", "message": "Sorry", "param": None},
        Unavailable,
        RESEND,
    ),
    Chunk(
        "responses: rate",
        {"type": "error", "code": "rate_limit_exceeded", "message": "Wait", "param": None},
        RateLimited,
        WAIT,
    ),
    Chunk(
        "openai: no money", json.loads(wrapped(QUOTA, code="insufficient_quota")), NoCredit, SWITCH
    ),
    Chunk(
        "overflow",
        json.loads(wrapped(VLLM_WINDOW, code="context_length_exceeded")),
        ContextOverflow,
        SHRINK,
    ),
    Chunk("no words at all", {"error": {}, "message": "", "type": "error"}, Unavailable, RESEND),
)
