"""Texts that are compared byte for byte with what was recorded.

After a wanted change, delete the file, run the test twice and read the difference: the first run
writes what is missing and fails.
"""

from pathlib import Path

import pytest

from agent.domain.message import Message


def check_snapshot(folder: Path, name: str, text: str) -> None:
    path = folder / f"{name}.txt"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was missing and is written; read it, then run again")
    assert text == path.read_text(encoding="utf-8")


def shown(messages: tuple[Message, ...]) -> str:
    return "\n".join(f"=== {message.role}\n{message.text}" for message in messages) + "\n"
