"""The set of tools is small, complete and cheap to send."""

from collections.abc import Awaitable, Callable

import pytest
from pydantic import ValidationError

from agent import prompts
from agent.context.tokens import estimate, spec_tokens
from agent.domain.ports import Tool, ToolOutput
from agent.tools.toolset import read_only_tools
from agent.workspace.local import LocalWorkspace


def test_an_executor_has_ten_tools(tools: dict[str, Tool]) -> None:
    assert {name: tool.kind for name, tool in tools.items()} == {
        "read": "read",
        "list": "read",
        "search": "search",
        "edit": "edit",
        "write": "edit",
        "run": "execute",
        "todo": "think",
        "ask": "think",
        "submit": "deliver",
        "give_up": "deliver",
    }


def test_a_reader_cannot_change_anything(workspace: LocalWorkspace) -> None:
    assert [tool.spec.name for tool in read_only_tools(workspace)] == ["read", "list", "search"]


def test_all_tools_and_the_system_text_stay_far_below_the_price_of_a_file(
    tools: dict[str, Tool],
) -> None:
    specs = spec_tokens(tuple(tool.spec for tool in tools.values()))

    assert specs < 1_400
    assert specs + estimate(prompts.render("executor/system")) < 2_000


def test_what_a_model_fills_in_is_flat(tools: dict[str, Tool]) -> None:
    """One list of flat objects is the deepest; nothing has alternatives to choose from."""
    for tool in tools.values():
        for name, field in tool.spec.parameters["properties"].items():
            assert "anyOf" not in str(field), name
            items = field.get("items", {})
            inner = items.get("properties", {}).values()
            assert all(each["type"] in {"string", "boolean", "integer"} for each in inner), name


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read", {"files": []}),
        ("read", {"files": [{"path": "a", "start": "x"}]}),
        ("read", {"files": ["a", "b"], "start": 1}),
        ("list", {"paths": [" "]}),
        ("search", {"patterns": []}),
        ("edit", {"edits": [{"path": "a", "old": "x"}]}),
        ("edit", {"edits": []}),
        ("edit", {"edits": [{"path": "a", "old": "x", "new": "y", "mode": "fast"}]}),
        ("write", {"path": "a", "content": 3}),
        ("write", {"path": "a", "content": None}),
        ("run", {"command": "", "timeout_seconds": 1}),
        ("run", {"command": "true", "env": {"A-B": "1"}}),
        ("run", {"command": "true", "env": {"A": ["1"]}}),
        ("ask", {"question": "What?"}),
        ("submit", {}),
    ],
)
async def test_arguments_that_do_not_fit_are_told_by_validation(
    call: Callable[..., Awaitable[ToolOutput]], name: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        await call(name, **arguments)
