"""Estimates tokens without a vocabulary."""

import math
import re
from collections.abc import Callable

from agent.domain.message import Message, TextPart, ToolCall, ToolResult, ToolSpec

Count = Callable[[str], int]
PIECE = re.compile(r"[A-Za-z]+|\d|\n+[ \t]*|[ \t]+|[^\sA-Za-z0-9]+")
MESSAGE_OVERHEAD = 8
"""Role markers and separators around one message, an upper figure of common chat templates."""


def estimate(text: str) -> int:
    """Tokens of a text, from its word pieces.

    Digits count one each, as Qwen's vocabulary splits them; long words, runs of punctuation and
    characters outside ASCII count several. Made to lie high rather than low.
    """
    total = 0.0
    for piece in PIECE.findall(text):
        first = piece[0]
        if first.isalpha() and first.isascii():
            total += 1 + max(0, len(piece) - 6) / 5
        elif first == "\n":
            total += 1
        elif first in " \t":
            total += 0 if len(piece) == 1 else 1
        elif first.isascii():
            total += math.ceil(len(piece) / 2)
        else:
            total += len(piece.encode()) / 2.5
    return math.ceil(total)


def message_tokens(message: Message, count: Count = estimate) -> int:
    total = MESSAGE_OVERHEAD
    for part in message.parts:
        match part:
            case TextPart() | ToolResult():
                total += count(part.text)
            case ToolCall():
                total += count(part.name) + count(part.arguments) + MESSAGE_OVERHEAD
            case _:
                pass
    return total


def spec_tokens(specs: tuple[ToolSpec, ...], count: Count = estimate) -> int:
    return sum(count(spec.model_dump_json()) for spec in specs)
