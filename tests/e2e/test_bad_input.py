"""Wrong places, wrong files, wrong endpoints: one clear sentence, the right exit code."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.rehearsal.local_http import Answer, LocalServer
from agent.rehearsal.script import load_script
from agent.rehearsal.server import RehearsalServer

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "plans" / "sample.md"


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=30
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text("hello\n", encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "begin")
    return folder


def gardener(place: Path, *arguments: str, **environment: str) -> Ended:
    home = place.parent / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    answer = subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        cwd=place,
        env={**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    ended = Ended(answer.returncode, answer.stdout, answer.stderr)
    assert "Traceback" not in ended.out + ended.err
    return ended


KEY = {"OPENAI_API_KEY": "k", "GARDENER_MODEL": "m"}


def refusal(ended: Ended) -> tuple[int, int]:
    """Exit code, and the number of lines on standard error."""
    return ended.code, len(ended.err.strip().splitlines())


def test_outside_a_repository_the_next_step_is_told(tmp_path: Path) -> None:
    place = tmp_path / "plain"
    place.mkdir()
    ended = gardener(place, "run", "do it", **KEY)
    assert refusal(ended) == (64, 1)
    assert "is not in a git repository; make one with: git init" in ended.err


def test_an_empty_repository_is_told_to_commit_first(tmp_path: Path) -> None:
    place = tmp_path / "empty"
    place.mkdir()
    git(place, "init", "-q")
    ended = gardener(place, "run", "do it", **KEY)
    assert refusal(ended) == (64, 1)
    assert "has no commit yet" in ended.err


def test_uncommitted_changes_are_not_left_out_in_silence(repository: Path) -> None:
    (repository / "README.md").write_text("changed\n", encoding="utf-8")
    ended = gardener(repository, "run", "do it", **KEY)
    assert refusal(ended) == (64, 1)
    assert "'README.md'; commit or stash them, or pass --allow-dirty" in ended.err
    assert (repository / "README.md").read_text(encoding="utf-8") == "changed\n"


def test_a_request_without_a_key_is_refused_and_never_answered_from_a_script(
    repository: Path,
) -> None:
    ended = gardener(repository, "run", "do it", GARDENER_MODEL="m")
    assert refusal(ended) == (64, 1)
    assert "set OPENAI_API_KEY, or try the scripted rehearsal with `gardener demo`" in ended.err
    assert git(repository, "branch", "--list", "gardener/*") == ""


def test_a_request_without_a_model_names_the_setting(repository: Path) -> None:
    ended = gardener(repository, "run", "do it", OPENAI_API_KEY="k")
    assert refusal(ended) == (64, 1)
    assert "no model is named for the planner: set GARDENER_MODEL" in ended.err


def test_without_a_request_the_command_says_what_it_wants(repository: Path) -> None:
    ended = gardener(repository, "run", **KEY)
    assert refusal(ended) == (64, 1)


def test_an_endpoint_that_nobody_serves_ends_with_75_and_can_be_resumed(repository: Path) -> None:
    ended = gardener(repository, "plan", "do it", OPENAI_BASE_URL="http://127.0.0.1:9/v1", **KEY)
    assert ended.code == 75
    assert "cannot reach http://127.0.0.1:9/v1: Connection refused; check OPENAI_BASE_URL" in (
        ended.out + ended.err
    )
    status = json.loads(gardener(repository, "status", "--json").out)
    assert status["outcome"] == "limit"


def test_a_plan_with_errors_is_told_with_file_line_and_field(repository: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8").replace("- serves:", "- server:", 1)
    (repository / "plan.md").write_text(text, encoding="utf-8")
    ended = gardener(repository, "lint", "plan.md")
    assert refusal(ended) == (64, 1)
    line = next(i for i, each in enumerate(text.splitlines(), 1) if "- server:" in each)
    assert f"plan.md:{line}: server: " in ended.err


def test_a_plan_file_that_is_not_there_is_named(repository: Path) -> None:
    ended = gardener(repository, "execute", "nothing.md", **KEY)
    assert refusal(ended) == (64, 1)
    assert "nothing.md" in ended.err


def test_a_plan_that_leaves_the_repository_is_a_finding(repository: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    created = text.split("- creates: `")[1].split("`")[0]
    (repository / "plan.md").write_text(text.replace(created, "../outside.py"), encoding="utf-8")
    ended = gardener(repository, "lint", "plan.md", "--json")
    rules = {finding["rule"] for finding in json.loads(ended.out)["findings"]}
    assert (ended.code, "path-outside" in rules) == (11, True)


def test_an_unknown_command_and_an_unknown_option_exit_with_64(repository: Path) -> None:
    assert gardener(repository, "grow").code == 64
    assert gardener(repository, "lint", "--colour").code == 64


def test_errors_are_one_json_object_when_json_is_asked_for(repository: Path) -> None:
    ended = gardener(repository, "run", "do it", "--json")
    told = json.loads(ended.out)
    assert (told["type"], told["outcome"], told["exit_code"]) == ("error", "usage", 64)
    assert ended.code == 64


def test_status_and_report_without_a_run_say_so(repository: Path) -> None:
    for command in ("status", "report", "resume", "merge"):
        ended = gardener(repository, command, **KEY)
        assert refusal(ended) == (64, 1), command


def test_an_unknown_model_is_told_with_what_the_endpoint_serves(repository: Path) -> None:
    script = load_script(ROOT / "examples" / "todo-chat" / "script.yaml")
    with RehearsalServer(script) as server:
        ended = gardener(
            repository,
            *("plan", "do it", "--plain"),
            OPENAI_BASE_URL=server.base_url,
            GARDENER_MODEL="gpt-nope",
        )
    assert ended.code == 64
    assert "does not serve the model 'gpt-nope'; name another, such as rehearsal" in ended.out


def test_a_reply_that_is_not_the_dialect_ends_with_75_and_one_sentence(repository: Path) -> None:
    with LocalServer(lambda _: Answer(200, "text/html", (b"<html>hello</html>",))) as server:
        ended = gardener(
            repository,
            *("plan", "do it", "--plain"),
            OPENAI_BASE_URL=f"{server.url}/v1",
            GARDENER_MODEL="m",
            GARDENER_REQUEST_ATTEMPTS="1",
        )
    assert ended.code == 75
    assert "sent a reply that is not in the chat dialect" in ended.out
