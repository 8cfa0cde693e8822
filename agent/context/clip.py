"""Cuts an output to a budget and keeps what a programmer would look for in it. Pure."""

import re
from collections.abc import Iterable, Iterator

from agent import prompts
from agent.context.tokens import estimate

HEAD_SHARE = 0.15
TAIL_SHARE = 0.25
TRACEBACK_SHARE = 0.3
"""Of the budget, for the first traceback; the rest of it is for single lines that tell a
failure."""
SUMMARY_LINES = 40
"""One for each failure that a test run tells at its end: they name most for least."""
AFTER_ERROR = 2
"""Lines shown after one that tells a failure: compilers put the place or the code there."""
SHORTEST_LINE = 200
"""Characters that every line may have; where there are few lines, each may have more."""
FEW_LINES = 10
SMALLEST_TOKENS = 80
"""Less is not enough to say what was left out."""

MARKS_TOKENS = 40
"""What the marks for the gaps take, as a first guess."""

TRACEBACK = re.compile(
    r"\s*(Traceback \(most recent call last\)|Exception in thread\b|goroutine \d+ \[|panic: "
    r"|thread '.*' panicked at|_{4,} \S.* _{4,}|\S*(Error|Exception): .*|●\s.+ › )"
)
SUMMARY = re.compile(
    r"\s*(={3,} .*\b(failed|passed|error|errors|summary|FAILURES|no tests ran)\b.*={3,}"
    r"|(FAILED|ERROR|XPASS) \S+(::| )|FAILED \(|OK( \(|$)|Ran \d+ tests?\b|\d+ (passed|failed)\b"
    r"|test result: |Tests?:\s+\d|Test Suites:\s+\d|# (pass|fail|tests) \d|Found \d+ error"
    r"|(FAIL|ok)\t\S|error: could not compile|npm ERR!|\d+ problems?\b|exit code \d+)"
)
FAILURE = re.compile(
    r"\s*(error(\[\w+\])?:\s|fatal(:| error)|(FAIL|ERROR|FAILED)\b|--- FAIL|not ok \d|[✕✗×✖] "
    r"|E  +\S|\S*(Error|Exception|Panic)\b.*:\s|AssertionError\b|Segmentation fault|Killed$"
    r"|Caused by:|undefined reference|command not found)"
    r"|.*(:\d+(:\d+)?|\(\d+,\d+\)):? (-\s)?(fatal )?(error|Error|ERROR)\b"
    r"|\S+\.\w{1,5}:\d+:\d+: \S|.*: command not found$|.*: No such file or directory"
)


def clip(text: str, budget_tokens: int, output: str = "") -> str:
    """The text itself when it fits, else its head, its tail and the lines that tell a failure.

    Gaps name the lines that are missing; `output` is what the whole is called when it is asked
    for. What is returned is estimated at no more than the budget, or at SMALLEST_TOKENS.
    """
    if estimate(text) <= budget_tokens:
        return text
    lines = text.splitlines()
    room = max(budget_tokens, SMALLEST_TOKENS) - MARKS_TOKENS
    while True:
        longest = max(SHORTEST_LINE, room // min(FEW_LINES, len(lines)))
        chosen = choose([line[:longest] for line in lines], room)
        clipped = shown(lines, chosen, longest, output)
        if estimate(clipped) <= max(budget_tokens, SMALLEST_TOKENS) or room <= 1:
            return clipped
        room = room * 4 // 5


def choose(lines: list[str], budget_tokens: int) -> set[int]:
    """The lines to show: each share takes what it can. Without any failure, what is left goes to
    tail and head; with failures, the rest of an output seldom says more."""
    picked = Picked(lines, budget_tokens)
    picked.take([0, len(lines) - 1], budget_tokens)
    picked.take(range(len(lines)), int(budget_tokens * HEAD_SHARE))
    picked.take(reversed(range(len(lines))), int(budget_tokens * TAIL_SHARE))
    summary = [at for at, line in enumerate(lines) if SUMMARY.match(line)]
    picked.take(summary[::-1][:SUMMARY_LINES], picked.left)
    picked.take(traceback(lines), int(budget_tokens * TRACEBACK_SHARE))
    failures = [at for at, line in enumerate(lines) if FAILURE.match(line)]
    for at in failures:
        if not picked.take(range(at, min(at + 1 + AFTER_ERROR, len(lines))), picked.left):
            break
    if not failures:
        picked.take(reversed(range(len(lines))), picked.left * 2 // 3)
        picked.take(range(len(lines)), picked.left)
    return picked.lines


class Picked:
    """Lines that were chosen, and what is left of the budget."""

    def __init__(self, lines: list[str], budget_tokens: int) -> None:
        self._costs = [-1] * len(lines)
        self._all = lines
        self.lines: set[int] = set()
        self.left = budget_tokens

    def take(self, wanted: Iterable[int], share_tokens: int) -> bool:
        """Takes lines in the order given while they fit the share; False when one did not."""
        share = min(share_tokens, self.left)
        for at in wanted:
            if at in self.lines:
                continue
            cost = self.cost(at)
            if cost > share:
                return False
            share -= cost
            self.left -= cost
            self.lines.add(at)
        return True

    def cost(self, at: int) -> int:
        if self._costs[at] < 0:
            self._costs[at] = estimate(self._all[at]) + 1
        return self._costs[at]


def traceback(lines: list[str]) -> Iterator[int]:
    """The lines of the first traceback: its first line and all that belongs to it."""
    first = next((at for at, line in enumerate(lines) if TRACEBACK.match(line)), None)
    if first is None:
        return
    indent = indent_of(lines[first])
    yield first
    for at in range(first + 1, len(lines)):
        yield at
        if lines[at].strip() and indent_of(lines[at]) <= indent:
            return


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def shown(lines: list[str], chosen: set[int], longest: int, output: str) -> str:
    """The chosen lines with a mark for each gap, and at the end how the rest is read."""
    out: list[str] = []
    at = 0
    while at < len(lines):
        if at in chosen:
            line = lines[at]
            if len(line) > longest:
                cut = prompts.render("session/feedback#cut_line", count=len(line) - longest)
                line = line[:longest] + cut
            out.append(line)
            at += 1
            continue
        end = at
        while end < len(lines) and end not in chosen:
            end += 1
        out.append(prompts.render("session/feedback#gap", first=at + 1, last=end))
        at = end
    missing = len(lines) - len(chosen)
    out.append(
        prompts.render("session/feedback#clipped", missing=missing, of=len(lines), output=output)
    )
    return "\n".join(out)
