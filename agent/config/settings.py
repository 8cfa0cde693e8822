"""What a person can set, with units and bounds."""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from agent.domain.message import Role
from agent.domain.policy import DENIED_COMMANDS, PathRule


def _folder_in_repository(text: str) -> str:
    path = PurePosixPath(text)
    if not text or path.is_absolute() or ".." in path.parts:
        raise ValueError("must be a folder inside the repository")
    return str(path)


def _path_in_repository(text: str) -> str:
    path = PurePosixPath(text)
    if not path.parts or path.is_absolute() or {"..", ".git"}.intersection(path.parts):
        raise ValueError("must be a file or folder inside the repository")
    return str(path)


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path, or begin with ~/")
    return path


def _url(text: str) -> str:
    if not re.match(r"https?://[^\s/]+", text):
        raise ValueError("must begin with http:// or https:// and a host")
    return text


def _variable(text: str) -> str:
    # The text is not repeated: whoever mistakes the field puts a key here.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("must be the name of an environment variable, not its value")
    return text


def _ledger(text: str) -> str:
    # The text is not repeated: an address may hold a password.
    if not re.match(r"rediss?://[^\s/]+", text) and not Path(text).is_absolute():
        raise ValueError("must be a file's absolute path, or begin with redis:// and a host")
    if "://" in text and not re.fullmatch(r"rediss?://[^\s/]+(/\d*)?(\?.*)?", text):
        raise ValueError("must end in the number of a database, as in redis://HOST:PORT/0")
    return text


BaseUrl = Annotated[str, AfterValidator(_url)]
VariableName = Annotated[str, AfterValidator(_variable)]
Word = Annotated[str, Field(min_length=1)]
RepositoryPath = Annotated[str, AfterValidator(_path_in_repository)]
ServerName = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=20)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RoleSettings(_Frozen):
    """What one role uses instead of the general setting."""

    model: Word | None = None
    """The model's name at its endpoint."""
    profile: Word | None = None
    """A profile of the catalog: endpoint, window, quirks."""
    base_url: BaseUrl | None = None
    """The endpoint, in place of the profile's own."""
    key_env: VariableName | None = None
    """The environment variable that holds the key."""
    window_tokens: Annotated[int, Field(ge=1024)] | None = None
    """Tokens of input and output together, in place of the profile's figure."""
    max_output_tokens: Annotated[int, Field(ge=256)] | None = None
    """Tokens reserved for each reply, in place of the profile's figure."""
    fallback: tuple[Word, ...] = ()
    """Profiles to go on with, in this order, when an endpoint is down or its day is used up. A
    role stays there until the run ends; a resume begins with the first again."""
    ladder: tuple[Word, ...] = ()
    """Profiles to hand a task to, in this order, when the usual one makes no progress with it;
    only an executor has one."""


class ServerSettings(_Frozen):
    """An external MCP server: a program of one's own, or an address."""

    command: tuple[Word, ...] = ()
    """The program and its arguments."""
    url: BaseUrl | None = None
    key_env: VariableName | None = None
    """The variable whose value an address is sent as a bearer token."""
    env: tuple[VariableName, ...] = ()
    """Variables that the program may see, besides HOME, PATH, USER and the like."""
    tools: tuple[Word, ...] = Field(min_length=1)
    """The tools that sessions may call, by the server's names for them."""
    roles: tuple[Role, ...] = ("executor",)
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    """Longest time to start, and longest time of a call."""

    @model_validator(mode="after")
    def _has_one_place(self) -> "ServerSettings":
        if bool(self.command) == bool(self.url):
            raise ValueError("must have either a command or a url")
        return self


class Settings(_Frozen):
    """Everything a person can set, read once and passed down."""

    model: Word | None = None
    """The model of every role that names none."""
    profile: Word = "openai"
    """The profile of every role that names none."""
    base_url: BaseUrl | None = None
    """The endpoint of the general profile, in place of its own; OPENAI_BASE_URL."""
    api_key: SecretStr | None = None
    """The value of OPENAI_API_KEY; never read from a file."""
    fallback: tuple[Word, ...] = ()
    """The fallback profiles of every role that names none."""
    ladder: tuple[Word, ...] = ()
    """The ladder of every role that names none."""
    keys: dict[str, SecretStr] = {}
    """Every `*_API_KEY` of the environment, and what a `key_env` names; never from a file."""
    secrets: dict[str, SecretStr] = {}
    """Every variable of the environment that is a secret by its name or holds a password in an
    address; never from a file."""
    roles: dict[Role, RoleSettings] = {}
    """What differs for one role."""
    profiles: dict[Word, dict[str, Any]] = {}
    """Fields laid over a ready profile, or a profile of one's own; the catalog checks them."""
    window_tokens: Annotated[int, Field(ge=1024)] | None = None
    """Tokens of input and output together, in place of the profile's figure."""
    max_output_tokens: Annotated[int, Field(ge=256)] | None = None
    """Tokens reserved for each reply, in place of the profile's figure."""
    plans_folder: Annotated[str, AfterValidator(_folder_in_repository)] = "plans"
    """Where plan files go, relative to the repository's root."""
    state_folder: Annotated[Path, AfterValidator(_absolute)]
    """Where worktrees are and what runs share; default $XDG_STATE_HOME/gardener."""
    ledger: Annotated[str, AfterValidator(_ledger)] | None = None
    """Where the books of limits and tokens are: a file, or redis:// when several hosts share an
    account; default `ledger.sqlite` in the state folder."""
    garden_rounds: int = Field(default=3, ge=0, le=20)
    """Most gardening rounds of one plan."""
    realign_passes: int = Field(default=4, ge=0, le=20)
    """Most realignment passes of one run."""
    plan_attempts: int = Field(default=3, ge=1, le=10)
    """Times a planner may hand in a plan until it is valid."""
    task_attempts: int = Field(default=2, ge=1, le=10)
    """Sessions that a task gets as it is, with the usual model."""
    task_reviews: int = Field(default=1, ge=0, le=5)
    """Times a gardener may revise a task that no session could do."""
    continuations: int = Field(default=3, ge=0, le=20)
    """Times a session that stopped too early is told what is open."""
    turns_per_session: int = Field(default=60, ge=1, le=1000)
    """Most replies of one session."""
    working_tokens: Annotated[int, Field(ge=1024)] | None = None
    """The size in tokens that a session's requests are kept at; None has it worked out.

    Worked out is what gives most turns a minute, never merely what fits the window. With
    `held` tokens in every request (brief, tools, newest results) and `room` to grow before old
    results are taken out, a turn costs held + room/2 + its reservation, and taking results out
    costs nine turns of looking again. The best room is sqrt(18 * (held + reservation) * 3,500)
    where a turn adds 3,500 tokens and cached ones count; where they do not, it is larger. With
    11,000 held and 2,048 reserved that is 28,700 more: under 400,000 tokens a minute 10 useful
    turns, where requests that fill a window of 131,072 leave 5."""
    command_timeout_seconds: int = Field(default=120, ge=1, le=3600)
    """Longest time a command of the executor may take."""
    request_attempts: int = Field(default=6, ge=1, le=50)
    """Times one request is sent before the run stops."""
    max_wait_seconds: float = Field(default=75, ge=0, le=3600)
    """Longest single wait for a limit, or a pause an endpoint asks for; what keeps longer stops
    the run, to be resumed."""
    account_policy: Literal["switch", "wait", "stop"] = "switch"
    """When the usual one of a profile's accounts is full: `switch` to another, `wait` for it up to
    `max_wait_seconds`, or `stop` rather than ever use another."""
    on_day_limit: Literal["stop", "sleep"] = "stop"
    """When a day's limit is reached: `stop` with exit code 75, to be resumed, or `sleep` until
    its reset and go on."""
    setup: str = ""
    """A shell line that makes a fresh checkout ready, such as `npm ci`; run in every worktree
    and clean copy, since git keeps neither dependencies nor builds."""
    copy_files: tuple[RepositoryPath, ...] = ()
    """Files and folders that git ignores and the project needs, such as `.env`; copied from your
    checkout into every worktree and clean copy before `setup`."""
    link_files: tuple[RepositoryPath, ...] = ()
    """The same for what is too large to copy, such as `node_modules`: its files are linked, so
    commands see yours."""
    paths: PathRule = "repository"
    """Where edits go: anywhere in the repository, or with `task` only to the files that a task
    declares, and to its tests."""
    allow_commands: tuple[Word, ...] = ()
    """When not empty, an executor's lines may start nothing but commands that begin so."""
    ask_commands: tuple[Word, ...] = ()
    """Commands that a person is asked about first."""
    deny_commands: tuple[Word, ...] = DENIED_COMMANDS
    """Commands that an executor may not run. A list reads what a line says: what a program does
    is held by the sandbox alone."""
    on_ask: Literal["deny", "allow"] = "deny"
    """The answer where nobody can be asked; it is journalled."""
    on_question: Literal["assume", "stop"] = "assume"
    """When a session has a question for a person: go on by its assumption, which the report
    shows, or stop with exit code 20."""
    servers: dict[ServerName, ServerSettings] = {}
    """External MCP servers whose tools sessions may call."""
    server_share: float = Field(default=0.05, gt=0, le=0.5)
    """Most of a model's window that the schemas of external tools may take; the rest of the tools
    is left out, and said."""
    pass_environment: tuple[VariableName, ...] = ()
    """More variables that commands and checks may see."""
    sandbox: Literal["require", "prefer", "off"] = "prefer"
    """What commands run in: `prefer` warns where no sandbox works, `require` refuses the run."""
    network: Literal["off", "setup", "on"] = "off"
    """Whom commands in a sandbox reach: only themselves, with `setup` the world for the setup
    command alone, or `on` for every command."""
    readable_paths: tuple[Annotated[Path, AfterValidator(_absolute)], ...] = ()
    """What commands in a sandbox may read besides the system, tool chains and the checkout."""
    command_memory_mb: int = Field(default=4000, ge=50)
    """Memory of a command with all its processes, in a sandbox."""
    command_disk_mb: int = Field(default=4000, ge=10)
    """What a command may write to disk, in a sandbox."""
    command_processes: int = Field(default=1000, ge=10)
    """Processes and threads of a command, in a sandbox."""
    command_output_kb: int = Field(default=100, ge=1, le=10_000)
    """What is kept of a command's output: the first quarter and the last three."""

    def role(self, role: Role) -> RoleSettings:
        """What holds for a role, general settings filled in.

        The general endpoint belongs to the general profile: a role with a profile of its own
        does not inherit it.
        """
        own = self.roles.get(role, RoleSettings())
        at_home = own.profile is None or own.profile == self.profile
        return RoleSettings(
            model=own.model or self.model,
            profile=own.profile or self.profile,
            base_url=own.base_url or (self.base_url if at_home else None),
            key_env=own.key_env,
            window_tokens=own.window_tokens or self.window_tokens,
            max_output_tokens=own.max_output_tokens or self.max_output_tokens,
            fallback=own.fallback or self.fallback,
            ladder=own.ladder or self.ladder,
        )

    def key(self, variable: str) -> SecretStr | None:
        """The key in an environment variable, None when there is none."""
        return self.keys.get(variable)
