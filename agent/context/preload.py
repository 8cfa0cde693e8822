"""Which of a task's files are shown in its brief. Pure.

Whatever stands in the brief is charged with every turn; whatever does not costs a turn to be
read. With

    file    tokens of the file
    base    what a request carries besides, its reservation included
    turns   replies that the task will probably take
    with    of those, the ones that this file is worked with: all, unless there are so many files
            that they are worked on in turn
    stays   turns that a file read later stays in the transcript, until it is taken out
    weight  what a token costs that the endpoint has seen before, where a new one costs 1

showing the file is charged weight * turns * file. Reading it is charged one more turn of `base`,
shared with the other files that the same reply reads, and again whenever it was taken out, since
whoever changes a file comes back to it; in between it is carried too, but of a large file only
the ranges that were asked for:

    max(1, with / stays) * base / READ_AT_ONCE
    + weight * max(with, stays) * min(file, READ_OF_ONE)

A file is shown when that is more. So small ones always are, as long as there is room; with a base
of 8,000 tokens and six turns a file of 5,600 is still shown, one of 6,000 is read in ranges. Of the
twenty files of a task that goes through them one by one none is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agent.context.working_size import GROWTH_TOKENS

READ_AT_ONCE = 2
"""Files that a model reads with one reply, on average."""
READ_OF_ONE = 5_000
"""The most tokens of one file that a model reads."""
WORKED_ON_AT_ONCE = 5
"""Files of a task that are worked on at the same time; of more, some are done before others."""
PER_TURN_TOKENS = 1_500
"""What a turn does of the size that a plan gives a task."""
FEWEST_TURNS = 6
LARGEST_SHARE = 0.5
"""Of the size that the session is kept at: the rest is room to work."""


@dataclass(frozen=True)
class Terms:
    """What decides whether a file is shown, in tokens."""

    opening_tokens: int
    """What every request carries without the files."""
    reserved_tokens: int
    """What a turn is charged for its reply."""
    aim_tokens: int
    """The size that the session is kept at."""
    task_tokens: int = 0
    """The task's own estimate of what is read and written; 0 when the plan gives none."""
    weight: float = 1.0
    files: int = 1
    """How many the task changes."""

    @property
    def turns(self) -> float:
        return max(FEWEST_TURNS, self.task_tokens / PER_TURN_TOKENS)

    @property
    def turns_with_one(self) -> float:
        return self.turns * min(1.0, WORKED_ON_AT_ONCE / self.files)


def is_worth_showing(file_tokens: int, before_tokens: int, terms: Terms) -> bool:
    """Whether a file costs less in the brief than read later; `before_tokens` stand there
    already."""
    carried = terms.opening_tokens + before_tokens
    room = terms.aim_tokens - carried - file_tokens
    stays = max(1.0, min(terms.turns, room / GROWTH_TOKENS))
    shown = terms.weight * terms.turns * file_tokens
    base = terms.weight * carried + terms.reserved_tokens
    looks = max(1.0, terms.turns_with_one / stays) * base / READ_AT_ONCE
    carried_turns = max(terms.turns_with_one, stays)
    return shown <= looks + terms.weight * carried_turns * min(file_tokens, READ_OF_ONE)


def preloaded(sizes: Iterable[tuple[str, int]], terms: Terms) -> tuple[str, ...]:
    """The files to show, of those with their sizes in tokens: the smallest first, as long as
    each is worth it and half the room is left."""
    chosen: list[str] = []
    before = 0
    ordered = sorted(sizes, key=lambda item: item[1])
    terms = replace(terms, files=max(1, len(ordered)))
    for path, tokens in ordered:
        if before + tokens > LARGEST_SHARE * (terms.aim_tokens - terms.opening_tokens):
            break
        if is_worth_showing(tokens, before, terms):
            chosen.append(path)
            before += tokens
    return tuple(chosen)
