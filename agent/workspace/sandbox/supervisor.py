"""Answers the filter's questions: a call that Landlock does not decide about waits for us here.

What a call points to in its memory could be changed by another thread while we look. So an
address or path is read once, and what was read is done by us: the call itself goes on only where
nothing but its plain numbers matters.
"""

import _thread
import fcntl
import os

from agent.workspace.sandbox import kernel, tree
from agent.workspace.sandbox.metadata import Metadata
from agent.workspace.sandbox.question import CLOSE_ON_EXEC, Question, next_question
from agent.workspace.sandbox.sockets import Connection, Sockets

EPERM = 1
NAMING = {
    "kill": 0,
    "tkill": 0,
    "tgkill": 0,
    "rt_sigqueueinfo": 0,
    "rt_tgsigqueueinfo": 0,
    "prlimit64": 0,
    "sched_setaffinity": 0,
    "sched_setattr": 0,
    "sched_setparam": 0,
    "sched_setscheduler": 0,
    "setpriority": 1,
    "ioprio_set": 1,
}
"""Calls that name a process, and in which argument."""


class Supervisor:
    """Answers what arrives on `listener`, for the processes beneath this one."""

    def __init__(self, listener: int, sockets: Sockets, metadata: Metadata) -> None:
        column = kernel.machine()
        assert column is not None, "the filter that asks was made for a known machine"
        self._names = {number: name for name, number in kernel.numbers(column).items()}
        self._listener = listener
        self._sockets = sockets
        self._metadata = metadata

    def answer_next(self) -> None:
        """Answers one question; a call that fails while we look at it is refused."""
        question = next_question(self._listener)
        if question is None:
            return
        try:
            self._decide(self._names.get(question.number, ""), question)
        except OSError as error:
            question.answer(error.errno or EPERM)
        except (ValueError, OverflowError):
            question.answer(EPERM)

    def _decide(self, name: str, question: Question) -> None:
        if name == "socket":
            self._make_socket(question)
        elif name in ("bind", "listen"):
            self._sockets.forget(question.caller, question.integer(0))
            question.answer(go_on=True)
        elif name == "connect":
            self._connect(question)
        elif name in NAMING:
            self._name_process(question, NAMING[name])
        else:
            self._metadata.change(name, question)
            question.answer()

    def _make_socket(self, question: Question) -> None:
        kind = question.integer(1)
        made = self._sockets.make(question.integer(0), kind & ~CLOSE_ON_EXEC, question.integer(2))
        question.answer_descriptor(made, bool(kind & CLOSE_ON_EXEC))

    def _connect(self, question: Question) -> None:
        size = question.integer(2)
        if not 2 <= size <= 128:
            raise OSError(EPERM, "no address")
        address = question.memory(question.pointer(1), size)
        found = self._sockets.connection(question.caller, question.integer(0), address)
        if found is None:
            question.answer(go_on=True)
        elif is_waiting(found.descriptor):
            _thread.start_new_thread(finish, (question, found))
        else:
            finish(question, found)

    def _name_process(self, question: Question, index: int) -> None:
        """Goes on with the call when it names a process, or a group, beneath this one."""
        question.answer(EPERM, go_on=is_ours(question.integer(index)))


def is_ours(named: int) -> bool:
    """Whether a number means one of our processes, or, negative, a group of them."""
    root = os.getpid()
    if named > 0:
        return tree.is_beneath(root, named)
    return named < -1 and any(row.group == -named for row in tree.descendants(root).values())


def is_waiting(descriptor: int) -> bool:
    """Whether a call on this descriptor may wait; then nobody else must wait for it."""
    return not fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NONBLOCK


def finish(question: Question, connection: Connection) -> None:
    try:
        question.answer(kernel.connect(connection.descriptor, connection.address))
    finally:
        connection.close()
