"""Whether a shell line can exit with anything but 0, as far as its words show."""

import re

TOKEN = re.compile(
    r"""
    (?P<word> (?: [<>]&[0-9-] | &> | \\. | '[^']*' | "(?:[^"\\]|\\.)*" | [^\s;&|()'"\\] )+ )
    | (?P<operator> && | \|\| | [;&|()\n] )
    | [^\S\n]+
    """,
    re.VERBOSE | re.DOTALL,
)
LISTS = frozenset({";", "&", "\n"})
ALWAYS_ZERO = frozenset({"true", ":", "echo", "printf"})
FILTERS = frozenset({"cat", "tee", "head", "tail", "sort", "wc", "tr", "cut", "uniq", "sed"})
"""Commands that hide, at the end of a pipe, how the command before them ended."""
COMPOUND = frozenset({"(", ")", "{", "if", "for", "while", "until", "case", "!", "set", "trap"})
"""Words behind which the exit code is not worth guessing."""


def cannot_fail(line: str) -> bool:
    """True for `true`, `echo done`, `pytest || true`, `pytest; exit 0`, `pytest | tail -3`."""
    words = shell_words(line)
    if not words or COMPOUND & set(words):
        return False
    while words and words[-1] in {";", "\n"}:
        words.pop()
    if not words or words[-1] == "&":
        return True
    last: list[str] = []
    for word in words:
        last = [] if word in LISTS else [*last, word]
    return not can_fail(last)


def prints_only(line: str) -> bool:
    """True for a line that runs nothing but `true` and `echo`: what it prints proves nothing."""
    words = shell_words(line)
    if not words or COMPOUND & set(words):
        return False
    commands: list[list[str]] = [[]]
    for word in words:
        if word in LISTS or word in {"&&", "||", "|"}:
            commands.append([])
        else:
            commands[-1].append(word)
    return all(is_always_zero(command) for command in commands if command)


def shell_words(line: str) -> list[str]:
    """Words with their quotes on, and operators; empty when a quote is not closed."""
    words: list[str] = []
    position = 0
    while position < len(line):
        match = TOKEN.match(line, position)
        if match is None:
            return []
        if match.lastgroup:
            words.append(match[0])
        position = match.end()
    return words


def can_fail(words: list[str]) -> bool:
    """Whether an and-or list can fail."""
    result, operator, pipeline = False, "", list[str]()
    for word in [*words, "&&"]:
        if word not in {"&&", "||"}:
            pipeline.append(word)
            continue
        failing = pipeline_can_fail(pipeline)
        result = {"||": result and failing, "&&": result or failing}.get(operator, failing)
        operator, pipeline = word, []
    return result


def pipeline_can_fail(words: list[str]) -> bool:
    command: list[str] = []
    piped = False
    for word in words:
        if word == "|":
            command, piped = [], True
        else:
            command.append(word)
    if piped and command and command[0] in FILTERS:
        return False
    return not is_always_zero(command)


def is_always_zero(command: list[str]) -> bool:
    words = [word for word in command if not is_assignment(word)]
    return bool(words) and (words[0] in ALWAYS_ZERO or words[:2] == ["exit", "0"])


def is_assignment(word: str) -> bool:
    return word.partition("=")[0].isidentifier() and "=" in word
