"""The local server's own count of tokens, with what a prefix cache would have spared."""

import json
import math
from bisect import bisect_left, insort
from collections import deque
from typing import Any

CHARACTERS_PER_TOKEN = 3.6
REMEMBERED_PROMPTS = 64


def count_tokens(characters: int, per_token: float = CHARACTERS_PER_TOKEN) -> int:
    return math.ceil(characters / per_token)


def prompt_text(request: dict[str, Any]) -> str:
    """What a model would be shown of a request, tools first as templates have them."""
    pieces = [json.dumps(tool) for tool in request.get("tools") or ()]
    for message in request["messages"]:
        pieces += [f"<{message.get('role')}>", content_text(message.get("content"))]
        calls = message.get("tool_calls")
        pieces += [call_text(call) for call in calls] if isinstance(calls, list) else []
    return "\n".join(pieces)


def call_text(call: object) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return json.dumps(call)
    return f"{function.get('name')} {function.get('arguments')}"


def content_text(content: object) -> str:
    """The text of a message's content: a string, nothing, or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return "" if content is None else str(content)


class PrefixMemory:
    """Remembers prompts, and knows how much of a new one is the beginning of an earlier one."""

    def __init__(self) -> None:
        self._sorted: list[str] = []
        self._order: deque[str] = deque()

    def shared(self, prompt: str) -> int:
        """Characters that the prompt shares with the beginning of an earlier prompt.

        In sorted order the prompt with the longest common beginning is a neighbour.
        """
        place = bisect_left(self._sorted, prompt)
        neighbours = self._sorted[max(0, place - 1) : place + 1]
        return max((common_length(prompt, other) for other in neighbours), default=0)

    def add(self, prompt: str) -> None:
        insort(self._sorted, prompt)
        self._order.append(prompt)
        if len(self._order) > REMEMBERED_PROMPTS:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]


def common_length(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
