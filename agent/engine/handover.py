"""The ladder's last rung: a note, and a fresh transcript for the same session."""

from agent import prompts
from agent.domain.event import SessionStarted
from agent.domain.plan import Task
from agent.domain.session import SessionState
from agent.engine.dispatch import Tools
from agent.engine.executor import executor_opening, tail_of
from agent.engine.fitting import shortened
from agent.engine.run_context import RunContext
from agent.engine.session import request
from agent.errors import ContextOverflow


async def hand_over(context: RunContext, task: Task, session: SessionState, tools: Tools) -> None:
    """Has the model write down what matters, and opens the session anew with it.

    The files stay as they are; todos and checks are shown in every request anyway. Calls in the
    reply are not made. Raises ProviderError when the model cannot be asked.
    """
    question = prompts.render("executor/handoff")
    try:
        tail = f"{tail_of(context, task, session, tools)}\n\n{question}"
        draft = shortened(context, session, tools, tail)
        note = (await request(context, draft, tools)).message.text.strip()
    except ContextOverflow:
        note = ""
    opening = await executor_opening(context, task, tools, handover=note)
    context.tell(SessionStarted(session=session.key, opening=opening, note=note))
