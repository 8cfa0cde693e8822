from collections.abc import Callable, Mapping

import pytest

from agent.survey.entry_points import entry_points
from agent.survey.imports import graph_of
from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]
GUARD = "def main(): ...\n\nif __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"app/__init__.py": "", "app/__main__.py": ""}, [("python3 -m app", "app/__main__.py")]),
        ({"src/app/__main__.py": ""}, [("python3 -m app", "src/app/__main__.py")]),
        ({"my-app/__main__.py": ""}, [("python3 my-app/__main__.py", "my-app/__main__.py")]),
        ({"run.py": GUARD, "lib.py": "x = 1\n"}, [("python3 run.py", "run.py")]),
        ({"a/__init__.py": "", "a/b.py": GUARD}, [("python3 -m a.b", "a/b.py")]),
        ({"run.py": 'if "__main__" == __name__:\n    pass\n'}, [("python3 run.py", "run.py")]),
        ({"tests/test_a.py": GUARD, "setup.py": GUARD, "conftest.py": GUARD}, []),
        (
            {"pyproject.toml": "[project.scripts]\nshop = 'shop:main'\n", "shop.py": ""},
            [("shop", "shop.py")],
        ),
        ({"pyproject.toml": "[project.scripts]\nshop = 'shop.gone:main'\n", "shop.py": ""}, []),
        (
            {"package.json": '{"name": "x", "bin": "./cli.js", "main": "index.js"}', "cli.js": ""},
            [("x", "cli.js")],
        ),
        (
            {"web/package.json": '{"scripts": {"start": "node server.js"}}', "web/server.js": ""},
            [("npm start", "web/server.js")],
        ),
        (
            {"package.json": '{"scripts": {"start": "vite"}}'},
            [("npm start", "package.json")],
        ),
        (
            {"cmd/shop/main.go": "package main\n", "pkg/main.go": "package pkg\n"},
            [("go run ./cmd/shop", "cmd/shop/main.go")],
        ),
        (
            {"src/main.rs": "", "src/bin/tool.rs": ""},
            [("cargo run", "src/main.rs"), ("cargo run --bin tool", "src/bin/tool.rs")],
        ),
    ],
)
def test_entry_points_are_what_a_user_can_start(
    checkout: Checkout, files: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    sources = checkout(files)
    found = entry_points(sources, graph_of(sources))
    assert [(start.command, start.path) for start in found] == expected
