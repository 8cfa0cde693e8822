"""Ready profiles: what is known of each provider, dated and with its source.

A profile without a model wants one named; one without a base URL gets it when its server starts.
"""

from typing import Any

from agent.domain.profile import Profile
from agent.errors import ConfigError

DATED = "2026-11-21"
LOCAL: dict[str, Any] = {
    "model": "",
    "key_env": "",
    "max_output_field": "max_tokens",
    "first_byte_seconds": 600.0,
}
"""A server on one's own machine: no key, and a long prompt takes its time."""

PROFILES: dict[str, dict[str, Any]] = {
    "openai": {
        "base_url": "https://api.openai.com/v1",
        "model": "",
        "source": "types of the openai package 3.52.0, recorded streams",
    },
    "cerebras": {
        "base_url": "https://api.cerebras.ai/v1",
        "model": "gpt-oss-120b",
        "key_env": "CEREBRAS_API_KEY",
        "source": "Cerebras OpenAPI and model pages; 131,072 tokens on the paid tier, 65k free",
    },
    "anthropic-compat": {
        "base_url": "https://api.anthropic.com/v1/",
        "model": "claude-sonnet-5-5",
        "key_env": "ANTHROPIC_API_KEY",
        "window_tokens": 1_000_000,
        "max_output_field": "max_tokens",
        "source": "platform.claude.com; no prompt caching on the compatible endpoint",
    },
    "openrouter": {
        "base_url": "https://openrouter.ai/api/v1",
        "model": "",
        "key_env": "OPENROUTER_API_KEY",
        "max_output_field": "max_tokens",
        "source": "OpenRouter documentation, recorded streams",
    },
    "groq": {
        "base_url": "https://api.groq.com/openai/v1",
        "model": "",
        "key_env": "GROQ_API_KEY",
        "source": "recorded streams; a request is charged its prompt and its whole reservation",
    },
    "together": {
        "base_url": "https://api.together.xyz/v1",
        "model": "",
        "key_env": "TOGETHER_API_KEY",
        "max_output_field": "max_tokens",
        "source": "Together documentation",
    },
    "fireworks": {
        "base_url": "https://api.fireworks.ai/inference/v1",
        "model": "",
        "key_env": "FIREWORKS_API_KEY",
        "max_output_field": "max_tokens",
        "source": "Fireworks documentation; models are named accounts/fireworks/models/NAME",
    },
    "dashscope": {
        "base_url": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "model": "qwen3-coder-plus",
        "key_env": "DASHSCOPE_API_KEY",
        "max_output_field": "max_tokens",
        "source": "recorded streams; the address is unconfirmed, the one for China differs",
    },
    "vllm": {
        **LOCAL,
        "base_url": "http://127.0.0.1:8000/v1",
        "source": "vLLM source; needs --enable-auto-tool-choice and a --tool-call-parser",
    },
    "llamacpp": {
        **LOCAL,
        "base_url": "http://127.0.0.1:8080/v1",
        "source": "recorded streams of llama-server; tools need --jinja",
    },
    "ollama": {
        **LOCAL,
        "base_url": "http://127.0.0.1:11434/v1",
        "window_tokens": 32_768,
        "source": "Ollama documentation; cuts prompts silently, set OLLAMA_CONTEXT_LENGTH to match",
    },
    "lmstudio": {
        **LOCAL,
        "base_url": "http://127.0.0.1:1234/v1",
        "source": "LM Studio issue tracker",
    },
    "rehearsal": {
        "base_url": "",
        "model": "rehearsal",
        "key_env": "",
        "session_header": True,
        "source": "the scripted model of this package",
    },
}


def names() -> tuple[str, ...]:
    return tuple(PROFILES)


def profile(name: str) -> Profile:
    """Raises ConfigError when there is no profile of that name."""
    try:
        fields = PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise ConfigError(f"no profile named {name!r}; use one of {known}") from None
    return Profile(name=name, dated=DATED, **fields)
