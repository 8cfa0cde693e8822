"""What an executor session is given, and what it is told on the way."""

from agent import prompts
from agent.context import brief
from agent.domain.check import red
from agent.domain.event import TodosUpdated
from agent.domain.message import Message
from agent.domain.plan import Task
from agent.domain.session import SessionState
from agent.domain.todo import Todo
from agent.engine.dispatch import Tools
from agent.engine.run_context import RunContext
from agent.engine.session import say
from agent.errors import WorkspaceError
from agent.tools.toolset import executor_tools


async def executor_opening(context: RunContext, task: Task) -> tuple[Message, ...]:
    state = context.state
    failures = state.task(task.id).failures
    facts = brief.BriefFacts(
        checks=task.checks,
        notes=tuple(
            brief.Note(id=other.id, text=state.task(other.id).summary)
            for other in context.plan.tasks
            if other.id in state.done and state.task(other.id).summary
        ),
        failure=failures[-1].reason if failures else "",
        tree=await context.workspace.files(),
        files=tuple(readable_files(context, task)),
    )
    return brief.opening(context.plan, task, facts)


def readable_files(context: RunContext, task: Task) -> list[brief.File]:
    """The files the task modifies, as far as they are there and are text."""
    files = []
    for path in task.modifies:
        try:
            files.append(brief.File(path=path, text=context.workspace.read_text(path)))
        except WorkspaceError:
            continue
    return files


def executor_tools_of(context: RunContext, task: Task, attempt: int) -> Tools:
    def current() -> tuple[Todo, ...]:
        return context.state.task(task.id).todos

    def update(todos: tuple[Todo, ...]) -> None:
        context.tell(TodosUpdated(task_id=task.id, attempt=attempt, todos=todos))

    tools = executor_tools(
        context.workspace,
        current,
        update,
        command_timeout_seconds=context.limits.command_timeout_seconds,
        protected=frozenset({context.plan_path}),
    )
    return {tool.spec.name: tool for tool in tools}


def tail_of(context: RunContext, task: Task, session: SessionState) -> str:
    state = context.state.task(task.id)
    return brief.tail(
        turn=session.replies + 1,
        turns=context.limits.turns_per_session,
        todos=state.todos,
        red=tuple(f"{r.check.run}: {r.reason}" for r in red(state.after or ())),
    )


def remind(context: RunContext, task: Task, session: SessionState, items: tuple[str, ...]) -> None:
    """Tells a session that stopped exactly what is open."""
    text = prompts.render(
        "executor/continue",
        task_id=task.id,
        items=items,
        count=session.continued + 1,
        limit=context.limits.continuations,
    )
    say(context, session, text, items)
