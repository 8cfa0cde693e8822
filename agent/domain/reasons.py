"""Why a value does not fit, in the words of the file that it stands in."""

TOML_WORDS = {
    "Input should be": "must be",
    "a valid array": "a list",
    "a valid dictionary": "a table",
    "an object": "a table",
    "a valid list": "a list",
    "a valid string": "a text",
    "a valid boolean": "true or false",
}


def in_words_of_toml(reason: str) -> str:
    """A validator's reason, which speaks of JSON, for someone who wrote TOML."""
    for json_word, word in TOML_WORDS.items():
        reason = reason.replace(json_word, word)
    return reason.removeprefix("Value error, ").replace("Input should", "must")
