"""The audit of a checkout made of a few files."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agent.domain.finding import Finding
from agent.realign.audit import audit

Audited = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    """Writes the files and audits them all, or only `changed`; `main.py` is the entry point."""

    def look(
        files: Mapping[str, str],
        *,
        changed: frozenset[str] | None = None,
        entry_files: frozenset[str] = frozenset({"main.py"}),
    ) -> tuple[Finding, ...]:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        return audit(tmp_path, tuple(files), changed=changed, entry_files=entry_files)

    return look
