"""The tool `edit`: exact replacements in files, all of them or none."""

from dataclasses import dataclass
from functools import partial

from pydantic import Field

from agent.domain.policy import Change
from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.errors import WorkspaceError
from agent.prompts import render
from agent.tools.base import Arguments, FunctionTool, plain_path, refused, similar_paths, told
from agent.tools.change import ChangeRefusedError, is_protected, left_out, syntax_words, write_all
from agent.tools.fence import plain_name
from agent.tools.line_ends import bare, places_of, replaced
from agent.tools.near_miss import find_near_miss

MAX_PLACES = 8


class Replacement(Arguments):
    path: str
    old: str
    new: str
    all: bool = False


class EditArguments(Arguments):
    edits: tuple[Replacement, ...] = Field(min_length=1)


@dataclass
class Draft:
    """A file while its replacements are worked out."""

    before: str | None
    """None when there was no such file."""
    after: str
    count: int = 0


def edit_tool(workspace: Workspace, protected: frozenset[str]) -> Tool:
    def changes(arguments: EditArguments) -> tuple[Change, ...]:
        paths = dict.fromkeys(plain_path(workspace, each.path) for each in arguments.edits)
        return tuple(map(Change, paths))

    act = partial(edit, workspace, protected)
    return FunctionTool("edit", "edit", EditArguments, act, changes)


async def edit(
    workspace: Workspace, protected: frozenset[str], arguments: EditArguments
) -> ToolOutput:
    drafts: dict[str, Draft] = {}
    problems: list[tuple[int, str, str]] = []
    for number, wanted in enumerate(arguments.edits, start=1):
        try:
            replace(await open_draft(workspace, protected, wanted, drafts), wanted)
        except (ChangeRefusedError, WorkspaceError) as error:
            problems.append((number, plain_name(wanted.path), str(error)))
    if problems:
        return refused("edit#refused", problems=problems, count=len(arguments.edits))
    write_all(workspace, {path: (draft.before, draft.after) for path, draft in drafts.items()})
    wrong = [syntax_words(path, draft.before, draft.after) for path, draft in drafts.items()]
    return told(
        "edit#done",
        files=[(plain_name(path), d.count, d.before is None) for path, d in drafts.items()],
        syntax=[words for words in wrong if words],
    )


async def open_draft(
    workspace: Workspace, protected: frozenset[str], wanted: Replacement, drafts: dict[str, Draft]
) -> Draft:
    """The file with the replacements made so far; an empty one where it is to be created.

    Raises ChangeRefusedError when it is not there or protected, WorkspaceError when it cannot be
    read.
    """
    path = plain_path(workspace, wanted.path)
    if path in drafts:
        return drafts[path]
    if is_protected(workspace, path, protected):
        raise ChangeRefusedError(render("tools/edit#protected"))
    if workspace.exists(path):
        text = workspace.read_text(path)
        drafts[path] = Draft(before=text, after=text)
    elif not wanted.old:
        drafts[path] = Draft(before=None, after="")
    else:
        similar = await similar_paths(workspace, path)
        raise ChangeRefusedError(render("tools/edit#no_file", similar=similar))
    return drafts[path]


def replace(draft: Draft, wanted: Replacement) -> None:
    """Makes one replacement in the draft. Raises ChangeRefusedError when `old` does not fit."""
    if line := left_out(wanted.new, draft.after):
        raise ChangeRefusedError(render("tools/edit#left_out", line=line))
    if not wanted.old and not draft.after:
        draft.after = wanted.new
        return
    if not wanted.old:
        raise ChangeRefusedError(render("tools/edit#empty_old"))
    if bare(wanted.old) == bare(wanted.new):
        raise ChangeRefusedError(render("tools/edit#same", is_ends=wanted.old != wanted.new))
    places = places_of(draft.after, wanted.old)
    if not places:
        texts = map(bare, (draft.after, draft.before or "", wanted.old, wanted.new))
        raise ChangeRefusedError(render("tools/edit#not_found", miss=find_near_miss(*texts)))
    if len(places) > 1 and not wanted.all:
        lines = [draft.after.count("\n", 0, place.start) + 1 for place in places[:MAX_PLACES]]
        raise ChangeRefusedError(render("tools/edit#ambiguous", count=len(places), lines=lines))
    draft.after = replaced(draft.after, places, wanted.new, wanted.old)
    draft.count += len(places)
