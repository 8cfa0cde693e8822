"""The tool `edit`: exact replacements in files, all of them or none."""

from dataclasses import dataclass
from functools import partial

from pydantic import Field

from agent.domain.ports import Tool, ToolOutput, Workspace
from agent.errors import WorkspaceError
from agent.prompts import render
from agent.tools.base import Arguments, FunctionTool, plain_path, refused, similar_paths, told
from agent.tools.near_miss import find_near_miss
from agent.tools.syntax import syntax_problem
from agent.tools.write import is_protected

MAX_PLACES = 8


class Replacement(Arguments):
    path: str
    old: str
    new: str
    all: bool = False


class EditArguments(Arguments):
    edits: list[Replacement] = Field(min_length=1)


@dataclass
class Draft:
    """A file while its replacements are worked out."""

    before: str
    after: str
    count: int = 0


class EditRefusedError(Exception):
    """A replacement cannot be made; the text says why, to the model."""


def edit_tool(workspace: Workspace, protected: frozenset[str]) -> Tool:
    return FunctionTool("edit", "edit", EditArguments, partial(edit, workspace, protected))


async def edit(
    workspace: Workspace, protected: frozenset[str], arguments: EditArguments
) -> ToolOutput:
    drafts: dict[str, Draft] = {}
    problems: list[tuple[int, str, str]] = []
    for number, wanted in enumerate(arguments.edits, start=1):
        try:
            draft = await open_draft(workspace, protected, wanted.path, drafts)
            replace(draft, wanted)
        except (EditRefusedError, WorkspaceError) as error:
            problems.append((number, wanted.path, str(error)))
    if problems:
        return refused("edit#refused", problems=problems)
    write_all(workspace, drafts)
    return told(
        "edit#done",
        files=[(path, draft.count) for path, draft in drafts.items()],
        problems=[p for path, d in drafts.items() if (p := syntax_problem(path, d.after))],
    )


async def open_draft(
    workspace: Workspace, protected: frozenset[str], path: str, drafts: dict[str, Draft]
) -> Draft:
    """The file with the replacements made so far.

    Raises EditRefusedError when it is not there or protected, WorkspaceError when it cannot be
    read.
    """
    path = plain_path(workspace, path)
    if path in drafts:
        return drafts[path]
    if is_protected(workspace, path, protected):
        raise EditRefusedError(render("tools/edit#protected"))
    if not workspace.exists(path):
        similar = await similar_paths(workspace, path)
        raise EditRefusedError(render("tools/edit#no_file", similar=similar))
    text = workspace.read_text(path)
    drafts[path] = Draft(before=text, after=text)
    return drafts[path]


def replace(draft: Draft, wanted: Replacement) -> None:
    """Makes one replacement in the draft. Raises EditRefusedError when `old` is not exact."""
    if not wanted.old:
        raise EditRefusedError(render("tools/edit#empty_old"))
    if wanted.old == wanted.new:
        raise EditRefusedError(render("tools/edit#same"))
    old, new = fit_line_ends(draft.after, wanted.old), fit_line_ends(draft.after, wanted.new)
    count = draft.after.count(old)
    if count == 0:
        miss = find_near_miss(draft.after, old, new)
        raise EditRefusedError(render("tools/edit#not_found", miss=miss))
    if count > 1 and not wanted.all:
        places = line_numbers(draft.after, old)
        raise EditRefusedError(
            render("tools/edit#ambiguous", count=count, places=places[:MAX_PLACES])
        )
    draft.after = draft.after.replace(old, new)
    draft.count += count


def fit_line_ends(text: str, fragment: str) -> str:
    """A model sends bare line feeds; a file that ends its lines with CRLF keeps doing so."""
    if "\r\n" not in text or "\r" in fragment:
        return fragment
    return fragment.replace("\n", "\r\n")


def line_numbers(text: str, fragment: str) -> list[int]:
    places = []
    position = text.find(fragment)
    while position >= 0:
        places.append(text.count("\n", 0, position) + 1)
        position = text.find(fragment, position + len(fragment))
    return places


def write_all(workspace: Workspace, drafts: dict[str, Draft]) -> None:
    """Writes every draft; when one cannot be written, the ones before it are put back."""
    written: list[str] = []
    try:
        for path, draft in drafts.items():
            workspace.write_text(path, draft.after)
            written.append(path)
    except WorkspaceError:
        for path in written:
            workspace.write_text(path, drafts[path].before)
        raise
