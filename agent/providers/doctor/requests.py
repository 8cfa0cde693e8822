"""The requests that try an endpoint; their words are templates like all that a model reads."""

from agent.domain.message import ModelRequest, SessionKey, ToolSpec, text_message
from agent.domain.profile import Profile
from agent.prompts import render

TOOL = "note"
OVERFLOW = "overflow"
"""The subject of the only request that is large."""
OUTPUT_TOKENS = 1_024
OVERFLOW_OUTPUT_TOKENS = 256
COUNT_TO = 150
OVER = 1.25
"""The share of the window that is sent to exceed it, in words of one token each."""
FILLER = "go "


def tool_spec() -> ToolSpec:
    properties = {
        "number": {"type": "integer", "description": render("doctor/tool#number")},
        "word": {"type": "string", "description": render("doctor/tool#word")},
    }
    return ToolSpec(
        name=TOOL,
        description=render("doctor/tool#description"),
        parameters={
            "type": "object",
            "properties": properties,
            "required": ["number", "word"],
            "additionalProperties": False,
        },
    )


def tool_request(profile: Profile) -> ModelRequest:
    ask = render("doctor/tool#ask", tool=TOOL)
    request = request_of(ask, OUTPUT_TOKENS, profile, "tool")
    return request.model_copy(update={"tools": (tool_spec(),)})


def text_request(profile: Profile) -> ModelRequest:
    return request_of(render("doctor/count", last=COUNT_TO), OUTPUT_TOKENS, profile, "text")


def overflow_request(profile: Profile) -> ModelRequest:
    filler = FILLER * int(profile.window_tokens * OVER)
    text = render("doctor/filler", filler=filler)
    return request_of(text, OVERFLOW_OUTPUT_TOKENS, profile, OVERFLOW)


def reserved_tokens(profile: Profile) -> int:
    """What the short requests reserve for their replies."""
    return min(OUTPUT_TOKENS, profile.max_output_tokens)


def request_of(text: str, output_tokens: int, profile: Profile, subject: str) -> ModelRequest:
    return ModelRequest(
        messages=(text_message("user", text),),
        tools=(),
        max_output_tokens=min(output_tokens, profile.max_output_tokens),
        session=SessionKey(role="executor", subject=subject),
        turn=0,
    )
