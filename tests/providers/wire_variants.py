"""Refusals whose text is ours: DOCUMENTED ones carry a status or code that a vendor's page names
under `source`, MADE ones hold how headers, pages and figures are read, and have no source."""

import json

from providers.wire_cases import (
    CEREBRAS_MINUTE,
    CHECKPOINT,
    QUEUE,
    REQUESTS,
    RESEND,
    SHRINK,
    STOP,
    SWITCH,
    TOKENS,
    WAIT,
    Chunk,
    Wire,
    anthropic,
    flat,
    invalid,
    quota,
    wrapped,
)

from agent.errors import (
    AuthError,
    ContextOverflow,
    DayLimitReached,
    MalformedReply,
    ModelUnknown,
    NoCredit,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    SchemaRejected,
    Unavailable,
)

DATE = {"date": "Sat, 21 Nov 2026 22:00:00 GMT"}
SIXTY = {"retry-after": "60"}
PAGE = "<!DOCTYPE html><html><body>Attention required</body></html>"
TRANSIENT = {"x-should-retry": "true"}
FINAL = {"x-should-retry": "false"}
RESETS = {
    "x-ratelimit-remaining-tokens-minute": "0",
    "x-ratelimit-reset-tokens-minute": "11.383",
    "x-ratelimit-remaining-requests-day": "0",
    "x-ratelimit-reset-requests-day": "33011.383",
    "x-ratelimit-remaining-requests-minute": "9",
    "x-ratelimit-reset-requests-minute": "50",
}
CEREBRAS_ERRORS = "https://inference-docs.cerebras.ai/support/error"
CLAUDE_ERRORS = "https://platform.claude.com/docs/en/api/errors"
OPENAI_ERRORS = "https://platform.openai.com/docs/guides/error-codes"
OPENROUTER_ERRORS = "https://openrouter.ai/docs/api/reference/errors-and-debugging"
GROQ_ERRORS = "https://console.groq.com/docs/errors"
FIREWORKS_ERRORS = "https://docs.fireworks.ai/guides/inference-error-codes"
TOGETHER_LIMITS = "https://docs.together.ai/docs/serverless/rate-limits"
ALIBABA_ERRORS = "https://www.alibabacloud.com/help/en/model-studio/error-code"
ALIBABA_PLAN = "https://www.alibabacloud.com/help/en/model-studio/coding-plan-faq"
LLAMA_SERVER = "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md"
OVERFLOWS = "https://github.com/badlogic/pi-mono/blob/main/packages/ai/src/utils/overflow.ts"
TGI = "https://github.com/huggingface/text-generation-inference"
RESET_STAMP = {"headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Reset": "1795305600000"}}
IN_FLIGHT = wrapped(
    "Too much at once", code=402, metadata={"limit_source": "openrouter_in_flight_budget"}
)
GROQ_CALL = "Tool call validation failed: parameters for tool X did not match schema"

DOCUMENTED_ROWS = (
    Wire(
        "cerebras key",
        CEREBRAS_ERRORS,
        401,
        flat("Wrong API Key", "invalid_request_error", "wrong_api_key", "api_key"),
        AuthError,
        STOP,
    ),
    Wire(
        "cerebras no money",
        CEREBRAS_ERRORS,
        402,
        flat("Payment required", "billing_error", "x"),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "cerebras gone",
        CEREBRAS_ERRORS,
        404,
        flat(
            "Model llama3.1-8b does not exist or you do not have access to it.",
            "not_found_error",
            "model_not_found",
            "model",
        ),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "cerebras unavailable",
        CEREBRAS_ERRORS,
        503,
        "",
        Unavailable,
        RESEND,
        5,
        {"retry-after": "5"},
    ),
    Wire(
        "openai day",
        OPENAI_ERRORS,
        429,
        wrapped(
            "Rate limit reached for gpt in organization org-x on requests per day (RPD): "
            "Limit 200, Used 200. Please try again in 7m12s.",
            code="rate_limit_exceeded",
        ),
        DayLimitReached,
        CHECKPOINT,
        432,
    ),
    Wire(
        "openai model of another project",
        OPENAI_ERRORS,
        403,
        wrapped("Project `p` does not have access to model `x`", code="model_not_found"),
        ModelUnknown,
        STOP,
    ),
    Wire("openai region", OPENAI_ERRORS, 403, wrapped("You are not allowed"), AuthError, STOP),
    Wire(
        "openai server",
        OPENAI_ERRORS,
        500,
        wrapped("The server had an error", type="server_error"),
        Unavailable,
        RESEND,
    ),
    Wire(
        "claude key",
        CLAUDE_ERRORS,
        401,
        anthropic("authentication_error", "invalid x-api-key"),
        AuthError,
        STOP,
    ),
    Wire(
        "claude billing",
        CLAUDE_ERRORS,
        402,
        anthropic("billing_error", "There is an issue with your billing"),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "claude gone",
        CLAUDE_ERRORS,
        404,
        anthropic("not_found_error", "model: claude-x"),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "claude body too large",
        CLAUDE_ERRORS,
        413,
        anthropic("request_too_large", "Request exceeds the maximum size"),
        ContextOverflow,
        SHRINK,
    ),
    Wire(
        "claude output cap",
        CLAUDE_ERRORS,
        400,
        anthropic(
            "invalid_request_error",
            "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens",
        ),
        RequestTooLarge,
        SHRINK,
        figure=128_000,
    ),
    Wire(
        "claude overloaded",
        CLAUDE_ERRORS,
        529,
        anthropic("overloaded_error", "Overloaded"),
        Unavailable,
        RESEND,
        None,
        TRANSIENT,
    ),
    Wire(
        "claude timeout",
        CLAUDE_ERRORS,
        504,
        anthropic("timeout_error", "Request timed out"),
        Unavailable,
        RESEND,
    ),
    Wire(
        "openrouter in flight",
        OPENROUTER_ERRORS,
        402,
        IN_FLIGHT,
        RateLimited,
        WAIT,
        3,
        {"Retry-After": "3"},
    ),
    Wire(
        "openrouter moderation",
        OPENROUTER_ERRORS,
        403,
        wrapped("Your input was flagged", code=403),
        RequestRefused,
        STOP,
    ),
    Wire(
        "openrouter timeout",
        OPENROUTER_ERRORS,
        408,
        wrapped("Request timed out", code=408),
        Unavailable,
        RESEND,
    ),
    Wire(
        "openrouter provider",
        OPENROUTER_ERRORS,
        502,
        wrapped("Provider returned error", code=502),
        Unavailable,
        RESEND,
    ),
    Wire(
        "openrouter day of free models",
        "https://github.com/Avarok-Cybersecurity/atlas/pull/543",
        429,
        wrapped("Slow down", code=429, metadata={"limit_source": "openrouter_free_tier_daily"}),
        DayLimitReached,
        CHECKPOINT,
    ),
    Wire("groq flex is full", GROQ_ERRORS, 498, wrapped("No capacity"), Unavailable, RESEND),
    Wire(
        "groq bad call",
        "https://console.groq.com/docs/tool-use",
        400,
        wrapped(GROQ_CALL, code="tool_use_failed"),
        MalformedReply,
        RESEND,
    ),
    Wire("together is busy", TOGETHER_LIMITS, 503, wrapped("Overloaded"), Unavailable, RESEND),
    Wire("together rate", TOGETHER_LIMITS, 429, wrapped("Slow down"), RateLimited, WAIT),
    Wire("fireworks suspended", FIREWORKS_ERRORS, 412, wrapped("Suspended"), NoCredit, SWITCH),
    Wire(
        "fireworks gone",
        FIREWORKS_ERRORS,
        404,
        json.dumps({"error": "Model not found, inaccessible, and/or not deployed"}),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "dashscope requests",
        ALIBABA_ERRORS,
        429,
        wrapped(
            "Requests rate limit exceeded, please try again later.", code="Throttling.RateQuota"
        ),
        RateLimited,
        WAIT,
    ),
    Wire(
        "dashscope tokens",
        ALIBABA_ERRORS,
        429,
        wrapped("Allocated quota exceeded.", code="Throttling.AllocationQuota"),
        RateLimited,
        WAIT,
    ),
    Wire(
        "dashscope coding plan",
        ALIBABA_PLAN,
        429,
        wrapped("hour allocated quota exceeded"),
        DayLimitReached,
        CHECKPOINT,
    ),
    Wire(
        "dashscope coding plan, at once",
        ALIBABA_PLAN,
        429,
        wrapped("concurrency allocated quota exceeded"),
        RateLimited,
        WAIT,
    ),
    Wire(
        "dashscope free tokens",
        ALIBABA_ERRORS,
        429,
        wrapped("Free allocated quota exceeded.", code="Throttling.AllocationQuota"),
        QuotaExhausted,
        SWITCH,
    ),
    Wire(
        "dashscope free tier",
        ALIBABA_ERRORS,
        403,
        wrapped(
            "The free tier of the model has been exhausted.", code="AllocationQuota.FreeTierOnly"
        ),
        QuotaExhausted,
        SWITCH,
    ),
    Wire(
        "llama loads",
        LLAMA_SERVER,
        503,
        wrapped("Loading model", type="unavailable_error", code=503),
        Unavailable,
        RESEND,
    ),
    Wire(
        "llama flag",
        LLAMA_SERVER,
        500,
        wrapped("tools param requires --jinja flag", code=500),
        RequestRefused,
        STOP,
    ),
    Wire(
        "tgi overflow",
        TGI,
        422,
        json.dumps(
            {
                "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= "
                "131073. Given: 140000 `inputs` tokens and 2000 `max_new_tokens`"
            }
        ),
        ContextOverflow,
        SHRINK,
        figure=131_073,
    ),
    Wire(
        "kimi overflow",
        OVERFLOWS,
        400,
        invalid("Your request exceeded model token limit: 262144 (requested: 270000)"),
        ContextOverflow,
        SHRINK,
        figure=262_144,
    ),
    Wire(
        "minimax overflow",
        OVERFLOWS,
        400,
        invalid("invalid params, context window exceeds limit"),
        ContextOverflow,
        SHRINK,
    ),
    Wire(
        "gemini overflow",
        OVERFLOWS,
        400,
        wrapped(
            "The input token count (1196265) exceeds the maximum number of tokens allowed "
            "(1048575)",
            code=400,
        ),
        ContextOverflow,
        SHRINK,
        figure=1_048_575,
    ),
    Wire(
        "openai overflow without a figure",
        OVERFLOWS,
        400,
        wrapped("Your input exceeds the context window of this model"),
        ContextOverflow,
        SHRINK,
    ),
    Wire(
        "groq overflow without a figure",
        OVERFLOWS,
        400,
        wrapped("Please reduce the length of the messages or completion"),
        ContextOverflow,
        SHRINK,
    ),
)


def made(name: str, status: int, body: str, *rest: object, **more: object) -> Wire:
    return Wire(name, "", status, body, *rest, **more)  # type: ignore[arg-type]


MADE_ROWS = (
    made(
        "dashscope, a day that is full and called a throttled rate",
        429,
        wrapped("You exceeded your current tokens per day limit.", code="Throttling.RateQuota"),
        DayLimitReached,
        CHECKPOINT,
    ),
    made(
        "day, told by its reset alone",
        429,
        quota("Requests per day limit exceeded", REQUESTS, "request_quota_exceeded"),
        DayLimitReached,
        CHECKPOINT,
        33_011.383,
        RESETS,
    ),
    made(
        "day with the stock figure",
        429,
        quota("Tokens per day limit exceeded", TOKENS, "token_quota_exceeded"),
        DayLimitReached,
        CHECKPOINT,
        None,
        SIXTY,
    ),
    made(
        "hour",
        429,
        quota("Requests per hour limit exceeded", REQUESTS, "request_quota_exceeded"),
        DayLimitReached,
        CHECKPOINT,
    ),
    made("429 without a word", 429, "", RateLimited, WAIT, 60, SIXTY),
    made("minute told as a bad request", 400, CEREBRAS_MINUTE, RateLimited, WAIT, 60, SIXTY),
    made("queue that calls itself final", 429, QUEUE, RateLimited, WAIT, 2, FINAL),
    made(
        "minute that calls itself final",
        429,
        CEREBRAS_MINUTE,
        RateLimited,
        WAIT,
        60,
        {**FINAL, **SIXTY},
    ),
    made(
        "a field that is needed",
        400,
        invalid("messages.1.tool.content: property 'messages.1.tool.content' is unsupported"),
        RequestRefused,
        STOP,
    ),
    made(
        "field told by param",
        400,
        wrapped("No.", param="seed", code="unknown_parameter"),
        SchemaRejected,
        SHRINK,
        figure="seed",
    ),
    made(
        "field in old words",
        400,
        wrapped("Unrecognized request argument supplied: logit"),
        SchemaRejected,
        SHRINK,
        figure="logit",
    ),
    made("400 without a word", 400, "", ContextOverflow, SHRINK),
    made("400 without a word, long", 400, "", ContextOverflow, SHRINK, request_bytes=400_000),
    made("400 without a word, middling", 400, "", Unavailable, RESEND, request_bytes=40_000),
    made("400 without a word, short", 400, "", RequestRefused, STOP, request_bytes=900),
    made("413 without a word, short", 413, "", ContextOverflow, SHRINK, request_bytes=900),
    made("page of the edge", 403, PAGE, Unavailable, RESEND),
    made("page of the edge at 520", 520, PAGE, Unavailable, RESEND),
    made("page of the edge at 429", 429, PAGE, RateLimited, WAIT, 12, {"Retry-After": "12"}),
    made("page at a wrong address", 404, PAGE, RequestRefused, STOP),
    made("nginx finds the body too large", 413, PAGE, ContextOverflow, SHRINK),
    made(
        "invented tool",
        400,
        flat("Tool is not present in the tools list", "x", "y"),
        MalformedReply,
        RESEND,
    ),
    made("500 and final", 500, wrapped("No."), RequestRefused, STOP, None, FINAL),
    made(
        "429 and final, for hours",
        429,
        wrapped("No."),
        DayLimitReached,
        CHECKPOINT,
        9_000,
        {**FINAL, "retry-after": "9000"},
    ),
    made(
        "five hours",
        429,
        anthropic("rate_limit_error", "This request would exceed the limit"),
        DayLimitReached,
        CHECKPOINT,
        9_432,
        {"retry-after": "9432"},
    ),
    made(
        "milliseconds beside seconds",
        429,
        wrapped("Slow down"),
        RateLimited,
        WAIT,
        1.5,
        {"retry-after-ms": "1500", "retry-after": "2", **TRANSIENT},
    ),
    made("418 and transient", 418, "just text", Unavailable, RESEND, None, TRANSIENT),
    made("409", 409, wrapped("Conflict"), Unavailable, RESEND),
    made(
        "instant in milliseconds",
        429,
        wrapped("free-models-per-day", code=429, metadata=RESET_STAMP),
        DayLimitReached,
        CHECKPOINT,
        7_200,
        DATE,
    ),
    made(
        "instant in milliseconds, no clock",
        429,
        wrapped("free-models-per-day", code=429, metadata=RESET_STAMP),
        DayLimitReached,
        CHECKPOINT,
    ),
    made(
        "day without a reset",
        429,
        wrapped("Rate limit reached on tokens per day (TPD): Limit 500000, Used 5000"),
        DayLimitReached,
        CHECKPOINT,
    ),
    made("native detail", 500, json.dumps({"detail": {"error": "x"}}), Unavailable, RESEND),
    made("path of a framework", 404, json.dumps({"detail": "Not Found"}), RequestRefused, STOP),
    made("method", 405, json.dumps({"detail": "Method Not Allowed"}), RequestRefused, STOP),
    made("not built in", 501, "", RequestRefused, STOP),
    made("moved", 308, "", RequestRefused, STOP),
    made(
        "missing field",
        422,
        json.dumps({"detail": [{"msg": "field required", "loc": ["body"]}]}),
        RequestRefused,
        STOP,
    ),
    made("text", 418, "just text", RequestRefused, STOP),
    made(
        "until a date",
        429,
        wrapped("slow down"),
        RateLimited,
        WAIT,
        30,
        {**DATE, "Retry-After": "Sat, 21 Nov 2026 22:00:30 GMT"},
    ),
    made(
        "until a date that is over",
        503,
        "",
        Unavailable,
        RESEND,
        0,
        {**DATE, "Retry-After": "Sat, 21 Nov 2026 21:59:30 GMT"},
    ),
    made(
        "until a date, no clock",
        429,
        wrapped("slow down"),
        RateLimited,
        WAIT,
        None,
        {"Retry-After": "Sat, 21 Nov 2026 22:00:30 GMT"},
    ),
    made(
        "a broken wait", 429, wrapped("slow down"), RateLimited, WAIT, None, {"retry-after": "soon"}
    ),
    made("minutes in words", 429, wrapped("Please try again in 1m26.4s."), RateLimited, WAIT, 86.4),
    made("no figure in words", 429, wrapped("Please try again in a while."), RateLimited, WAIT),
    made("an unknown server error", 599, "?", Unavailable, RESEND),
)

DOCUMENTED = {case.name: case for case in DOCUMENTED_ROWS}
MADE = {case.name: case for case in MADE_ROWS}

MADE_CHUNKS = (
    Chunk("flat: minute", "", json.loads(CEREBRAS_MINUTE), RateLimited, WAIT),
    Chunk(
        "anthropic: api_error",
        "",
        json.loads(anthropic("api_error", "Internal server error")),
        Unavailable,
        RESEND,
    ),
    Chunk(
        "openrouter: provider",
        "",
        {"error": {"code": 502, "message": "Provider disconnected"}},
        Unavailable,
        RESEND,
    ),
    Chunk(
        "groq: bad call",
        "",
        {"error": {"message": GROQ_CALL, "code": "tool_use_failed", "status_code": 400}},
        MalformedReply,
        RESEND,
    ),
    Chunk(
        "responses: server error",
        "",
        {"type": "error", "code": "server_error", "message": "Sorry", "param": None},
        Unavailable,
        RESEND,
    ),
    Chunk(
        "responses: rate",
        "",
        {"type": "error", "code": "rate_limit_exceeded", "message": "Wait", "param": None},
        RateLimited,
        WAIT,
    ),
    Chunk(
        "openai: no money",
        "",
        json.loads(wrapped("You exceeded your current quota", code="insufficient_quota")),
        NoCredit,
        SWITCH,
    ),
    Chunk(
        "overflow",
        "",
        json.loads(
            wrapped(
                "This model's maximum context length is 8192 tokens.",
                code="context_length_exceeded",
            )
        ),
        ContextOverflow,
        SHRINK,
    ),
    Chunk(
        "no words at all",
        "",
        {"error": {}, "message": "", "type": "error"},
        Unavailable,
        RESEND,
    ),
)
