"""An executor is shown what its task is about, and little else."""

from pathlib import Path

import pytest
from engine.workshop import open_workshop, repository
from fakes import FakeClock, FakeModel

from agent.context.tokens import message_tokens, spec_tokens
from agent.domain.check import CommandCheck
from agent.domain.message import text_message
from agent.domain.plan import Decision, EntryPoint, Plan, Requirement, Task
from agent.engine.executor import executor_tools_of
from agent.journal import Journal

pytestmark = pytest.mark.anyio
SENTENCE = "A customer who adds an item to the cart sees the new total at once. "
REASON = "It is small and has no dependencies. " * 4
TASK = Task(
    id="T01",
    title="Show the total of the cart",
    serves=("R1", "R2"),
    creates=("shop/total.py", "tests/test_total.py"),
    modifies=("shop/cart.py", "shop/page.py"),
    wiring="shop/page.py calls total.of_cart",
    checks=(CommandCheck(run="python3 -m unittest tests.test_total"),),
    size_tokens=6_000,
    brief="Add up the prices of the items and round them as the invoice does. " * 4,
)
PLAN = Plan(
    name="totals",
    title="Totals",
    request=SENTENCE * 12,
    requirements=tuple(
        Requirement(id=f"R{n}", title=f"Requirement {n}", acceptance=SENTENCE * 2)
        for n in range(1, 7)
    ),
    decisions=tuple(
        Decision(id=f"D{n}", title=f"Decision number {n}", reason=REASON) for n in range(1, 9)
    ),
    entry_points=(EntryPoint(id="E1", command="python3 -m shop", path="shop/__main__.py"),),
    tasks=(TASK,),
)


def module(name: str, functions: int = 12) -> str:
    """A module of the size of an ordinary one."""
    body = "".join(
        f"def {name}_{n}(order: Order, amount: int = {n}) -> Receipt:\n"
        f'    """Does {name} in way {n}."""\n    checked = check(order, amount)\n'
        f"    return Receipt(order.id, checked * {n})\n\n\n"
        for n in range(functions)
    )
    return f"from shop.base import Order, Receipt, check\n\n\n{body}"


def sixty_files() -> dict[str, str]:
    words = [
        *("cart", "page", "base", "stock", "mail", "user", "login"),
        *("search", "index", "report", "export", "tax", "note", "hook"),
    ]
    files = {f"shop/{word}.py": module(word) for word in words}
    files |= {f"shop/parts/{word}_{n}.py": module(word) for word in words[:10] for n in range(3)}
    files |= {f"tests/test_{word}.py": f"from shop import {word}\n" for word in words}
    return files | {"README.md": "# Shop\n", "shop/__main__.py": "from shop import page\n"}


@pytest.fixture
async def opening(tmp_path: Path) -> tuple[str, str, int]:
    """System prompt, brief, and the tokens of system prompt and tools."""
    files = sixty_files()
    assert len(files) == 60
    root = repository(tmp_path / "repository", files)
    with Journal(tmp_path / "run", FakeClock()) as journal:
        shop = await open_workshop(journal, root, PLAN, FakeModel([]))
        tools = executor_tools_of(shop.context, TASK, 1)
        system, brief = shop.session.messages
        fixed = message_tokens(system) + spec_tokens(tuple(t.spec for t in tools.values()))
        return system.text, brief.text, fixed


async def test_system_prompt_and_tools_take_less_than_2000_tokens(
    opening: tuple[str, str, int],
) -> None:
    assert opening[2] < 2_000


async def test_a_brief_without_files_takes_less_than_4000_tokens(
    opening: tuple[str, str, int],
) -> None:
    _, brief, _ = opening
    without = brief[: brief.index('<file path="')]
    assert 1_000 < message_tokens(text_message("user", without)) < 4_000


async def test_the_files_that_the_task_changes_are_shown_whole(
    opening: tuple[str, str, int],
) -> None:
    _, brief, _ = opening
    files = sixty_files()
    for path in TASK.modifies:
        assert f'<file path="{path}">\n{files[path].rstrip()}\n</file>' in brief
    assert brief.count("<file path=") == 2


async def test_what_those_files_use_is_shown_by_its_signatures(
    opening: tuple[str, str, int],
) -> None:
    _, brief, _ = opening
    nearest = brief.split("nearest to the task first\n")[1]
    assert "  def base_0(order: Order, amount: int = 0) -> Receipt" in nearest
    assert "more file" not in nearest.split("<file")[0] or "tests/" in nearest


async def test_what_was_asked_and_decided_stands_in_it_word_for_word(
    opening: tuple[str, str, int],
) -> None:
    _, brief, _ = opening
    wanted = [PLAN.request, *(f"{r.title}\n{r.acceptance}" for r in PLAN.requirements[:2])]
    wanted += [f"{d.id}: {d.title} ({d.reason.strip()})" for d in PLAN.decisions]
    assert [text for text in wanted if text not in brief] == []
    assert "Requirement 3" not in brief
