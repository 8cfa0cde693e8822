"""The exception tree, and the exit code of each branch.

GardenerError                      exit code
├── UsageError                     64   wrong flags, wrong place, wrong request
│   ├── ConfigError                64   a setting is missing or cannot be understood
│   ├── RepositoryError            64   no repository, no commit, uncommitted changes
│   ├── PlanError                  64   a plan file breaks the format: file, line, field
│   └── ScriptError                64   a rehearsal script breaks its format
├── ProviderError                  75   the endpoint did not serve the request
│   ├── AuthError                  64   the key is missing, wrong or without credit
│   ├── ModelUnknown               64   the endpoint does not serve this model
│   ├── RequestRefused             64   the endpoint understood and said no
│   ├── ContextOverflow            10   the request does not fit the window
│   ├── RateLimited                75   minute limit; carries the seconds to wait
│   ├── DayLimitReached            75   day limit; nothing to do until the reset
│   ├── Unavailable                75   server error, broken or silent stream
│   │   └── Unreachable            75   no connection at all
│   └── MalformedReply             75   the reply is not what the dialect says
├── WorkspaceError                 64   a file or command in the worktree failed
│   └── PathRefused                64   a path leaves the workspace or is protected
├── JournalError                   64   the journal is locked, torn in the middle, or newer
├── Stuck                          12   a session brought nothing that can be used
├── NeedsPerson                    20   a decision only a person may take
└── RunCancelled                  130   the user stopped the run

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


class ProviderError(GardenerError):
    """The endpoint did not serve the request."""

    outcome = Outcome.LIMIT


class AuthError(ProviderError):
    """The key is missing, wrong or without credit."""

    outcome = Outcome.USAGE


class ModelUnknown(ProviderError):
    """The endpoint does not serve the model asked for."""

    outcome = Outcome.USAGE


class RequestRefused(ProviderError):
    """The endpoint understood the request and refused it; sending it again changes nothing."""

    outcome = Outcome.USAGE


class ContextOverflow(ProviderError):
    """The request is longer than the model's window."""

    outcome = Outcome.UNFINISHED


class RateLimited(ProviderError):
    """A minute limit is reached; `retry_after_seconds` is the endpoint's own figure, if any."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class DayLimitReached(ProviderError):
    """A day limit is reached; only the reset helps."""


class Unavailable(ProviderError):
    """The endpoint is not reachable, failed, or broke off the stream."""


class Unreachable(Unavailable):
    """There is no connection to the endpoint: wrong address, or nobody listens."""


class MalformedReply(ProviderError):
    """The endpoint's reply is not what the dialect says."""


class WorkspaceError(GardenerError):
    """A file or command in the worktree failed."""

    outcome = Outcome.USAGE


class PathRefused(WorkspaceError):
    """A path leaves the workspace or names something protected."""


class JournalError(GardenerError):
    """A run's journal cannot be used: locked, damaged, or written by a newer version."""

    outcome = Outcome.USAGE


class Stuck(GardenerError):
    """A session brought nothing that the run can go on with."""

    outcome = Outcome.STUCK


class NeedsPerson(GardenerError):
    """A decision that only a person may take stands open."""

    outcome = Outcome.NEEDS_PERSON


class RunCancelled(GardenerError):
    """The user stopped the run; its state is kept."""

    outcome = Outcome.CANCELLED
