"""What was seen of an endpoint while it was tried."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.domain.message import Completion
from agent.domain.profile import Profile
from agent.domain.readings import LimitReading
from agent.errors import ProviderError
from agent.providers.model_list import ModelList

if TYPE_CHECKING:
    from agent.providers.doctor.recording import Exchange


@dataclass(frozen=True)
class Reply:
    """A reply, with what was seen of it on the wire."""

    completion: Completion
    exchange: "Exchange"
    text_at: float | None = None
    """When the first text arrived, by the clock; None for a reply without text."""

    @property
    def first_seconds(self) -> float:
        """From the request to the first piece of text, or else of the body."""
        first = self.exchange.first_at if self.text_at is None else self.text_at
        return first - self.exchange.sent_at

    @property
    def writing_seconds(self) -> float:
        return self.exchange.last_at - self.exchange.first_at


@dataclass
class Hearing:
    """The text of one try as it comes in."""

    characters: int = 0
    began_at: float = 0.0
    """When the first text arrived, by the clock."""
    ended_at: float = 0.0

    def note(self, text: str, now: float) -> None:
        if text:
            self.began_at = self.began_at if self.characters else now
            self.ended_at = now
            self.characters += len(text)

    @property
    def seconds(self) -> float:
        return self.ended_at - self.began_at


@dataclass(frozen=True)
class Overflow:
    """What came back for a request over the window."""

    error: ProviderError | None
    """None when the endpoint served it."""
    status: int = 0
    said_nothing: bool = False
    input_tokens: int = 0
    """What the endpoint counted when it served it."""
    was_sent: bool = True
    """Not, where the account's limits let no such request through."""


@dataclass(frozen=True)
class OtherKey:
    """The key of a further account."""

    profile: Profile
    """With this key's variable."""
    is_set: bool = True
    same_as: str = ""
    """The variable that holds the same key; empty where none does."""
    seen: "Seen | None" = None
    """None when it was not tried."""


@dataclass
class Seen:
    """Everything that was seen of an endpoint."""

    profile: Profile
    """As it was given."""
    learned: Profile
    """With what refusals taught."""
    key_sent: bool = False
    rehearsed: bool = False
    """Whether the endpoint is a rehearsal, which says so in each answer."""
    reached_seconds: float | None = None
    """How long the first answer's head took; None when nothing answered."""
    models: ModelList | None = None
    list_error: ProviderError | None = None
    skew_seconds: float | None = None
    """How far the endpoint's clock is ahead of this machine's."""
    headers: set[str] = field(default_factory=set)
    """Names of the limit headers that came."""
    refused_readings: tuple[LimitReading, ...] = ()
    """What the newest refusal's headers say of limits."""
    begun_readings: tuple[LimitReading, ...] = ()
    """What the head of the newest reply says of limits, be the reply spoiled afterwards."""
    has_begun: bool = False
    """Whether a request was let in, and with it the key."""
    tool: Reply | None = None
    text: Reply | None = None
    unfinished: Hearing | None = None
    """The text of an endpoint that was still writing when the time was up."""
    overflow: Overflow | None = None
    troubles: list[ProviderError] = field(default_factory=list)
    """What went wrong and was tried again."""
    blocked: ProviderError | None = None
    """What kept the checkup from going on."""
    others: list[OtherKey] = field(default_factory=list)

    @property
    def replies(self) -> tuple[Reply, ...]:
        return tuple(reply for reply in (self.tool, self.text) if reply)
