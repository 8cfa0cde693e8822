"""Models of the ready profiles as data: prices, windows and speeds, with the place of each figure.

Prices are US dollars for a million tokens: input, output, and input read from the cache where the
vendor names that. Where one depends on the length of the prompt, the window is kept so small that
the figure holds for every prompt. A model without a window here has that of its profile, which for
many is a bound and not the most that the model takes.
"""

from typing import Any

Fields = dict[str, Any]


def price(input_usd: float, output_usd: float, cached_usd: float | None = None) -> Fields:
    return {"input_usd": input_usd, "output_usd": output_usd, "cached_usd": cached_usd}


# developers.openai.com/api/docs/pricing, read on 2026-10-01 and 2026-11-05; the older models in
# github.com/charmbracelet/catwalk of 2026-08-21. Beyond 272,000 tokens of input they cost more.
OPENAI_MODELS: dict[str, Fields] = {
    "gpt-6.1-sol": price(2.0, 10.0, 0.10),
    "gpt-6.1-terra": price(1.0, 5.0, 0.05),
    "gpt-6-sol": price(2.0, 10.0, 0.20),
    "gpt-6-luna": price(0.10, 0.50, 0.01),
    "gpt-6-astra": price(10.0, 50.0, 1.0),
    "gpt-5.6-sol": price(5.0, 30.0, 0.50),
    "gpt-5.5": price(5.0, 30.0, 0.50),
    "gpt-5.3-codex": price(1.75, 14.0, 0.175),
}

# platform.claude.com/docs/en/models, read in October 2026.
ANTHROPIC_MODELS: dict[str, Fields] = {
    "claude-sonnet-5-5": price(2.0, 10.0, 0.20),
    "claude-opus-5-5": price(4.0, 20.0, 0.20),
    # Five times as much for prompts beyond 100,000 tokens; the rest of this is for the reply.
    "claude-haiku-5-5": {**price(0.10, 0.50), "window_tokens": 116_384},
    "claude-fable-5-1": price(10.0, 50.0),
    "claude-opus-5": price(5.0, 25.0, 0.50),
    "claude-sonnet-5": price(2.0, 10.0, 0.20),
    "claude-haiku-4-5": {**price(1.0, 5.0, 0.10), "window_tokens": 200_000},
}

CEREBRAS_MODELS: dict[str, Fields] = {
    # inference-docs.cerebras.ai/models/openai-oss; cached input has no price of its own.
    "gpt-oss-120b": {**price(0.35, 0.75, 0.35), "tokens_per_second": 3000.0},
    # The vendor's change to a catalogue of 2026-09-03 (github.com/charmbracelet/catwalk/pull/567)
    # says 65,536 tokens, its page of October 2026 128k for paid accounts.
    "qwen-3.8-27b": {
        **price(0.99, 1.49),
        "window_tokens": 65_536,
        "tokens_per_second": 1850.0,
    },
    # Public until 2025-11-05, since then on dedicated endpoints only.
    "qwen-3-coder-480b": {"tokens_per_second": 2000.0},
    # Retired on 2026-08-17; price of github.com/pydantic/genai-prices/pull/469.
    "zai-glm-4.7": price(2.25, 2.75),
    # Retired on 2026-05-27.
    "qwen-3-235b-a22b-instruct-2507": price(0.60, 1.20),
}

# github.com/charmbracelet/catwalk of 2026-08-21.
FIREWORKS_MODELS: dict[str, Fields] = {
    "accounts/fireworks/models/gpt-oss-120b": price(0.15, 0.60, 0.014),
    "accounts/fireworks/models/qwen3p8-max": price(2.0, 6.0, 0.25),
    "accounts/fireworks/models/qwen3p7-plus": price(0.40, 1.60, 0.08),
    "accounts/fireworks/models/kimi-k2p7-code": price(0.95, 4.0, 0.19),
    "accounts/fireworks/models/glm-5p2": price(1.40, 4.40, 0.14),
}

# github.com/charmbracelet/catwalk of 2026-08-21; where endpoints differ, the dearest.
OPENROUTER_MODELS: dict[str, Fields] = {
    "qwen/qwen3-coder": {**price(0.30, 1.80, 0.10), "window_tokens": 262_144},
    "qwen/qwen3-coder-30b-a3b-instruct": {**price(0.07, 0.28), "window_tokens": 160_000},
    "qwen/qwen3-coder-next": price(0.12, 0.80, 0.07),
    # The price up to 128k tokens of input; beyond them it is 1.95 and 9.75.
    "qwen/qwen3-coder-plus": {**price(1.17, 5.85), "window_tokens": 131_072},
    "openai/gpt-oss-120b": price(0.037, 0.17),
}

# console.groq.com, by github.com/anomalyco/models.dev of 2026-07-02.
GROQ_MODELS: dict[str, Fields] = {"openai/gpt-oss-120b": price(0.15, 0.60, 0.075)}

# docs.together.ai, by github.com/anomalyco/models.dev of 2026-07-02.
TOGETHER_MODELS: dict[str, Fields] = {"openai/gpt-oss-120b": price(0.15, 0.60)}

# litellm 1.109.1: the price from 32k to 128k tokens of input, the dearest within the window.
DASHSCOPE_MODELS: dict[str, Fields] = {
    "qwen3-coder-plus": {**price(1.80, 9.0), "window_tokens": 131_072},
    "qwen3-coder-flash": {**price(0.50, 2.50), "window_tokens": 131_072},
    "qwen3-coder-480b-a35b-instruct": price(1.50, 7.50),
}
