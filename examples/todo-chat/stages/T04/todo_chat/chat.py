"""A conversation about the todos that remembers what was said."""

from collections.abc import Callable

from todo_chat.store import Store, Todo, Turn

Answer = Callable[[str, list[Todo], list[Turn]], str]


def ask(store: Store, question: str, answer: Answer) -> str:
    """Gets an answer and remembers it; what `answer` raises goes through, nothing is kept then.

    Raises ValueError when there are no words in the question.
    """
    question = question.strip()
    if not question:
        raise ValueError("A question needs a few words.")
    reply = answer(question, store.todos(), store.conversation())
    store.add_exchange(question, reply)
    return reply
