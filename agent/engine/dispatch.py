"""One tool call: look up, validate, do; always exactly one result."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent import prompts
from agent.domain.event import ToolFinished, ToolStarted
from agent.domain.message import SessionKey, ToolCall, ToolResult
from agent.domain.ports import Tool, ToolOutput
from agent.engine.run_context import RunContext
from agent.errors import WorkspaceError

Tools = Mapping[str, Tool]
REPEATABLE_KINDS = frozenset({"read", "search", "think", "deliver"})
"""Tools without side effects: a call that a crash interrupted is simply made."""


async def dispatch(
    context: RunContext, session: SessionKey, call: ToolCall, tools: Tools
) -> ToolOutput:
    """Makes one call and journals its start and its one result."""
    context.tell(ToolStarted(session=session, call=call))
    output = await perform(call, tools)
    finish(context, session, call, output)
    return output


async def perform(call: ToolCall, tools: Tools) -> ToolOutput:
    tool = tools.get(call.name)
    if tool is None:
        return feedback("unknown_tool", name=call.name, tools=sorted(tools))
    try:
        arguments = parse_arguments(call.arguments)
    except ValueError as error:
        return feedback("not_json", name=call.name, reason=str(error))
    try:
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
