"""The scripted model of the long job: it goes on when it has seen what it needs, and not before.

It reacts to what its requests show and to the files on disk, never to what the harness is known
to do. A file counts as read when every line of it was shown; before an edit the whole file and
the failure that it mends must stand in the very request. Whatever was clipped, dropped or pointed
at without being there is read again, and that costs a turn. It sends exact arguments, never a
wrong one, and never forgets what it is about.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agent.rehearsal.script import ScriptedCall, ScriptedReply
from agent.rehearsal.wire import Asked, Complaint
from long_jobs import work
from long_jobs.sight import Sight, missing, ranges_to_read, rest_of_output, sight_of

MOST_TRIES = 12
"""Replies for one step; more means that the harness never shows what is needed."""

LINES_AROUND = 5
FUNCTION_LINES = 8
NOTE = "The modules are mended one after the other; each adds now where it took away."

Worktree = Callable[[], Path]


class StuckError(Exception):
    """The job does not get on."""


@dataclass
class Step:
    """One thing to do, and what was seen since it began."""

    kind: str
    """`read`, `again`, `run`, `edit` or `submit`."""
    modules: tuple[int, ...] = ()
    tries: int = 0
    called: bool = False
    files: dict[str, dict[int, str]] = field(default_factory=dict)
    printed: set[str] = field(default_factory=set)


@dataclass
class Desk:
    """Where the work is done, and how far it is."""

    worktree: Worktree
    extra_reads: int = 0
    """Replies that look again at what was shown before."""

    def text(self, module: int) -> str:
        return (self.worktree() / work.module_path(module)).read_text(encoding="utf-8")

    def is_mended(self, module: int) -> bool:
        return work.new_text(work.WRONG_FUNCTION) in self.text(module)

    def unseen(self, module: int, shown: dict[str, dict[int, str]]) -> list[tuple[int, int]]:
        return missing(shown.get(work.module_path(module), {}), self.text(module))

    def to_read(self, module: int, shown: dict[str, dict[int, str]]) -> str:
        path = work.module_path(module)
        return ranges_to_read(path, shown.get(path, {}), self.text(module))

    def around(self, module: int) -> tuple[int, int]:
        """First and last line of what is looked at to change a function."""
        lines = self.text(module).splitlines()
        name = f"def op_{module:02}_{work.WRONG_FUNCTION:02}("
        at = next(n for n, line in enumerate(lines, start=1) if line.startswith(name))
        return at - LINES_AROUND, at + FUNCTION_LINES + LINES_AROUND

    def shows_function(self, module: int, shown: dict[str, dict[int, str]]) -> bool:
        first, last = self.around(module)
        gaps = self.unseen(module, shown)
        return not any(begin <= last and first <= end for begin, end in gaps)

    def failures(self, modules: tuple[int, ...]) -> set[str]:
        return {work.failure_line(each) for each in modules if not self.is_mended(each)}


class Policy(Protocol):
    def reply(self, seen: Sight) -> tuple[ScriptedCall, ...]: ...


class Player:
    """Answers requests by a policy; one that is sent again gets the same answer."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._asked: tuple[Any, ...] = ()
        self._reply = ScriptedReply()

    def __call__(self, asked: Asked) -> ScriptedReply | Complaint:
        if asked.messages != self._asked:
            self._asked = asked.messages
            seen = sight_of(asked)
            if seen.wants_note:
                self._reply = ScriptedReply(say=NOTE)
                return self._reply
            try:
                self._reply = ScriptedReply(calls=self._policy.reply(seen))
            except StuckError as error:
                return Complaint("bad", {"message": str(error)})
        return self._reply


def call(tool: str, **arguments: object) -> ScriptedCall:
    return ScriptedCall(tool=tool, arguments=arguments)


def edit_of(modules: tuple[int, ...]) -> ScriptedCall:
    number = work.WRONG_FUNCTION
    old, new = work.old_text(number), work.new_text(number)
    return call(
        "edit", edits=[{"path": work.module_path(m), "old": old, "new": new} for m in modules]
    )


def rest_of(seen: Sight, command: str) -> ScriptedCall:
    """What was left out of the newest report, else the command once more."""
    rest = rest_of_output(seen.last) or rest_of_output(seen.report)
    return call("read", files=[rest]) if rest else call("run", command=command)


def merge(into: dict[str, dict[int, str]], files: dict[str, dict[int, str]]) -> None:
    for path, lines in files.items():
        into.setdefault(path, {}).update(lines)
