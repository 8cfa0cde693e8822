"""The commands as processes: help, errors, exit codes, and the reading commands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import agent
from agent import __version__
from agent.domain.event import Entry, Event
from agent.frontends.cli import COMMANDS, main
from agent.frontends.runs import runs_folder

Capture = pytest.CaptureFixture[str]
Tell = Callable[..., tuple[Entry, ...]]
NAMES = [command.__name__ for command in COMMANDS]


def python(folder: Path, code: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(Path(agent.__file__).parent.parent),
        },
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def gardener(folder: Path, *arguments: str) -> tuple[int, str, str]:
    code = "import sys, agent.frontends.cli as cli; sys.exit(cli.main())"
    return python(folder, code, *arguments)


@pytest.fixture
def repository(
    tmp_path: Path,
    tell: Tell,
    story: list[Event],
    keep: Callable[[Path, tuple[Entry, ...]], Path],
) -> Path:
    """A repository with one finished run."""
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    keep(runs_folder(folder) / "20260102-030405-ab12", tell(*story))
    return folder


def test_the_commands_are_the_documented_ones() -> None:
    documented = (
        "init plan lint garden execute audit realign run resume status report usage merge discard "
        "demo rehearse doctor"
    )
    assert " ".join(NAMES) == documented


@pytest.mark.parametrize("name", NAMES)
def test_every_command_teaches_with_an_example_and_the_next_step(
    capsys: Capture, name: str
) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"  Example:  gardener {name}" in text
    assert "  Next:     " in text


def test_the_overview_fits_a_narrow_terminal_uncut(capsys: Capture) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert "..." not in text.replace("[ARGS]...", "")
    assert all(f"\n  {name} " in text for name in NAMES)


def test_the_version_is_told(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gardener {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["runn"], "No such command 'runn'. Did you mean 'run'?; see: gardener --help"),
        (["lint"], "Missing argument 'PLAN'; see: gardener lint --help"),
        (
            ["run", "x", "--rounds", "99"],
            "Invalid value for '--rounds': 99 is not in the range 0<=x<=20; "
            "see: gardener run --help",
        ),
        (["run"], "nothing to do yet: say what you want in quotes, or with --file FILE"),
        (
            ["report", "--json", "--markdown"],
            "--json and --markdown exclude each other; give one of them",
        ),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_64(
    capsys: Capture, arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 64
    out, err = capsys.readouterr()
    if "--json" in arguments:
        assert json.loads(out)["message"] == sentence
    else:
        assert (out, err) == ("", f"gardener: {sentence}\n")


def test_outside_a_repository_the_reading_commands_say_so(tmp_path: Path) -> None:
    for name in ("status", "report", "resume", "realign", "merge"):
        code, out, err = gardener(tmp_path, name)
        assert (code, out, err.count("\n")) == (64, "", 1)
        assert err.startswith("gardener: ")
        assert "git" in err


def test_status_and_report_read_the_newest_run(repository: Path) -> None:
    code, out, err = gardener(repository, "status")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [
        "rehearsal: replies are scripted",
        "run: 20260102-030405-ab12",
    ]
    code, out, err = gardener(repository, "status", "2026", "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "done")
    code, out, err = gardener(repository, "report")
    assert (code, out.splitlines()[0]) == (0, "# A todo app with a chat")
    code, out, err = gardener(repository, "report", "--json")
    assert (code, json.loads(out)["requirements"][0]["proven"]) == (0, True)


def test_a_report_goes_to_a_file_whole_or_not_at_all(repository: Path) -> None:
    assert gardener(repository, "report", "--output", "report.md") == (0, "", "")
    assert (repository / "report.md").read_text(encoding="utf-8").startswith("# A todo app")
    code, out, err = gardener(repository, "report", "--output", "absent/report.md")
    assert (code, out) == (64, "")
    assert err == (
        "gardener: cannot write absent/report.md: No such file or directory; "
        "name a file in a folder that exists\n"
    )
    assert sorted(path.name for path in repository.iterdir()) == [".git", "report.md"]


def test_a_wrong_setting_stops_a_run_before_it_begins(repository: Path) -> None:
    (repository / "gardener.toml").write_text("garden_round = 1\n")
    code, out, err = gardener(repository, "run", "x", "--json")
    assert (code, err) == (64, "")
    assert json.loads(out) == {
        "schema": 1,
        "type": "error",
        "outcome": "usage",
        "exit_code": 64,
        "message": f"{repository}/gardener.toml: no setting named 'garden_round'; "
        "did you mean 'garden_rounds'?",
    }


def test_status_loads_no_more_than_the_journal_needs(repository: Path) -> None:
    heavy = {"openai", "anthropic", "mcp", "acp", "git", "tiktoken", "jinja2", "rich", "anyio"}
    code = (
        "import sys, agent.frontends.cli as c; c.main(['status']);"
        f"sys.exit(sorted({heavy!r} & set(sys.modules)) or 0)"
    )
    assert python(repository, code)[::2] == (0, "")
