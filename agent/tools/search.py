"""The tool `search`: lines that match a regular expression, in git's view of the tree."""

import re
import shlex
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from agent.domain.ports import CommandResult, Tool, ToolOutput, Workspace
from agent.tools.base import Arguments, FunctionTool, clip_line, refused, similar_paths, told

TIMEOUT_SECONDS = 20.0
MAX_LINE_CHARACTERS = 200
GLOB = re.compile(r"[*?\[]")
NO_PERL = "Perl-compatible"


class SearchArguments(Arguments):
    pattern: str = Field(min_length=1)
    path: str | None = None
    max: int = Field(default=50, ge=1, le=200)


@dataclass(frozen=True)
class Match:
    path: str
    line: int
    text: str


def search_tool(workspace: Workspace) -> Tool:
    return FunctionTool("search", "search", SearchArguments, partial(search, workspace))


async def search(workspace: Workspace, arguments: SearchArguments) -> ToolOutput:
    path = arguments.path or "."
    plain = GLOB.split(path)[0].rpartition("/")[0] or "." if GLOB.search(path) else path
    if not workspace.exists(plain):
        similar = await similar_paths(workspace, path)
        return refused("search#no_path", path=path, similar=similar)
    where = f":(literal){path}" if plain == path else path
    result = await grep(workspace, arguments.pattern, where)
    if result.timed_out:
        return refused("search#too_slow", seconds=TIMEOUT_SECONDS)
    if result.exit_code not in {0, 1}:
        reason = result.output.strip().removeprefix("fatal: ").rpartition("': ")[2]
        return refused("search#failed", pattern=arguments.pattern, reason=reason)
    found = matches(result.output)
    return told(
        "search#found",
        matches=found[: arguments.max],
        rest=len(found) - arguments.max,
        pattern=arguments.pattern,
        path=path,
    )


async def grep(workspace: Workspace, pattern: str, where: str) -> CommandResult:
    """Git's own search: a pattern that would run for ever is killed with its process."""
    result = await run_grep(workspace, "-P", pattern, where)
    if result.exit_code == 128 and NO_PERL in result.output:
        # some builds of git know extended expressions only
        return await run_grep(workspace, "-E", pattern, where)
    return result


async def run_grep(workspace: Workspace, flavour: str, pattern: str, where: str) -> CommandResult:
    options = ["--untracked", "--no-color", "--no-column", "-nIz", flavour]
    line = shlex.join(["git", "--no-pager", "grep", *options, "-e", pattern, "--", where])
    return await workspace.run(line, timeout_seconds=TIMEOUT_SECONDS)


def matches(output: str) -> list[Match]:
    found = []
    for line in output.split("\n"):
        path, _, rest = line.partition("\0")
        number, _, text = rest.partition("\0")
        if number.isdecimal():
            found.append(Match(path, int(number), clip_line(text.rstrip(), MAX_LINE_CHARACTERS)))
    return found
