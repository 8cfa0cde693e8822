"""What every step of a run is given."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.context.tokens import Count, estimate
from agent.context.transcript import Meter, is_believed
from agent.domain.event import Event, RunStarted
from agent.domain.message import Role
from agent.domain.plan import Plan
from agent.domain.policy import Policy
from agent.domain.ports import Approver, Clock, Governor, ModelClient, Tool, Workspace
from agent.domain.profile import Profile
from agent.domain.redaction import NOTHING_HIDDEN, Redactor
from agent.domain.state import RunState
from agent.errors import ProviderError
from agent.journal import Journal
from agent.limits.admission import margin
from agent.limits.books import RECENT_RATIOS
from agent.limits.pool import Pool
from agent.providers.mending import mended


@dataclass(frozen=True)
class Limits:
    """How far a run may go before it stops by itself."""

    plan_attempts: int = 3
    """Plans a planner may propose that are not well-formed."""
    garden_rounds: int = 3
    realign_passes: int = 4
    task_attempts: int = 2
    """Sessions that a task gets as it is, with the usual model."""
    task_reviews: int = 1
    """Times a gardener may revise a task that no session could do."""
    continuations: int = 3
    """Times a session that stopped too early is told what is open."""
    turns_per_session: int = 60
    request_attempts: int = 5
    max_wait_seconds: float = 75.0
    """The longest single wait for a limit."""
    sleeps_over_day: bool = False
    """Whether a day's limit is slept over; otherwise the run stops, to be resumed."""
    command_timeout_seconds: float = 120.0
    working_tokens: int | None = None
    """The size to keep a session's requests at; None has it worked out from the limits."""
    size_budget_tokens: int = 40_000
    """The largest estimate a task may carry."""


@dataclass
class Model:
    """Who answers for a role; lives as long as the run is open."""

    profile: Profile
    clients: Mapping[str, ModelClient]
    """By account."""
    pool: Pool
    spare: "Model | None" = None
    """Who answers when this one cannot any more."""
    stronger: tuple["Model", ...] = ()
    """Who is given a task, in this order, when this one makes no progress with it."""
    ratios: tuple[float, ...] = ()
    """Input tokens as they were counted by those that were estimated, the newest last."""

    @property
    def margin(self) -> float:
        """How many times as large as its estimate a request may really be.

        Never less than what was seen lately, whatever vocabulary the endpoint has.
        """
        return max(margin(self.ratios), *self.ratios, 1.0)

    def measure(self, estimated_tokens: int, counted_tokens: int) -> None:
        if is_believed(counted_tokens, estimated_tokens):
            self.ratios = (*self.ratios, counted_tokens / estimated_tokens)[-RECENT_RATIOS:]

    def learn(self, error: ProviderError) -> dict[str, Any]:
        """Mends the profile by what a refusal teaches; what changed, empty when nothing did."""
        after = mended(self.profile, error)
        if after is None:
            return {}
        before = self.profile.model_dump(mode="json")
        self.profile = after
        for client in self.clients.values():
            client.use(after)
        fields = after.model_dump(mode="json").items()
        return {name: value for name, value in fields if value != before[name]}


async def nothing(checkout: Path) -> None:
    """For a run whose project needs no more than what git keeps."""


@dataclass(frozen=True)
class RunContext:
    journal: Journal
    clock: Clock
    models: dict[Role, Model]
    governor: Governor
    workspace: Workspace
    approver: Approver
    limits: Limits = Limits()
    setup: str = ""
    """A shell line that makes a fresh checkout ready, such as installing dependencies."""
    supply: Callable[[Path], Awaitable[None]] = nothing
    """Puts what git does not keep into the checkout at a path, before `setup` runs there."""
    policy: Policy = field(default_factory=Policy)
    external: Mapping[Role, tuple[Tool, ...]] = field(default_factory=dict)
    """The tools of external servers."""
    redactor: Redactor = NOTHING_HIDDEN
    """What is hidden from sessions; the journal hides the same."""
    ask_approval: bool = False
    on_text: Callable[[str], None] = lambda _: None
    """Told each piece of a reply as it arrives; nothing of it is journalled."""
    foresee: Callable[[Sequence[int]], str | None] = lambda _: None
    """What the user should know before tasks of these sizes in tokens are worked off, such as
    that the day's limit will not do."""
    count: Count = estimate
    """Estimates the tokens of a text."""
    meters: dict[str, Meter] = field(default_factory=dict)

    @property
    def state(self) -> RunState:
        return self.journal.state

    @property
    def started(self) -> RunStarted:
        assert self.state.started is not None, "the journal begins with run_started"
        return self.state.started

    @property
    def plan(self) -> Plan:
        assert self.state.plan is not None, "a plan was adopted before this step"
        return self.state.plan

    @property
    def plan_path(self) -> str:
        return self.started.plan_file

    def tell(self, event: Event) -> None:
        self.journal.append(event)

    def meter(self, session: str) -> Meter:
        """The session's own; those of sessions that are over are let go."""
        if session not in self.meters:
            over = {name for name, each in self.state.sessions.items() if not each.messages}
            for name in self.meters.keys() & over:
                del self.meters[name]
        return self.meters.setdefault(session, Meter(self.count))
