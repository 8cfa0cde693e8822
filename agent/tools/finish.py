"""The tools that end an executor session: `submit` and `give_up`."""

from dataclasses import dataclass, replace

from pydantic import Field

from agent.domain.ports import Tool, ToolOutput
from agent.tools.base import Arguments, FunctionTool, told


@dataclass(frozen=True)
class Submitted:
    """The executor holds that the task is done; the checks decide."""

    summary: str


@dataclass(frozen=True)
class GaveUp:
    reason: str


class SubmitArguments(Arguments):
    summary: str = Field(min_length=1)


class GiveUpArguments(Arguments):
    reason: str = Field(min_length=1)


def submit_tool() -> Tool:
    return FunctionTool("submit", "deliver", SubmitArguments, submit)


def give_up_tool() -> Tool:
    return FunctionTool("give_up", "deliver", GiveUpArguments, give_up)


async def submit(arguments: SubmitArguments) -> ToolOutput:
    return replace(
        told("submit#accepted"), ends_session=True, value=Submitted(arguments.summary.strip())
    )


async def give_up(arguments: GiveUpArguments) -> ToolOutput:
    return replace(
        told("give_up#accepted"), ends_session=True, value=GaveUp(arguments.reason.strip())
    )
