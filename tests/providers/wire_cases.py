"""Refusals as providers sent them, each with the one thing to do; a new one is a new row.

RECORDED holds texts that somebody published, under `source`, letter for letter; names of accounts
are replaced, and what the source does not show, such as a header or the wrapper, is left out or in
the provider's usual form. DOCUMENTED holds statuses and codes that a vendor's page describes
without showing the text. Variations that only hold the reading are in `wire_variants`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.errors import (
    Action,
    AuthError,
    ContextOverflow,
    DayLimitReached,
    ModelUnknown,
    NoCredit,
    ProviderError,
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
    source: str
    """Where the words can be read; of a GitHub thread, what follows the host."""
    status: int
    body: str
    error: type[ProviderError]
    action: Action
    seconds: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    figure: int | str | None = None
    """The window, the cap or the field that the error carries."""
    request_bytes: int | None = None


@dataclass(frozen=True)
class Chunk:
    """An error object in the middle of a stream, where no status line can be."""

    name: str
    source: str
    chunk: Mapping[str, object]
    error: type[ProviderError]
    action: Action


def flat(message: str, kind: str, code: object, param: str | None = None) -> str:
    return json.dumps({"message": message, "type": kind, "param": param, "code": code})


def wrapped(message: str, **fields: object) -> str:
    return json.dumps({"error": {"message": message, **fields}})


def anthropic(kind: str, message: str) -> str:
    error = {"type": kind, "message": message}
    return json.dumps({"type": "error", "error": error, "request_id": "req_011"})


def vllm(message: str, kind: str = "BadRequestError", code: int = 400) -> str:
    fields = {"message": message, "type": kind, "param": None, "code": code}
    return json.dumps({"object": "error", **fields})


def quota(message: str, kind: str, code: str) -> str:
    return flat(message, kind, code, "quota")


def invalid(message: str, **fields: object) -> str:
    return wrapped(message, type="invalid_request_error", **fields)


def limited(message: str) -> str:
    return wrapped(message, type="tokens", code="rate_limit_exceeded")


DATE = {"date": "Mon, 23 Mar 2026 23:08:46 GMT"}
TOKENS, REQUESTS = "too_many_tokens_error", "too_many_requests_error"
CEREBRAS_MINUTE = quota(
    "Tokens per minute limit exceeded - too many tokens processed.", TOKENS, "token_quota_exceeded"
)
QUEUE = flat(
    "We're experiencing high traffic right now! Please try again soon.",
    REQUESTS,
    "queue_exceeded",
    "queue",
)
REASONING = "property 'messages.2.assistant.reasoning_content' is unsupported"
CEREBRAS = (
    Wire(
        "minute of tokens",
        "dcdpr/jp/blob/main/crates/jp_llm/src/error_tests.rs",
        429,
        CEREBRAS_MINUTE,
        RateLimited,
        WAIT,
        60,
        {"retry-after": "60"},
    ),
    Wire(
        "minute of tokens, told by its reset",
        "QwenLM/qwen-code/pull/670",
        429,
        CEREBRAS_MINUTE,
        RateLimited,
        WAIT,
        11.382867,
        {
            "x-ratelimit-remaining-tokens-minute": "0",
            "x-ratelimit-reset-tokens-minute": "11.382867",
        },
    ),
    Wire(
        "minute of requests",
        "nminaya/grammar-nazi-bot/issues/958",
        429,
        quota(
            "Requests per minute limit exceeded - too many requests sent.",
            REQUESTS,
            "request_quota_exceeded",
        ),
        RateLimited,
        WAIT,
    ),
    Wire(
        "second",
        "explyt/explyt/issues/35",
        429,
        quota(
            "Requests per second limit exceeded - too many requests sent.",
            REQUESTS,
            "request_quota_exceeded",
        ),
        RateLimited,
        WAIT,
        1,
    ),
    Wire(
        "day of tokens",
        "sidedotdev/sidekick/blob/main/llm2/openai_provider_test.go",
        429,
        quota(
            "Tokens per day limit exceeded - too many tokens processed.",
            TOKENS,
            "token_quota_exceeded",
        ),
        DayLimitReached,
        CHECKPOINT,
        86_399,
        {"Retry-After": "86399"},
    ),
    Wire(
        "queue",
        "LondonTipton/ai-chatbot/blob/main/RATE_LIMIT_HANDLING_IMPLEMENTATION.md",
        429,
        QUEUE,
        RateLimited,
        WAIT,
        2,
    ),
    Wire(
        "reasoning in the history",
        "Alishahryar1/free-claude-code/issues/1136",
        400,
        flat(
            f"messages.2.assistant.reasoning_content: {REASONING}",
            "invalid_request_error",
            "wrong_api_format",
            "validation_error",
        ),
        SchemaRejected,
        SHRINK,
        figure="reasoning_content",
    ),
    Wire(
        "unknown field",
        "anomalyco/opencode/issues/6648",
        400,
        flat(
            "body.maxTokens: property 'body.maxTokens' is unsupported\n"
            "body.thinking: property 'body.thinking' is unsupported",
            "invalid_request_error",
            "wrong_api_format",
            "validation_error",
        ),
        SchemaRejected,
        SHRINK,
        figure="maxTokens, thinking",
    ),
    Wire(
        "mixed strict",
        "RooCodeInc/Roo-Code/pull/10334",
        422,
        flat(
            "Tools with mixed values for 'strict' are not allowed. "
            "Please set all tools to 'strict: true' or 'strict: false'",
            "invalid_request_error",
            "wrong_api_format",
        ),
        SchemaRejected,
        SHRINK,
        figure="strict",
    ),
    Wire(
        "overflow",
        "maxim-saplin/llm_chess/blob/main/_logs/new/qwen-3-32b-cerebras-default/ABOUT.md",
        400,
        flat(
            "Please reduce the length of the messages or completion. "
            "Current length is 16425 while limit is 16382",
            "invalid_request_error",
            "context_length_exceeded",
            "messages",
        ),
        ContextOverflow,
        SHRINK,
        figure=16_382,
    ),
    Wire(
        "413 without a word",
        "openclaw/openclaw/pull/119596",
        413,
        "",
        ContextOverflow,
        SHRINK,
    ),
)

OPENAI_RATE = (
    "Rate limit reached for gpt-4.1 in organization org-x on tokens per min (TPM): Limit 30000, "
    "Used 18928, Requested 11159. Please try again in 174ms. "
    "Visit https://platform.openai.com/account/rate-limits to learn more."
)
OPENAI_QUOTA = "You exceeded your current quota, please check your plan and billing details."
OPENAI_SIZE = (
    "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, "
    "Requested 30601. The input or output tokens must be reduced in order to run successfully. "
    "Visit https://platform.openai.com/account/rate-limits to learn more."
)
OPENAI_OUTPUT = (
    "max_tokens is too large: 20480. This model supports at most 16384 completion tokens, "
    "whereas you provided 20480."
)
OPENAI_NAME = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead."
)
OPENAI = (
    Wire(
        "reasoning that cannot be decrypted",
        "smallmain/vscode-unify-chat-provider/issues/178",
        400,
        invalid(
            "The encrypted content for item rs_0a18166210d72b5e0069fd938e69a08193a992a58d690a224b "
            "could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
            code="invalid_encrypted_content",
        ),
        SchemaRejected,
        SHRINK,
        figure="encrypted_content",
    ),
    Wire(
        "reasoning that cannot be verified",
        "openai/codex/issues/8145",
        400,
        invalid(
            "The encrypted content gAAA...DQ== could not be verified.",
            param=None,
            code="invalid_encrypted_content",
        ),
        SchemaRejected,
        SHRINK,
        figure="encrypted_content",
    ),
    Wire(
        "key",
        "continuedev/continue/issues/11745",
        401,
        invalid(
            "Incorrect API key provided: http://l*************4/v1. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            param=None,
            code="invalid_api_key",
        ),
        AuthError,
        STOP,
    ),
    Wire(
        "no money",
        "chatanywhere/GPT_API_free/issues/229",
        429,
        wrapped(
            f"{OPENAI_QUOTA} For more information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors.",
            type="insufficient_quota",
            param=None,
            code="insufficient_quota",
        ),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "minute",
        "continuedev/continue/issues/11472",
        429,
        limited(OPENAI_RATE),
        RateLimited,
        WAIT,
        0.174,
    ),
    Wire(
        "minute, older words",
        "Pythagora-io/gpt-pilot/issues/17",
        429,
        limited(
            "Rate limit reached for 10KTPM-200RPM in organization org-x on tokens per min. "
            "Limit: 10000 / min. Please try again in 6ms. Contact us through our help center at "
            "help.openai.com if you continue to have issues."
        ),
        RateLimited,
        WAIT,
        0.006,
    ),
    Wire(
        "too large for a minute",
        "DrShushen/climb/issues/13",
        429,
        limited(OPENAI_SIZE),
        RequestTooLarge,
        SHRINK,
        figure=30_000,
    ),
    Wire(
        "gone",
        "Routstr/routstr-core/issues/554",
        404,
        invalid("The model `gpt-5.4-image-2` does not exist or you do not have access to it."),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "overflow",
        "chathub-dev/chathub/issues/320",
        400,
        invalid(
            "This model's maximum context length is 4097 tokens. However, your messages resulted "
            "in 4111 tokens. Please reduce the length of the messages.",
            param="messages",
            code="context_length_exceeded",
        ),
        ContextOverflow,
        SHRINK,
        figure=4_097,
    ),
    Wire(
        "overflow with the reservation",
        "ChatGPTNextWeb/NextChat/issues/3195",
        400,
        invalid(
            "This model's maximum context length is 8192 tokens. However, you requested 8256 "
            "tokens (64 in the messages, 8192 in the completion). Please reduce the length of the "
            "messages or completion.",
            param="messages",
            code="context_length_exceeded",
        ),
        ContextOverflow,
        SHRINK,
        figure=8_192,
    ),
    Wire(
        "output cap",
        "tailcallhq/forgecode/issues/1185",
        400,
        invalid(OPENAI_OUTPUT, param="max_tokens", code="invalid_value"),
        RequestTooLarge,
        SHRINK,
        figure=16_384,
    ),
    Wire(
        "wrong name",
        "sipeed/picoclaw/issues/16",
        400,
        invalid(OPENAI_NAME, param="max_tokens", code="unsupported_parameter"),
        SchemaRejected,
        SHRINK,
        figure="max_tokens",
    ),
    Wire(
        "fixed value",
        "decolua/9router/issues/560",
        400,
        invalid(
            "Unsupported value: 'temperature' does not support 0.16 with this model. "
            "Only the default (1)"
        ),
        SchemaRejected,
        SHRINK,
        figure="temperature",
    ),
)

PER_MINUTE = (
    "This request would exceed the rate limit for your organization (org) of 20,000 input tokens "
    "per minute. For details, refer to: https://docs.anthropic.com/en/api/rate-limits. You can see "
    "the response headers for current usage. Please reduce the prompt length or the maximum tokens "
    "requested, or try again later. You may also contact sales at "
    "https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase."
)
REGAIN = (
    "You have reached your specified API usage limits. "
    "You will regain access on 2026-04-01 at 00:00 UTC."
)
ANTHROPIC = (
    Wire(
        "thoughts of another model",
        "NousResearch/hermes-agent/issues/24401",
        400,
        anthropic(
            "invalid_request_error",
            "messages.1.content.7: Invalid `signature` in `thinking` block",
        ),
        SchemaRejected,
        SHRINK,
        figure="thinking",
    ),
    Wire(
        "no thoughts where some are wanted",
        "Kilo-Org/kilocode/issues/5219",
        400,
        anthropic(
            "invalid_request_error",
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            "`tool_use`. When `thinking` is enabled, a final `assistant` message must start with a "
            "thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). "
            "We recommend you include thinking blocks from previous turns. To avoid this "
            "requirement, disable `thinking`. Please consult our documentation at "
            "https://docs.claude.com/en/docs/build-with-claude/extended-thinking",
        ),
        SchemaRejected,
        SHRINK,
        figure="thinking",
    ),
    Wire(
        "overflow",
        "stackblitz/bolt.new/issues/1748",
        400,
        anthropic("invalid_request_error", "prompt is too long: 202128 tokens > 200000 maximum"),
        ContextOverflow,
        SHRINK,
        figure=200_000,
    ),
    Wire(
        "overflow with the reservation",
        "anthropics/claude-code/issues/476",
        400,
        anthropic(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 186433 + 20000 > 200000, "
            "decrease input length or `max_tokens` and try again",
        ),
        ContextOverflow,
        SHRINK,
        figure=200_000,
    ),
    Wire(
        "unknown field",
        "Wei-Shaw/claude-relay-service/issues/660",
        400,
        anthropic("invalid_request_error", "context_management: Extra inputs are not permitted"),
        SchemaRejected,
        SHRINK,
        figure="context_management",
    ),
    Wire(
        "unknown field, deep",
        "caozhiyuan/copilot-api/issues/145",
        400,
        json.dumps(
            {"message": "system.1.cache_control.ephemeral.scope: Extra inputs are not permitted"}
        ),
        SchemaRejected,
        SHRINK,
        figure="scope",
    ),
    Wire(
        "minute",
        "OpenHands/OpenHands/issues/9259",
        429,
        anthropic("rate_limit_error", PER_MINUTE),
        RateLimited,
        WAIT,
    ),
    Wire(
        "minute, compatible endpoint",
        "FoundationAgents/OpenManus/issues/746",
        429,
        invalid(PER_MINUTE, code="rate_limit_error", param=None),
        RateLimited,
        WAIT,
    ),
    Wire(
        "limit without a window",
        "anthropics/claude-code/issues/71670",
        429,
        anthropic(
            "rate_limit_error",
            "This request would exceed your account's rate limit. Please try again later.",
        ),
        RateLimited,
        WAIT,
    ),
    Wire(
        "a long prompt costs extra",
        "anthropics/claude-code/issues/29584",
        429,
        anthropic("rate_limit_error", "Extra usage is required for long context requests."),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "a long prompt costs extra, later words",
        "anthropics/claude-code/issues/64982",
        429,
        anthropic("rate_limit_error", "Usage credits are required for long context requests."),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "no money",
        "anthropics/claude-code/issues/66314",
        400,
        anthropic(
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. "
            "Please go to Plans & Billing to upgrade or purchase credits.",
        ),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "monthly limit",
        "anthropics/claude-code/issues/38035",
        400,
        anthropic("invalid_request_error", REGAIN),
        DayLimitReached,
        CHECKPOINT,
        8 * 86_400 + 3_074,
        DATE,
    ),
)

ROUTING = "To learn more about provider routing, visit: https://openrouter.ai/docs/"
FREE = "Rate limit exceeded: free-models-per-day"
OPENROUTER = (
    Wire(
        "day of free models",
        "Gitlawb/openclaude/issues/936",
        429,
        wrapped(
            f"{FREE}. Add 10 credits to unlock 1000 free model requests per day",
            code=429,
            metadata={"headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0"}},
        ),
        DayLimitReached,
        CHECKPOINT,
    ),
    Wire(
        "day of free models, with credit",
        "Gitlawb/openclaude/issues/1549",
        429,
        wrapped(f"{FREE}-high-balance.", type="rate_limit_error", code="429"),
        DayLimitReached,
        CHECKPOINT,
    ),
    Wire(
        "more than the credit",
        "astrio-labs/forall/issues/76",
        402,
        wrapped(
            "This request requires more credits, or fewer max_tokens. You requested up to 64000 "
            "tokens, but can only afford 2666. To increase, visit "
            "https://openrouter.ai/settings/credits and upgrade to a paid account",
            code=402,
            metadata={"provider_name": None},
        ),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "no tools",
        "bobrware/bobrchat/issues/60",
        404,
        wrapped(
            f"No endpoints found that support tool use. {ROUTING}guides/routing/provider-selection",
            code=404,
        ),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "no tool choice",
        "zed-industries/zed/issues/36094",
        404,
        wrapped(
            "No endpoints found that support the provided 'tool_choice' value. "
            f"{ROUTING}provider-routing",
            code=404,
        ),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "overflow",
        "GearUnclear/LibreChat/blob/main/User_Docs/TOKEN-LIMITS-ISSUE.md",
        400,
        wrapped(
            "This endpoint's maximum context length is 131072 tokens. However, you requested about "
            "132463 tokens (1463 of text input, 131000 in the output). "
            "Please reduce the length of either one.",
            code=400,
        ),
        ContextOverflow,
        SHRINK,
        figure=131_072,
    ),
)

GROQ_PLACE = "in organization `org_x`"
GROQ_MORE = "Visit https://console.groq.com/docs/rate-limits for more information."
GROQ_TIER = "Upgrade to Dev Tier today at https://console.groq.com/settings/billing"
GROQ = (
    Wire(
        "too large",
        "cottongeeks/podscript/issues/20",
        413,
        limited(
            f"Request too large for model `llama-3.3-70b-versatile` {GROQ_PLACE} service tier "
            "`on_demand` on tokens per minute (TPM): Limit 6000, Requested 10338, "
            f"please reduce your message size and try again. {GROQ_MORE}"
        ),
        RequestTooLarge,
        SHRINK,
        figure=6_000,
    ),
    Wire(
        "too large, and yet told to wait",
        "danielmiessler/Fabric/issues/364",
        429,
        limited(
            f"Rate limit reached for model `llama3-70b-8192` {GROQ_PLACE} on tokens per minute "
            f"(TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s. "
            f"{GROQ_MORE}"
        ),
        RequestTooLarge,
        SHRINK,
        figure=7_000,
    ),
    Wire(
        "minute",
        "elizaOS/eliza/issues/4040",
        429,
        limited(
            f"Rate limit reached for model `llama-3.1-8b-instant` {GROQ_PLACE} service tier "
            "`on_demand` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. "
            f"Please try again in 4.77s. Need more tokens? {GROQ_TIER}"
        ),
        RateLimited,
        WAIT,
        4.77,
    ),
    Wire(
        "day",
        "continuedev/continue/issues/10920",
        429,
        limited(
            f"Rate limit reached for model `llama-3.3-70b-versatile` {GROQ_PLACE} service tier "
            "`on_demand` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. "
            f"Please try again in 9m38.016s. Need more tokens%3F {GROQ_TIER}"
        ),
        DayLimitReached,
        CHECKPOINT,
        578.016,
    ),
    Wire(
        "reasoning in the history",
        "karthink/gptel/issues/774",
        400,
        invalid(
            "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : "
            "property 'reasoning' is unsupported, did you mean 'role'?)]"
        ),
        SchemaRejected,
        SHRINK,
        figure="reasoning",
    ),
    Wire(
        "reasoning in the history, other name",
        "janhq/jan/issues/8136",
        400,
        invalid(
            "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : "
            "property 'reasoning_content' is unsupported)]"
        ),
        SchemaRejected,
        SHRINK,
        figure="reasoning_content",
    ),
    Wire(
        "reasoning in the history, short words",
        "musistudio/claude-code-router/pull/1204",
        400,
        invalid("property 'reasoning' is unsupported"),
        SchemaRejected,
        SHRINK,
        figure="reasoning",
    ),
    Wire(
        "output cap",
        "skapadia3214/groq-moa/issues/8",
        400,
        invalid("max_tokens for `llama-3.1-8b-instant` must be less than or equal to 8000"),
        RequestTooLarge,
        SHRINK,
        figure=8_000,
    ),
    Wire(
        "gone",
        "valentinfrlch/ha-llmvision/issues/332",
        400,
        invalid(
            "The model `llama-3.2-11b-vision-preview` has been decommissioned and is no longer "
            "supported. Please refer to https://console.groq.com/docs/deprecations for a "
            "recommendation on which model to use instead.",
            code="model_decommissioned",
        ),
        ModelUnknown,
        STOP,
    ),
)

FIREWORKS_AND_TGI = (
    Wire(
        "fireworks field",
        "FlowiseAI/Flowise/issues/2866",
        400,
        invalid("Extra inputs are not permitted, field: 'stream_options'"),
        SchemaRejected,
        SHRINK,
        figure="stream_options",
    ),
    Wire(
        "fireworks field with its value",
        "web-infra-dev/midscene/issues/1322",
        400,
        invalid("Extra inputs are not permitted, field: 'vl_high_resolution_images', value: True."),
        SchemaRejected,
        SHRINK,
        figure="vl_high_resolution_images",
    ),
    Wire(
        "tgi output cap",
        "huggingface/transformers/issues/28523",
        422,
        json.dumps({"error": "Input validation error: `max_new_tokens` must be <= 192"}),
        RequestTooLarge,
        SHRINK,
        figure=192,
    ),
)

ALIBABA = "https://www.alibabacloud.com/help/en/model-studio/"
ALGO = "<400> InternalError.Algo.InvalidParameter:"
DASHSCOPE = (
    Wire(
        "overflow",
        "QwenLM/qwen-code/issues/98",
        400,
        invalid(
            f"{ALGO} Range of input length should be [1, 204800]",
            param=None,
            code="invalid_parameter_error",
        ),
        ContextOverflow,
        SHRINK,
        figure=204_800,
    ),
    Wire(
        "output cap",
        "musistudio/claude-code-router/issues/184",
        400,
        invalid(
            f"{ALGO} Range of max_tokens should be [1, 8192]",
            param=None,
            code="invalid_parameter_error",
        ),
        RequestTooLarge,
        SHRINK,
        figure=8_192,
    ),
    Wire(
        "minute of tokens",
        f"{ALIBABA}rate-limit",
        429,
        wrapped(
            "Allocated quota exceeded, please increase your quota limit. For details, see: "
            f"{ALIBABA}error-code#token-limit",
            type="insufficient_quota",
            param=None,
            code="insufficient_quota",
        ),
        RateLimited,
        WAIT,
    ),
    Wire(
        "minute of tokens, in the words of an empty account",
        f"{ALIBABA}rate-limit",
        429,
        wrapped(
            f"{OPENAI_QUOTA} For details, see: "
            "https://help.aliyun.com/zh/model-studio/error-code#token-limit",
            type="insufficient_quota",
            param=None,
            code="insufficient_quota",
        ),
        RateLimited,
        WAIT,
    ),
    Wire(
        "unpaid",
        "tencentmusic/supersonic/issues/1572",
        400,
        json.dumps(
            {
                "code": "Arrearage",
                "message": "Access denied, please make sure your account is in good standing.",
            }
        ),
        NoCredit,
        SWITCH,
    ),
    Wire(
        "loop",
        "QwenLM/qwen-code/issues/5019",
        400,
        invalid(
            f"{ALGO} Repetitive tool calls detected in the conversation history. The same tool "
            "call with identical name and arguments has been repeated across multiple consecutive "
            "rounds. Please modify your request or adjust the tool call arguments to avoid "
            "infinite loops.",
            code="invalid_parameter_error",
        ),
        RequestRefused,
        STOP,
    ),
)

VLLM_WINDOW = (
    "This model's maximum context length is 131072 tokens. However, you requested 156632 tokens "
    "(152536 in the messages, 4096 in the completion). Please reduce the length of the messages or "
    "completion."
)
VLLM_OUTPUT = (
    "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context "
    "length is 4096 tokens and your request has 2104 input tokens (2000 > 4096 - 2104)."
)
VLLM_TOOLS = (
    '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
)
LLAMA_WINDOW = (
    "the request exceeds the available context size. "
    "try increasing the context size or enable context shift"
)
LM_STUDIO_WINDOW = (
    "Trying to keep the first 14538 tokens when context the overflows. However, the model is "
    "loaded with context length of only 2048 tokens, which is not enough. Try to load the model "
    "with a larger context length, or provide a shorter input"
)
NO_TOOLS = "registry.ollama.ai/library/Qwen3.5:0.8b does not support tools"
LOCAL = (
    Wire(
        "vllm overflow",
        "meta-llama/llama-verifications/issues/58",
        400,
        vllm(VLLM_WINDOW),
        ContextOverflow,
        SHRINK,
        figure=131_072,
    ),
    Wire(
        "vllm reservation",
        "canfieldjuan/finetunelab.ai/blob/main/docs/MAX_TOKENS_CONTEXT_OVERFLOW_FIX.md",
        400,
        wrapped(VLLM_OUTPUT, type="BadRequestError", param=None, code=400),
        ContextOverflow,
        SHRINK,
        figure=4_096,
    ),
    Wire(
        "vllm reservation, nothing left",
        "vllm-project/vllm/issues/4667",
        400,
        vllm("max_tokens must be at least 1, got -186."),
        ContextOverflow,
        SHRINK,
    ),
    Wire(
        "vllm model",
        "vllm-project/vllm/issues/3485",
        404,
        vllm("The model `Qwen1.5-14B-Chat-GPTQ-Int8` does not exist.", "NotFoundError", 404),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "vllm flag",
        "langchain4j/langchain4j/issues/3475",
        400,
        vllm(VLLM_TOOLS),
        RequestRefused,
        STOP,
    ),
    Wire(
        "vllm field",
        "gpustack/gpustack/issues/429",
        400,
        vllm(
            "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_otpions'), "
            "'msg': 'Extra inputs are not permitted', 'input': {'include_usage': True}}]"
        ),
        SchemaRejected,
        SHRINK,
        figure="stream_otpions",
    ),
    Wire(
        "vllm history",
        "vllm-project/vllm/issues/43995",
        400,
        wrapped(
            "Expecting ',' delimiter: line 1 column 54 (char 53)",
            type="BadRequestError",
            param=None,
            code=400,
        ),
        RequestRefused,
        STOP,
    ),
    Wire(
        "llama overflow as a server error",
        "ggml-org/llama.cpp/pull/15780",
        500,
        wrapped(
            LLAMA_WINDOW,
            code=500,
            type="exceed_context_size_error",
            n_prompt_tokens=1_407,
            n_ctx=256,
        ),
        ContextOverflow,
        SHRINK,
        figure=256,
    ),
    Wire(
        "ollama model",
        "netease-youdao/QAnything/issues/555",
        404,
        wrapped(
            'model "ollama" not found, try pulling it first',
            type="api_error",
            param=None,
            code=None,
        ),
        ModelUnknown,
        STOP,
    ),
    Wire(
        "ollama tools",
        "ollama/ollama/issues/6027",
        400,
        wrapped("stablelm2:latest does not support tools", type="api_error", param=None, code=None),
        RequestRefused,
        STOP,
    ),
    Wire(
        "ollama tools, native",
        "ollama/ollama/issues/14795",
        400,
        json.dumps({"error": NO_TOOLS}),
        RequestRefused,
        STOP,
    ),
    Wire(
        "lm studio overflow",
        "dyad-sh/dyad/issues/925",
        400,
        json.dumps({"error": LM_STUDIO_WINDOW}),
        ContextOverflow,
        SHRINK,
        figure=2_048,
    ),
    Wire(
        "lm studio overflow, later words",
        "anomalyco/opencode/issues/11141",
        400,
        json.dumps({"error": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}),
        ContextOverflow,
        SHRINK,
        figure=7_424,
    ),
)

AZURE = (
    "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2023-05-15 "
    "have exceeded token rate limit of your current AIServices S0 pricing tier. Please retry after "
    "86400 seconds. Please contact Azure support service if you would like to further increase the "
    "default rate limit."
)
FORBIDDEN = {
    "type": "extra_forbidden",
    "loc": ["body", "n"],
    "msg": "Extra inputs are not permitted",
    "input": 1,
    "url": "https://errors.pydantic.dev/2.6/v/extra_forbidden",
}
OTHERS = (
    Wire(
        "xai overflow",
        "cline/cline/issues/3120",
        400,
        json.dumps(
            {
                "error": "This model's maximum prompt length is 131072 but the request contains "
                "136973 tokens."
            }
        ),
        ContextOverflow,
        SHRINK,
        figure=131_072,
    ),
    Wire(
        "mistral overflow",
        "https://discuss.google.dev/t/mistral-large-2407-inference-context-length-error/165446",
        400,
        json.dumps(
            {
                "object": "Error",
                "message": "Prompt contains 65673 tokens, too large for model with 32768 maximum "
                "context length",
                "type": "invalid_request_error",
                "code": 3051,
            }
        ),
        ContextOverflow,
        SHRINK,
        figure=32_768,
    ),
    Wire(
        "mistral field",
        "crewAIInc/crewAI/issues/60",
        422,
        json.dumps(
            {
                "object": "error",
                "message": {"detail": [FORBIDDEN]},
                "type": "invalid_request_error",
                "param": None,
                "code": None,
            }
        ),
        SchemaRejected,
        SHRINK,
        figure="n",
    ),
    Wire(
        "mistral field, body within the body",
        "mistralai/platform-docs-public/issues/7",
        422,
        flat(
            '{"detail":[{"type":"extra_forbidden","loc":["body","frequency_penalty"],'
            '"msg":"Extra inputs are not permitted","input":0.0,'
            '"url":"https://errors.pydantic.dev/2.5/v/extra_forbidden"}]}',
            "internal_error_proxy",
            "1000",
        ),
        SchemaRejected,
        SHRINK,
        figure="frequency_penalty",
    ),
    Wire(
        "copilot overflow",
        "microsoft/vscode/issues/289219",
        400,
        wrapped(
            "prompt token count of 1236658 exceeds the limit of 128000",
            code="model_max_prompt_tokens_exceeded",
        ),
        ContextOverflow,
        SHRINK,
        figure=128_000,
    ),
    Wire(
        "github models overflow",
        "tashfeenahmed/freellmapi/issues/426",
        413,
        wrapped("Request body too large for gpt-4.1 model. Max size: 8000 tokens."),
        ContextOverflow,
        SHRINK,
        figure=8_000,
    ),
    Wire(
        "gemini minute",
        "n4ze3m/page-assist/issues/406",
        429,
        json.dumps(
            [
                {
                    "error": {
                        "code": 429,
                        "message": "Resource has been exhausted (e.g. check quota).",
                        "status": "RESOURCE_EXHAUSTED",
                    }
                }
            ]
        ),
        RateLimited,
        WAIT,
    ),
    Wire(
        "azure minute",
        "microsoft/sample-app-aoai-chatGPT/issues/406",
        429,
        wrapped(
            "Requests to the Creates a completion for the chat message Operation under Azure "
            "OpenAI API version 2023-03-15-preview have exceeded token rate limit of your current "
            "OpenAI S0 pricing tier. Please retry after 9 seconds. Please go here: "
            "https://aka.ms/oai/quotaincrease if you would like to further increase the default "
            "rate limit.",
            code="429",
        ),
        RateLimited,
        WAIT,
        9,
    ),
    Wire(
        "azure day",
        "jasonacox/TinyLLM/issues/17",
        429,
        wrapped(AZURE, code="429"),
        DayLimitReached,
        CHECKPOINT,
        86_400,
    ),
    Wire(
        "deepseek output cap",
        "deepseek-ai/DeepSeek-V3/issues/69",
        400,
        invalid(
            "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
            param=None,
            code="invalid_request_error",
        ),
        RequestTooLarge,
        SHRINK,
        figure=8_192,
    ),
    Wire(
        "ark output cap",
        "Gitlawb/openclaude/issues/331",
        400,
        wrapped(
            "The parameter `max_completion_tokens` specified in the request are not valid: integer "
            "above maximum value, expected a value <= 12288, but got 32000 instead.",
            code="InvalidParameter",
            param="max_completion_tokens",
            type="BadRequest",
        ),
        RequestTooLarge,
        SHRINK,
        figure=12_288,
    ),
    Wire(
        "relay with the words in the wrong place",
        "AQBot-Desktop/AQBot/issues/93",
        400,
        wrapped(
            "Param Incorrect",
            type="upstream_error",
            param="max_tokens is too large: 1048576. This model supports at most 131072 "
            "completion tokens, whereas you provided 1048576.",
            code="400",
        ),
        RequestTooLarge,
        SHRINK,
        figure=131_072,
    ),
    Wire(
        "gateway in front of an empty refusal",
        "can1357/oh-my-pi/issues/1251",
        400,
        json.dumps({"error": "Error from inference backend: 400 status code (no body)"}),
        ContextOverflow,
        SHRINK,
        request_bytes=873_000,
    ),
    Wire(
        "gateway with an empty refusal of a long request",
        "ranxianglei/billion-context-pi/pull/215",
        400,
        "",
        ContextOverflow,
        SHRINK,
        request_bytes=800_000,
    ),
    Wire(
        "gateway with an empty refusal now and then",
        "earendil-works/pi/issues/8682",
        400,
        "",
        Unavailable,
        RESEND,
        request_bytes=40_000,
    ),
)

RECORDED = {
    f"{provider}: {case.name}": case
    for provider, cases in {
        "cerebras": CEREBRAS,
        "openai": OPENAI,
        "anthropic": ANTHROPIC,
        "openrouter": OPENROUTER,
        "groq": GROQ,
        "fireworks, tgi": FIREWORKS_AND_TGI,
        "dashscope": DASHSCOPE,
        "local": LOCAL,
        "others": OTHERS,
    }.items()
    for case in cases
}

CHUNKS = (
    Chunk(
        "llama: overflow under the status of a success",
        "oobabooga/textgen/issues/7257",
        {
            "error": {
                "code": 400,
                "message": LLAMA_WINDOW,
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 14_429,
                "n_ctx": 8_192,
            }
        },
        ContextOverflow,
        SHRINK,
    ),
    Chunk(
        "dashscope: output cap",
        "anomalyco/opencode/issues/40770",
        {
            "error": {
                "code": "invalid_parameter_error",
                "param": None,
                "message": "Range of max_tokens should be [1, 131072]",
                "type": "invalid_request_error",
            },
            "id": "chatcmpl-x",
        },
        RequestTooLarge,
        SHRINK,
    ),
    Chunk(
        "cerebras: minute",
        "https://inference-docs.cerebras.ai/api-reference/chat-completions",
        {"error": json.loads(CEREBRAS_MINUTE), "status_code": 429},
        RateLimited,
        WAIT,
    ),
    Chunk(
        "anthropic: overloaded",
        "https://platform.claude.com/docs/en/build-with-claude/streaming",
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        Unavailable,
        RESEND,
    ),
    Chunk(
        "openrouter: failed after it was let in",
        "dcdpr/jp/tree/main/crates/jp_llm/tests/fixtures/openrouter",
        {"error": {"code": 400, "message": "Token limit reached"}, "choices": []},
        Unavailable,
        RESEND,
    ),
)
"""Errors in a stream that somebody published."""
