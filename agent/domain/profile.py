"""A profile: a model behind an endpoint, with what is known of it."""

from typing import Literal

from pydantic import Field

from agent.domain.value import Value

Dialect = Literal["openai_chat"]


class Profile(Value):
    """Dated data, never constants in code."""

    name: str
    dialect: Dialect = "openai_chat"
    base_url: str
    model: str
    key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key; empty when the endpoint asks for none."""
    window_tokens: int = Field(default=131_072, ge=1024)
    """Input and output together."""
    max_output_tokens: int = Field(default=8_192, ge=256)
    """Reserved for each reply."""
    max_output_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    session_header: bool = False
    """Whether the endpoint is told which session asks; only the rehearsal wants it."""
    first_byte_seconds: float = 120.0
    """How long to wait for the reply to begin."""
    stall_seconds: float = 60.0
    """How long to wait between two pieces of the reply."""
    source: str = ""
    """Where the figures were found."""
    dated: str = ""
    """When they were true."""
