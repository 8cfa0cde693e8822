"""Faults in what a model says: calls written as text, cut, contradicted or missing.

They hold in every dialect, streamed or not.
"""

import json
from dataclasses import replace

from agent.rehearsal.wire import WireCall, WireReply


def arguments_by_character(reply: WireReply) -> WireReply:
    """Arguments arrive one character at a time."""
    return replace(reply, argument_characters=1)


def arguments_twice_encoded(reply: WireReply) -> WireReply:
    """The arguments are a JSON text that holds the JSON text."""
    calls = [replace(call, arguments=json.dumps(call.arguments)) for call in reply.calls]
    return replace(reply, calls=tuple(calls))


def text_after_arguments(reply: WireReply) -> WireReply:
    """The arguments are followed by words."""
    calls = [
        replace(call, arguments=f"{call.arguments}\n\nThat is the call.") for call in reply.calls
    ]
    return replace(reply, calls=tuple(calls))


def qwen_xml(reply: WireReply) -> WireReply:
    """Calls are written as text, in Qwen's XML."""
    return as_text(reply, qwen_calls(reply))


def qwen_xml_no_opener(reply: WireReply) -> WireReply:
    """Qwen's XML without `<tool_call>` before it."""
    return as_text(reply, qwen_calls(reply).removeprefix("<tool_call>\n"))


def qwen_xml_wrong_closer(reply: WireReply) -> WireReply:
    """Qwen's XML with the last parameter closed by `</function>` alone."""
    closed = qwen_calls(reply).replace("\n</parameter>\n</function>", "\n</function>")
    return as_text(reply, closed)


def qwen_xml_closers_inside(reply: WireReply) -> WireReply:
    """Qwen's XML where a parameter's own text holds closing tags."""
    return qwen_xml(reply)


def hermes_json(reply: WireReply) -> WireReply:
    """Calls are written as text, as JSON between Hermes tags."""
    return as_text(reply, "\n".join(hermes_call(call) for call in reply.calls))


def calls_in_one_text(reply: WireReply) -> WireReply:
    """Several calls are written into one text, with words between them."""
    return as_text(reply, "\n\nAnd then:\n\n".join(qwen_call(call) for call in reply.calls))


def call_in_reasoning(reply: WireReply) -> WireReply:
    """The call is written into the reasoning, and nothing is said."""
    thought = f"{reply.reasoning}I call the tool.\n{qwen_calls(reply)}"
    return replace(reply, reasoning=thought, text="", calls=(), finish_reason="stop")


def call_in_think_tags(reply: WireReply) -> WireReply:
    """The call is written into the text between tags for thinking."""
    return as_text(reply, f"<think>\nI call the tool.\n{qwen_calls(reply)}\n</think>")


def finish_contradicts(reply: WireReply) -> WireReply:
    """The finish reason says `stop` beside calls, or `tool_calls` without any."""
    return replace(reply, finish_reason="stop" if reply.calls else "tool_calls")


def length_cut(reply: WireReply) -> WireReply:
    """The reply ends at the length limit, in the middle of its last call or of its text."""
    if not reply.calls:
        return replace(reply, text=reply.text[: len(reply.text) // 2], finish_reason="length")
    *calls, last = reply.calls
    half = replace(last, arguments=last.arguments[: len(last.arguments) // 2])
    return replace(reply, calls=(*calls, half), finish_reason="length")


def empty_reply(reply: WireReply) -> WireReply:
    """Neither text nor call, and a finish reason as if all were well."""
    return replace(reply, text="", reasoning="", calls=(), finish_reason="stop", seal="")


def as_text(reply: WireReply, written: str) -> WireReply:
    before = f"{reply.text}\n\n" if reply.text else ""
    return replace(reply, text=before + written, calls=(), finish_reason="stop")


def qwen_calls(reply: WireReply) -> str:
    return "\n".join(qwen_call(call) for call in reply.calls)


def qwen_call(call: WireCall) -> str:
    """As Qwen3-Coder's template writes it: texts raw, other values as JSON."""
    parameters = "".join(
        f"<parameter={name}>\n{value if isinstance(value, str) else json.dumps(value)}\n"
        "</parameter>\n"
        for name, value in arguments_of(call).items()
    )
    return f"<tool_call>\n<function={call.name}>\n{parameters}</function>\n</tool_call>"


def hermes_call(call: WireCall) -> str:
    body = {"name": call.name, "arguments": arguments_of(call)}
    return f"<tool_call>\n{json.dumps(body, ensure_ascii=False)}\n</tool_call>"


def is_object(call: WireCall) -> bool:
    try:
        return isinstance(json.loads(call.arguments), dict)
    except ValueError:
        return False


def arguments_of(call: WireCall) -> dict[str, object]:
    """Empty when they are no object."""
    try:
        found = json.loads(call.arguments)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
