import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from agent.domain.survey import StartCommand, Survey
from agent.survey.sources import LARGEST_FILE_BYTES, Sources
from agent.survey.take import take_survey

Checkout = Callable[[Mapping[str, str]], Sources]

PYPROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "shop"
dependencies = ["httpx>=0.27", "pyyaml"]

[project.scripts]
shop = "shop.cli:main"

[dependency-groups]
dev = ["pytest>=8", "ruff"]
"""
CLI = """\
import os

def main() -> None:
    serve(os.environ["SHOP_PORT"])

def serve(port: str) -> None:
    print(port)
"""


def test_a_survey_has_every_fact_of_a_python_repository(checkout: Checkout) -> None:
    sources = checkout(
        {
            "AGENTS.md": "Keep it small.\n",
            "pyproject.toml": PYPROJECT,
            "src/shop/__init__.py": "",
            "src/shop/cli.py": CLI,
            "tests/test_cli.py": "def test_port() -> None:\n    assert True\n",
        }
    )
    assert take_survey(sources.root, sources.files, "abc1234") == Survey(
        commit="abc1234",
        languages={"Python": 3},
        files=5,
        commands={
            "test": "python3 -m pytest",
            "build": "python3 -m build",
            "lint": "ruff check .",
            "install": "python3 -m pip install -e .",
        },
        entry_points=(StartCommand(command="shop", path="src/shop/cli.py"),),
        dependencies={"pyproject.toml": ("httpx", "pyyaml", "pytest", "ruff")},
        test_files=("tests/test_cli.py",),
        conventions=("AGENTS.md",),
        environment=("SHOP_PORT",),
        repo_map="AGENTS.md\npyproject.toml\nsrc/shop/__init__.py\nsrc/shop/cli.py\n"
        "  def main() -> None\n  def serve(port: str) -> None\ntests/test_cli.py",
    )


def test_an_empty_repository_has_an_empty_survey(tmp_path: Path) -> None:
    assert take_survey(tmp_path, (), "abc1234") == Survey(
        commit="abc1234",
        languages={},
        files=0,
        commands={},
        entry_points=(),
        dependencies={},
        test_files=(),
        conventions=(),
        environment=(),
        repo_map="",
    )


def test_files_that_cannot_be_read_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n", encoding="utf-8")
    (tmp_path / "latin.py").write_bytes(b"name = '\xe9'\n")
    (tmp_path / "zero.py").write_bytes(b"a = 1\0")
    (tmp_path / "deep.py").write_text("x = " + "(" * 500 + ")" * 500, encoding="utf-8")
    (tmp_path / "long_sum.py").write_text("x = " + "1 + " * 20_000 + "1", encoding="utf-8")
    (tmp_path / "huge.py").write_text("#" * (LARGEST_FILE_BYTES + 1), encoding="utf-8")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    (tmp_path / "pyproject.toml").write_text("[project\n", encoding="utf-8")
    (tmp_path / "package.json").write_text("[" * 5000, encoding="utf-8")
    (tmp_path / "tox.ini").write_text("no section\n", encoding="utf-8")
    files = (*sorted(path.name for path in tmp_path.iterdir()), "gone.py")
    survey = take_survey(tmp_path, files, "abc1234")
    assert survey.files == 12
    assert survey.dependencies == {}
    assert survey.repo_map.splitlines() == sorted(files)


def test_a_survey_agrees_with_what_git_lists(checkout: Checkout) -> None:
    root = checkout({"a.py": "", ".gitignore": "b.py\n", "b.py": ""}).root
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    listed = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, text=True
    )
    assert take_survey(root, tuple(listed.split()), "abc1234").languages == {"Python": 1}
