"""The tool `ask`: a question about the task that only a person can answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import Field

from agent.domain.ports import Tool, ToolOutput
from agent.tools.base import Arguments, FunctionTool, told


@dataclass(frozen=True)
class Answer:
    text: str
    is_assumed: bool = True
    """Whether nobody answered, so that the executor's own assumption holds."""


Answerer = Callable[[str, str], Awaitable[Answer]]
"""Takes a question and what is assumed if nobody answers. Told the same question again, it gives
the same answer. Raises NeedsPerson when the work may not go on by an assumption."""


async def assume(question: str, assumption: str) -> Answer:
    """The answerer of a session that nobody watches."""
    return Answer(assumption)


class AskArguments(Arguments):
    question: str = Field(min_length=1)
    assumption: str = Field(min_length=1)


def ask_tool(answerer: Answerer) -> Tool:
    async def ask(arguments: AskArguments) -> ToolOutput:
        answer = await answerer(arguments.question.strip(), arguments.assumption.strip())
        return told("ask#answered", answer=answer)

    return FunctionTool("ask", "think", AskArguments, ask)
