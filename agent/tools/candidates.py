"""Leaves out the files in which ripgrep finds none of the patterns, where it is installed.

What a pattern means is decided by Python alone; ripgrep only makes large trees quick. So a
pattern that the two read differently is not given to it, and whenever it does not answer cleanly
the files stay.
"""

import re
import shlex
from collections.abc import Iterator

from agent.domain.ports import Workspace

READ_DIFFERENTLY = re.compile(r"&&|--|~~|\[\[|\\[<>]|\\b\{|\(\?[a-z]*[xLa]")
"""Set operations and word ends in ripgrep's dialect; plain text, or nothing, to Python."""
ANY_BYTE_BEYOND_ASCII = r"(?-u:[\x80-\xFF])"
"""Keeps each file with such a byte: to ripgrep, `.` and `\\w` match none that is not UTF-8."""
CHUNK_CHARACTERS = 60_000
"""Of file names in one command: Linux takes 131,072 bytes in one argument."""
TIMEOUT_SECONDS = 20.0
OPTIONS = ("--files-with-matches", "--null", "--text", "--crlf", "--no-config", "--no-messages")


async def candidates(
    workspace: Workspace, patterns: tuple[str, ...], files: tuple[str, ...]
) -> tuple[str, ...]:
    """The files that may hold a line of one of the patterns, in their order."""
    if any(READ_DIFFERENTLY.search(pattern) for pattern in patterns):
        return files
    wanted = [w for pattern in (*patterns, ANY_BYTE_BEYOND_ASCII) for w in ("-e", pattern)]
    kept: list[str] = []
    for chunk in chunks(files):
        line = shlex.join(["rg", *OPTIONS, *wanted, "--", *chunk])
        answer = await workspace.run(line, timeout_seconds=TIMEOUT_SECONDS)
        names = set(answer.output.split("\0")) - {""}
        if answer.exit_code not in {0, 1} or not names <= set(chunk):
            return (*kept, *files[files.index(chunk[0]) :])
        kept += [name for name in chunk if name in names]
    return tuple(kept)


def chunks(files: tuple[str, ...]) -> Iterator[list[str]]:
    chunk: list[str] = []
    room = CHUNK_CHARACTERS
    for file in files:
        room -= len(file.encode()) + 3
        if room < 0 and chunk:
            yield chunk
            chunk, room = [], CHUNK_CHARACTERS - len(file.encode()) - 3
        chunk.append(file)
    if chunk:
        yield chunk
