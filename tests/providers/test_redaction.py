import pytest

from agent.providers.redaction import redact

KEY = "csk-0123456789"


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        (f"bad key {KEY}!", KEY, "bad key [key]!"),
        (f"key={KEY}{KEY}x", KEY, "key=[key][key]x"),
        ("the key sk is wrong", "sk", "the key [key] is wrong"),
        ('{"key":"x"}', "x", '{"key":"[key]"}'),
        ("x-ratelimit at max: an example", "x", "x-ratelimit at max: an example"),
        ("ask sk-1 about the desk", "sk", "ask sk-1 about the desk"),
        ("a.c, not abc", "a.c", "[key], not abc"),
        ("nothing is hidden", "", "nothing is hidden"),
        ("bad key csk-0123… and csk… or 0123…", KEY, "bad key [key]… and csk… or 0123…"),
    ],
)
def test_a_key_is_hidden_and_words_that_hold_a_short_one_are_not(
    text: str, key: str, shown: str
) -> None:
    assert redact(text, key) == shown


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        ("http://ollama:1/v1 refuses ollama", "ollama", "http://ollama:1/v1 refuses [key]"),
        ("http://ollama:1/v1 has no local-model", "local-model", "http://ollama:1/v1 has no [key]"),
        ("http://ollama:1/v1", "", "http://ollama:1/v1"),
    ],
)
def test_what_stands_in_the_settings_stays_whole(text: str, key: str, shown: str) -> None:
    assert redact(text, key, "http://ollama:1/v1", "") == shown
