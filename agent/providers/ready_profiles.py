"""Ready profiles as data: what is known of each endpoint and its models, dated and with sources.

An entry has fields of a profile, and besides them `models`, what differs for one of its models,
and `sampling_names`, the sampling settings that the endpoint takes under its own names for them.
A profile without a model wants one named; one without a base URL gets it when its server starts.
Prices are US dollars for a million tokens.
"""

from typing import Any

from agent.domain.limits import Limit

Fields = dict[str, Any]


def per(unit: str, window: str, amount: int, refill: str = "bucket") -> Limit:
    fields = {"unit": unit, "window": window, "amount": amount, "refill": refill}
    return Limit.model_validate(fields)


def price(input_usd: float, output_usd: float, cached_usd: float | None = None) -> Fields:
    return {"input_usd": input_usd, "output_usd": output_usd, "cached_usd": cached_usd}


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

OPENAI_MODELS: Fields = {
    "gpt-5.5": price(5.0, 30.0, 0.5),
    "gpt-5.3-codex": price(1.75, 14.0, 0.175),
    "gpt-5.6-sol": price(5.0, 30.0),
}
CEREBRAS_MODELS: Fields = {
    "gpt-oss-120b": {**price(0.35, 0.75, 0.35), "tokens_per_second": 3000.0},
    # One catalogue says 65,536 tokens, the vendor's own page 128k.
    "qwen-3.8-27b": {
        **price(0.99, 1.49),
        "window_tokens": 65_536,
        "tokens_per_second": 1850.0,
    },
    # Public until 2025-11-05, since then on dedicated endpoints only.
    "qwen-3-coder-480b": {"tokens_per_second": 2000.0},
    # Retired on 2026-08-17.
    "zai-glm-4.7": price(2.25, 2.75),
    # Retired on 2026-05-27.
    "qwen-3-235b-a22b-instruct-2507": price(0.60, 1.20),
}
CEREBRAS: Fields = {
    "base_url": "https://api.cerebras.ai/v1",
    "model": "gpt-oss-120b",
    "models": CEREBRAS_MODELS,
    "key_env": "CEREBRAS_API_KEY",
    "window_tokens": 131_072,
    "charge": "admission",
    "reservation_cap_tokens": 16_384,
    # A second bucket that leaves cached tokens out was announced; measured, they still count.
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

READY: dict[str, Fields] = {
    "openai": {
        "base_url": "https://api.openai.com/v1",
        "model": "",
        "models": OPENAI_MODELS,
        "source": "types of the openai package 3.52.0, recorded streams; prices of litellm 1.109.1",
        "dated": "2026-11-21",
    },
    "openai-responses": {
        "dialect": "openai_responses",
        "base_url": "https://api.openai.com/v1",
        "model": "",
        "models": OPENAI_MODELS,
        # Reasoning is output too.
        "max_output_tokens": 16_384,
        # Left out, it means true here.
        "strict_tools": "false",
        "source": "types of the openai package 3.52.0, recorded streams; prices of litellm 1.109.1",
        "dated": "2026-11-21",
    },
    "cerebras": {
        **CEREBRAS,
        "limits": (per("requests", "minute", 1_000), per("tokens", "minute", 1_000_000)),
        "source": "inference-docs.cerebras.ai: OpenAPI, model and rate limit pages; the limits are "
        "the developer tier's for gpt-oss-120b, other models have half or less; the charge at "
        "admission was measured on 2026-09-04",
    },
    "cerebras-free": {
        **CEREBRAS,
        "window_tokens": 8_192,
        "max_output_tokens": 2_048,
        "limits": (
            per("requests", "minute", 5),
            per("requests", "hour", 150),
            per("requests", "day", 2_400, "fixed"),
            per("tokens", "minute", 30_000),
            per("tokens", "hour", 1_000_000),
            per("tokens", "day", 1_000_000, "fixed"),
        ),
        "source": "a review of May 2026 for the window of 8,192 tokens; headers recorded on the "
        "trial of July 2026 for the limits, of which the minute was 60,000-100,000 tokens before",
    },
    "cerebras-code-pro": {
        **CODE_PLAN,
        "limits": (per("tokens", "minute", 300_000), per("tokens", "day", 24_000_000, "fixed")),
        "source": "InfoWorld, 2025-09-15: $50 a month, 300,000 tokens a minute and 24M a day in "
        "UTC; a monitor saw 275,000 and 20 requests a minute; the plan began with "
        "qwen-3-coder-480b, which is no longer listed",
    },
    "cerebras-code-max": {
        **CODE_PLAN,
        "limits": (per("tokens", "minute", 400_000), per("tokens", "day", 120_000_000, "fixed")),
        "source": "InfoWorld, 2025-09-15: $200 a month, 400,000 tokens a minute and 120M a day in "
        "UTC; the plan began with qwen-3-coder-480b, which is no longer listed",
    },
    "anthropic": {
        "dialect": "anthropic_messages",
        "base_url": "https://api.anthropic.com",
        "model": "claude-sonnet-5-5",
        "models": {
            "claude-sonnet-5-5": price(2.0, 10.0, 0.20),
            "claude-opus-5-5": price(4.0, 20.0, 0.20),
            "claude-haiku-5-5": price(0.10, 0.50),
            "claude-fable-5-1": price(10.0, 50.0),
            "claude-opus-5": price(5.0, 25.0, 0.50),
            "claude-sonnet-5": price(2.0, 10.0),
            "claude-haiku-4-5": {**price(1.0, 5.0), "window_tokens": 200_000},
        },
        "key_env": "ANTHROPIC_API_KEY",
        "window_tokens": 1_000_000,
        # Thinking is output too.
        "max_output_tokens": 16_384,
        "max_output_field": "max_tokens",
        "cached_tokens_count": False,
        "source": "platform.claude.com and the anthropic package 2.11.0; limits differ by tier and "
        "are read from the headers",
        "dated": "2026-11-21",
    },
    "anthropic-compat": {
        "base_url": "https://api.anthropic.com/v1/",
        "model": "claude-sonnet-5-5",
        "models": {"claude-sonnet-5-5": price(2.0, 10.0)},
        "key_env": "ANTHROPIC_API_KEY",
        "window_tokens": 1_000_000,
        "max_output_field": "max_tokens",
        "source": "platform.claude.com; no prompt caching on the compatible endpoint",
        "dated": "2026-11-21",
    },
    "fireworks": {
        "base_url": "https://api.fireworks.ai/inference/v1",
        "model": "accounts/fireworks/models/gpt-oss-120b",
        "models": {
            "accounts/fireworks/models/gpt-oss-120b": price(0.15, 0.60),
            "accounts/fireworks/models/qwen3p7-plus": price(0.40, 1.60),
            "accounts/fireworks/models/kimi-k2p7-code": price(0.95, 4.0),
            "accounts/fireworks/models/glm-5p2": price(1.40, 4.40),
        },
        "key_env": "FIREWORKS_API_KEY",
        "max_output_field": "max_tokens",
        # Without it a reply is cut short where the window ends.
        "extra_body": {"context_length_exceeded_behavior": "error"},
        "limits": (per("tokens", "minute", 900_000),),
        "cached_tokens_count": False,
        "sampling_names": ALL_SAMPLING,
        "source": "docs.fireworks.ai; accounts begin with 3.6M prompt, 900,000 uncached and 36,000 "
        "generated tokens a minute; prices of August 2026",
        "dated": "2026-11-21",
    },
    "openrouter": {
        "base_url": "https://openrouter.ai/api/v1",
        "model": "qwen/qwen3-coder",
        "models": {
            # The dearest of the endpoints that serve it.
            "qwen/qwen3-coder": {**price(0.30, 1.80, 0.10), "window_tokens": 262_144},
            "qwen/qwen3-coder-30b-a3b-instruct": {**price(0.07, 0.27), "window_tokens": 160_000},
            "qwen/qwen3-coder-next": price(0.11, 0.80, 0.07),
            "qwen/qwen3-coder-plus": price(1.95, 9.75),
            "openai/gpt-oss-120b": price(0.037, 0.17),
        },
        "key_env": "OPENROUTER_API_KEY",
        "max_output_field": "max_tokens",
        "sampling_names": ALL_SAMPLING,
        "source": "openrouter.ai documentation, recorded streams; prices of mid-2026",
        "dated": "2026-11-21",
    },
    "groq": {
        "base_url": "https://api.groq.com/openai/v1",
        "model": "openai/gpt-oss-120b",
        "models": {"openai/gpt-oss-120b": price(0.15, 0.75)},
        "key_env": "GROQ_API_KEY",
        "charge": "admission",
        "requests_window": "day",
        "sampling_names": SAMPLING,
        "source": "recorded streams; a request is charged its prompt and its whole reservation; "
        "limits differ by tier and are read from the headers; prices of litellm 1.109.1",
        "dated": "2026-11-21",
    },
    "together": {
        "base_url": "https://api.together.xyz/v1",
        "model": "",
        "key_env": "TOGETHER_API_KEY",
        "max_output_field": "max_tokens",
        "sampling_names": SAMPLING,
        "source": "docs.together.ai; limits move with the load; Qwen3-Coder-480B left in June 2026",
        "dated": "2026-11-21",
    },
    "dashscope": {
        "base_url": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "model": "qwen3-coder-plus",
        "models": {
            # The tier from 32k to 128k tokens of input.
            "qwen3-coder-plus": price(1.80, 9.0),
            "qwen3-coder-flash": price(0.50, 2.50),
            "qwen3-coder-480b-a35b-instruct": price(1.50, 7.50),
        },
        "key_env": "DASHSCOPE_API_KEY",
        "max_output_field": "max_tokens",
        "sampling_names": SAMPLING,
        "source": "recorded streams; the address is unconfirmed, the one for China differs; prices "
        "of litellm 1.109.1, which rise with the length of the input",
        "dated": "2026-11-21",
    },
    "vllm": {
        **LOCAL,
        "base_url": "http://127.0.0.1:8000/v1",
        "sampling_names": ALL_SAMPLING,
        "source": "vLLM source; needs --enable-auto-tool-choice and a --tool-call-parser",
    },
    "llamacpp": {
        **LOCAL,
        "base_url": "http://127.0.0.1:8080/v1",
        "sampling_names": {
            **ALL_SAMPLING,
            "repetition_penalty": "repeat_penalty",
        },
        "source": "recorded streams of llama-server; tools need --jinja",
    },
    "ollama": {
        **LOCAL,
        "base_url": "http://127.0.0.1:11434/v1",
        "window_tokens": 32_768,
        "text_calls": True,
        "sampling_names": SAMPLING,
        "source": "Ollama documentation and issues; cuts prompts silently, set "
        "OLLAMA_CONTEXT_LENGTH to match",
    },
    "lmstudio": {
        **LOCAL,
        "base_url": "http://127.0.0.1:1234/v1",
        "text_calls": True,
        "sampling_names": SAMPLING,
        "source": "LM Studio issue tracker; streamed calls may arrive as text",
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
        # As the model card of Qwen3-Coder recommends.
        r"qwen-?3-?coder",
        {"temperature": 0.7, "top_p": 0.8, "top_k": 20.0, "repetition_penalty": 1.05},
    ),
)
"""Sampling for models by what their names hold, in lower case."""
