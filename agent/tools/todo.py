"""The tool `todo`: the executor's own step list, kept outside the transcript."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

from agent.domain.ports import Tool, ToolOutput
from agent.domain.todo import Todo, add_todos, complete_todos, open_todos
from agent.tools.base import Arguments, FunctionTool, refused, told

Current = Callable[[], tuple[Todo, ...]]
Update = Callable[[tuple[Todo, ...]], None]


class TodoArguments(Arguments):
    add: list[str] = Field(default_factory=list)
    done: list[int] = Field(default_factory=list)


@dataclass(frozen=True)
class TodoList:
    """Where the list is kept."""

    current: Current
    update: Update

    async def change(self, arguments: TodoArguments) -> ToolOutput:
        before = self.current()
        try:
            after = complete_todos(add_todos(before, arguments.add), arguments.done)
        except ValueError as error:
            return refused("todo#refused", reason=str(error), todos=open_todos(before))
        if after != before:
            self.update(after)
        return told(
            "todo#changed",
            added=after[len(before) :],
            open_ids=[todo.id for todo in open_todos(after)],
        )


def todo_tool(current: Current, update: Update) -> Tool:
    return FunctionTool("todo", "think", TodoArguments, TodoList(current, update).change)
