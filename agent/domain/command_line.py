"""Which programs a shell line starts, as far as its words show. Pure.

A shell has endless ways to hide a word: variables, files, decoding. What is read here is what an
honest line says, and what hides it in the usual ways; nothing here holds a determined program.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

Words = tuple[str, ...]

OPERATORS = ";&|()\n`"
KEYWORDS = frozenset(
    [
        "{",
        "}",
        "!",
        "if",
        "then",
        "elif",
        "else",
        "while",
        "until",
        "do",
        "for",
        "in",
        "case",
        "esac",
        "fi",
        "done",
        "time",
    ]
)
"""Words in front of a command that are no part of it."""
WRAPPERS = frozenset(
    [
        "env",
        "nohup",
        "nice",
        "ionice",
        "timeout",
        "stdbuf",
        "setsid",
        "exec",
        "command",
        "builtin",
        "xargs",
        "find",
        "parallel",
        "watch",
        "strace",
        "chroot",
        "unshare",
        "flock",
        "busybox",
        "sudo",
        "doas",
        "su",
        "ssh",
        "eval",
        "script",
    ]
)
"""Programs that start what stands somewhere among their arguments."""
SHELLS = frozenset(
    ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "eval", "source", ".", "su", "ssh", "env"]
)
"""Programs that read an argument, or their input, as a shell line."""
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
SUBSTITUTION = re.compile(r"\$\(|`|[<>]\(")
DEEPEST = 5
"""Lines inside of lines that are read; whoever nests deeper has something to hide."""


@dataclass(frozen=True)
class ShellLine:
    """The programs of a line with their arguments, without quotes."""

    commands: tuple[Words, ...]
    """As they stand in the line, side by side."""
    inner: tuple[Words, ...] = ()
    """What these may start in turn: behind a wrapper, in a shell's text, in a substitution."""
    is_plain: bool = True
    """Whether nothing but the commands can be started by it."""


def read_line(line: str, depth: int = 0) -> ShellLine:
    """Reads a line; one whose quotes do not close is read word by word."""
    try:
        tokens, is_whole = tokens_of(line), True
    except ValueError:
        tokens, is_whole = re.split(r"([;&|()\n`])|\s+", line), False
        tokens = [token.strip("'\"") for token in tokens if token]
    parts = [without_keywords(part) for part in parts_of(tokens)]
    is_whole = is_whole and not any(part and ASSIGNMENT.match(part[0]) for part in parts)
    commands = tuple(command for command in map(without_variables, parts) if command)
    inner = list(wrapped(commands))
    texts = [word for word in tokens if SUBSTITUTION.search(word)]
    if any(name_of(command) in SHELLS for command in (*commands, *inner)):
        texts += [word for word in tokens if re.search(r"\s", word.strip())]
    if depth < DEEPEST:
        for text in dict.fromkeys(texts):
            found = read_line(unquoted_inside(text), depth + 1)
            inner += [*found.commands, *found.inner]
    is_plain = is_whole and not inner and not texts and not SUBSTITUTION.search(line)
    return ShellLine(commands, tuple(inner), is_plain)


def tokens_of(line: str) -> list[str]:
    """Words without their quotes, and operators. Raises ValueError when a quote stays open."""
    reader = shlex.shlex(line.replace("\\\n", ""), posix=True, punctuation_chars=OPERATORS)
    reader.whitespace, reader.commenters, reader.whitespace_split = " \t\r", "", True
    return list(reader)


def parts_of(tokens: list[str]) -> Iterator[Words]:
    """The words between the operators; `2>&1` and `&>` are none."""
    part: list[str] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        is_redirection = token == "&" and (
            (part and part[-1].endswith((">", "<"))) or after.startswith(">")
        )
        if is_redirection:
            continue
        if token and set(token) <= set(OPERATORS):
            yield tuple(part)
            part = []
        else:
            part.append(token)
    yield tuple(part)


def without_keywords(words: Words) -> Words:
    at = next((at for at, word in enumerate(words) if word not in KEYWORDS), len(words))
    return words[at:]


def without_variables(words: Words) -> Words:
    """A command without the variables that are set in front of it."""
    at = next((at for at, word in enumerate(words) if not ASSIGNMENT.match(word)), len(words))
    return words[at:]


def wrapped(commands: tuple[Words, ...]) -> Iterator[Words]:
    """What may be started behind a wrapper: whatever its options are, every rest of its words."""
    for command in commands:
        if name_of(command) in WRAPPERS:
            yield from (command[at:] for at in range(1, len(command)))


def name_of(command: Words) -> str:
    return command[0].rpartition("/")[2]


def unquoted_inside(text: str) -> str:
    """A text so that what its substitutions hold is read as commands of their own."""
    return re.sub(r"\$\(|[<>]\(", "(", text)


def says(command: Words, entry: Words) -> bool:
    """Whether a command is one that `entry` names, read generously.

    Options may stand anywhere, also with a value: `git -C x push` is a `git push`. An option in
    the entry may stand anywhere behind the program.
    """
    if not entry or not command or name_of(command) != entry[0]:
        return False
    wanted = [word for word in entry[1:] if not word.startswith("-")]
    options = {word for word in entry[1:] if word.startswith("-")}
    given = {word.partition("=")[0] for word in command[1:] if word.startswith("-")}
    if not options <= given:
        return False
    may_be_value = False
    for word in command[1:]:
        if not wanted:
            break
        if word == wanted[0]:
            wanted.pop(0)
            may_be_value = False
        elif word.startswith("-"):
            may_be_value = "=" not in word
        elif may_be_value:
            may_be_value = False
        else:
            return False
    return not wanted


def begins(command: Words, entry: Words) -> bool:
    """Whether a command begins with the entry's words, exactly."""
    return bool(entry) and command[: len(entry)] == entry
