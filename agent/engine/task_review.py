"""A gardener looks at a task that no session could do, and revises the plan around it."""

from agent.domain.event import TaskReviewed
from agent.domain.finding import blockers
from agent.domain.message import SessionKey
from agent.domain.plan import Plan, Task
from agent.engine.commits import adopt
from agent.engine.plan_phase import with_reading
from agent.engine.run_context import RunContext
from agent.engine.session import converse, open_session
from agent.planning import gardener
from agent.planning.edits import plan_diff
from agent.planning.lint import lint


async def review_task(context: RunContext, task: Task) -> None:
    """One fresh session with the evidence of the attempts; done tasks stay as they are."""
    state = context.state.task(task.id)
    key = SessionKey(role="gardener", subject=task.id, attempt=state.attempt)
    revision = None
    if str(key) not in context.state.revised:
        revision = await asked(context, task, key)
        if revision and revision.edits and not await worse(context, revision.plan):
            diff = plan_diff(context.plan, revision.plan)
            reasons = "; ".join(edit.reason for edit in revision.edits)
            await adopt(context, revision.plan, f"{task.id} revised: {reasons}", diff, str(key))
    context.tell(
        TaskReviewed(
            task_id=task.id,
            is_changed=str(key) in context.state.revised,
            summary=revision.summary if revision else "",
            refused=revision.refused if revision else (),
        )
    )


async def asked(context: RunContext, task: Task, key: SessionKey) -> gardener.Revision | None:
    """What the gardener wants changed; None when he brings nothing that can be used."""
    state, plan = context.state, context.plan
    revise = gardener.RevisePlan(plan, keep=state.done)
    opening = gardener.stuck_opening(plan, task, state.task(task.id), state.done)
    session = open_session(context, key, opening)
    value = await converse(context, session, with_reading(context, revise), revise.spec.name)
    return value if isinstance(value, gardener.Revision) else None


async def worse(context: RunContext, plan: Plan) -> bool:
    """Whether lint has an error in the revised plan that it does not have in the present one."""
    files = frozenset(await context.workspace.files())
    budget = context.limits.size_budget_tokens

    def errors(of: Plan) -> set[str]:
        found = lint(of, files, file=context.plan_path, size_budget_tokens=budget)
        return {finding.id for finding in blockers(found)}

    return not errors(plan) <= errors(context.plan)
