"""Counts in words when it is asked to: the one thing a model without a mind can be told to write.

Whoever measures how fast replies are written asks for a text of some length.
"""

import re

ASKS = re.compile(r"\bcount from 1 to (\d{1,4})\b", re.IGNORECASE)
MOST = 1_000
WORD = re.compile(r"\w+")
ONES: list[str] = WORD.findall(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
TENS: list[str] = WORD.findall("twenty thirty forty fifty sixty seventy eighty ninety")


def count_asked_for(text: str) -> str | None:
    """The numbers that a text asks for, None when it asks for none."""
    found = ASKS.search(text)
    if found is None:
        return None
    return ", ".join(in_words(number) for number in range(1, min(int(found[1]), MOST) + 1))


def in_words(number: int) -> str:
    """Of numbers from 0 to 999,999."""
    if number < 20:
        return ONES[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return TENS[ten - 2] + (f"-{ONES[one]}" if one else "")
    unit, word = (1_000, "thousand") if number >= 1_000 else (100, "hundred")
    many, rest = divmod(number, unit)
    return f"{in_words(many)} {word}" + (f" {in_words(rest)}" if rest else "")
