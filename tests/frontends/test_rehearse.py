"""`gardener rehearse` as a process: it starts, serves, is stopped and says what it did."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import agent
from agent.frontends.cli import main
from agent.rehearsal.faults import FAULTS

TIMEOUT_SECONDS = 60


@contextmanager
def rehearsing(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "rehearse", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(Path(agent.__file__).parent.parent),
        },
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
        f"try: curl {url}/chat/completions -d "
        '\'{"model": "rehearsal", "messages": [{"role": "user", "content": "hi"}]}\'',
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
    assert main(["rehearse", "--fault", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [text.split()[0] for text in lines] == list(FAULTS)
    assert all(text.endswith(".") for text in lines)


def test_an_unknown_fault_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "--fault", "dorp"]) == 64
    assert "no fault named 'dorp'; use all or one of drop" in capsys.readouterr().err
