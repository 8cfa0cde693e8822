"""`gardener rehearse` as a process: it starts, serves, is stopped and says what it did."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

import agent
from agent.frontends.cli import main
from agent.rehearsal.faults import FAULTS

TIMEOUT_SECONDS = 60
ROOT = Path(agent.__file__).parent.parent
EXAMPLE = ROOT / "examples" / "todo-chat"
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


@contextmanager
def rehearsing(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "rehearse", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, "HOME": str(folder)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_SECONDS)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().rstrip("\n")


def ask(base_url: str) -> None:
    body = json.dumps({"model": "rehearsal", "messages": [{"role": "user", "content": "hi"}]})
    request = urllib.request.Request(f"{base_url}/chat/completions", body.encode())
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        assert json.load(response)["system_fingerprint"] == "rehearsal"


def test_it_says_first_that_replies_are_scripted_and_what_is_on(tmp_path: Path) -> None:
    arguments = ("--limit", "tokens/minute=300k", "--fault", "drop", "--seed", "7")
    with rehearsing(tmp_path, *arguments) as process:
        lines = [line(process)]
        while not lines[-1].startswith("stop with"):
            lines.append(line(process))
        url = lines[1].split()[-1]
        ask(url)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    assert lines == [
        "rehearsal: replies are scripted, no model is asked",
        f"  base URL   {url}",
        "  endpoint   rehearsal, model rehearsal, window of 131,072 tokens",
        "  limits     300,000 tokens a minute; counted by use",
        "  speed      at once",
        "  faults     drop; 20% of requests, seed 7",
        f"  counters   {url}/rehearsal/counters",
        f"  requests   {url}/rehearsal/log",
        "in another terminal:",
        f"  export GARDENER_PROFILE=openai GARDENER_MODEL=rehearsal GARDENER_BASE_URL={url}",
        "  gardener doctor",
        "stop with Ctrl-C",
    ]
    assert out == "rehearsal: 1 request, 1 let in, 0 refused, 22 tokens charged\n"
    assert (process.returncode, err) == (0, "")


def test_it_speaks_json_and_ends_on_termination_too(tmp_path: Path) -> None:
    with rehearsing(tmp_path, "--json", "--profile", "cerebras") as process:
        started = json.loads(line(process))
        ask(started["base_url"])
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (started["type"], started["flavour"]) == ("rehearsal_started", "cerebras")
    stopped = json.loads(out)
    assert (stopped["type"], stopped["exit_code"], process.returncode) == (
        "rehearsal_stopped",
        0,
        0,
    )
    assert stopped["totals"]["told"] == 1


def test_a_port_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with rehearsing(tmp_path, "--json") as process:
        port = json.loads(line(process))["base_url"].split(":")[2].split("/")[0]
        assert main(["rehearse", "--port", port]) == 64
    sentence = f"gardener: cannot listen on port {port}: Address already in use; "
    assert capsys.readouterr().err == f"{sentence}name another with --port\n"


def test_every_fault_is_listed_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "--list-faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [text.split()[0] for text in lines] == list(FAULTS)
    assert all(text.endswith(".") for text in lines)
    assert main(["rehearse", "--list-faults", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["schema"], record["type"], len(record["faults"])) == (1, "faults", len(FAULTS))
    assert record["faults"][-1] == {
        "name": "error-chunk",
        "about": "An error comes in the middle of the stream, after status 200.",
        "needs": [],
    }


def test_faults_that_a_profile_s_dialect_cannot_show_are_told(tmp_path: Path) -> None:
    faults = ("--fault", "usage-missing", "--fault", "drop")
    with rehearsing(tmp_path, "--profile", "anthropic", *faults) as process:
        lines = [line(process) for _ in range(6)]
    assert lines[5] == (
        "  faults     usage-missing, drop; 20% of requests, seed 0; "
        "1 of them never in this profile's dialect"
    )


def gardener(folder: Path, variables: dict[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        cwd=folder,
        env={**ENVIRONMENT, "HOME": str(folder), **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_profile_and_a_plan_are_tried_with_what_it_prints(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "start", tmp_path / "todo")
    for arguments in ("init -q", "add -A", "-c user.name=n -c user.email=e commit -qm start"):
        subprocess.run(["git", *arguments.split()], cwd=tmp_path / "todo", check=True)
    script = str(EXAMPLE / "script.yaml")
    with rehearsing(tmp_path, script, "--profile", "cerebras-code-pro", "--json") as process:
        started = json.loads(line(process))
        ask = partial(gardener, tmp_path / "todo", started["environment"])
        checkup = ask("doctor")
        request = str(EXAMPLE / "request.md")
        planned = ask("plan", "--file", request)
        with urllib.request.urlopen(started["counters_url"], timeout=TIMEOUT_SECONDS) as answer:
            totals = json.load(answer)["totals"]
    # The script forgets the start-up of the program, and lint finds that.
    assert (checkup[0], planned[0]) == (0, 11), checkup[1] + planned[1]
    assert started["environment"]["GARDENER_PROFILE"] == "cerebras-code-pro"
    assert (totals["told"], totals["refused"]) == (totals["admitted"], {"400": 1})
    assert totals["charged_tokens"] > totals["prompt_tokens"] + totals["completion_tokens"]


def test_an_unknown_fault_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "--fault", "dorp"]) == 64
    assert "no fault named 'dorp'; did you mean 'drop'" in capsys.readouterr().err
    assert main(["rehearse", "--fault", "0"]) == 64
    assert "no fault named '0'; use all or one of rate-minute" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flag",
    [
        *("--tokens-per-second=nan", "--tokens-per-second=inf", "--first-token-seconds=nan"),
        *("--first-token-seconds=inf", "--time-scale=nan", "--faults-share=nan"),
    ],
)
def test_a_number_that_is_none_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    assert main(["rehearse", flag]) == 64
    assert "is not a finite number; see: gardener rehearse --help" in capsys.readouterr().err
