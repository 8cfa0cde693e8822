from collections.abc import Callable

import pytest

from agent.domain.finding import Finding, finding_id

Audited = Callable[..., tuple[Finding, ...]]


def manifest(*names: str) -> str:
    return "[project]\ndependencies = [\n" + "".join(f'  "{name}",\n' for name in names) + "]\n"


def unused(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.message for finding in findings if finding.rule == "dependency-unused"]


@pytest.mark.parametrize(
    ("declared", "source"),
    [
        ("httpx[http2]>=0.27", "import httpx\n"),
        ("PyYAML", "import yaml\n"),
        ("pillow", "from PIL import Image\n"),
        ("beautifulsoup4", "from bs4 import BeautifulSoup\n"),
        ("python-dotenv", "from dotenv import load_dotenv\n"),
        ("GitPython", "import git\n"),
        ("scikit-learn", "from sklearn import svm\n"),
        ("ruamel.yaml", "from ruamel.yaml import YAML\n"),
        ("google-cloud-storage", "from google.cloud import storage\n"),
        ("typing_extensions", "from typing_extensions import Self\n"),
        ("Flask-Login", "import flask_login\n"),
        ("pyjwt", "def token():\n    import jwt\n    return jwt\n"),
        ("redis", "redis = importlib.import_module('redis')\n"),
        ("djangorestframework", "INSTALLED_APPS = ['rest_framework']\n"),
        ("pymysql", "URL = 'mysql+pymysql://localhost/shop'\n"),
        ("uvicorn", "x = 1\n"),
        ("python-multipart", "x = 1\n"),
        ("types-requests", "x = 1\n"),
    ],
)
def test_a_dependency_that_is_used_is_left_alone(
    audited: Audited, declared: str, source: str
) -> None:
    assert unused(audited({"pyproject.toml": manifest(declared), "main.py": source})) == []


def test_a_dependency_that_nobody_imports_is_found(audited: Audited) -> None:
    files = {"pyproject.toml": manifest("httpx", "openai>=1.0"), "main.py": "import httpx\n"}
    assert audited(files) == (
        Finding(
            id=finding_id("dependency-unused", "pyproject.toml", "openai"),
            rule="dependency-unused",
            severity="warning",
            path="pyproject.toml",
            line=4,
            message="The dependency openai is declared, but no file imports it.",
            evidence='"openai>=1.0", (looked for: import openai)',
            remedy="Use it where the plan says, or take it out of the manifest.",
        ),
    )


def test_an_import_in_tests_alone_is_no_use(audited: Audited) -> None:
    test = "import httpx\n\ndef test_a():\n    assert httpx\n"
    files = {"requirements.txt": "httpx\n", "main.py": "x = 1\n", "tests/test_a.py": test}
    assert unused(audited(files)) == ["The dependency httpx is declared, but only tests import it."]


def test_a_word_in_a_docstring_is_no_use(audited: Audited) -> None:
    files = {"requirements.txt": "openai\n", "main.py": '"""Talks through openai."""\n'}
    assert len(unused(audited(files))) == 1


def test_a_command_in_configuration_is_a_use(audited: Audited) -> None:
    files = {
        "requirements.txt": "alembic\n",
        "main.py": "x = 1\n",
        "Makefile": "a:\n\talembic up\n",
    }
    assert unused(audited(files)) == []


def test_declaring_it_twice_is_no_use(audited: Audited) -> None:
    files = {"pyproject.toml": manifest("openai"), "main.py": "", "requirements.txt": "openai\n"}
    assert len(unused(audited(files))) == 2


def test_tools_for_development_are_not_looked_for(audited: Audited) -> None:
    files = {
        "requirements-dev.txt": "openai\n",
        "pyproject.toml": "[project]\ndependencies = []\n[project.optional-dependencies]\n"
        "dev = ['openai']\n",
        "main.py": "x = 1\n",
    }
    assert unused(audited(files)) == []


def test_a_manifest_that_did_not_change_is_not_looked_at(audited: Audited) -> None:
    files = {"pyproject.toml": manifest("openai"), "main.py": "x = 1\n"}
    assert audited(files, changed=frozenset({"main.py"})) == ()
