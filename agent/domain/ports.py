"""Every seam of the system on one page, each with its contract."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from agent.domain.limits import Admission
from agent.domain.message import Completion, ModelRequest, ToolSpec, Usage
from agent.domain.profile import Profile
from agent.domain.readings import LimitReading

ToolKind = Literal["read", "edit", "search", "execute", "think", "deliver"]
"""`deliver` hands the session's result to the harness: it only checks, so it may be asked again."""


class Clock(Protocol):
    """The only source of time; tests move it by hand."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class ModelClient(Protocol):
    """One model behind one endpoint."""

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> Completion:
        """Sends one request, tells each piece of text as it arrives, returns the whole reply.

        Makes exactly one attempt. Raises a ProviderError and nothing else; a truncated reply is
        returned with stop reason `max_tokens`, never completed by guessing.
        """
        ...

    def use(self, profile: Profile) -> None:
        """Sends by this profile, of the same endpoint, from here on."""
        ...


class Governor(Protocol):
    """Client-side admission control, shared by everything that spends one account's limits."""

    def wait_seconds(self, admission: Admission) -> float:
        """How long `admit` would wait now: 0 when it would not."""
        ...

    async def admit(self, admission: Admission, on_wait: Callable[[float, str], None]) -> int:
        """Books the request, waiting as long as its limits need and never longer.

        Tells each wait and its reason before it begins. Returns the booking's number. Raises
        DayLimitReached when only a day's or hour's reset would help, RequestTooLarge when the
        request is larger than a whole window allows.
        """
        ...

    def mark_rehearsed(self, booking: int) -> None:
        """Told before the booking's end: the endpoint is a rehearsal, so nothing is paid."""
        ...

    def settle(self, booking: int, usage: Usage, readings: tuple[LimitReading, ...]) -> None:
        """Corrects the books by what the endpoint reported."""
        ...

    def fail(self, booking: int, wait_seconds: float | None) -> None:
        """The request was not served; with `wait_seconds` the endpoint said it is full so long."""
        ...


@dataclass(frozen=True)
class CommandResult:
    """How a command ended; `output` has standard output and error in one, the middle cut out
    when it was longer than the workspace's limit."""

    exit_code: int | None
    """None when it was killed at its timeout."""
    output: str
    seconds: float

    @property
    def timed_out(self) -> bool:
        return self.exit_code is None


class Workspace(Protocol):
    """The checkout a run works in.

    Paths are relative, with forward slashes. A path that leaves the checkout, also through a
    symbolic link, or that enters `.git`, raises PathRefused. Git operations never run hooks.
    """

    @property
    def root(self) -> Path: ...

    def exists(self, path: str) -> bool: ...

    def read_text(self, path: str) -> str:
        """Raises WorkspaceError when there is no such file or it is not UTF-8 text."""
        ...

    def write_text(self, path: str, text: str) -> None:
        """Replaces or creates the file, with its folders; whole or not at all."""
        ...

    def delete(self, path: str) -> None: ...

    async def files(self) -> tuple[str, ...]:
        """Git's view of the tree: tracked and new files, without the ignored ones, sorted."""
        ...

    async def run(
        self,
        command: str,
        *,
        timeout_seconds: float,
        env: Mapping[str, str] | None = None,
        folder: str = "",
        ports: tuple[int, ...] = (),
        on_output: Callable[[str], None] | None = None,
    ) -> CommandResult:
        """Runs one shell line in a clean environment plus `env`.

        `on_output` is told every few seconds what was printed since. Where commands have no
        network, it still reaches these `ports` of this machine's loopback.
        The whole process group is dead when this returns or is cancelled.
        """
        ...

    async def head(self) -> str:
        """The commit the checkout stands on."""
        ...

    async def is_dirty(self) -> bool: ...

    async def commit(self, message: str) -> str:
        """Commits everything that is not ignored; returns the new commit's id."""
        ...

    async def message_of(self, commit: str) -> str: ...

    async def changed_files(self, base: str) -> tuple[str, ...]:
        """Files that differ from `base`, uncommitted and new ones among them."""
        ...

    async def show(self, commit: str, path: str) -> str | None:
        """The file's text at a commit, None when it is not there."""
        ...

    async def checkpoint(self, name: str) -> str:
        """Keeps the tree, new files among them, under a ref; leaves index and files alone.

        Returns the ref.
        """
        ...

    def clean_copy(self, commit: str = "") -> AbstractAsyncContextManager["Workspace"]:
        """A fresh clone at HEAD, or at `commit`, which is gone when the context ends.

        Nothing ignored, new, configured or left behind here is in it.
        """
        ...

    async def settle(self, branch: str, commit: str) -> None:
        """Puts the checkout on `branch` at `commit` and keeps the files as they are.

        So a commit or a switch that a command made becomes uncommitted work.
        """
        ...

    async def reset(self) -> None:
        """Throws away everything uncommitted but ignored files."""
        ...


@dataclass(frozen=True)
class ToolOutput:
    """What a tool gives back."""

    text: str
    """What the model reads."""
    is_error: bool = False
    ends_session: bool = False
    """True when the session has delivered what it was opened for."""
    value: object = None
    """What the harness reads, such as an accepted plan."""


class Tool(Protocol):
    """Something a session can call."""

    @property
    def spec(self) -> ToolSpec: ...

    @property
    def kind(self) -> ToolKind: ...

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        """Validates the arguments, then does the work.

        Raises pydantic's ValidationError when the arguments do not fit the schema. Any other
        failure is an output with `is_error`, or a WorkspaceError, which becomes one.
        """
        ...


class Approver(Protocol):
    """Answers a question that only a person may answer."""

    async def approve(self, question: str) -> bool:
        """Raises NeedsPerson when nobody is there to answer."""
        ...
