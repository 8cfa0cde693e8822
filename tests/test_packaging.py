"""The built wheel carries everything the program needs, and nothing of the tests."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from agent import prompts

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", target],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = target.glob("plan_gardener-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_prompt_is_in_the_wheel(wheel_names: set[str]) -> None:
    wanted = {f"agent/_prompts/{name}{prompts.SUFFIX}" for name in prompts.names()}
    assert wanted - wheel_names == set()


def test_every_module_and_user_template_is_in_the_wheel(wheel_names: set[str]) -> None:
    files = [p for p in (ROOT / "agent").rglob("*") if p.suffix in (".py", ".j2")]
    assert {p.relative_to(ROOT).as_posix() for p in files} - wheel_names == set()


def test_the_example_is_in_the_wheel_and_the_tests_are_not(wheel_names: set[str]) -> None:
    example = ROOT / "examples" / "todo-chat"
    kept = [
        p
        for p in example.rglob("*")
        if p.is_file() and not {"__pycache__", ".ruff_cache"} & set(p.parts)
    ]
    wanted = {f"agent/_examples/todo-chat/{p.relative_to(example).as_posix()}" for p in kept}
    assert wanted - wheel_names == set()
    assert [name for name in wheel_names if name.startswith("tests/")] == []
