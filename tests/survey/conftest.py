"""A checkout made of a few files."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agent.survey.sources import Sources

Checkout = Callable[[Mapping[str, str]], Sources]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    def make(files: Mapping[str, str]) -> Sources:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        return Sources(tmp_path, tuple(files))

    return make
