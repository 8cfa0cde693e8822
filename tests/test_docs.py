"""What the README says is true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.config.load import USER_ONLY
from agent.config.settings import RoleSettings, Settings
from agent.errors import EXIT_CODES
from agent.providers import catalog

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", README, re.MULTILINE)
    assert {word: int(code) for code, word in rows} == {
        str(outcome): code for outcome, code in EXIT_CODES.items()
    }


SETTING_ROW = re.compile(r"^\| (`[a-z_`, ]+`) \|(?: `(.+?)`)? ?\| (.+) \|$", re.MULTILINE)


def test_the_readme_lists_every_setting_with_its_default() -> None:
    table = README.split("| setting |")[1]
    rows = [
        (name, default, meaning)
        for names, default, meaning in SETTING_ROW.findall(table)
        for name in re.findall(r"[a-z_]+", names)
    ]
    unnamed = ("api_key", "keys", "secrets")
    fields = {n: f for n, f in Settings.model_fields.items() if n not in unnamed}
    assert sorted(name for name, _, _ in rows) == sorted(fields)
    told = {name: default for name, default, _ in rows if default and name != "model"}
    real = {name: fields[name].default for name in told}
    assert told == {
        n: "[]" if value == () else f"{value:g}" if isinstance(value, float) else str(value)
        for n, value in real.items()
    }
    users = {name for name, _, meaning in rows if meaning.endswith("user only")}
    assert users == set(USER_ONLY) & set(fields)
    role_row = next(meaning for name, _, meaning in rows if name == "roles")
    assert set(re.findall(r"`([a-z_]+)`", role_row)) == set(RoleSettings.model_fields)


def test_the_readme_lists_every_command() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "agent", "--help"], capture_output=True, text=True, check=True
    )
    commands = re.findall(r"^  ([a-z]+)  ", answer.stdout.split("Commands:")[1], re.MULTILINE)
    assert len(commands) == 17
    assert [name for name in commands if not re.search(rf"`(gardener )?{name}\b", README)] == []


def test_the_readme_lists_every_ready_profile() -> None:
    (line,) = re.findall(r"^Ready profiles, .+$", README, re.MULTILINE)
    assert sorted(re.findall(r"`([a-z-]+)`", line)) == sorted(catalog.names())


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_of_the_readme_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_two_commands_of_the_first_screen_are_one_line_each() -> None:
    first, second = re.findall(r"^```sh\n(.+)\n```$", README, re.MULTILINE)[:2]
    assert first.endswith("gardener demo")
    assert second.endswith("-m pytest")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_command '^## Run the tests'" in script
    heading = README.split("## Run the tests")[1]
    assert heading.split("```sh\n")[1].split("\n")[0].endswith("-m pytest")
