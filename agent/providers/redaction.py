"""Keeps keys out of what is shown and stored."""

import re

LEAST_CHARACTERS = 8
"""A shorter key may be part of any word, so it is hidden only where it stands alone."""
SHOWN = "[key]"


def redact(text: str, key: str) -> str:
    """The text without the key; nothing is hidden for an empty one."""
    if not key:
        return text
    if len(key) >= LEAST_CHARACTERS:
        return text.replace(key, SHOWN)
    return re.sub(rf"(?<![\w-]){re.escape(key)}(?![\w-])", SHOWN, text)
