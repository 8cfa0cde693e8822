"""What happened between a session and its endpoint: events of the journal like the others."""

from typing import Any, Literal

from agent.domain.message import Completion, Role, SessionKey
from agent.domain.value import Value


class ModelResponded(Value):
    type: Literal["model_responded"] = "model_responded"
    session: SessionKey
    completion: Completion
    estimated_tokens: int
    """What the harness expected the input to be, before sending."""
    reserved_tokens: int
    """Output tokens reserved for the reply."""
    seconds: float


class ModelRefused(Value):
    """A request failed and was, or was not, sent again."""

    type: Literal["model_refused"] = "model_refused"
    session: SessionKey
    error: str
    wait_seconds: float
    """Time waited before the next try; 0 when there is none, or when the governor waits."""
    again: bool = False
    was_sent: bool = True
    """Not when the ledger kept it back, and the endpoint was not asked."""
    is_replaced: bool = False
    """Whether another model sends it in place of this one."""


class ProfileMended(Value):
    """A refusal taught something of the endpoint that the profile did not know."""

    type: Literal["profile_mended"] = "profile_mended"
    role: Role
    profile: str
    changes: dict[str, Any]
    """Fields of the profile, as they are from now on."""
    reason: str


class ModelReplaced(Value):
    """A role goes on with the next of its fallback profiles."""

    type: Literal["model_replaced"] = "model_replaced"
    role: Role
    profile: str
    model: str
    reason: str


class Throttled(Value):
    """A request waits for the limits of its account."""

    type: Literal["throttled"] = "throttled"
    session: SessionKey
    seconds: float
    reason: str
