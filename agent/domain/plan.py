"""The plan: requirements, decisions, entry points and tasks."""

import re

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from agent.domain.check import Check
from agent.domain.prose import Line, OptionalLine, PathText, Prose
from agent.domain.value import Value

NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
FILLERS = frozenset(
    ("a", "an", "and", "the", "of", "for", "to", "in", "on", "with", "that", "this", "is", "it")
)


class Requirement(Value):
    """One thing that must be true for the user."""

    id: str = Field(pattern=r"^R[1-9]\d*$")
    title: Line
    """What a user can observe, in one sentence."""
    acceptance: Prose = ""
    """How a sceptic would convince himself."""
    checks: tuple[Check, ...] = ()
    """Run on the base commit, where they must fail, and on the finished branch."""


class Decision(Value):
    id: str = Field(pattern=r"^D[1-9]\d*$")
    title: Line
    reason: Prose = ""
    """Why, and which alternative was rejected."""


class EntryPoint(Value):
    """How a user starts the program."""

    id: str = Field(pattern=r"^E[1-9]\d*$")
    command: Line
    path: PathText
    """The file that the command enters, relative to the repository's root."""
    purpose: OptionalLine = ""


class Task(Value):
    """One unit of work for one executor session."""

    id: str = Field(pattern=r"^T\d{2,}(r\d+)?$")
    title: Line
    serves: tuple[str, ...] = ()
    """Ids of the requirements this task serves."""
    creates: tuple[PathText, ...] = ()
    """Files that do not exist before the task."""
    modifies: tuple[PathText, ...] = ()
    depends: tuple[str, ...] = ()
    """Ids of tasks that must be done first."""
    wiring: OptionalLine = ""
    """Who calls the new code, and how a user reaches it."""
    checks: tuple[Check, ...] = ()
    """At least one must fail before the task; all must pass after it."""
    size_tokens: int = Field(default=0, ge=0)
    """Estimate of what the executor reads and writes."""
    closes: SkipJsonSchema[tuple[str, ...]] = ()
    """Ids of the findings that this task must make go away; realignment fills it."""
    brief: Prose = ""
    """What to do, in the planner's words."""

    @property
    def is_realignment(self) -> bool:
        return "r" in self.id

    @property
    def files(self) -> tuple[str, ...]:
        return self.creates + self.modifies


class Plan(Value):
    name: str = Field(pattern=f"^{NAME}$", max_length=60)
    """Names the plan's file and its branch."""
    revision: int = Field(default=1, ge=1)
    base: str = Field(default="", pattern=r"^([0-9a-f]{7,64})?$")
    """The commit the plan was made for; empty while that is open."""
    title: Line
    request: str
    """What the user asked for, verbatim."""
    introduction: Prose = ""
    requirements: tuple[Requirement, ...] = ()
    decisions: tuple[Decision, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    tasks: tuple[Task, ...] = ()

    def task(self, task_id: str) -> Task | None:
        return next((task for task in self.tasks if task.id == task_id), None)

    def requirement(self, requirement_id: str) -> Requirement | None:
        return next((item for item in self.requirements if item.id == requirement_id), None)

    def serving(self, requirement_id: str) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if requirement_id in task.serves)


def ready(plan: Plan, done: frozenset[str], settled: frozenset[str]) -> tuple[Task, ...]:
    """Tasks that may start, in the plan's order: not settled, all dependencies done."""
    return tuple(
        task for task in plan.tasks if task.id not in settled and done.issuperset(task.depends)
    )


def altered_tasks(old: Plan, new: Plan, done: frozenset[str]) -> tuple[str, ...]:
    """Done tasks that are not the same in the new plan."""
    return tuple(t.id for t in old.tasks if t.id in done and new.task(t.id) != t)


def slug(request: str) -> str:
    """A plan's name from the first words of a request."""
    words = re.findall(r"[a-z0-9]+", request.lower())
    chosen = [word for word in words if word not in FILLERS][:5] or words[:5] or ["plan"]
    return "-".join(chosen)[:60].strip("-")
