"""The same work as tasks with declared files; the model does as much in a reply as it is taught."""

from dataclasses import dataclass, field

from agent.rehearsal.script import ScriptedCall
from long_jobs import work
from long_jobs.policy import MOST_TRIES, Desk, StuckError, call, edit_of, merge, rest_of
from long_jobs.sight import Sight

AGAIN = 2
"""Modules of a task that are looked at once more when they are changed."""
TASKS_THAT_LOOK_AGAIN = 4
"""... in so many tasks: eight re-reads in all, as in the other form of the job."""
TODOS = ("Look at the modules and at what fails", "Mend the modules", "See the tests pass")


@dataclass
class Begun:
    """How far one task is."""

    number: int
    replies: int = 0
    edited: bool = False
    seen_before: dict[str, dict[int, str]] = field(default_factory=dict)
    seen_after: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def again(self) -> tuple[int, ...]:
        looks = self.number < TASKS_THAT_LOOK_AGAIN
        return work.group(self.number)[: AGAIN * looks]


class Batching:
    """First todos, reads and the tests; then all edits, the check and another look; then the end.

    Whatever a result leaves out is read before it goes on.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tasks: dict[str, Begun] = {}

    def reply(self, seen: Sight) -> tuple[ScriptedCall, ...]:
        task = self._tasks.setdefault(seen.task, Begun(int(seen.task[1:]) - 1))
        task.replies += 1
        if task.replies > MOST_TRIES:
            raise StuckError(f"no way through {seen.task}: {seen.last[:200]}")
        return self._work(task, seen) if not task.edited else self._look_again(task, seen)

    def _work(self, task: Begun, seen: Sight) -> tuple[ScriptedCall, ...]:
        """Edits once every module was shown whole, those to change in this very request."""
        merge(task.seen_before, seen.files)
        wrong, desk = work.group(task.number), self._desk
        unread = [m for m in work.beside(task.number) if desk.unseen(m, task.seen_before)]
        unread += [m for m in wrong if desk.unseen(m, seen.files)]
        shown = {
            **task.seen_before,
            **{p: seen.files.get(p, {}) for p in map(work.module_path, wrong)},
        }
        names = [desk.to_read(module, shown) for module in unread]
        reads = (call("read", files=names),) if names else ()
        if task.replies == 1:
            return call("todo", add=list(TODOS)), *reads, call("run", command=work.RUN_ALL)
        desk.extra_reads += bool(reads)
        if not desk.failures(wrong) <= seen.printed:
            reads = (*reads, rest_of(seen, work.RUN_ALL))
        if reads:
            return reads
        task.edited = True
        looks = [work.module_path(module) for module in task.again]
        again = (call("read", files=looks),) if looks else ()
        return edit_of(wrong), call("run", command=work.command(task.number)), *again

    def _look_again(self, task: Begun, seen: Sight) -> tuple[ScriptedCall, ...]:
        """Hands in once the check was seen to pass, and what was looked at again was shown."""
        wrong, desk = work.group(task.number), self._desk
        if not all(map(desk.is_mended, wrong)):
            raise StuckError(f"an edit was not made: {seen.last[:400]}")
        merge(task.seen_after, seen.files)
        unread = [m for m in task.again if desk.unseen(m, task.seen_after)]
        if unread:
            desk.extra_reads += 1
            return (call("read", files=[desk.to_read(m, task.seen_after) for m in unread]),)
        if not any(" 0 failed, " in line for line in seen.printed):
            return (rest_of(seen, work.command(task.number)),)
        shops = ", ".join(map(str, wrong))
        summary = f"The modules of shops {shops} add where they took away; their tests pass."
        return call("todo", done=list(seen.todos)), call("submit", summary=summary)
