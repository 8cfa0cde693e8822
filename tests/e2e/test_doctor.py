"""`gardener doctor` as a process, against a rehearsal."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent.domain.limits import Limit
from agent.rehearsal.conditions import Conditions
from agent.rehearsal.faults import FaultPlan
from agent.rehearsal.flavours import CEREBRAS
from agent.rehearsal.limit_books import Charging
from agent.rehearsal.server import RehearsalServer


def doctor(home: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    return gardener("doctor", home, *arguments, **environment)


def gardener(command: str, home: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "agent", command, *arguments],
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


KEY = {"CEREBRAS_API_KEY": "csk-0123456789"}


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
    assert first["rehearsal"] is True
    assert (last["outcome"], last["changes"]) == ("done", {})
    assert config.read_text().startswith("# mine\n")
    assert tomllib.loads(config.read_text())["profiles"]["box"]["window_tokens"] == 32_768


def test_everything_that_is_written_makes_the_profile_right(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "gardener" / "config.toml"
    config.parent.mkdir(parents=True)
    limits = (Limit(unit="tokens", window="minute", amount=60_000),)
    charging = Charging("admission", cap_tokens=16_384)
    plan = FaultPlan(("hermes-json",), share=1.0, transient=False)
    conditions = Conditions(
        flavour=CEREBRAS, limits=limits, charging=charging, window_tokens=16_384, faults=plan
    )
    mine = BOX.replace('"" # none', '""\nlike = "cerebras"\nsampling = {{ top_k = 20 }}')
    with RehearsalServer(None, conditions) as server:
        config.write_text(mine.format(url=server.base_url))
        written = record(tmp_path, "--write")
        once = config.read_bytes()
        again = record(tmp_path, "--write")
    assert written["outcome"] == "done"
    assert written["changes"].keys() == {
        "window_tokens",
        "sampling",
        "omit_fields",
        "text_calls",
        "limits",
    }
    assert (again["outcome"], again["changes"], again["written"]) == ("done", {}, None)
    assert config.read_bytes() == once


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('profiles.box = {{ base_url = "{url}", model = "rehearsal" }}\n', "cannot change "),
        ('[profiles.box\nbase_url = "{url}"\n', "not valid TOML"),
        ('[profiles.box]\nbase_url = "{url}"\nwindow = 5\n', "no field named 'window'"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_as_it_is(
    tmp_path: Path, settings: str, words: str
) -> None:
    config = tmp_path / ".config" / "gardener" / "config.toml"
    config.parent.mkdir(parents=True)
    with RehearsalServer(None, Conditions(window_tokens=32_768)) as server:
        config.write_text(settings.format(url=server.base_url))
        before = config.read_bytes()
        code, out, err = doctor(tmp_path, "box", "--write")
    assert (code, config.read_bytes()) == (64, before)
    assert words in out + err


def test_without_a_key_none_is_said_to_be_accepted(tmp_path: Path) -> None:
    with RehearsalServer(None) as server:
        flags = ("cerebras", "--base-url", server.base_url, "--model", "rehearsal", "--json")
        found = [json.loads(doctor(tmp_path, *flags, **env)[1]) for env in ({}, KEY)]
    keys = [next(a["said"] for a in each["aspects"] if a["name"] == "key") for each in found]
    assert keys == ["none is asked for", "accepted (CEREBRAS_API_KEY)"]


def test_flags_go_into_the_profile_when_it_is_written(tmp_path: Path) -> None:
    with RehearsalServer(None) as server:
        flags = ("--base-url", server.base_url, "--model", "rehearsal")
        code, out, _ = doctor(tmp_path, "vllm", *flags, "--write", "--cheap")
        again = doctor(tmp_path, "vllm", *flags, "--write", "--cheap")
    config = tmp_path / ".config" / "gardener" / "config.toml"
    assert (code, f"to {config}" in out) == (0, True)
    assert '  model = "rehearsal"\n' in out
    assert (again[0], "wrote" in again[1]) == (0, False)
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


TWO_KEYS = {"ONE_API_KEY": "key-one-0123", "TWO_API_KEY": "key-two-0123"}


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic_messages"])
def test_the_usage_has_what_the_endpoint_counted_for_every_account(
    tmp_path: Path, dialect: str
) -> None:
    config = tmp_path / ".config" / "gardener" / "config.toml"
    config.parent.mkdir(parents=True)
    keys = 'key_env = "ONE_API_KEY"\naccounts = ["TWO_API_KEY"]\n'
    table = BOX.replace('key_env = "" # none\n', f'{keys}dialect = "{dialect}"\n')
    with RehearsalServer(None) as server:
        config.write_text(table.format(url=server.base_url))
        code, out, err = doctor(tmp_path, "box", "--json", **TWO_KEYS)
    counted = server.totals()
    said = {aspect["name"]: aspect["said"] for aspect in json.loads(out)["aspects"]}
    assert (code, err, said["key 2"]) == (0, "", "accepted (TWO_API_KEY)")
    usage = json.loads(gardener("usage", tmp_path, "--by", "account", "--json")[1])
    total, accounts = usage["total"], usage["rows"]
    assert (total["requests"], total["input"], total["output"], total["charged"]) == (
        counted["requests"],
        counted["told_prompt_tokens"],
        counted["told_completion_tokens"],
        counted["charged_tokens"],
    )
    assert len(accounts) == 2
    assert "key-" not in out
