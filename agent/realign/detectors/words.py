"""What a function's name promises."""

import re


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

TALK_WORDS = word_set(
    """advice advise ai answer ask assistant chat complete completion embed generate infer
    inference llm predict prediction recommend recommendation reply respond response suggest
    suggestion summarise summarize summary translate translation"""
)
"""Promise something that depends on what was asked."""

WORK_VERBS = word_set(
    """add apply analyse analyze authenticate authorise authorize calculate call check classify
    compute convert count create delete detect download encrypt estimate evaluate execute extract
    fetch filter find format get hash import insert list load login lookup match measure merge
    notify parse pay persist process publish query rank read remove render resolve retrieve run
    save score search send sort store submit sync transform update upload validate verify
    write"""
)
"""Promise work on what was handed in, when they come first in a name."""

FIXED_WORDS = word_set(
    """about banner default defaults empty error errors example failure fallback favicon greeting
    header headers health healthcheck healthz help home index info metadata offline ping prompt
    readiness schema spec status system template unavailable usage version welcome"""
)
"""Name texts that may well be the same for everybody."""


def words(name: str) -> list[str]:
    """`fetchWeather_data` as fetch, weather, data."""
    return [part.lower() for part in PART.findall(name)]
