"""`gardener doctor` as a process, against a rehearsal."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent.rehearsal.conditions import Conditions
from agent.rehearsal.server import RehearsalServer


def doctor(home: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "agent", "doctor", *arguments],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment, "PYTHONPATH": ROOT},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


ROOT = str(Path(__file__).parent.parent.parent)
BOX = '# mine\n[profiles.box]\nbase_url = "{url}"\nmodel = "rehearsal"\nkey_env = "" # none\n'


def record(home: Path, *arguments: str) -> dict[str, Any]:
    code, out, err = doctor(home, "box", "--json", *arguments)
    found: dict[str, Any] = json.loads(out)
    assert (found["exit_code"], err) == (code, "")
    return found


def test_the_doctor_finds_the_window_writes_it_and_is_content(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "gardener" / "config.toml"
    config.parent.mkdir(parents=True)
    with RehearsalServer(None, Conditions(window_tokens=32_768)) as server:
        config.write_text(BOX.format(url=server.base_url))
        first = record(tmp_path)
        written = record(tmp_path, "--write")
        last = record(tmp_path)
    assert (first["outcome"], first["changes"]) == ("findings", {"window_tokens": 32_768})
    assert (written["outcome"], written["written"]) == ("done", str(config))
    assert (last["outcome"], last["changes"]) == ("done", {})
    assert config.read_text().startswith("# mine\n")
    assert tomllib.loads(config.read_text())["profiles"]["box"]["window_tokens"] == 32_768


def test_flags_go_into_the_profile_when_it_is_written(tmp_path: Path) -> None:
    with RehearsalServer(None) as server:
        flags = ("--base-url", server.base_url, "--model", "rehearsal")
        code, out, _ = doctor(tmp_path, "vllm", *flags, "--write", "--cheap")
    config = tmp_path / ".config" / "gardener" / "config.toml"
    assert (code, f"to {config}" in out) == (0, True)
    table = tomllib.loads(config.read_text())["profiles"]["vllm"]
    assert (table["base_url"], table["model"]) == (server.base_url, "rehearsal")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("cerebras",), 64, "no key for https://api.cerebras.ai/v1: set CEREBRAS_API_KEY"),
        (("cerbras",), 64, "did you mean 'cerebras'?"),
        (("vllm",), 64, "the profile 'vllm' names no model; give one with --model"),
        (("vllm", "--base-url", "there"), 64, "'there' is no address; give one like https://HOST"),
        (("rehearsal",), 64, "the profile 'rehearsal' has no address; give one with --base-url"),
    ],
)
def test_what_cannot_begin_is_told_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    found, out, err = doctor(tmp_path, *arguments)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert words in err


def test_an_endpoint_that_is_not_there_ends_with_75(tmp_path: Path) -> None:
    with RehearsalServer(None) as server:
        url = server.base_url
    code, out, err = doctor(tmp_path, "rehearsal", "--base-url", url)
    assert (code, err) == (75, "")
    assert "Connection refused" in out
    assert out.endswith("the checkup could not be finished\n")
