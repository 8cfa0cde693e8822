"""Requests and overrides from the command line."""

import io
from pathlib import Path

import pytest

from agent.errors import UsageError
from agent.frontends.options import overrides_of, read_request


def test_a_request_comes_from_words_a_file_or_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "spec.md"
    file.write_text("a spec\n", encoding="utf-8")
    stdin = io.StringIO("piped")
    assert read_request("words", None, stdin) == "words"
    assert read_request(None, str(file), stdin) == "a spec\n"
    assert read_request(None, "-", stdin) == "piped"


def test_an_unusable_request_is_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"\xe4")
    absent = tmp_path / "absent.md"
    cases = {
        (None, None): "nothing to do yet: say what you want in quotes, or with --file FILE",
        ("a", "b"): "two requests: give either the words or --file, not both",
        (" \n", None): "the request is empty; say what you want",
        (None, "-"): "the request is empty; say what you want",
        (None, str(absent)): (
            f"cannot read {absent}: No such file or directory; name a readable file"
        ),
        (None, str(tmp_path)): f"cannot read {tmp_path}: Is a directory; name a readable file",
        (None, str(latin)): f"{latin} is not UTF-8 text; save it as UTF-8",
    }
    for (text, file), complaint in cases.items():
        with pytest.raises(UsageError) as raised:
            read_request(text, file, io.StringIO(""))
        assert str(raised.value) == complaint


def test_flags_become_settings() -> None:
    assert overrides_of(model="m", rounds=2, planner="p", judge=None) == {
        "model": "m",
        "base_url": None,
        "garden_rounds": 2,
        "realign_passes": None,
        "roles": {"planner": {"model": "p"}},
    }
