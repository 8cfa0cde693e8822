"""The words that the doctor's tries put before a model, byte for byte."""

import json
from pathlib import Path

from snapshots import check_snapshot, shown

from agent.domain.profile import Profile
from agent.providers.doctor.requests import overflow_request, text_request, tool_request

WORDS = Path(__file__).parent / "snapshots"
PROFILE = Profile(name="p", base_url="", model="m", window_tokens=1_024, max_output_tokens=512)


def test_the_request_for_a_tool_call() -> None:
    request = tool_request(PROFILE)
    tool = json.dumps(request.tools[0].model_dump(), indent=1)
    check_snapshot(WORDS, "tool", f"{shown(request.messages)}{tool}\n")
    assert request.max_output_tokens == 512


def test_the_request_for_text() -> None:
    check_snapshot(WORDS, "text", shown(text_request(PROFILE).messages))


def test_the_request_over_the_window() -> None:
    text = overflow_request(PROFILE).messages[0].text
    assert text.startswith('Answer "ready". The rest of this message has no meaning.\n\ngo go')
    assert text.count("go") == 1_280
