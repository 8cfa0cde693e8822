"""The compiled opening of an executor session."""

from dataclasses import dataclass

from agent import prompts
from agent.context.tokens import estimate
from agent.domain.check import Check
from agent.domain.message import Message, text_message
from agent.domain.plan import Plan, Task
from agent.domain.todo import Todo

PRELOAD_TOKENS = 12_000
"""Files the task modifies are shown in the brief up to this size together."""
TREE_TOKENS = 800
NOTES = 8


@dataclass(frozen=True)
class Note:
    id: str
    text: str


@dataclass(frozen=True)
class File:
    path: str
    text: str


@dataclass(frozen=True)
class BriefFacts:
    """What the brief shows beside the plan."""

    checks: tuple[Check, ...]
    notes: tuple[Note, ...]
    """What earlier tasks left, oldest first."""
    failure: str
    """Why the last attempt failed; empty on the first."""
    tree: tuple[str, ...]
    files: tuple[File, ...]
    """The files the task modifies."""


def opening(plan: Plan, task: Task, facts: BriefFacts) -> tuple[Message, ...]:
    """System prompt and brief: the stable front of every request of the session."""
    text = prompts.render(
        "executor/brief",
        task=task,
        request=plan.request,
        requirements=[r for r in plan.requirements if r.id in task.serves],
        decisions=plan.decisions,
        entry_points=plan.entry_points,
        checks=facts.checks,
        notes=facts.notes[-NOTES:],
        failure=facts.failure,
        tree=tree_text(facts.tree),
        files=preloaded(facts.files),
    )
    return (text_message("system", prompts.render("executor/system")), text_message("user", text))


def preloaded(files: tuple[File, ...]) -> list[File]:
    """As many of the files, whole, as fit the budget."""
    chosen, left = [], PRELOAD_TOKENS
    for file in files:
        cost = estimate(file.text)
        if cost <= left:
            chosen.append(file)
            left -= cost
    return chosen


def tree_text(paths: tuple[str, ...]) -> str:
    """The repository's files, cut to a budget with the number of those left out."""
    lines: list[str] = []
    left = TREE_TOKENS
    for path in paths:
        left -= estimate(path) + 1
        if left < 0:
            return "\n".join([*lines, f"... and {len(paths) - len(lines)} more"])
        lines.append(path)
    return "\n".join(lines) or "(none)"


def tail(turn: int, turns: int, todos: tuple[Todo, ...], red: tuple[str, ...]) -> str:
    """Rendered fresh at the end of each request: what must not be forgotten."""
    return prompts.render("executor/tail", turn=turn, turns=turns, todos=todos, red=red)
