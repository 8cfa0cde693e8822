from collections.abc import Callable, Mapping

import pytest

from agent.survey.imports import graph_of, import_graph, reachable
from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"main.py": "import app.store\n"}, {"app/__init__.py", "app/store.py"}),
        ({"main.py": "from app import store\n"}, {"app/__init__.py", "app/store.py"}),
        ({"main.py": "from app.store import Store\n"}, {"app/__init__.py", "app/store.py"}),
        ({"main.py": "def run():\n    import app.store\n"}, {"app/__init__.py", "app/store.py"}),
        (
            {"main.py": "import importlib\nimportlib.import_module('app.store')\n"},
            {"app/__init__.py", "app/store.py"},
        ),
        ({"main.py": "import app\n", "app/__init__.py": "from . import store\n"}, None),
        ({"main.py": "import app\n", "app/__init__.py": "from .store import Store\n"}, None),
        (
            {"main.py": "import app.web.page\n", "app/web/page.py": "from ..store import Store\n"},
            {"app/__init__.py", "app/web/page.py", "app/store.py"},
        ),
        ({"main.py": "uvicorn.run('app.store:create')\n"}, {"app/store.py", "app/__init__.py"}),
        ({"main.py": "TEXT = 'see app.store'\n"}, set()),
        (
            {"main.py": "import app\n", "app/__init__.py": "walk_packages(__path__)\n"},
            {"app/__init__.py", "app/store.py"},
        ),
        (
            {"main.py": "for n in names:\n    import_module(f'app.{n}')\n"},
            {"app/__init__.py", "app/store.py"},
        ),
        ({"main.py": "try:\n    import app.store\nexcept ImportError:\n    pass\n"}, None),
        ({"main.py": "import app.gone\n"}, {"app/__init__.py"}),
        ({"main.py": "def (:\n"}, set()),
    ],
)
def test_what_an_entry_file_loads_is_reachable(
    checkout: Checkout, files: dict[str, str], expected: set[str] | None
) -> None:
    sources = checkout({"app/__init__.py": "", "app/store.py": "class Store: ...\n"} | files)
    wanted = {"app/__init__.py", "app/store.py"} if expected is None else expected
    assert reachable(graph_of(sources), ["main.py"]) == wanted | {"main.py"}


def test_packages_are_found_below_src_and_below_other_projects(checkout: Checkout) -> None:
    sources = checkout(
        {
            "src/shop/__init__.py": "",
            "src/shop/pay.py": "",
            "services/mail/pyproject.toml": "",
            "services/mail/mailer/send.py": "",
            "scripts/run.py": "import shop.pay\nfrom mailer.send import post\nimport helper\n",
            "scripts/helper.py": "",
        }
    )
    graph = import_graph(sources.root, sources.files)
    assert reachable(graph, ["scripts/run.py"]) == {
        "scripts/run.py",
        "scripts/helper.py",
        "src/shop/__init__.py",
        "src/shop/pay.py",
        "services/mail/mailer/send.py",
    }


def test_running_a_module_loads_the_packages_around_it(checkout: Checkout) -> None:
    sources = checkout(
        {
            "a/__init__.py": "import a.x\n",
            "a/x.py": "",
            "a/b/__init__.py": "",
            "a/b/__main__.py": "",
        }
    )
    assert reachable(graph_of(sources), ["a/b/__main__.py"]) == frozenset(sources.files)


def test_names_from_elsewhere_are_external_with_what_is_taken_from_them(
    checkout: Checkout,
) -> None:
    text = (
        "import httpx\nimport google.cloud.storage as s\n"
        "from openai.types import Chat\nimport app\n"
    )
    sources = checkout({"app.py": text, "openai.py": ""})
    assert graph_of(sources).external["app.py"] == {"httpx", "google.cloud.storage"}


def test_a_neighbour_named_like_a_library_hides_it_only_where_scripts_run(
    checkout: Checkout,
) -> None:
    sources = checkout({"app/__init__.py": "", "app/main.py": "import redis\n", "app/redis.py": ""})
    graph = graph_of(sources)
    assert graph.external["app/main.py"] == {"redis"}
    assert "app/redis.py" in graph.imports["app/main.py"]


def test_importers_of_a_file_are_known(checkout: Checkout) -> None:
    sources = checkout({"a.py": "", "b.py": "import a\n", "c.py": "from a import x\n", "d.py": ""})
    assert graph_of(sources).importers("a.py") == ("b.py", "c.py")
