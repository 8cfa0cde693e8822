from collections.abc import Callable, Mapping

import pytest

from agent.survey.commands import commands
from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]
TEST = "import unittest\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tests/test_a.py": TEST}, {"test": "python3 -m unittest"}),
        ({"test_a.py": TEST, "conftest.py": ""}, {"test": "python3 -m pytest"}),
        (
            {"tests/test_a.py": TEST, "requirements-dev.txt": "pytest==8\n"},
            {"test": "python3 -m pytest"},
        ),
        ({"tests/test_a.py": TEST, "tox.ini": "[tox]\nenvlist = py\n"}, {"test": "tox"}),
        (
            {"Makefile": "CC := gcc\ntest: all\n\ttrue\nlint:\n\ttrue\n", "tests/test_a.py": TEST},
            {"test": "make test", "lint": "make lint"},
        ),
        (
            {"requirements.txt": "flask\n"},
            {"install": "python3 -m pip install -r requirements.txt"},
        ),
        (
            {"package.json": '{"scripts": {"test": "vitest", "build": "vite build"}}'},
            {"test": "npm test", "build": "npm run build", "install": "npm install"},
        ),
        (
            {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\""}}'},
            {"install": "npm install"},
        ),
        (
            {"go.mod": "module example.com/a\n"},
            {"test": "go test ./...", "build": "go build ./...", "lint": "go vet ./..."},
        ),
        ({"README.md": "# a\n"}, {}),
    ],
)
def test_commands_are_those_the_repository_suggests(
    checkout: Checkout, files: dict[str, str], expected: dict[str, str]
) -> None:
    assert commands(checkout(files)) == expected
