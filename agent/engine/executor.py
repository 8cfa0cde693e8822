"""What an executor session is given, and what it is told on the way."""

from collections.abc import Sequence
from dataclasses import replace

from agent import prompts
from agent.context import brief
from agent.context.preload import Terms, preloaded
from agent.context.tokens import estimate, message_tokens, spec_tokens
from agent.context.working_size import held_weight, reply_tokens, working_size
from agent.domain.event import AttemptFailed, TodosUpdated, ToolPrinted
from agent.domain.message import Message, SessionKey
from agent.domain.plan import Task
from agent.domain.session import SessionState
from agent.domain.todo import Todo
from agent.engine.dispatch import LOOKING_KINDS, Tools, kinds_in
from agent.engine.guards import SAME_RED_NUDGE_AT
from agent.engine.outputs import with_outputs
from agent.engine.ruling import decided
from agent.engine.run_context import RunContext
from agent.engine.session import nudge, say
from agent.engine.surroundings import files_of, surroundings
from agent.engine.veil import veiled
from agent.limits.reservation import reservation
from agent.tools.ask import Answer
from agent.tools.toolset import executor_tools

EARLIER_CHARACTERS = 160


async def executor_opening(
    context: RunContext, task: Task, tools: Tools, handover: str | None = None
) -> tuple[Message, ...]:
    """System prompt and brief; with `handover`, of a session that goes on with begun work."""
    state = context.state
    failures = state.task(task.id).failures
    begun = handover is not None
    start = state.task(task.id).start_commit
    files = await context.workspace.files()
    drawn = surroundings(context, task, files)
    facts = brief.BriefFacts(
        checks=task.checks,
        notes=tuple(
            brief.Note(id=other.id, text=state.task(other.id).summary)
            for other in context.plan.tasks
            if other.id in state.done and state.task(other.id).summary
        ),
        failure=told_failures(failures),
        repository=drawn(frozenset()),
        plan_path=context.plan_path,
        handover=handover or "",
        changed=await context.workspace.changed_files(start) if begun else (),
    )
    shown = files_to_show(context, task, tools, brief.opening(context.plan, task, facts), begun)
    if shown:
        names = frozenset(file.path for file in shown)
        facts = replace(facts, files=shown, repository=drawn(names))
    return brief.opening(context.plan, task, facts)


def told_failures(failures: Sequence[AttemptFailed]) -> str:
    """The last attempt with its note, and how those before it ended."""
    if not failures:
        return ""
    before = [f"before that: {failure.reason[:EARLIER_CHARACTERS]}" for failure in failures[:-1]]
    return "\n".join((failures[-1].reason, failures[-1].note, *before)).strip()


def files_to_show(
    context: RunContext, task: Task, tools: Tools, bare: tuple[Message, ...], begun: bool
) -> tuple[brief.File, ...]:
    """The files that the task changes, as far as showing them is cheaper than reading them."""
    profile = context.models["executor"].profile
    specs = tuple(tool.spec for tool in tools.values())
    opening = sum(map(message_tokens, bare)) + spec_tokens(specs)
    reserved = reservation(profile, "look", opening)
    terms = Terms(
        opening_tokens=opening,
        reserved_tokens=reply_tokens(profile, reserved),
        aim_tokens=context.limits.working_tokens or working_size(profile, opening, reserved),
        task_tokens=task.size_tokens,
        weight=held_weight(profile),
    )
    files = files_of(context, task.files if begun else task.modifies)
    chosen = preloaded([(file.path, estimate(file.text)) for file in files], terms)
    return tuple(file for file in files if file.path in chosen)


def executor_tools_of(context: RunContext, task: Task, attempt: int) -> Tools:
    def current() -> tuple[Todo, ...]:
        return context.state.task(task.id).todos

    def update(todos: tuple[Todo, ...]) -> None:
        context.tell(TodosUpdated(task_id=task.id, attempt=attempt, todos=todos))

    async def answer(question: str, assumption: str) -> Answer:
        return decided(context, executor_key(task, attempt), question, assumption)

    def printed(text: str) -> None:
        """Tells it of the command that runs: there is never more than one."""
        key = executor_key(task, attempt)
        begun = context.state.sessions[str(key)].started_calls
        context.tell(ToolPrinted(session=key, call_id=next(reversed(begun)), text=text))

    def session() -> SessionState | None:
        return context.state.session(executor_key(task, attempt))

    tools = executor_tools(
        veiled(context),
        current,
        update,
        answer,
        command_timeout_seconds=context.limits.command_timeout_seconds,
        protected=frozenset({context.plan_path}),
        clip=whole,
        on_output=printed,
    )
    external = context.external.get("executor", ())
    return {tool.spec.name: with_outputs(tool, session) for tool in (*tools, *external)}


def executor_key(task: Task, attempt: int) -> SessionKey:
    return SessionKey(role="executor", subject=task.id, attempt=attempt)


def whole(output: str) -> str:
    """An output as it is: the journal keeps all of it, and the ladder clips what is shown."""
    return output


def tail_of(context: RunContext, task: Task, session: SessionState, tools: Tools) -> str:
    state = context.state.task(task.id)
    return brief.tail(
        turn=session.replies + 1,
        turns=context.limits.turns_per_session,
        todos=state.todos,
        results=state.after,
        is_told=session.messages[-1].role == "user" or only_looked(session, tools),
    )


def only_looked(session: SessionState, tools: Tools) -> bool:
    """Whether the last reply changed and ran nothing, so that no check has run since."""
    last = next((m for m in reversed(session.messages) if m.role == "assistant"), None)
    kinds = kinds_in(last, tools) if last else set()
    return bool(kinds) and kinds <= LOOKING_KINDS


def tell_same_red(context: RunContext, session: SessionState, count: int) -> None:
    """Nudges whoever changes things while the checks go on failing in one way."""
    if count == SAME_RED_NUDGE_AT:
        text = prompts.render("session/nudge#same_red", count=count)
        nudge(context, session, text, f"the checks failed in the same way {count} times")


def remind(
    context: RunContext, task: Task, session: SessionState, items: tuple[str, ...], count: int
) -> None:
    """Tells a session that stopped exactly what is open."""
    text = prompts.render(
        "executor/continue",
        task_id=task.id,
        items=items,
        count=count,
        limit=context.limits.continuations,
    )
    say(context, session, text, items, count)
