"""The long job step by step, one call a turn, as the other harnesses were driven."""

from collections.abc import Callable

from agent.rehearsal.script import ScriptedCall
from long_jobs import work
from long_jobs.policy import MOST_TRIES, Desk, Step, StuckError, call, edit_of, merge, rest_of
from long_jobs.sight import Sight, plain_lines

EDITS_A_ROUND = 5
AGAIN_A_ROUND = 2


def steps() -> list[Step]:
    """30 reads, a test run, then four times: five edits, of which two begin with reading the
    module once more, and a test run; the end."""
    listed = [Step("read", (number,)) for number in range(work.READ)]
    listed.append(Step("run"))
    for begin in range(0, work.WRONG, EDITS_A_ROUND):
        for number in range(begin, begin + EDITS_A_ROUND):
            again = [Step("again", (number,))] if number < begin + AGAIN_A_ROUND else []
            listed += [*again, Step("edit", (number,))]
        listed.append(Step("run"))
    return [*listed, Step("submit")]


class Stepwise:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._steps = steps()

    @property
    def left(self) -> int:
        return len(self._steps)

    def reply(self, seen: Sight) -> tuple[ScriptedCall, ...]:
        ways: dict[str, Callable[[Step, Sight], ScriptedCall | None]] = {
            "read": self._read,
            "again": self._again,
            "run": self._run,
            "edit": self._edit,
            "submit": self._submit,
        }
        while self._steps:
            step = self._steps[0]
            made = ways[step.kind](step, seen)
            if made is not None:
                step.tries += 1
                self._desk.extra_reads += step.tries > 1
                if step.tries > MOST_TRIES:
                    raise StuckError(f"no way to {step.kind} {step.modules}: {seen.last[:200]}")
                return (made,)
            self._steps.pop(0)
        raise StuckError(f"asked after the end: {seen.last[:200]}")

    def _read(self, step: Step, seen: Sight) -> ScriptedCall | None:
        """Until every line of the file was shown, here or in an earlier reply to this step."""
        merge(step.files, seen.files)
        module = step.modules[0]
        if not self._desk.unseen(module, step.files):
            return None
        return call("read", files=[self._desk.to_read(module, step.files)])

    def _again(self, step: Step, seen: Sight) -> ScriptedCall | None:
        """Asked for in any case, then as any other."""
        if not step.called:
            step.called = True
            return call("read", files=[work.module_path(step.modules[0])])
        return self._read(step, seen)

    def _run(self, step: Step, seen: Sight) -> ScriptedCall | None:
        """Until every failure was shown, and how many there are."""
        if not step.called:
            step.called = True
            return call("run", command=work.RUN_ALL)
        step.printed |= plain_lines(seen.last)
        wrong = self._desk.failures(tuple(range(work.WRONG)))
        summary = any(f" {len(wrong)} failed, " in line for line in step.printed)
        if wrong <= step.printed and summary:
            return None
        return rest_of(seen, work.RUN_ALL)

    def _edit(self, step: Step, seen: Sight) -> ScriptedCall | None:
        """Only with the function and its failure in this very request."""
        module = step.modules[0]
        if self._desk.is_mended(module):
            return None
        if not self._desk.shows_function(module, seen.files):
            first, last = self._desk.around(module)
            return call("read", files=[f"{work.module_path(module)}:{first}-{last}"])
        if work.failure_line(module) not in seen.printed:
            return rest_of(seen, work.RUN_ALL)
        return edit_of(step.modules)

    def _submit(self, step: Step, seen: Sight) -> ScriptedCall | None:
        summary = "Twenty modules added where they took away; all tests pass."
        return call("submit", summary=summary)
