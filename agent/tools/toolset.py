"""Which tools which session gets."""

from agent.domain.ports import Tool, Workspace
from agent.tools.ask import Answerer, ask_tool, assume
from agent.tools.edit import edit_tool
from agent.tools.finish import give_up_tool, submit_tool
from agent.tools.listing import list_tool
from agent.tools.read import read_tool
from agent.tools.run import Clip, OnOutput, run_tool
from agent.tools.search import search_tool
from agent.tools.todo import Current, Update, todo_tool
from agent.tools.write import write_tool


def read_only_tools(workspace: Workspace) -> tuple[Tool, ...]:
    return read_tool(workspace), list_tool(workspace), search_tool(workspace)


def executor_tools(
    workspace: Workspace,
    current: Current,
    update: Update,
    answerer: Answerer = assume,
    *,
    command_timeout_seconds: float,
    protected: frozenset[str],
    clip: Clip | None = None,
    on_output: OnOutput | None = None,
) -> tuple[Tool, ...]:
    """Everything an executor may call; `protected` files can be read and not changed.

    `current` and `update` read and replace the task's todo list; `answerer` answers questions;
    `clip` shortens what commands print, `on_output` is told it while they run.
    """
    return (
        *read_only_tools(workspace),
        edit_tool(workspace, protected),
        write_tool(workspace, protected),
        run_tool(workspace, command_timeout_seconds, clip, on_output),
        todo_tool(current, update),
        ask_tool(answerer),
        submit_tool(),
        give_up_tool(),
    )
