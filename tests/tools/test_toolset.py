"""The set of tools is small, complete and cheap to send."""

import json
from collections.abc import Awaitable, Callable

import pytest
from pydantic import ValidationError

from agent.domain.ports import Tool, ToolOutput
from agent.tools.toolset import read_only_tools
from agent.workspace.local import LocalWorkspace

CHARACTERS_PER_TOKEN = 3.6


def test_an_executor_has_nine_tools(tools: dict[str, Tool]) -> None:
    assert {name: tool.kind for name, tool in tools.items()} == {
        "read": "read",
        "list": "read",
        "search": "search",
        "edit": "edit",
        "write": "edit",
        "run": "execute",
        "todo": "think",
        "submit": "deliver",
        "give_up": "deliver",
    }


def test_a_reader_cannot_change_anything(workspace: LocalWorkspace) -> None:
    assert [tool.spec.name for tool in read_only_tools(workspace)] == ["read", "list", "search"]


def test_all_tools_together_stay_far_below_the_price_of_a_file(tools: dict[str, Tool]) -> None:
    specs = [json.dumps(tool.spec.model_dump()) for tool in tools.values()]

    assert sum(map(len, specs)) / CHARACTERS_PER_TOKEN < 1_500


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read", {"files": []}),
        ("read", {"files": [{"path": "a", "start": 0}]}),
        ("read", {"path": "a"}),
        ("edit", {"edits": [{"path": "a", "old": "x"}]}),
        ("write", {"path": "a", "content": 3}),
        ("run", {"command": "", "timeout_seconds": 1}),
        ("submit", {}),
    ],
)
async def test_arguments_that_do_not_fit_are_told_by_validation(
    call: Callable[..., Awaitable[ToolOutput]], name: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        await call(name, **arguments)
