"""Todos: the executor's own step list inside one task."""

from typing import Literal

from agent.domain.value import Value


class Todo(Value):
    """A step; the model adds and completes steps and can never remove one."""

    id: int
    content: str
    status: Literal["pending", "completed"] = "pending"


def open_todos(todos: tuple[Todo, ...]) -> tuple[Todo, ...]:
    return tuple(todo for todo in todos if todo.status != "completed")


def add_todos(todos: tuple[Todo, ...], contents: list[str]) -> tuple[Todo, ...]:
    """Appends steps; one whose words are already on the list is not added twice."""
    known = {todo.content for todo in todos}
    fresh = [text for text in dict.fromkeys(map(str.strip, contents)) if text and text not in known]
    first = len(todos) + 1
    return todos + tuple(Todo(id=first + i, content=text) for i, text in enumerate(fresh))


def complete_todos(todos: tuple[Todo, ...], ids: list[int]) -> tuple[Todo, ...]:
    """Marks steps as completed.

    Raises ValueError naming the ids that are not on the list.
    """
    unknown = sorted(set(ids) - {todo.id for todo in todos})
    if unknown:
        raise ValueError(f"no todo with id {', '.join(map(str, unknown))}")
    return tuple(
        todo.model_copy(update={"status": "completed"}) if todo.id in ids else todo
        for todo in todos
    )
