"""What an endpoint refuses in a request before any model sees it: fields, history, tools."""

from collections.abc import Iterator, Mapping

from agent.rehearsal.flavours import Flavour
from agent.rehearsal.wire import Asked, Complaint, Json, objects


def complaint_about(asked: Asked, flavour: Flavour) -> Complaint | None:
    """The first thing that the provider would refuse; None when it would not."""
    checks = (unknown_fields(asked, flavour), tool_faults(asked, flavour))
    found = next((fault for check in checks for fault in check), None)
    if found is None and flavour.checks_history:
        found = next(history_faults(asked.messages), None)
    return found


def unknown_fields(asked: Asked, flavour: Flavour) -> Iterator[Complaint]:
    if flavour.known_fields:
        for name in asked.body:
            if name not in flavour.known_fields:
                yield Complaint("field", {"field": name})
    if not flavour.known_message_fields or asked.dialect != "openai_chat":
        return
    for index, message in enumerate(asked.messages):
        for name, value in message.items():
            if name not in flavour.known_message_fields or (name == "tool_calls" and value is None):
                values = {"field": name, "index": index, "role": message.get("role")}
                yield Complaint("message_field", values)


def tool_faults(asked: Asked, flavour: Flavour) -> Iterator[Complaint]:
    if asked.body.get("tools") == [] and asked.dialect == "openai_chat":
        yield Complaint("bad", {"message": "`tools` must not be an empty array"})
    if asked.tool_choice and not asked.tools:
        yield Complaint("choice")
    if flavour.same_strict and len({str(strictness(tool)) for tool in asked.tools}) > 1:
        yield Complaint("strict")


def strictness(tool: Json) -> object:
    function = tool.get("function")
    return function.get("strict") if isinstance(function, dict) else None


def history_faults(messages: tuple[Json, ...]) -> Iterator[Complaint]:
    """Every call is answered at once, every answer has its call, no id comes twice."""
    seen: set[str] = set()
    open_ids: list[str] = []
    opened_at = 0
    for index, message in enumerate(messages):
        if message.get("role") == "tool":
            answered = str(message.get("tool_call_id"))
            if answered not in open_ids:
                yield Complaint("orphan", {"index": index, "ids": answered})
            else:
                open_ids.remove(answered)
            continue
        if open_ids:
            yield unanswered(open_ids, opened_at)
        open_ids, opened_at = ids_of(message), index
        if twins := [each for each in open_ids if each in seen or open_ids.count(each) > 1]:
            yield Complaint("twin", {"index": index, "ids": twins[0]})
        seen.update(open_ids)
    if open_ids:
        yield unanswered(open_ids, opened_at)


def unanswered(ids: list[str], index: int) -> Complaint:
    return Complaint("open_calls", {"index": index, "ids": ", ".join(ids)})


def ids_of(message: Mapping[str, object]) -> list[str]:
    if message.get("role") != "assistant":
        return []
    return [str(call.get("id")) for call in objects(message.get("tool_calls"))]
