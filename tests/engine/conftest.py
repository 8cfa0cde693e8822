"""A journal that a run has begun."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeClock
from talk import STARTED

from agent.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path, FakeClock()) as journal:
        journal.append(STARTED)
        yield journal
