"""The compiled opening of an executor session, each section within its budget."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent import prompts
from agent.context.clip import clip
from agent.context.tokens import estimate
from agent.domain.check import Check, CheckResult, red
from agent.domain.message import Message, text_message
from agent.domain.plan import Decision, Plan, Task
from agent.domain.todo import Todo, open_todos

REQUEST_TOKENS = 3_000
"""A longer request is cut; the plan file has all of it."""
DECISIONS_TOKENS = 600
NOTES_TOKENS = 700
FAILURE_TOKENS = 600
RED_TOKENS = 150
"""Of what a red check printed, in the request behind its run; its last line is in all."""
EARLY_TURNS = 5
"""Whoever has made no todos until then is not asked again: the tail is charged anew each time."""
LATE_TURNS = 10
"""From here on a session is told how many turns are left."""
HANDOVER_TOKENS = 1_000
MAP_TOKENS = 1_000
FENCE = re.compile(r"<(?=/?(?:file|output)\b)")


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
    notes: tuple[Note, ...] = ()
    """What earlier tasks left, oldest first."""
    failure: str = ""
    """Why the last attempt failed; empty on the first."""
    repository: str = ""
    """The part of the repo map that the task is about."""
    files: tuple[File, ...] = ()
    """Those shown whole."""
    plan_path: str = ""
    handover: str = ""
    """What the session before wrote down for this one; empty for the first of an attempt."""
    changed: tuple[str, ...] = ()
    """Files that the attempt has changed so far."""


def opening(plan: Plan, task: Task, facts: BriefFacts) -> tuple[Message, ...]:
    """System prompt and brief: the stable front of every request of the session.

    What all tasks of a plan share comes first, so that an endpoint finds it in its cache.
    """
    text = prompts.render(
        "executor/brief",
        task=task,
        request=clip(plan.request, REQUEST_TOKENS),
        is_cut=estimate(plan.request) > REQUEST_TOKENS,
        plan_path=facts.plan_path,
        requirements=[r for r in plan.requirements if r.id in task.serves],
        decisions=with_reasons(plan.decisions),
        entry_points=plan.entry_points,
        checks=facts.checks,
        notes=chosen_notes(facts.notes, task),
        failure=clip(facts.failure, FAILURE_TOKENS),
        repository=facts.repository,
        files=[File(file.path, fenced(file.text)) for file in facts.files],
        handover=clip(facts.handover, HANDOVER_TOKENS),
        changed=facts.changed,
    )
    return (text_message("system", prompts.render("executor/system")), text_message("user", text))


def with_reasons(decisions: Iterable[Decision]) -> list[tuple[Decision, str]]:
    """Every decision, and the reasons of the first ones as far as the budget goes."""
    told: list[tuple[Decision, str]] = []
    left = DECISIONS_TOKENS
    for decision in decisions:
        reason = " ".join(decision.reason.split())
        left -= estimate(reason)
        told.append((decision, reason if left >= 0 else ""))
    return told


def chosen_notes(notes: tuple[Note, ...], task: Task) -> list[Note]:
    """Notes of the tasks that this one depends on, then the newest, in their old order."""
    left = NOTES_TOKENS
    chosen: list[Note] = []
    needed = [note for note in notes if note.id in task.depends]
    for note in (*needed, *(note for note in reversed(notes) if note not in needed)):
        left -= estimate(note.text)
        if left >= 0:
            chosen.append(note)
    return [note for note in notes if note in chosen]


def fenced(text: str) -> str:
    """A file's text that cannot close the fence it stands in."""
    return FENCE.sub(lambda found: found[0] + "\\", text.rstrip("\n"))


def tail(
    turn: int,
    turns: int,
    todos: tuple[Todo, ...],
    results: tuple[CheckResult, ...] | None,
    *,
    is_told: bool,
) -> str:
    """Rendered fresh at the end of each request: what is open, and when little is left how much;
    empty when there is nothing to say.

    `results` are those of the last run of the checks, None before the first; what the first red
    one printed is shown, unless the model `is_told` already.
    """
    open_checks, left = red(results or ()), turns - turn + 1
    is_early, is_late = turn <= EARLY_TURNS, left <= LATE_TURNS
    if not (todos or results or is_early or is_late):
        return ""
    return prompts.render(
        "executor/tail",
        left=left,
        is_late=is_late,
        is_early=is_early,
        todos=open_todos(todos),
        done=len(todos) - len(open_todos(todos)),
        ran=results is not None,
        red=open_checks,
        output=clip(open_checks[0].output, RED_TOKENS).rstrip("\n")
        if open_checks and not is_told
        else "",
    )
