"""A model session, turn by turn: request, reply, and one result for every call."""

from dataclasses import dataclass

from agent import prompts
from agent.context.clip import clip
from agent.domain.event import Continued, MessageAdded, Nudged, SessionStarted, ToolStarted
from agent.domain.message import (
    Completion,
    Message,
    SessionKey,
    ToolCall,
    ToolResult,
    text_message,
)
from agent.domain.ports import ToolOutput
from agent.domain.session import SessionState
from agent.engine.admission import replaced
from agent.engine.dispatch import (
    Tools,
    dispatch,
    dispatch_at_once,
    feedback,
    finish,
    is_repeatable,
    looks_at_once,
    perform,
)
from agent.engine.fitting import Draft, fitted, is_full, shortened
from agent.engine.guards import SPOILED_STOP_AT, Kinds, has_changed_since, standstill
from agent.engine.run_context import RunContext
from agent.errors import ProviderError

INTERRUPTED_TOKENS = 500


@dataclass(frozen=True)
class Turn:
    """What one turn brought."""

    goes_on: bool
    """False when the model stopped: it neither made a call nor was cut off."""
    ended: bool = False
    value: object = None
    """What the tool that ended the session delivers."""
    has_edited: bool = False
    """True when a file was changed."""
    has_run: bool = False
    """True when a command ran."""
    is_full: bool = False
    """True when the model was not asked, since a fresh transcript must come first."""


def open_session(
    context: RunContext, key: SessionKey, opening: tuple[Message, ...]
) -> SessionState:
    """The session of this key: as the journal left it, or begun with `opening`."""
    known = context.state.session(key)
    if known is not None:
        return known
    context.tell(SessionStarted(session=key, opening=opening))
    return context.state.sessions[str(key)]


async def take_turn(
    context: RunContext,
    session: SessionState,
    tools: Tools,
    tail: str = "",
    *,
    can_hand_over: bool = False,
) -> Turn:
    """One reply and the result of every call in it.

    Calls that an earlier process left without a result are answered first, without a request.
    With `can_hand_over` a session that is full is returned instead of asked.
    Raises ProviderError when the model cannot be asked.
    """
    pending = session.unanswered
    if pending:
        return await answer(context, session, pending, tools)
    if recovered := await recover(session, tools):
        return recovered
    draft = shortened(context, session, tools, tail)
    if can_hand_over and is_full(context, draft):
        return Turn(goes_on=True, is_full=True)
    completion = await request(context, draft, tools)
    calls = completion.message.tool_calls
    if completion.stop_reason == "max_tokens" and calls:
        for call in calls:
            cut = feedback("cut_off", tokens=completion.usage.output_tokens)
            context.tell(ToolStarted(session=session.key, call=call))
            finish(context, session.key, call, cut)
        return Turn(goes_on=True)
    if completion.stop_reason == "max_tokens":
        tokens = completion.usage.output_tokens
        say(context, session, prompts.render("session/feedback#cut_text", tokens=tokens))
        return Turn(goes_on=True)
    if completion.stop_reason == "unclear_call":
        say(context, session, prompts.render("session/feedback#unclear_call", tools=sorted(tools)))
        return Turn(goes_on=True)
    return await answer(context, session, calls, tools)


async def answer(
    context: RunContext, session: SessionState, calls: tuple[ToolCall, ...], tools: Tools
) -> Turn:
    """Gives every call its one result, in order; calls behind the end are not made, nor behind
    one whose outcome is unknown.

    Calls that only look, and stand side by side, are made at once.
    """
    end: ToolOutput | None = None
    done: set[str] = set()
    waiting = list(calls)
    while waiting:
        is_open = end is None and not session.is_interrupted
        if is_open and len(looks := looks_at_once(waiting, tools)) > 1:
            await dispatch_at_once(context, session.key, looks, tools)
            del waiting[: len(looks)]
            continue
        call = waiting.pop(0)
        if not is_open:
            context.tell(ToolStarted(session=session.key, call=call))
            why = "behind_interrupted" if end is None else "not_reached"
            finish(context, session.key, call, feedback(why))
        elif call.call_id in session.started_calls and not is_repeatable(call, tools):
            so_far = clip(session.printed.get(call.call_id, "").rstrip(), INTERRUPTED_TOKENS)
            told = feedback("interrupted", printed=so_far)
            finish(context, session.key, call, told, interrupted=True)
        else:
            output = await dispatch(context, session.key, call, tools)
            end = output if output.ends_session else None
            if call.name in tools and not (output.is_error and tools[call.name].kind == "edit"):
                done.add(tools[call.name].kind)
    if end is None:
        return Turn(bool(calls), has_edited="edit" in done, has_run="execute" in done)
    return Turn(goes_on=True, ended=True, value=end.value)


async def recover(session: SessionState, tools: Tools) -> Turn | None:
    """The end of a session whose delivery was accepted right before a crash.

    Tools of kind `deliver` only check and hand over, so asking one again is harmless.
    """
    accepted = accepted_calls(session)
    for call in accepted:
        if call.name in tools and tools[call.name].kind == "deliver":
            output = await perform(call, tools)
            return Turn(goes_on=True, ended=output.ends_session, value=output.value)
    return None


def accepted_calls(session: SessionState) -> tuple[ToolCall, ...]:
    """Calls of the last reply that were answered without an error, if nothing came after."""
    accepted: set[str] = set()
    for message in reversed(session.messages):
        match message.role:
            case "tool":
                results = (part for part in message.parts if isinstance(part, ToolResult))
                accepted.update(part.call_id for part in results if not part.is_error)
            case "assistant":
                return tuple(c for c in message.tool_calls if c.call_id in accepted)
            case _:
                return ()
    return ()


async def request(context: RunContext, draft: Draft, tools: Tools) -> Completion:
    """Asks for the next reply, of the spare model when the present one cannot go on.

    Raises ContextOverflow when the request fits no window, else the last ProviderError.
    """
    while True:
        try:
            return await fitted(context, draft, tools)
        except ProviderError as error:
            if not replaced(context, draft.session.key.role, error):
                raise
            draft = shortened(context, draft.session, tools, draft.tail)


def say(
    context: RunContext,
    session: SessionState,
    text: str,
    items: tuple[str, ...] = (),
    count: int = 0,
) -> None:
    """The harness tells the model something; with `items` it is the count-th reminder of them."""
    if items:
        context.tell(Continued(session=session.key, count=count, open_items=items))
    context.tell(MessageAdded(session=session.key, message=text_message("user", text)))


def watch(context: RunContext, session: SessionState, tools: Tools) -> str | None:
    """Nudges a session that gets nowhere, once per standstill; a sentence when it must end."""
    if session.spoiled_in_row >= SPOILED_STOP_AT:
        count = session.spoiled_in_row
        if session.cut_at_tokens is None:
            return f"{count} replies in a row held no call that could be read for certain"
        return f"{count} replies in a row were cut off; raise max_output_tokens"
    still = standstill(session, kinds_of(tools))
    if still is None or (still.kind == "looking" and session.key.role != "executor"):
        return None
    if still.replies >= still.stop_at:
        return still.sentence
    if still.replies >= still.nudge_at and session.nudged_at <= session.replies - still.replies:
        nudge(
            context,
            session,
            prompts.render(f"session/nudge#{still.kind}", still=still),
            still.sentence,
        )
    return None


def nudge(context: RunContext, session: SessionState, text: str, reason: str) -> None:
    told = text_message("user", text)
    context.tell(Nudged(session=session.key, reason=reason, message=told))


def reminders(session: SessionState, tools: Tools) -> int:
    """How often the session was told what is open since it last changed something."""
    if session.continued and has_changed_since(session, kinds_of(tools), session.continued_at):
        return 0
    return session.continued


def kinds_of(tools: Tools) -> Kinds:
    return {name: tool.kind for name, tool in tools.items()}


async def converse(
    context: RunContext, session: SessionState, tools: Tools, answer_tool: str
) -> object | None:
    """Runs a session until `answer_tool` delivers; None when it never does.

    A reply without any call is answered with the reminder that only the call counts.
    """
    while session.replies < context.limits.turns_per_session:
        turn = await take_turn(context, session, tools)
        if turn.ended or watch(context, session, tools):
            return turn.value
        if not turn.goes_on:
            if session.continued >= context.limits.continuations:
                return None
            reminder = prompts.render("session/feedback#call_needed", tool=answer_tool)
            count = session.continued + 1
            say(context, session, reminder, (f"no call of {answer_tool}",), count)
    return None
