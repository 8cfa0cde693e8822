"""The planner: its opening, and the tool through which it hands over a plan."""

import re
import unicodedata
from functools import cached_property
from typing import Any

from pydantic import Field, ValidationError
from pydantic.json_schema import SkipJsonSchema

from agent import prompts
from agent.domain.message import Message, ToolSpec, text_message
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task
from agent.domain.ports import ToolKind, ToolOutput
from agent.domain.prose import Line, Prose
from agent.domain.survey import Survey
from agent.planning.lint import lint, not_well_formed
from agent.tools.base import Arguments, refused
from agent.tools.schema import parameters_of

MAX_NAME_CHARACTERS = 60


def opening(request: str, survey: Survey) -> tuple[Message, ...]:
    return (
        text_message("system", prompts.render("planner/system")),
        text_message("user", prompts.render("planner/opening", request=request, survey=survey)),
    )


class PlanProposal(Arguments):
    """What the planner sends; request, base and revision are the harness's own."""

    title: Line
    name: SkipJsonSchema[str] = ""
    introduction: Prose = ""
    requirements: tuple[Requirement, ...] = Field(min_length=1)
    decisions: tuple[Decision, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    tasks: tuple[Task, ...] = Field(min_length=1)


class ProposePlan:
    """Accepts a well-formed plan; what is merely bad in it is left to the gardener.

    After `attempts` proposals that are not well-formed the session ends without a plan.
    """

    def __init__(
        self,
        *,
        request: str,
        base: str,
        name: str = "",
        files: frozenset[str] = frozenset(),
        attempts: int = 3,
    ) -> None:
        """`name` is the user's name for the plan; without it the planner's counts."""
        self.invalid_count = 0
        self.last_refusal = ""
        """One sentence: what was wrong with the last proposal; empty before the first."""
        self._request = request
        self._base = base
        self._name = name
        self._files = files
        self._attempts = attempts

    @cached_property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name="propose_plan",
            description=prompts.render("tools/propose_plan#description"),
            parameters=parameters_of(PlanProposal),
        )

    @property
    def kind(self) -> ToolKind:
        return "deliver"

    async def call(self, arguments: dict[str, Any]) -> ToolOutput:
        try:
            proposal = PlanProposal.model_validate(arguments)
        except ValidationError as error:
            if output := self._count_refusal(first_fault(error)):
                return output
            raise
        name = plan_name(self._name or proposal.name or proposal.title)
        if not name:
            return self._count_refusal("it has no name") or refused("propose_plan#no_name")
        plan = Plan(
            name=name,
            base=self._base,
            request=self._request,
            title=proposal.title,
            introduction=proposal.introduction,
            requirements=proposal.requirements,
            decisions=proposal.decisions,
            entry_points=proposal.entry_points,
            tasks=proposal.tasks,
        )
        if findings := not_well_formed(lint(plan, self._files)):
            output = refused("propose_plan#not_well_formed", findings=findings)
            return self._count_refusal(findings[0].message) or output
        text = prompts.render("tools/propose_plan#accepted")
        return ToolOutput(text, ends_session=True, value=plan)

    def _count_refusal(self, reason: str) -> ToolOutput | None:
        """Counts a refusal; the end of the session when it was the last one allowed."""
        self.invalid_count += 1
        self.last_refusal = reason
        if self.invalid_count < self._attempts:
            return None
        text = prompts.render("tools/propose_plan#given_up", count=self.invalid_count)
        return ToolOutput(text, is_error=True, ends_session=True)


def first_fault(error: ValidationError) -> str:
    detail = error.errors(include_url=False)[0]
    where = ".".join(map(str, detail["loc"]))
    return f"{where}: {detail['msg']}"


def plan_name(text: str) -> str:
    """Text as the name of a file and a branch; empty when nothing of it can stand in one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:MAX_NAME_CHARACTERS]
        if len(longer) > MAX_NAME_CHARACTERS:
            break
        name = longer
    return name
