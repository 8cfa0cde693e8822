"""One request on its way through the endpoint, and what is remembered of it."""

from dataclasses import dataclass

from agent.domain.message import SessionKey
from agent.rehearsal.dialects import Dialect
from agent.rehearsal.faults_instead import Scene
from agent.rehearsal.flavours import Flavour
from agent.rehearsal.wire import Asked


@dataclass(frozen=True)
class SeenRequest:
    """One request for a reply, and how it was answered."""

    path: str
    session: str
    """Empty for a request that belongs to no session."""
    turn: int | None
    from_app: bool
    """Whether the built program sent it, and not gardener."""
    model: str
    streamed: bool
    prompt_tokens: int
    cached_tokens: int
    """What of the prompt a prefix cache has spared."""
    status: int
    account: str = ""
    at: float = 0.0
    """Seconds since 1970, UTC, on the server's clock."""
    reserved_tokens: int | None = None
    """What the request asked for; None when it did not say."""
    completion_tokens: int = 0
    charged_tokens: int = 0
    faults: tuple[str, ...] = ()

    @property
    def cached_share(self) -> float:
        return round(self.cached_tokens / self.prompt_tokens, 4) if self.prompt_tokens else 0.0


def unread(path: str, account: str, at: float, status: int, *, is_app: bool) -> SeenRequest:
    """A request of which no more is known than who sent it where."""
    return SeenRequest(
        path=path,
        session="",
        turn=None,
        from_app=is_app,
        model="",
        streamed=False,
        prompt_tokens=0,
        cached_tokens=0,
        status=status,
        account=account,
        at=at,
    )


@dataclass(frozen=True)
class Visit:
    """One request, and what is known of it before it is judged."""

    path: str
    dialect: Dialect
    asked: Asked
    flavour: Flavour
    account: str
    owner: str
    """What seals of this account begin with."""
    key: SessionKey | None
    turn: int | None
    begun: int
    """How often the session has begun anew on this server."""
    scene: Scene
    prompt: str
    prompt_tokens: int
    cached_tokens: int

    @property
    def identity(self) -> str:
        """The same when the request is sent again."""
        if self.key is None:
            return f"{self.account} {self.asked.model} {self.prompt}"
        return f"{self.begun} {self.key};{self.turn}"
