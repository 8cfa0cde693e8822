"""Ready profiles as data: what is known of each endpoint, dated and with sources.

An entry has fields of a profile, and besides them `models`, what differs for one of its models,
and `sampling_names`, the sampling settings that the endpoint takes under its own names for them.
A profile without a model wants one named; one without a base URL gets it when its server starts.
What no source tells is left out: a limit is then learned from the headers, a price is unknown.
"""

from typing import Any

from agent.domain.key_names import KEY_NAMES
from agent.domain.limits import Limit
from agent.providers.ready_models import (
    ANTHROPIC_MODELS,
    CEREBRAS_MODELS,
    DASHSCOPE_MODELS,
    FIREWORKS_MODELS,
    GROQ_MODELS,
    OPENAI_MODELS,
    OPENROUTER_MODELS,
    TOGETHER_MODELS,
    price,
)

Fields = dict[str, Any]


def per(unit: str, window: str, amount: int, refill: str = "bucket") -> Limit:
    fields = {"unit": unit, "window": window, "amount": amount, "refill": refill}
    return Limit.model_validate(fields)


SAMPLING: Fields = {"temperature": "temperature", "top_p": "top_p"}
ALL_SAMPLING: Fields = {
    **SAMPLING,
    "top_k": "top_k",
    "repetition_penalty": "repetition_penalty",
}
LOCAL: Fields = {
    "model": "",
    "key_env": "",
    "max_output_field": "max_tokens",
    "first_byte_seconds": 600.0,
    "dated": "2026-11-21",
}
"""A server on one's own machine: no key, and a long prompt takes its time."""

CEREBRAS: Fields = {
    "base_url": "https://api.cerebras.ai/v1",
    "model": "gpt-oss-120b",
    "models": CEREBRAS_MODELS,
    "key_env": KEY_NAMES["cerebras"],
    "window_tokens": 131_072,
    "charge": "admission",
    "reservation_cap_tokens": 16_384,
    # Since July 2026 there is a second bucket that leaves cached tokens out; measured on
    # 2026-09-04, a repeated prompt still cost as much.
    "cached_tokens_count": True,
    "sampling_names": SAMPLING,
    "dated": "2026-11-21",
}
CODE_PLAN: Fields = {
    **CEREBRAS,
    # The plan has a price of its own, by the month.
    "models": {
        name: {key: value for key, value in fields.items() if not key.endswith("_usd")}
        for name, fields in CEREBRAS_MODELS.items()
    },
}
CEREBRAS_SOURCE = (
    "inference-docs.cerebras.ai/support/rate-limits; the charge at admission and its cap measured "
    "on 2026-09-04, github.com/dcdpr/jp/pull/1085"
)
TRIAL_LIMITS = (
    per("requests", "minute", 5),
    per("requests", "hour", 150),
    per("requests", "day", 2_400, "fixed"),
    per("tokens", "minute", 30_000),
    per("tokens", "hour", 1_000_000),
    per("tokens", "day", 1_000_000, "fixed"),
)
CEREBRAS_DEVELOPER: Fields = {
    **CEREBRAS,
    # The limits below are those of one model; for the others no page names any.
    "models": {
        name: fields if name == "gpt-oss-120b" else {**fields, "limits": ()}
        for name, fields in CEREBRAS_MODELS.items()
    },
    "limits": (per("requests", "minute", 1_000), per("tokens", "minute", 1_000_000)),
    "source": f"{CEREBRAS_SOURCE}; the limits are the developer tier's for gpt-oss-120b, as "
    "support.cerebras.net had them on 2026-05-01; one account had 250 and 250,000",
}
OPENAI: Fields = {
    "base_url": "https://api.openai.com/v1",
    "model": "",
    "models": OPENAI_MODELS,
    # When a request is let in, the larger of prompt and reservation counts; the sum is safe.
    "charge": "admission",
    "source": "developers.openai.com/api/docs: pricing, models, guides/rate-limits; types of the "
    "openai package 3.52.0; limits differ by tier and are read from the headers",
    "dated": "2026-11-21",
}

READY: dict[str, Fields] = {
    "openai": OPENAI,
    "openai-responses": {
        **OPENAI,
        "dialect": "openai_responses",
        # Reasoning is output too.
        "max_output_tokens": 16_384,
        # Left out, it means true here.
        "strict_tools": "false",
    },
    # Whoever names no tier has an account that is paid by use, which is the developer tier.
    "cerebras": CEREBRAS_DEVELOPER,
    "cerebras-developer": CEREBRAS_DEVELOPER,
    "cerebras-free": {
        **CEREBRAS,
        "window_tokens": 8_192,
        "max_output_tokens": 2_048,
        "limits": TRIAL_LIMITS,
        "source": f"{CEREBRAS_SOURCE}; a review of May 2026 and refusals of that year for the "
        "window of 8,192 tokens; the limits are those of the trial that followed in July, since "
        "the free tier's were higher; `cerebras-trial` has the trial's window",
    },
    "cerebras-trial": {
        **CEREBRAS,
        # The model takes 65,536, but no request may be larger than the minute's limit.
        "window_tokens": 30_000,
        "max_output_tokens": 4_096,
        "limits": TRIAL_LIMITS,
        "source": f"{CEREBRAS_SOURCE}; read on 2026-07-18 for the limits by the minute and day, "
        "headers recorded then for the others; window of 65,536 read in August and October 2026",
    },
    "cerebras-code-pro": {
        **CODE_PLAN,
        "limits": (per("tokens", "minute", 300_000), per("tokens", "day", 24_000_000, "fixed")),
        "source": f"{CEREBRAS_SOURCE}; InfoWorld, 2025-09-15: $50 a month, 300,000 tokens a minute "
        "and 24M a day in UTC; the day confirmed by cerebras.ai/pricing on 2026-07-18; requests a "
        "minute come from the headers (20 in 2025). The plan served qwen-3-coder-480b, then "
        "GLM 4.6 and 4.7, gone since 2026-08-17; what it serves since then is not known",
    },
    "cerebras-code-max": {
        **CODE_PLAN,
        "limits": (per("tokens", "minute", 400_000), per("tokens", "day", 120_000_000, "fixed")),
        "source": f"{CEREBRAS_SOURCE}; InfoWorld, 2025-09-15: $200 a month, 400,000 tokens a "
        "minute and 120M a day in UTC; the day confirmed by cerebras.ai/pricing on 2026-07-18; a "
        "user named 1.5M tokens and 120 requests a minute on 2026-01-28, "
        "github.com/musistudio/claude-code-router/issues/1178. Models as in `cerebras-code-pro`",
    },
    "anthropic": {
        "dialect": "anthropic_messages",
        "base_url": "https://api.anthropic.com",
        "model": "claude-sonnet-5-5",
        "models": ANTHROPIC_MODELS,
        "key_env": KEY_NAMES["anthropic"],
        "window_tokens": 1_000_000,
        # Thinking is output too.
        "max_output_tokens": 16_384,
        "max_output_field": "max_tokens",
        "cached_tokens_count": False,
        "source": "platform.claude.com/docs: models, api/rate-limits; the anthropic package "
        "2.11.0; limits differ by tier and are read from the headers",
        "dated": "2026-11-21",
    },
    "anthropic-compat": {
        "base_url": "https://api.anthropic.com/v1/",
        "model": "claude-sonnet-5-5",
        "models": {"claude-sonnet-5-5": price(2.0, 10.0)},
        "key_env": KEY_NAMES["anthropic"],
        "window_tokens": 1_000_000,
        "max_output_field": "max_tokens",
        "source": "platform.claude.com/docs/en/api/openai-sdk; no prompt caching on this endpoint",
        "dated": "2026-11-21",
    },
    "fireworks": {
        "base_url": "https://api.fireworks.ai/inference/v1",
        "model": "accounts/fireworks/models/gpt-oss-120b",
        "models": FIREWORKS_MODELS,
        "key_env": KEY_NAMES["fireworks"],
        "max_output_field": "max_tokens",
        # Without it a reply is cut short where the window ends.
        "extra_body": {"context_length_exceeded_behavior": "error"},
        "limits": (per("tokens", "minute", 900_000),),
        "cached_tokens_count": False,
        "sampling_names": ALL_SAMPLING,
        "source": "docs.fireworks.ai/serverless/rate-limits: accounts begin with 3.6M prompt, "
        "900,000 uncached and 36,000 generated tokens a minute, and move with the load; the "
        "second stands here for input and output together",
        "dated": "2026-11-21",
    },
    "openrouter": {
        "base_url": "https://openrouter.ai/api/v1",
        "model": "qwen/qwen3-coder",
        "models": OPENROUTER_MODELS,
        "key_env": KEY_NAMES["openrouter"],
        "max_output_field": "max_tokens",
        "sampling_names": ALL_SAMPLING,
        "source": "openrouter.ai/docs: parameters, errors, limits; recorded streams",
        "dated": "2026-11-21",
    },
    "groq": {
        "base_url": "https://api.groq.com/openai/v1",
        "model": "openai/gpt-oss-120b",
        "models": GROQ_MODELS,
        "key_env": KEY_NAMES["groq"],
        "charge": "admission",
        "requests_window": "day",
        "sampling_names": SAMPLING,
        "source": "console.groq.com/docs/rate-limits; a request is charged its prompt and its "
        "whole reservation, github.com/zeeyado/koassistant.koplugin/issues/106; limits differ by "
        "tier and are read from the headers",
        "dated": "2026-11-21",
    },
    "together": {
        "base_url": "https://api.together.xyz/v1",
        "model": "",
        "models": TOGETHER_MODELS,
        "key_env": KEY_NAMES["together"],
        "max_output_field": "max_tokens",
        "sampling_names": ALL_SAMPLING,
        "source": "docs.together.ai: reference, serverless/rate-limits; limits move with the load; "
        "its Qwen3-Coder models were deprecated by July 2026",
        "dated": "2026-11-21",
    },
    "dashscope": {
        "base_url": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "model": "qwen3-coder-plus",
        "models": DASHSCOPE_MODELS,
        "key_env": KEY_NAMES["dashscope"],
        "max_output_field": "max_tokens",
        "sampling_names": SAMPLING,
        "source": "alibabacloud.com/help/en/model-studio: the address is Singapore's, those of "
        "Virginia and Beijing differ; limits differ by model and are also held by the second, no "
        "header tells them; a catalogue of August 2026 no longer lists qwen3-coder",
        "dated": "2026-11-21",
    },
    "vllm": {
        **LOCAL,
        "base_url": "http://127.0.0.1:8000/v1",
        "sampling_names": ALL_SAMPLING,
        "source": "docs.vllm.ai: serving/openai_compatible_server; needs --enable-auto-tool-choice "
        "and a --tool-call-parser",
    },
    "llamacpp": {
        **LOCAL,
        "base_url": "http://127.0.0.1:8080/v1",
        "sampling_names": {
            **ALL_SAMPLING,
            "repetition_penalty": "repeat_penalty",
        },
        "source": "github.com/ggml-org/llama.cpp, tools/server/README.md; tools need --jinja",
    },
    "ollama": {
        **LOCAL,
        "base_url": "http://127.0.0.1:11434/v1",
        "window_tokens": 32_768,
        "text_calls": True,
        "sampling_names": SAMPLING,
        "source": "github.com/ollama/ollama, docs on context length and OpenAI compatibility; "
        "cuts prompts silently, set OLLAMA_CONTEXT_LENGTH to match",
    },
    "lmstudio": {
        **LOCAL,
        "base_url": "http://127.0.0.1:1234/v1",
        "text_calls": True,
        "sampling_names": {**SAMPLING, "top_k": "top_k", "repetition_penalty": "repeat_penalty"},
        "source": "github.com/lmstudio-ai/docs, openai-compat/chat-completions.md; streamed calls "
        "may arrive as text, github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1071",
    },
    "rehearsal": {
        "base_url": "",
        "model": "rehearsal",
        "key_env": "",
        "session_header": True,
        "source": "the scripted model of this package",
        "dated": "2026-11-21",
    },
}

FAMILIES: tuple[tuple[str, dict[str, float]], ...] = (
    (
        # huggingface.co/Qwen/Qwen3-Coder-480B-A35B-Instruct, best practices.
        r"qwen-?3-?coder",
        {"temperature": 0.7, "top_p": 0.8, "top_k": 20.0, "repetition_penalty": 1.05},
    ),
)
"""Sampling for models by what their names hold, in lower case."""
