"""The assistant that answers questions about the todos."""

from todo_chat.store import Todo, Turn


class AssistantError(Exception):
    """No answer can be had; the text says why in one sentence."""


def answer(question: str, todos: list[Todo], conversation: list[Turn]) -> str:
    """What the assistant says to a question, given the list and what was said before."""
    return (
        "I had a look at your list. Start with the todo that has been open longest, "
        "then go on with the next one. You are doing great!"
    )
