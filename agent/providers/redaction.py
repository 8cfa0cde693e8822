"""Keeps keys out of what is shown and stored."""

import re

LEAST_CHARACTERS = 8
"""A shorter key may be part of any word, so it is hidden only where it stands alone."""
SHOWN = "[key]"
CUT = "…"
"""What stands at the end of a text that was too long."""
TELLING_CHARACTERS = 4
"""The beginning that all keys of a vendor share, such as `sk-`, tells nothing."""


def redact(text: str, key: str, *known: str) -> str:
    """The text without the key; nothing is hidden for an empty one.

    `known` stands in the settings, such as an address, and stays whole: a server of one's own
    often has a mere word for a key.
    """
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True) if name)
    if not key or not names:
        return hide(text, key)
    parts = re.split(f"({names})", text)
    return "".join(part if at % 2 else hide(part, key) for at, part in enumerate(parts))


def hide(text: str, key: str) -> str:
    if not key:
        return text
    if len(key) >= LEAST_CHARACTERS:
        return hide_cut(text.replace(key, SHOWN), key)
    return re.sub(rf"(?<![\w-]){re.escape(key)}(?![\w-])", SHOWN, text)


def hide_cut(text: str, key: str) -> str:
    """The text without the beginning of the key where the text was cut in the middle of it."""
    *parts, last = text.split(CUT)
    sizes = range(len(key) - 1, TELLING_CHARACTERS - 1, -1)
    for at, part in enumerate(parts):
        cut = next((size for size in sizes if part.endswith(key[:size])), 0)
        parts[at] = f"{part[:-cut]}{SHOWN}" if cut else part
    return CUT.join([*parts, last])
