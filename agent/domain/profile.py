"""A profile: a model behind an endpoint, with what is known of it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.domain.limits import Limit
from agent.domain.readings import Window
from agent.domain.value import Value

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Dialect = Literal["openai_chat", "openai_responses", "anthropic_messages"]


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
    omit_fields: tuple[str, ...] = ()
    """Fields of the dialect that the endpoint refuses."""
    sampling: dict[str, Finite] = Field(default_factory=dict)
    """Sampling settings sent with each request, such as `temperature`."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """More fields of the dialect, sent with each request as they are, such as `thinking`."""
    strict_tools: Literal["omit", "false", "true"] = "omit"
    """How `strict` is sent, the same for every tool."""
    replay_reasoning: bool = False
    """Whether reasoning of earlier replies is sent back."""
    text_calls: bool = False
    """Whether the model is known to write tool calls as text."""
    accounts: tuple[str, ...] = ()
    """Environment variables with keys of further accounts, used as a pool with `key_env`."""
    limits: tuple[Limit, ...] = ()
    charge: Literal["admission", "usage"] = "usage"
    """`admission`: the estimated input and the reserved output count when the request is let in.
    `usage`: what was really used counts afterwards."""
    reservation_cap_tokens: int | None = None
    """The most of a reservation that an endpoint charging at admission books."""
    cached_tokens_count: bool = True
    """Whether cached input counts against token limits."""
    requests_window: Window = "minute"
    """The window of `x-ratelimit-*-requests` headers, which do not name it."""
    input_usd: Amount | None = None
    """US dollars for a million input tokens."""
    output_usd: Amount | None = None
    cached_usd: Amount | None = None
    tokens_per_second: Amount | None = None
    """The speed that the vendor's profile promises."""
    session_header: bool = False
    """Whether the endpoint is told which session asks; only the rehearsal wants it."""
    first_byte_seconds: Seconds = 120.0
    """How long to wait for the reply to begin."""
    stall_seconds: Seconds = 60.0
    """How long to wait between two pieces of the reply."""
    own_base_url: str = ""
    """The address that the settings give this profile itself; base_url may be replaced later."""
    source: str = ""
    """Where the figures were found."""
    dated: str = ""
    """When they were true."""
