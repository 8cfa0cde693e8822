"""The environment variable in which each vendor's own documentation keeps its key."""

KEY_NAMES = {
    "openai": "OPENAI_API_KEY",
    "cerebras": "CEREBRAS_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "groq": "GROQ_API_KEY",
    "together": "TOGETHER_API_KEY",
    "dashscope": "DASHSCOPE_API_KEY",
}
"""By vendor."""


def usual_key_name(profile: str) -> str:
    """The variable of a ready profile, whose name begins with its vendor; empty where it has none.

    A server on one's own machine asks for no key.
    """
    return KEY_NAMES.get(profile.partition("-")[0], "")
