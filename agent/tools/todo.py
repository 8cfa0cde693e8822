"""The tool `todo`: the executor's own step list, kept outside the transcript."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from agent.domain.ports import Tool, ToolOutput
from agent.domain.todo import Todo, add_todos, complete_todos, open_todos
from agent.tools.base import Arguments, FunctionTool, refused, told

Current = Callable[[], tuple[Todo, ...]]
Update = Callable[[tuple[Todo, ...]], None]

Done = Annotated[int | str, WithJsonSchema({"type": "integer"})]


class Item(BaseModel):
    """A step in a list that a model sends whole, as it does with other harnesses."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int | str | None = None
    content: str = ""
    status: str = "pending"

    @property
    def is_done(self) -> bool:
        return self.status in {"completed", "done"}


class TodoArguments(Arguments):
    add: tuple[str, ...] = ()
    done: tuple[Done, ...] = ()
    todos: SkipJsonSchema[tuple[Item, ...] | None] = None


@dataclass(frozen=True)
class TodoList:
    """Where the list is kept."""

    current: Current
    update: Update

    async def change(self, arguments: TodoArguments) -> ToolOutput:
        before = self.current()
        try:
            after, left_out = changed(before, arguments)
        except ValueError as error:
            return refused("todo#refused", reason=str(error), todos=open_todos(before))
        if after != before:
            self.update(after)
        return told(
            "todo#changed",
            added=after[len(before) :],
            left_out=left_out,
            open_ids=[todo.id for todo in open_todos(after)],
        )


def todo_tool(current: Current, update: Update) -> Tool:
    return FunctionTool("todo", "think", TodoArguments, TodoList(current, update).change)


def changed(
    before: tuple[Todo, ...], arguments: TodoArguments
) -> tuple[tuple[Todo, ...], tuple[Todo, ...]]:
    """The list afterwards, and the open steps that a list sent whole leaves out; they stay.

    Raises ValueError naming a step that is not there.
    """
    items = arguments.todos or ()
    fresh = [item.content for item in items if found(before, item) is None]
    after = add_todos(before, [*arguments.add, *fresh])
    done = [id_of(after, wanted) for wanted in arguments.done]
    done += [todo.id for item in items if item.is_done and (todo := found(after, item))]
    after = complete_todos(after, done)
    named = {todo.id for item in items if (todo := found(after, item))}
    unnamed = (todo for todo in open_todos(before) if todo.id not in named)
    return after, tuple(unnamed) if arguments.todos is not None else ()


def found(todos: tuple[Todo, ...], item: Item) -> Todo | None:
    """The step that an item means: the one with its words, or with its number and no words."""
    for todo in todos:
        if todo.content == item.content.strip():
            return todo
        if not item.content.strip() and str(item.id) == str(todo.id):
            return todo
    return None


def id_of(todos: tuple[Todo, ...], wanted: int | str) -> int:
    """The number of a step that is named by its number or its words."""
    for todo in todos:
        if str(wanted).strip() in {str(todo.id), todo.content}:
            return todo.id
    raise ValueError(f"no todo with id {str(wanted)[:80]}")
