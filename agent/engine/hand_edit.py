"""A plan file that a person changed while the run stood still becomes the next revision."""

from agent.domain.event import Warned
from agent.domain.plan import Plan, altered_tasks
from agent.engine.commits import adopt, keep_plan_file
from agent.engine.run_context import RunContext
from agent.errors import PlanError
from agent.planning.edits import plan_diff
from agent.planning.lint import lint, not_well_formed
from agent.planning.planfile import parse, render


async def adopt_hand_edit(context: RunContext) -> None:
    """Adopts the plan file where it differs from the plan in the journal.

    A file that a crash kept from being written is written instead. Raises PlanError when the file
    breaks the format or alters a task that is done.
    """
    old = context.state.plan
    if old is None or not context.workspace.exists(context.plan_path):
        return
    text = context.workspace.read_text(context.plan_path)
    if context.state.is_plan_fresh and text in renderings(old, context.state.former_plan):
        await keep_plan_file(context)
        return
    if text == render(old):
        return
    if work := [name for name, t in context.state.tasks.items() if t.status == "running"]:
        await keep_aside(context, work[0])
        return
    edited = parse(text, file=context.plan_path)
    own = {"revision": old.revision, "base": old.base, "name": old.name}
    edited = edited.model_copy(update=own)
    if edited == old:
        return
    refuse_altered_work(context, old, edited)
    refuse_broken_form(context, edited)
    revised = edited.model_copy(update={"revision": old.revision + 1})
    await adopt(context, revised, "edited by hand", plan_diff(old, revised))


async def keep_aside(context: RunContext, task_id: str) -> None:
    """Keeps what a person wrote, or a command of the task: the harness puts its own text back."""
    attempt = context.state.task(task_id).attempt
    name = f"{context.started.run_id}/{task_id}-{attempt}-plan"
    ref = await context.workspace.checkpoint(name)
    context.tell(
        Warned(
            message=f"{context.plan_path} was changed while {task_id} was in work and is not "
            f"adopted, since a command may have changed it; it is kept in {ref}"
        )
    )


def renderings(*plans: Plan | None) -> tuple[str, ...]:
    return tuple(render(plan) for plan in plans if plan)


def refuse_broken_form(context: RunContext, edited: Plan) -> None:
    """What bounces a planner's plan bounces a person's as well."""
    if faults := not_well_formed(lint(edited, frozenset())):
        raise PlanError(faults[0].message, file=context.plan_path, line=faults[0].line or 1)


def refuse_altered_work(context: RunContext, old: Plan, edited: Plan) -> None:
    if altered := altered_tasks(old, edited, context.state.done):
        raise PlanError(
            f"{altered[0]} is done and was altered; put it back, or add a new task",
            file=context.plan_path,
            line=1,
        )
