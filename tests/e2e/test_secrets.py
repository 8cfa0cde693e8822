"""Secrets are in no journal and no request, and edits around them leave them whole."""

import hashlib
import json
from pathlib import Path

import pytest
from overheard import Overheard, execute, one_task
from scenario import calls, executor, git

OWN = 'own"Key\\with-9-odd/signs'
SHAPED = "sk-proj-Ab12Cd34Ef56Gh78Ij90Kl12Mn34"
LOOSE = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
PASSWORD = "s3cr3t-of-the-db"
LINE = "MIIEpAIBAAKCAQEA7vJ2xQ4Wn0aB5cD6eF7gH8iJ"
ENVIRONMENT = {
    "OPENAI_API_KEY": OWN,
    "DATABASE_URL": f"postgres://app:{PASSWORD}@db/app",
    "PLAIN": "nothing-to-hide",
}
SECRETS = (OWN, SHAPED, LOOSE, PASSWORD, LINE)
CONFIG = (
    f"KEY = {OWN!r}\nOTHER = '{SHAPED}'\nPASSWORD = '{PASSWORD}'\n"
    f"PEM = '''-----BEGIN PRIVATE KEY-----\n{LINE}\n-----END PRIVATE KEY-----'''\nDEBUG = True\n"
)
PLAN = one_task("cat config.py && grep -q 'DEBUG = False' config.py", modifies=("config.py",))


def edit(path: str, old: str, new: str) -> tuple[str, dict[str, object]]:
    return "edit", {"edits": [{"path": path, "old": old, "new": new}]}


@pytest.fixture
def repository(repository: Path) -> Path:
    (repository / "config.py").write_text(CONFIG.replace(repr(OWN), f"'''{OWN}'''"), "utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add settings")
    return repository


def written(secret: str) -> set[str]:
    """A secret as it stands in text, in JSON, and in JSON inside of JSON."""
    once = json.dumps(secret)[1:-1]
    return {secret, once, json.dumps(once)[1:-1]}


def leaks(heard: Overheard) -> list[str]:
    told = [heard.journal, *heard.bodies]
    return [s for s in SECRETS for form in written(s) if any(form in text for text in told)]


def test_a_secret_that_a_model_reads_and_prints_is_in_no_journal_and_no_request(
    tmp_path: Path, repository: Path
) -> None:
    heard = execute(
        tmp_path,
        repository,
        PLAN,
        executor(
            calls(
                ("read", {"files": ["config.py"]}),
                ("run", {"command": f"cat config.py; echo {LOOSE} {LOOSE}"}),
                ("search", {"patterns": ["PASSWORD", "KEY"]}),
                edit("config.py", "DEBUG = True", "DEBUG = False"),
            ),
            calls(("submit", {"summary": f"{SHAPED} is off"})),
        ),
        environment=ENVIRONMENT,
    )

    assert heard.run.commits() == ["T01: Do it"]
    assert leaks(heard) == []
    assert "[hidden:OPENAI_API_KEY]" in heard.results[0]
    assert "[hidden:DATABASE_URL]" in heard.results[1]
    marks = [line for line in heard.results[1].splitlines() if line.count("[hidden:") == 2]
    assert len(marks) == 1
    assert len(set(marks[0].split())) == 1, "the same secret has the same mark"
    assert heard.committed("config.py") == (repository / "config.py").read_text("utf-8").replace(
        "DEBUG = True", "DEBUG = False"
    )


def test_an_edit_that_holds_marks_matches_the_file_and_leaves_its_secrets_whole(
    tmp_path: Path, repository: Path
) -> None:
    before = (repository / "config.py").read_text("utf-8")
    both = (
        "KEY = '''[hidden:OPENAI_API_KEY]'''\nOTHER = '[hidden:{mark}]'\n"
        "PASSWORD = '[hidden:DATABASE_URL]'\n"
    )
    mark = hashlib.sha256(SHAPED.encode()).hexdigest()[:8]
    old = both.format(mark=mark)
    new = f"# all settings\n{old}"
    heard = execute(
        tmp_path,
        repository,
        PLAN,
        executor(
            calls(edit("config.py", old, new), edit("config.py", "DEBUG = True", "DEBUG = False")),
            calls(("submit", {"summary": "off"})),
        ),
        environment=ENVIRONMENT,
    )

    assert heard.run.commits() == ["T01: Do it"]
    assert heard.committed("config.py") == "# all settings\n" + before.replace("True", "False")
    assert leaks(heard) == []


def test_a_mark_is_never_written_as_its_secret_into_another_file(
    tmp_path: Path, repository: Path
) -> None:
    heard = execute(
        tmp_path,
        repository,
        PLAN,
        executor(
            calls(
                ("read", {"files": ["config.py"]}),
                ("write", {"path": "copy.py", "content": "KEY = '[hidden:OPENAI_API_KEY]'\n"}),
                ("run", {"command": "echo '[hidden:OPENAI_API_KEY]' > taken.txt"}),
                edit("config.py", "DEBUG = True", "DEBUG = False"),
            ),
            calls(("submit", {"summary": "off"})),
        ),
        environment=ENVIRONMENT,
    )

    assert heard.results[1] == (
        "[hidden:OPENAI_API_KEY] stands for a secret that this file does not hold, so it cannot "
        "be written here; have the program read it from its environment"
    )
    assert heard.committed("taken.txt") == "[hidden:OPENAI_API_KEY]\n"
    assert "copy.py" not in heard.run.git("ls-tree", "--name-only", heard.run.result.branch)


def test_a_model_may_write_what_looks_like_a_key_and_it_is_still_not_journalled(
    tmp_path: Path, repository: Path
) -> None:
    heard = execute(
        tmp_path,
        repository,
        PLAN,
        executor(
            calls(
                ("write", {"path": "tests/data.txt", "content": f"token {LOOSE}\n"}),
                edit("config.py", "DEBUG = True", "DEBUG = False"),
            ),
            calls(("submit", {"summary": "off"})),
        ),
        environment=ENVIRONMENT,
    )

    assert heard.committed("tests/data.txt") == f"token {LOOSE}\n"
    assert leaks(heard) == []
