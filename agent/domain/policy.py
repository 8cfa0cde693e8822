"""What a session may do in a run: which files it may change, which commands it may run. Pure.

The policy speaks about what a call says, before it is made. What a program does once it runs is
held by the sandbox, never by a list of commands.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from agent.domain.command_line import ShellLine, Words, begins, read_line, says
from agent.domain.message import SessionKey
from agent.domain.value import Value

PathRule = Literal["repository", "task"]
Verdict = Literal["allow", "ask", "deny"]
Why = Literal["deny_commands", "ask_commands", "not_allowed", "own_file", "outside_task"]

DENIED_COMMANDS = (
    "git push",
    "git send-email",
    "git config --global",
    "git config --system",
    "gh",
    "glab",
    "npm publish",
    "cargo publish",
    "twine upload",
    "sudo",
    "doas",
    "su",
    "shutdown",
    "reboot",
    "crontab",
    "gardener merge",
    "gardener discard",
)
"""What leaves the machine, or acts as the user or the administrator."""
OWN_FILES = frozenset({"gardener.toml"})
"""What tells the harness what to do."""
FREE_COMMANDS = (("cd",), ("true",))
"""What an allow list need not name."""
TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs", "e2e"})
TEST_NAME = re.compile(r"^tests?_|_tests?\.|^tests?\.|\.(test|spec)\.|_spec\.|Tests?\.|^conftest\.")


class Policy(Value):
    paths: PathRule = "repository"
    """Where edits go: anywhere in the repository, or the task's own files and tests only."""
    allow_commands: tuple[str, ...] = ()
    """When not empty, a line may start nothing but these."""
    ask_commands: tuple[str, ...] = ()
    deny_commands: tuple[str, ...] = DENIED_COMMANDS
    on_ask: Literal["deny", "allow"] = "deny"
    """The answer where nobody is there to give it."""
    on_question: Literal["assume", "stop"] = "assume"
    """What becomes of a question about the task that only a person can answer."""


class CallRuled(Value):
    """The policy did not simply let a call be made; one that is not allowed was not made."""

    type: Literal["call_ruled"] = "call_ruled"
    session: SessionKey
    call_id: str
    what: str
    """The command or path it is about."""
    why: Why
    rule: str = ""
    """The entry of the list that decided."""
    allowed: bool
    by: Literal["policy", "setting", "person"] = "policy"


class Assumed(Value):
    """Nobody was there to answer a session's question, so it goes on by its own assumption."""

    type: Literal["assumed"] = "assumed"
    session: SessionKey
    question: str
    assumption: str


@dataclass(frozen=True)
class Ruling:
    verdict: Verdict
    what: str = ""
    why: Why = "deny_commands"
    rule: str = ""


ALLOWED = Ruling("allow")


@dataclass(frozen=True)
class Change:
    """A call changes this file, spelled from the root with links followed."""

    path: str


@dataclass(frozen=True)
class Starts:
    """A call starts this shell line."""

    line: str


Deed = Change | Starts


@dataclass(frozen=True)
class Scope:
    """What a task may change when paths are kept to it."""

    files: frozenset[str]
    checks: tuple[str, ...] = ()
    """Shell lines of its checks; a test that one of them names is the task's."""


def rule_on_path(
    policy: Policy, path: str, own: frozenset[str], scope: Scope | None, *, is_new: bool
) -> Ruling:
    """`own` are the harness's files; without a scope the whole repository is one.

    `is_new` says that the file was not there when the task began: a test that it brings is its
    own, one that was there is not.
    """
    if path in own | OWN_FILES:
        return Ruling("deny", path, "own_file")
    if policy.paths == "repository" or scope is None or path in scope.files:
        return ALLOWED
    if is_test(path) and (is_new or any(names(line, path) for line in scope.checks)):
        return ALLOWED
    return Ruling("deny", path, "outside_task")


def is_test(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(TEST_FOLDERS.intersection(pure.parts[:-1]) or TEST_NAME.search(pure.name))


def names(line: str, path: str) -> bool:
    """Whether a shell line names a file, by its path or as a Python module."""
    module = path.removesuffix(".py").replace("/", ".")
    words = r"(?<![\w./-])(?:\./)?({}|{})(?![\w/-])"
    return re.search(words.format(re.escape(path), re.escape(module)), line) is not None


def rule_on_command(policy: Policy, line: str) -> Ruling:
    """Denied is what any part of the line may be; allowed only what all of it is."""
    found = read_line(line)
    everything = (*found.commands, *found.inner)
    for verdict, why, entries in (
        ("deny", "deny_commands", policy.deny_commands),
        ("ask", "ask_commands", policy.ask_commands),
    ):
        for entry in entries:
            if any(says(command, words_of(entry)) for command in everything):
                return Ruling(verdict, line, why, entry)  # type: ignore[arg-type]
    if policy.allow_commands and not only_allowed(policy, found):
        return Ruling("deny", line, "not_allowed")
    return ALLOWED


def only_allowed(policy: Policy, line: ShellLine) -> bool:
    entries = (*FREE_COMMANDS, *map(words_of, policy.allow_commands))
    return line.is_plain and all(
        any(begins(command, entry) for entry in entries) for command in line.commands
    )


def words_of(entry: str) -> Words:
    try:
        return tuple(shlex.split(entry))
    except ValueError:
        return tuple(entry.split())
