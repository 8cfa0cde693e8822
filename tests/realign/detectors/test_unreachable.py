from collections.abc import Callable

import pytest

from agent.domain.finding import Finding, finding_id

Audited = Callable[..., tuple[Finding, ...]]

MAIN = "import app.web\n\napp.web.serve()\n"
APP = {"main.py": MAIN, "app/__init__.py": "", "app/web.py": "def serve():\n    print(1)\n"}
CHAT = "LIMIT = 3\n"

HONEST: dict[str, dict[str, str]] = {
    "imported by the entry point": {"main.py": MAIN + "import app.chat\n"},
    "imported by what is loaded": {"app/web.py": "from app import chat\n"},
    "imported inside a function": {"app/web.py": "def f():\n    from .chat import LIMIT\n"},
    "imported by name": {"app/web.py": "importlib.import_module('app.chat')\n"},
    "named in a string": {"app/web.py": "APPS = ['app.chat']\n"},
    "loaded through its package": {"app/__init__.py": "from app.chat import LIMIT\n"},
    "plugin": {"pyproject.toml": "[project.entry-points.'x.y']\nchat = 'app.chat:Chat'\n"},
    "script": {"pyproject.toml": "[project.scripts]\nchat = 'app.chat:main'\n"},
    "started by a process file": {"Procfile": "web: gunicorn app.chat:application\n"},
    "started by a container": {"Dockerfile": 'CMD ["python3", "-m", "app.chat"]\n'},
    "started by path": {"deploy/run.sh": "exec python3 app/chat.py\n"},
    "found by walking": {"app/__init__.py": "for m in iter_modules(__path__): pass\n"},
}


def lost(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.path for finding in findings if finding.rule == "unreachable-module"]


@pytest.mark.parametrize("files", HONEST.values(), ids=HONEST)
def test_a_module_that_something_loads_is_left_alone(
    audited: Audited, files: dict[str, str]
) -> None:
    assert lost(audited({**APP, "app/chat.py": CHAT, **files})) == []


def test_a_module_that_nothing_imports_is_found(audited: Audited) -> None:
    assert audited({**APP, "app/chat.py": CHAT}) == (
        Finding(
            id=finding_id("unreachable-module", "app/chat.py", ""),
            rule="unreachable-module",
            severity="error",
            path="app/chat.py",
            line=1,
            message="app/chat.py is never loaded: no entry point reaches it.",
            evidence="nothing imports it; entry points: main.py",
            remedy="Call it from code that main.py loads, or remove it.",
        ),
    )


def test_tests_do_not_make_a_module_reachable(audited: Audited) -> None:
    test = "from app.chat import LIMIT\n\ndef test_limit():\n    assert LIMIT == 3\n"
    (found,) = audited({**APP, "app/chat.py": CHAT, "tests/test_chat.py": test})
    assert found.evidence == ("only tests import it: tests/test_chat.py; entry points: main.py")


def test_lost_modules_do_not_make_each_other_reachable(audited: Audited) -> None:
    findings = audited({**APP, "app/chat.py": CHAT, "app/bot.py": "import app.chat\n"})
    assert [(f.path, f.evidence.partition(";")[0]) for f in findings] == [
        ("app/bot.py", "nothing imports it"),
        ("app/chat.py", "only modules import it that are not loaded either: app/bot.py"),
    ]


def test_a_script_beside_the_program_is_only_a_warning(audited: Audited) -> None:
    script = "print(1)\n\nif __name__ == '__main__':\n    print(2)\n"
    (found,) = audited({**APP, "llm.py": script})
    assert (found.path, found.severity) == ("llm.py", "warning")


@pytest.mark.parametrize(
    "path",
    [
        "setup.py",
        "conftest.py",
        "noxfile.py",
        "app/__main__.py",
        "app/migrations/0001_initial.py",
        "scripts/report.py",
        "docs/conf.py",
        "tests/helpers.py",
        "app/test_web.py",
        "app/empty/__init__.py",
    ],
)
def test_files_that_others_start_need_no_wiring(audited: Audited, path: str) -> None:
    text = "" if path.endswith("__init__.py") else CHAT
    assert lost(audited({**APP, path: text})) == []


def test_frameworks_load_files_by_their_names(audited: Audited) -> None:
    files = {"manage.py": "import django\n", "shop/models.py": CHAT, "shop/loose.py": CHAT}
    found = audited(files, entry_files=frozenset({"manage.py"}))
    assert lost(found) == ["shop/loose.py"]


def test_only_changed_modules_are_reported(audited: Audited) -> None:
    files = {**APP, "app/old.py": CHAT, "app/new.py": CHAT}
    assert lost(audited(files, changed=frozenset({"app/new.py"}))) == ["app/new.py"]


def test_without_any_entry_point_it_says_that_it_did_not_look(audited: Audited) -> None:
    (found,) = audited(APP, entry_files=frozenset())
    assert (found.rule, found.severity) == ("reachability-unknown", "info")


def test_an_entry_point_that_is_not_there_is_found(audited: Audited) -> None:
    findings = audited(APP, entry_files=frozenset({"app/__main__.py"}))
    assert [(f.rule, f.path, f.severity) for f in findings] == [
        ("entry-point-missing", "app/__main__.py", "error")
    ]


def test_a_second_entry_point_that_is_not_there_is_a_warning(audited: Audited) -> None:
    findings = audited(APP, entry_files=frozenset({"main.py", "old.py"}))
    assert [(f.rule, f.path, f.severity) for f in findings] == [
        ("entry-point-missing", "old.py", "warning")
    ]


def test_an_entry_point_that_is_no_python_file_is_read_for_what_it_starts(
    audited: Audited,
) -> None:
    files = {**APP, "start.sh": "python3 -m app.web --port 80\n"}
    assert lost(audited(files, entry_files=frozenset({"start.sh"}))) == ["main.py"]
