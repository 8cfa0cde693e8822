"""What a run is asked: a request, or a plan, and what it is named."""

from dataclasses import dataclass
from pathlib import Path

from agent.domain.plan import Plan, slug
from agent.domain.redaction import Redactor
from agent.errors import UsageError
from agent.planning.planfile import parse
from agent.wiring.places import read_plan, refuse_name


@dataclass(frozen=True)
class Asked:
    request: str
    """Without secrets: branches are named after it, and models read it."""
    name: str
    """Names plan and branch."""
    plan: Plan | None = None


def what_is_asked(
    request: str | None, plan_file: Path | None, name: str | None, redactor: Redactor
) -> Asked:
    """The given plan and its request, or the request alone.

    Raises UsageError when there is neither or the name cannot be one, PlanError when the plan
    file breaks the format.
    """
    refuse_name(name)
    if plan_file:
        plan = parse(read_plan(plan_file), file=str(plan_file))
        return Asked(plan.request, name or plan.name, plan)
    if request is None or not request.strip():
        raise UsageError("there is no request; say what you want, or give --file")
    if request != request.encode("utf-8", "replace").decode():
        raise UsageError("the request is not UTF-8 text; save it as UTF-8 and give it by --file")
    hidden = redactor.hide(request)
    return Asked(hidden, name or slug(hidden))
