"""The gardener: a fresh reader's opening, and the tool through which it hands over edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, ValidationError

from agent import prompts
from agent.domain.edit import AnyEdit
from agent.domain.event import ChecksRan
from agent.domain.finding import Finding
from agent.domain.message import Message, ToolSpec, text_message
from agent.domain.plan import Plan, Task, altered_tasks
from agent.domain.ports import ToolKind, ToolOutput
from agent.domain.state import TaskState
from agent.domain.survey import Survey
from agent.planning.edits import apply_edits
from agent.planning.lint import lint, not_well_formed
from agent.planning.planfile import render
from agent.tools.base import Arguments, refused
from agent.tools.schema import parameters_of


@dataclass(frozen=True)
class Revision:
    """What one round brought; `plan` is the old one when no edit was applied."""

    plan: Plan
    edits: tuple[AnyEdit, ...]
    refused: tuple[str, ...]
    """One sentence for each edit that could not be applied."""
    summary: str


def opening(
    request: str,
    survey: Survey,
    plan: Plan,
    findings: tuple[Finding, ...],
    earlier: tuple[str, ...] = (),
    tried: Sequence[ChecksRan] = (),
) -> tuple[Message, ...]:
    """What a gardener sees: never how the plan came about.

    `earlier` has the edits of the rounds before, so that none is turned back without knowing why,
    `tried` how the requirements' checks ended on the base commit.
    """
    shown = prompts.render(
        "gardener/opening",
        request=request,
        survey=survey,
        plan=render(plan, with_request=False).strip(),
        findings=findings,
        earlier=earlier,
        tried=[(ran.subject, result) for ran in tried for result in ran.results],
    )
    return (
        text_message("system", prompts.render("gardener/system")),
        text_message("user", shown),
    )


def stuck_opening(
    plan: Plan, task: Task, state: TaskState, done: frozenset[str]
) -> tuple[Message, ...]:
    """What a gardener sees of a task that no session could do."""
    shown = prompts.render(
        "gardener/stuck",
        request=plan.request,
        plan=render(plan, with_request=False).strip(),
        task=task,
        done=sorted(done),
        failures=state.failures,
    )
    return (
        text_message("system", prompts.render("gardener/stuck_system")),
        text_message("user", shown),
    )


class ReviseArguments(Arguments):
    edits: tuple[AnyEdit, ...]
    summary: str = ""


class EditShape(Arguments):
    """What the model is shown of an edit: one flat shape, since the union repeats itself."""

    op: Literal["add_task", "add_item", "change", "split", "merge", "drop", "reorder"]
    reason: str
    id: str = ""
    fields: dict[str, Any] = Field(default_factory=dict)
    append: dict[str, list[Any]] = Field(default_factory=dict)
    task: dict[str, Any] = Field(default_factory=dict)
    before: str = ""
    requirement: dict[str, Any] = Field(default_factory=dict)
    decision: dict[str, Any] = Field(default_factory=dict)
    entry_point: dict[str, Any] = Field(default_factory=dict)
    ids: tuple[str, ...] = ()
    into: list[dict[str, Any]] | dict[str, Any] = Field(default_factory=list)
    order: tuple[str, ...] = ()


class ReviseShape(Arguments):
    edits: tuple[EditShape, ...]
    summary: str = ""


class RevisePlan:
    """Applies a gardener's edits.

    When none of them fits, or the plan would not be well-formed with them, the model is told
    why; after `attempts` such answers the session ends with the plan as it was.
    """

    def __init__(
        self, plan: Plan, *, attempts: int = 3, keep: frozenset[str] = frozenset()
    ) -> None:
        """`keep` has the ids of tasks that are done, and stay as they are."""
        self.invalid_count = 0
        self._plan = plan
        self._attempts = attempts
        self._keep = keep
        self._known = frozenset(fault.id for fault in form_faults(plan))

    @cached_property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name="revise_plan",
            description=prompts.render("tools/revise_plan#description"),
            parameters=parameters_of(ReviseShape),
        )

    @property
    def kind(self) -> ToolKind:
        return "deliver"

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        try:
            revision = ReviseArguments.model_validate(without_blanks(arguments))
        except ValidationError:
            if output := self._count_refusal((), ""):
                return output
            raise
        result = apply_edits(self._plan, revision.edits)
        if result.refused and not result.applied:
            output = refused("revise_plan#refused", refused=result.refused)
            return self._count_refusal(result.refused, revision.summary) or output
        if altered := altered_tasks(self._plan, result.plan, self._keep):
            output = refused("revise_plan#altered", altered=altered)
            return self._count_refusal(altered, revision.summary) or output
        faults = [fault for fault in form_faults(result.plan) if fault.id not in self._known]
        if faults:
            reasons = tuple(fault.message for fault in faults)
            output = refused("revise_plan#breaks_form", findings=faults)
            return self._count_refusal(reasons, revision.summary) or output
        text = prompts.render(
            "tools/revise_plan#accepted", applied=len(result.applied), refused=result.refused
        )
        value = Revision(result.plan, result.applied, result.refused, revision.summary)
        return ToolOutput(text, ends_session=True, value=value)

    def _count_refusal(self, reasons: tuple[str, ...], summary: str) -> ToolOutput | None:
        """Counts a refusal; the end of the session when it was the last one allowed."""
        self.invalid_count += 1
        if self.invalid_count < self._attempts:
            return None
        text = prompts.render("tools/revise_plan#given_up", count=self.invalid_count)
        value = Revision(self._plan, (), reasons, summary)
        return ToolOutput(text, is_error=True, ends_session=True, value=value)


def without_blanks(arguments: dict[str, Any]) -> dict[str, Any]:
    """Edits without the fields a model sent empty because the shape offers them."""
    edits = arguments.get("edits")
    if not isinstance(edits, list):
        return arguments
    kept = [
        {key: value for key, value in edit.items() if value not in ("", None, [], {})}
        if isinstance(edit, dict)
        else edit
        for edit in edits
    ]
    return {**arguments, "edits": kept}


def form_faults(plan: Plan) -> tuple[Finding, ...]:
    return not_well_formed(lint(plan, frozenset()))
