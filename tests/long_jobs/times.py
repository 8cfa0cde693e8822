"""Where the time of a run went, by the server's notes and the run's journal."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from agent.domain.event import ChecksRan, Entry, TaskStarted, Throttled, ToolFinished, ToolStarted
from agent.rehearsal.visit import SeenRequest

Span = tuple[float, float]


def overheads(
    seen: Sequence[SeenRequest], left: Sequence[float], entries: Sequence[Entry]
) -> tuple[list[float], list[float]]:
    """Milliseconds from the end of each reply to the next request, without commands: in a task,
    and from one task to the next.

    Reading and editing files counts in; only what `run` and checks run is taken off. Gaps in
    which the governor waited are left out. `left` are the moments at which pieces of replies
    were sent.
    """
    commands = list(spans_of_commands(entries))
    waits = [each.at.timestamp() for each in entries if isinstance(each.event, Throttled)]
    begins = [each.at.timestamp() for each in entries if isinstance(each.event, TaskStarted)]
    turns: list[float] = []
    between: list[float] = []
    for _, later in pairwise(seen):
        before = left[: bisect_left(left, later.at)]
        if not before:
            continue
        span = before[-1], later.at
        if any(span[0] <= wait <= span[1] for wait in waits):
            continue
        spent = span[1] - span[0] - sum(common(span, command) for command in commands)
        is_between = any(span[0] <= begin <= span[1] for begin in begins)
        (between if is_between else turns).append(spent * 1000)
    return turns, between


def spans_of_commands(entries: Iterable[Entry]) -> Iterable[Span]:
    """When commands ran: those of the tool `run`, and the checks."""
    running: dict[str, float] = {}
    previous = 0.0
    for entry in entries:
        at = entry.at.timestamp()
        match entry.event:
            case ToolStarted() if entry.event.call.name == "run":
                running[entry.event.call.call_id] = at
            case ToolFinished() if entry.event.result.call_id in running:
                yield running.pop(entry.event.result.call_id), at
            case ChecksRan():
                seconds = sum(result.seconds for result in entry.event.results)
                yield max(previous, at - seconds), at
            case _:
                pass
        previous = at


def common(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def checks_until(entries: Iterable[Entry], moment: float) -> float:
    """Seconds that checks took before a moment."""
    return sum(
        result.seconds
        for entry in entries
        if isinstance(entry.event, ChecksRan) and entry.at.timestamp() <= moment
        for result in entry.event.results
    )
