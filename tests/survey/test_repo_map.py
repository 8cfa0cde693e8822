from collections.abc import Callable, Mapping

from agent.survey.repo_map import CHARACTERS_PER_TOKEN, repo_map
from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]

SHOP = '''\
"""A shop."""
import os

LIMIT = 3

async def pay(order: "Order", *, limit: int = LIMIT) -> bool: return True

def _hidden(): ...

class Order(Base, total=False):
    def __init__(self): ...
    def add(self, item): ...
    def _private(self): ...

class Plain: ...
'''


def test_the_map_shows_public_signatures(checkout: Checkout) -> None:
    sources = checkout({"shop.py": SHOP, "tests/test_shop.py": "def test_a(): ...\n", "a.txt": ""})
    assert repo_map(sources, 1000).splitlines() == [
        "a.txt",
        "shop.py",
        "  async def pay(order: 'Order', *, limit: int=LIMIT) -> bool",
        "  class Order(Base): add",
        "  class Plain",
        "tests/test_shop.py",
    ]


def test_the_map_keeps_its_budget_and_says_what_is_left_out(checkout: Checkout) -> None:
    sources = checkout({f"part_{n:03}.py": SHOP for n in range(60)})
    text = repo_map(sources, 200)
    assert len(text) <= 200 * CHARACTERS_PER_TOKEN + 40
    assert text.splitlines()[-1] == "... and 30 more files"
    assert "  class Plain" in text.splitlines()
