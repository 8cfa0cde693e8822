"""The policy's word on a call before it is made: the one place where it is asked."""

from typing import Any, Literal, Protocol, runtime_checkable

from agent import prompts
from agent.domain.message import SessionKey, ToolCall
from agent.domain.plan import Task
from agent.domain.policy import (
    Assumed,
    CallRuled,
    Change,
    Deed,
    Ruling,
    Scope,
    is_test,
    rule_on_command,
    rule_on_path,
)
from agent.domain.ports import ToolOutput
from agent.engine.run_context import RunContext
from agent.errors import NeedsPerson
from agent.tools.ask import Answer
from agent.tools.fence import plain_name

SHOWN_CHARACTERS = 500


@runtime_checkable
class Acting(Protocol):
    """A tool whose calls do something that a policy may forbid."""

    def deeds(self, arguments: dict[str, Any]) -> tuple[Deed, ...]:
        """Raises as the tool's call does when the arguments do not fit."""
        ...


async def refusal(
    context: RunContext,
    session: SessionKey,
    call: ToolCall,
    tool: object,
    arguments: dict[str, Any],
) -> ToolOutput | None:
    """What a forbidden call answers, None for one that may be made.

    What the policy forbids or asks about is journalled with who decided. Where a person is there,
    an `ask` is put to them; where not, the setting decides.
    """
    if not isinstance(tool, Acting):
        return None
    task = context.plan.task(session.subject) if context.state.plan else None
    for deed in tool.deeds(arguments):
        ruling = await ruling_on(context, task, deed)
        if ruling.verdict == "allow":
            continue
        allowed, by = await decision(context, ruling)
        context.tell(
            CallRuled(
                session=session,
                call_id=call.call_id,
                what=ruling.what[:SHOWN_CHARACTERS],
                why=ruling.why,
                rule=ruling.rule,
                allowed=allowed,
                by=by,
            )
        )
        if not allowed:
            return refused(context, ruling, task)
    return None


def decided(context: RunContext, session: SessionKey, question: str, assumption: str) -> Answer:
    """The policy's word on a session's question; the assumption is journalled once.

    Raises NeedsPerson when the work may not go on by an assumption.
    """
    if context.policy.on_question == "stop":
        raise NeedsPerson(
            f"{session.subject} asks: {question} Answer it in the plan, then resume; "
            'or let sessions assume, with on_question = "assume"'
        )
    assumed = Assumed(session=session, question=question, assumption=assumption)
    if context.redactor.hide_in(assumed) not in context.state.rulings:
        context.tell(assumed)
    return Answer(assumption)


async def ruling_on(context: RunContext, task: Task | None, deed: Deed) -> Ruling:
    if not isinstance(deed, Change):
        return rule_on_command(context.policy, deed.line)
    own = frozenset({context.plan_path})
    scope = Scope(frozenset(task.files), tuple(c.run for c in task.checks)) if task else None
    is_new = False
    if context.policy.paths == "task" and task and is_test(deed.path):
        start = context.state.task(task.id).start_commit
        is_new = await context.workspace.show(start, deed.path) is None
    return rule_on_path(context.policy, deed.path, own, scope, is_new=is_new)


async def decision(
    context: RunContext, ruling: Ruling
) -> tuple[bool, Literal["policy", "setting", "person"]]:
    if ruling.verdict == "deny":
        return False, "policy"
    if context.ask_approval:
        question = f"The executor wants to run: {ruling.what[:SHOWN_CHARACTERS]}\nAllow it?"
        return await context.approver.approve(question), "person"
    return context.policy.on_ask == "allow", "setting"


def refused(context: RunContext, ruling: Ruling, task: Task | None) -> ToolOutput:
    text = prompts.render(
        f"session/policy#{ruling.why}",
        path=plain_name(ruling.what),
        rule=ruling.rule,
        allowed=context.policy.allow_commands,
        files=task.files if task else (),
    )
    return ToolOutput(text, is_error=True)
