"""What the local server says without a script: enough to try a profile and its client."""

from agent.rehearsal.counting import count_asked_for
from agent.rehearsal.schema_sample import sample
from agent.rehearsal.script import ScriptedCall, ScriptedReply
from agent.rehearsal.token_count import content_text
from agent.rehearsal.wire import Asked, Json

SAYS = "This is a rehearsal – no model has read this, the reply is scripted."


def oracle_reply(asked: Asked) -> ScriptedReply:
    """A short text, or a count that is asked for.

    With tools at hand the first of them is called once, then only told of.
    """
    tool = tool_to_call(asked)
    think = "Nothing is thought here." if asked.wants_reasoning else ""
    if tool is None:
        last = content_text(asked.messages[-1].get("content")) if asked.messages else ""
        return ScriptedReply(say=count_asked_for(last) or SAYS, think=think)
    arguments = sample(tool.get("parameters") or {})
    call = ScriptedCall(
        tool=str(tool.get("name") or "unnamed"),
        arguments=arguments if isinstance(arguments, dict) else {},
    )
    return ScriptedReply(say=SAYS, think=think, calls=(call,))


def tool_to_call(asked: Asked) -> Json | None:
    """The function to call: the one that is asked for, else the first, unless one was called."""
    functions: list[Json] = [
        tool["function"] for tool in asked.tools if isinstance(tool.get("function"), dict)
    ]
    has_called = any(message.get("tool_calls") for message in asked.messages)
    choice = asked.tool_choice
    if choice == "none" or not functions:
        return None
    if isinstance(choice, dict):
        named = choice.get("function", choice)
        name = named.get("name") if isinstance(named, dict) else None
        return next((each for each in functions if each.get("name") == name), functions[0])
    return functions[0] if choice in ("required", "any") or not has_called else None
