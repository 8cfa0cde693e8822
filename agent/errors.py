"""The exception tree, and the exit code of each branch.

GardenerError                      exit code
├── UsageError                     64   wrong flags, wrong place, wrong request
│   ├── ConfigError                64   a setting is missing or cannot be understood
│   ├── RepositoryError            64   no repository, no commit, uncommitted changes
│   ├── PlanError                  64   a plan file breaks the format: file, line, field
│   └── ScriptError                64   a rehearsal script breaks its format
├── ProviderError                  75   stop        the endpoint did not serve the request
│   ├── AuthError                  64   stop        the key is missing or wrong
│   │   └── NoCredit               64   switch      the account of the key cannot pay
│   ├── ModelUnknown               64   stop        the endpoint does not serve this model
│   ├── RequestRefused             64   stop        the endpoint understood and said no
│   │   └── SchemaRejected         64   shrink      ... to fields, which it names
│   ├── ContextOverflow            10   shrink      the request does not fit the window
│   │   └── RequestTooLarge        10   shrink      it is over a cap or a whole minute's limit
│   ├── RateLimited                75   wait        minute limit; carries the seconds to wait
│   ├── DayLimitReached            75   checkpoint  hour or day limit; only the reset helps
│   │   └── QuotaExhausted         75   switch      an allotment without a reset is used up
│   ├── Unavailable                75   resend      server error, broken or silent stream
│   │   └── Unreachable            75   resend      no connection at all
│   └── MalformedReply             75   resend      the reply is not what the dialect says
├── WorkspaceError                 64   a file or command in the worktree failed
│   └── PathRefused                64   a path leaves the workspace or is protected
├── JournalError                   64   the journal is locked, torn in the middle, or newer
├── DiskFull                       10   with room on the disk, the run can go on
├── Stuck                          12   a session brought nothing that can be used
├── NeedsPerson                    20   a decision only a person may take
└── RunCancelled                  130   the user stopped the run

The third column is the action of a provider error: what whoever sent the request does next.
A tool's failure is a tool result, not an exception.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """How a command ended; the same word stands in every machine-readable output."""

    DONE = "done"
    UNFINISHED = "unfinished"
    FINDINGS = "findings"
    STUCK = "stuck"
    NEEDS_PERSON = "needs_person"
    USAGE = "usage"
    LIMIT = "limit"
    CANCELLED = "cancelled"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self]


EXIT_CODES: dict[Outcome, int] = {
    Outcome.DONE: 0,
    Outcome.UNFINISHED: 10,
    Outcome.FINDINGS: 11,
    Outcome.STUCK: 12,
    Outcome.NEEDS_PERSON: 20,
    Outcome.USAGE: 64,
    Outcome.LIMIT: 75,
    Outcome.CANCELLED: 130,
}


class GardenerError(Exception):
    """One sentence for the user: what happened and what to do next."""

    outcome = Outcome.UNFINISHED


class UsageError(GardenerError):
    """The command cannot start as it was called."""

    outcome = Outcome.USAGE


class ConfigError(UsageError):
    """A setting is missing or cannot be understood."""


class RepositoryError(UsageError):
    """The directory is not a repository that a run can start from."""


class PlanError(UsageError):
    """A plan file breaks the format.

    `line` counts from 1; `field` is the field's word in the file, empty where none applies.
    """

    def __init__(self, reason: str, *, file: str, line: int, field: str = "") -> None:
        self.reason = reason
        self.file = file
        self.line = line
        self.field = field
        place = f"{file}:{line}" + (f": {field}" if field else "")
        super().__init__(f"{place}: {reason}")


class ScriptError(UsageError):
    """A rehearsal script breaks its format."""


class Action(StrEnum):
    """What to do after a request failed; every provider error has exactly one."""

    WAIT = "wait_until"
    """Send it again after `wait_seconds`, exactly."""
    CHECKPOINT = "checkpoint"
    """Keep the state; `wait_seconds` is the time to the reset where the endpoint tells it."""
    SHRINK = "shrink_and_resend_once"
    """Send it once more, smaller in what the error names: history, reservation or a field."""
    RESEND = "resend"
    """Send it again as it is, a bounded number of times; not before `wait_seconds` if told."""
    SWITCH = "switch"
    """Go on with another account or model; without one, stop."""
    STOP = "stop"
    """Tell the user; sending it again changes nothing."""


class ProviderError(GardenerError):
    """The endpoint did not serve the request."""

    outcome = Outcome.LIMIT
    action = Action.STOP
    may_count = True
    """Whether the endpoint may have counted tokens: not of what it refused, or never saw."""
    rehearsed = False
    """Whether the endpoint is a rehearsal."""
    was_sent = True
    """Not when the ledger kept the request back, and the endpoint was not asked."""
    wait_seconds: float | None = None
    """How long the endpoint itself asks to wait, None where it says nothing."""


class AuthError(ProviderError):
    """The key is missing or wrong."""

    outcome = Outcome.USAGE


class NoCredit(AuthError):
    """The account of the key cannot pay; another account may."""

    action = Action.SWITCH


class ModelUnknown(ProviderError):
    """The endpoint does not serve the model asked for."""

    outcome = Outcome.USAGE


class RequestRefused(ProviderError):
    """The endpoint understood the request and refused it; sending it again changes nothing."""

    outcome = Outcome.USAGE


class SchemaRejected(RequestRefused):
    """The endpoint does not accept these fields; of each its last name, such as `temperature`."""

    action = Action.SHRINK

    def __init__(self, message: str, *fields: str) -> None:
        self.fields = fields
        super().__init__(message)


class ContextOverflow(ProviderError):
    """The request is longer than the model's window.

    `window_tokens` is the real window where the endpoint's words tell it.
    """

    outcome = Outcome.UNFINISHED
    action = Action.SHRINK

    def __init__(self, message: str, window_tokens: int | None = None) -> None:
        self.window_tokens = window_tokens
        super().__init__(message)


class RequestTooLarge(ContextOverflow):
    """The request alone is over a cap, so waiting does not help; the window is not the reason.

    `limit_tokens` is the cap where it is told. With `of_output` it caps the reservation alone,
    else input and reservation together.
    """

    def __init__(
        self, message: str, limit_tokens: int | None = None, *, of_output: bool = False
    ) -> None:
        self.limit_tokens = limit_tokens
        self.of_output = of_output
        super().__init__(message)


class RateLimited(ProviderError):
    """A minute limit is reached; `retry_after_seconds` is the endpoint's own figure, if any."""

    action = Action.WAIT

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = self.wait_seconds = retry_after_seconds
        super().__init__(message)


class DayLimitReached(ProviderError):
    """An hour's or day's limit is reached; only the reset helps.

    `reset_seconds` is the time until then where the endpoint tells it.
    """

    action = Action.CHECKPOINT

    def __init__(self, message: str, reset_seconds: float | None = None) -> None:
        self.reset_seconds = self.wait_seconds = reset_seconds
        super().__init__(message)


class QuotaExhausted(DayLimitReached):
    """An allotment is used up that no window fills again; another account or model may serve."""

    action = Action.SWITCH


class Unavailable(ProviderError):
    """The endpoint is not reachable, failed, or broke off the stream."""

    action = Action.RESEND

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = self.wait_seconds = retry_after_seconds
        super().__init__(message)


class Unreachable(Unavailable):
    """There is no connection to the endpoint: wrong address, or nobody listens."""


class MalformedReply(ProviderError):
    """The endpoint's reply is not what the dialect says.

    `usage` is what the endpoint counted for it all the same, None where it told nothing.
    """

    action = Action.RESEND

    def __init__(self, message: str, usage: object = None) -> None:
        self.usage = usage
        super().__init__(message)


class WorkspaceError(GardenerError):
    """A file or command in the worktree failed."""

    outcome = Outcome.USAGE


class PathRefused(WorkspaceError):
    """A path leaves the workspace or names something protected."""


class JournalError(GardenerError):
    """A run's journal cannot be used: locked, damaged, or written by a newer version."""

    outcome = Outcome.USAGE


class DiskFull(GardenerError):
    """A disk that the run writes to is full; with room on it, the run can go on."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: the disk is full; make room, then go on with: gardener resume")


class Stuck(GardenerError):
    """A session brought nothing that the run can go on with."""

    outcome = Outcome.STUCK


class NeedsPerson(GardenerError):
    """A decision that only a person may take stands open."""

    outcome = Outcome.NEEDS_PERSON


class RunCancelled(GardenerError):
    """The user stopped the run; its state is kept."""

    outcome = Outcome.CANCELLED
