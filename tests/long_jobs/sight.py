"""What a model can see in one request: the lines of files, and the lines that commands printed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.rehearsal.token_count import content_text
from agent.rehearsal.wire import Asked

FILE = re.compile(r'<file path="([^"]+)"(?: lines="(\d+)-\d+" of="\d+")?>')
NUMBERED = re.compile(r"(\d+)\t(.*)")
NUMBER = re.compile(r"^\d+\t")
GAP = re.compile(r"\[\.\.\. lines (\d+)-(\d+) \.\.\.\]")
OUTPUT = re.compile(r'read "output (\d+)(?::FIRST-LAST)?"')
TODO = re.compile(r"^(\d+)\. .+$", re.MULTILINE)
COMMAND = re.compile(r"\[?(failed: )?exit code \d")
TASK = re.compile(r"^# Your task (T\d+): ", re.MULTILINE)

Lines = Mapping[int, str]


@dataclass
class Sight:
    """All that stands in the messages of a request, and nothing that stood in earlier ones."""

    task: str = ""
    files: dict[str, dict[int, str]] = field(default_factory=dict)
    """By path and number, as the newest message shows them."""
    printed: set[str] = field(default_factory=set)
    """Every line of every result."""
    last: str = ""
    """The newest result of a call."""
    report: str = ""
    """What is left of the newest command's result."""
    wants_note: bool = False
    """Whether it asks for a note for whoever goes on."""
    todos: tuple[int, ...] = ()
    """Numbers of those that the last message calls open."""

    def shows(self, path: str, text: str) -> bool:
        return not self.missing(path, text)

    def missing(self, path: str, text: str) -> list[tuple[int, int]]:
        return missing(self.files.get(path, {}), text)


def sight_of(asked: Asked) -> Sight:
    seen = Sight()
    for message in asked.messages:
        text = content_text(message.get("content"))
        if message.get("role") == "assistant":
            continue
        if found := TASK.search(text):
            seen.task = found[1]
        take_in(seen, text.split("\n"))
        if message.get("role") == "tool":
            seen.last = text
            seen.printed |= plain_lines(text)
            seen.report = text if COMMAND.match(text) else seen.report
    if asked.messages:
        last = content_text(asked.messages[-1].get("content"))
        seen.todos = tuple(int(number) for number in TODO.findall(last))
        seen.wants_note = "Do not call a tool" in last
    return seen


def plain_lines(text: str) -> set[str]:
    """The lines of a result, without the numbers that stand in front of some."""
    return {NUMBER.sub("", line) for line in text.split("\n")}


def take_in(seen: Sight, lines: Iterable[str]) -> None:
    """The lines of files: with their numbers, as results have them, or without, as a brief."""
    path, number = "", 0
    for line in lines:
        if found := FILE.fullmatch(line):
            path, number = found[1], int(found[2] or 1)
        elif line == "</file>":
            path = ""
        elif path:
            numbered = NUMBERED.fullmatch(line)
            at, text = (int(numbered[1]), numbered[2]) if numbered else (number, line)
            if not GAP.fullmatch(line):
                seen.files.setdefault(path, {})[at] = text
                number = at + 1


def missing(shown: Lines, text: str) -> list[tuple[int, int]]:
    """Ranges of lines of the file that are not shown as they are."""
    ranges: list[tuple[int, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if shown.get(number) == line:
            continue
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = ranges[-1][0], number
        else:
            ranges.append((number, number))
    return ranges


def ranges_to_read(path: str, shown: Lines, text: str) -> str:
    """The file as `read` is asked for it: whole, or what is missing of it."""
    gaps = missing(shown, text)
    if sum(last - first + 1 for first, last in gaps) == len(text.splitlines()):
        return path
    return f"{path}:" + ",".join(f"{first}-{last}" for first, last in gaps)


def rest_of_output(result: str) -> str | None:
    """What to read when a result says that a part of it is left out; None when it does not."""
    number = OUTPUT.search(result)
    if number is None:
        return None
    gaps = ",".join(f"{first}-{last}" for first, last in GAP.findall(result))
    return f"output {number[1]}" + (f":{gaps}" if gaps else "")
