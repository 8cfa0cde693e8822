"""Tokens are counted by a vocabulary that is on the machine, else estimated; never downloaded."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from agent.context.tokens import estimate
from agent.context.vocabulary import (
    CHUNK_CHARACTERS,
    O200K_FILE,
    counter_for,
    ranks_of,
    vocabularies,
)

TEXT = "hello hello 12345\n"


def write_ranks(path: Path, *merged: bytes) -> None:
    """A vocabulary of every byte and some longer tokens, with what they are merged from."""
    tokens = [bytes([value]) for value in range(256)]
    for word in merged:
        tokens += [word[:end] for end in range(2, len(word) + 1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        base64.b64encode(token) + b" %d" % rank for rank, token in enumerate(dict.fromkeys(tokens))
    ]
    path.write_bytes(b"\n".join(lines))


@pytest.fixture
def qwen(tmp_path: Path) -> Path:
    write_ranks(tmp_path / "resources/qwen.tiktoken", b"hello", b" hello")
    return tmp_path


@pytest.fixture
def o200k(tmp_path: Path) -> Path:
    write_ranks(tmp_path / O200K_FILE, b"hello", b" hello", b"123")
    return tmp_path


def test_without_a_vocabulary_it_estimates(tmp_path: Path) -> None:
    counter = counter_for("qwen-3-coder-480b", [tmp_path])
    counter.load()
    assert counter(TEXT) == estimate(TEXT)


def test_until_it_is_loaded_it_estimates(qwen: Path) -> None:
    assert counter_for("qwen-3-coder-480b", [qwen])(TEXT) == estimate(TEXT)


@pytest.mark.parametrize(
    "content", [b"", b"not a vocabulary", b"aGk= 0\naG8= 1", b"aGk= first\n", bytes(range(256))]
)
def test_a_file_that_is_no_vocabulary_is_passed_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / O200K_FILE).write_bytes(content)
    counter = counter_for("gpt-oss-120b", [tmp_path])
    counter.load()
    assert (counter(TEXT), ranks_of(tmp_path / O200K_FILE)) == (estimate(TEXT), {})


def test_vocabularies_are_found_in_packages_and_in_the_cache(qwen: Path) -> None:
    write_ranks(qwen / O200K_FILE)
    write_ranks(qwen / f"core/_static/tiktoken_cache/{O200K_FILE}")
    found = [(each.path.relative_to(qwen), each.splits_digits) for each in vocabularies((qwen,))]
    assert found == [
        (Path("resources/qwen.tiktoken"), True),
        (Path(f"core/_static/tiktoken_cache/{O200K_FILE}"), False),
        (Path(O200K_FILE), False),
    ]


def test_counting_by_the_model_s_own_vocabulary(qwen: Path) -> None:
    pytest.importorskip("tiktoken")
    counter = counter_for("qwen-3-coder-480b", [qwen])
    counter.load()
    assert counter(TEXT) == len(["hello", " hello", " ", "1", "2", "3", "4", "5", "\n"])


def test_a_vocabulary_that_joins_digits_is_corrected_for_a_model_that_does_not(o200k: Path) -> None:
    pytest.importorskip("tiktoken")
    gpt, qwen = counter_for("gpt-oss-120b", [o200k]), counter_for("qwen-3-coder-480b", [o200k])
    gpt.load()
    qwen.load()
    joined = len(["hello", " hello", " ", "123", "4", "5", "\n"])
    assert (gpt(TEXT), qwen(TEXT)) == (joined, joined + round(5 * 2 / 3))


def test_the_nearer_of_two_vocabularies_counts(qwen: Path) -> None:
    pytest.importorskip("tiktoken")
    write_ranks(qwen / O200K_FILE)
    counter = counter_for("gpt-oss-120b", [qwen])
    counter.load()
    assert counter("hello") == 5


def test_endless_white_space_is_counted(qwen: Path) -> None:
    pytest.importorskip("tiktoken")
    counter = counter_for("qwen-3-coder-480b", [qwen])
    counter.load()
    assert counter(" " * (3 * CHUNK_CHARACTERS)) == 3 * CHUNK_CHARACTERS


def test_a_run_can_be_prepared_without_loading_a_vocabulary() -> None:
    code = (
        "import sys, agent.wiring.runs; from agent.context.vocabulary import counter_for;"
        "counter_for('qwen')('text'); print('tiktoken' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.strip() == "False"
