"""One tool call: look up, validate, ask the policy, do; always exactly one result."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import anyio
from pydantic import ValidationError

from agent import prompts
from agent.domain.event import ToolFinished, ToolStarted
from agent.domain.message import Message, SessionKey, ToolCall, ToolResult
from agent.domain.ports import Tool, ToolKind, ToolOutput
from agent.engine.ruling import refusal
from agent.engine.run_context import RunContext
from agent.errors import WorkspaceError

Tools = Mapping[str, Tool]
LOOKING_KINDS = frozenset({"read", "search"})
"""Tools that change nothing, so their calls cannot see one another."""
REPEATABLE_KINDS = frozenset({"read", "search", "think", "deliver"})
"""Tools without side effects: a call that a crash interrupted is simply made."""


async def dispatch(
    context: RunContext, session: SessionKey, call: ToolCall, tools: Tools
) -> ToolOutput:
    """Makes one call and journals its start and its one result."""
    context.tell(ToolStarted(session=session, call=call))
    output = await perform(call, tools, Asking(context, session))
    finish(context, session, call, output)
    return output


def kinds_in(message: Message, tools: Tools) -> set[ToolKind]:
    """The kinds of the tools that a reply calls."""
    return {tools[call.name].kind for call in message.tool_calls if call.name in tools}


def looks_at_once(calls: Sequence[ToolCall], tools: Tools) -> tuple[ToolCall, ...]:
    """The first calls that only look, up to one that may change what they would see."""
    return tuple(
        takewhile(lambda call: call.name in tools and tools[call.name].kind in LOOKING_KINDS, calls)
    )


async def dispatch_at_once(
    context: RunContext, session: SessionKey, calls: Sequence[ToolCall], tools: Tools
) -> None:
    """Makes several calls at the same time.

    Their results are journalled in the order of the calls, when all are there: however long each
    took, the journal reads the same. Cancelled, none has a result, and all are made anew.
    """
    outputs: dict[str, ToolOutput] = {}

    async def make(call: ToolCall) -> None:
        outputs[call.call_id] = await perform(call, tools, Asking(context, session))

    for call in calls:
        context.tell(ToolStarted(session=session, call=call))
    try:
        async with anyio.create_task_group() as group:
            for call in calls:
                group.start_soon(make, call)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    for call in calls:
        finish(context, session, call, outputs[call.call_id])


@dataclass(frozen=True)
class Asking:
    """Whose policy is asked, and for which session."""

    context: RunContext
    session: SessionKey


async def perform(call: ToolCall, tools: Tools, asking: Asking | None = None) -> ToolOutput:
    """Makes a call that the policy allows; without `asking`, one that it has allowed before."""
    tool = tools.get(call.name)
    if tool is None:
        return feedback("unknown_tool", name=call.name, tools=sorted(tools))
    try:
        arguments = parse_arguments(call.arguments)
    except ValueError as error:
        return feedback("not_json", name=call.name, reason=str(error))
    try:
        if asking:
            refused = await refusal(asking.context, asking.session, call, tool, arguments)
            if refused:
                return refused
        return await tool.call(arguments)
    except ValidationError as error:
        return feedback("wrong_arguments", name=call.name, errors=plain_errors(error))
    except WorkspaceError as error:
        return feedback("failed", reason=str(error))


def finish(
    context: RunContext,
    session: SessionKey,
    call: ToolCall,
    output: ToolOutput,
    interrupted: bool = False,
) -> None:
    result = ToolResult(call_id=call.call_id, text=output.text, is_error=output.is_error)
    context.tell(ToolFinished(session=session, result=result, interrupted=interrupted))


def is_repeatable(call: ToolCall, tools: Tools) -> bool:
    tool = tools.get(call.name)
    return tool is None or tool.kind in REPEATABLE_KINDS


def feedback(block: str, /, **values: object) -> ToolOutput:
    return ToolOutput(prompts.render(f"session/feedback#{block}", **values), is_error=True)


def parse_arguments(text: str) -> dict[str, Any]:
    """The arguments as an object; no arguments at all is an empty one.

    Raises ValueError saying where the text stops being JSON.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if "\\u0000" in json.dumps(value) or not is_text(value):
        raise ValueError("it holds characters that are no text")
    if not isinstance(value, dict):
        raise ValueError(f"it is {type(value).__name__}, not an object")
    return value


def is_text(value: object) -> bool:
    """Whether every string can be written to a file."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_errors(error: ValidationError) -> list[dict[str, str]]:
    """Each fault of the arguments: where it is, and what was expected there."""
    return [
        {
            "where": ".".join(map(str, item["loc"])) or "arguments",
            "what": item["msg"] + ("" if item["type"] == "missing" else shown(item["input"])),
        }
        for item in error.errors(include_url=False, include_context=False)[:12]
    ]


def shown(value: object) -> str:
    if isinstance(value, str | int | float | bool | None):
        return f", got {value!r}"[:80]
    return f", got {type(value).__name__}"
