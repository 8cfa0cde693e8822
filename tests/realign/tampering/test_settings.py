"""Settings of runners and coverage, and pipelines: what was loosened, and what only changed."""

from collections.abc import Callable

import pytest

from agent.domain.finding import Finding

Guarded = Callable[..., tuple[Finding, ...]]
Files = dict[str, str]
After = dict[str, str | None]

CI = ".github/workflows/ci.yml"
WORKFLOW = """name: ci
on:
  push:
    branches: [main]
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with:
          key: tests-${{ hashFiles('requirements.txt') }}
      - run: pip install -r requirements.txt
      - run: ruff check .
      - run: mypy app
      - run: pytest --cov
  web:
    runs-on: ubuntu-latest
    steps:
      - run: npm test
"""
GITLAB = "test:\n  script:\n    - make\n    - pytest -q\nlint:\n  script:\n    - ruff check\n"
HOOKS = """repos:
  - repo: https://github.com/psf/black
    rev: 24.1.0
    hooks:
      - id: black
  - repo: https://github.com/pycqa/flake8
    rev: 7.0.0
    hooks:
      - id: flake8
"""
MAKEFILE = (
    "all: build\n\nbuild:\n\tpython -m build\n\ntest:\n\tpython3 -m pytest tests\n\tgo test ./...\n"
)
PYPROJECT = """[project]
name = "shop"
dependencies = ["httpx>=0.27"]

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = "-ra --strict-markers --cov-fail-under=90"
xfail_strict = true

[tool.coverage.run]
branch = true
source = ["app"]
omit = ["app/generated.py"]

[tool.coverage.report]
fail_under = 90
exclude_also = ["if TYPE_CHECKING:"]
"""
PACKAGE = """{
  "name": "shop",
  "scripts": { "test": "jest --ci", "lint": "eslint ." },
  "devDependencies": { "jest": "^29.0.0" },
  "jest": {
    "testMatch": ["**/*.test.js"],
    "testPathIgnorePatterns": ["/node_modules/"],
    "coverageThreshold": { "global": { "lines": 80 } }
  }
}
"""
VITEST = """import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    exclude: ['dist/**'],
    coverage: { thresholds: { lines: 80 } },
  },
});
"""
MOCHARC = "spec: test/**/*.js\nforbidOnly: true\n"
CARGO = '[package]\nname = "shop"\nversion = "0.1.0"\n\n[lib]\nname = "shop"\ntest = true\n'
SET_UP: Files = {
    "pyproject.toml": PYPROJECT,
    "package.json": PACKAGE,
    "web/vitest.config.ts": VITEST,
    ".mocharc.yml": MOCHARC,
    "Cargo.toml": CARGO,
    CI: WORKFLOW,
    ".pre-commit-config.yaml": HOOKS,
    "Makefile": MAKEFILE,
}


def changed(path: str, *pairs: tuple[str, str]) -> After:
    text = SET_UP[path]
    for old, new in pairs:
        assert old in text, f"{path} does not say {old!r}"
        text = text.replace(old, new)
    return {path: text}


MOVED_SETTINGS = (
    "[pytest]\ntestpaths = tests\nxfail_strict = true\n"
    "addopts = -ra --strict-markers --cov-fail-under=90\n"
)
NARROWED: dict[str, After] = {
    "pytest -k": changed("pyproject.toml", ("-ra ", "-ra -k shop ")),
    "pytest --ignore": changed("pyproject.toml", ("-ra ", "-ra --ignore=tests/test_greet.py ")),
    "pytest without a plugin": changed("pyproject.toml", ("-ra ", "-ra -p no:randomly ")),
    "pytest without the folder of the tests": changed(
        "pyproject.toml", ('testpaths = ["tests"]', 'testpaths = ["checks"]')
    ),
    "pytest with names that no test has": changed(
        "pyproject.toml", ('testpaths = ["tests"]', 'python_files = ["check_*.py"]')
    ),
    "pytest with another file in front": {
        "pytest.ini": MOVED_SETTINGS + "python_files = check_*.py\n"
    },
    "xfail_strict off": changed("pyproject.toml", ("xfail_strict = true", "xfail_strict = false")),
    "jest leaves out more": changed(
        "package.json", ('["/node_modules/"]', '["/node_modules/", "/web/"]')
    ),
    "jest matches less": changed("package.json", ('"**/*.test.js"', '"**/*.spec.js"')),
    "vitest leaves out more": changed(
        "web/vitest.config.ts", ("['dist/**']", "['dist/**', 'src/a/**']")
    ),
    "vitest passes without tests": changed(
        "web/vitest.config.ts", ("  test: {\n", "  test: {\n    passWithNoTests: true,\n")
    ),
    "mocha lets .only go by": changed(".mocharc.yml", ("forbidOnly: true", "forbidOnly: false")),
    "mocha picks by name": changed(".mocharc.yml", ("forbidOnly", "grep: shop\nforbidOnly")),
    "cargo builds no tests": changed("Cargo.toml", ("test = true", "test = false")),
}
LOWERED: dict[str, After] = {
    "fail_under goes down": changed("pyproject.toml", ("fail_under = 90\n", "fail_under = 50\n")),
    "fail_under goes": changed("pyproject.toml", ("fail_under = 90\n", "")),
    "--cov-fail-under goes": changed("pyproject.toml", (" --cov-fail-under=90", "")),
    "more is left out": changed("pyproject.toml", ('["app/generated.py"]', '["app/*"]')),
    "branches do not count": changed("pyproject.toml", ("branch = true", "branch = false")),
    "any raise is left out": changed(
        "pyproject.toml", ('["if TYPE_CHECKING:"]', '["if TYPE_CHECKING:", "raise"]')
    ),
    "jest asks for less": changed("package.json", ('"lines": 80', '"lines": 8')),
    "vitest asks for less": changed("web/vitest.config.ts", ("lines: 80", "lines: 8")),
    "Python code is marked": {
        "app/till.py": "def ring():  # pragma: no cover\n    return 'ring'\n"
    },
    "JavaScript code is marked": {
        "web/till.js": "/* istanbul ignore next */\nexport const a = 1;\n"
    },
    "Rust code is marked": {"src/till.rs": "#[coverage(off)]\npub fn ring() {}\n"},
}
PIPELINES: dict[str, After] = {
    "the workflow is gone": {CI: None},
    "tests may fail: || true": changed(CI, ("pytest --cov", "pytest --cov || true")),
    "tests may fail: ; exit 0": changed(CI, ("pytest --cov", "pytest --cov; true")),
    "tests may fail: continue-on-error": changed(
        CI, ("- run: pytest --cov", "- run: pytest --cov\n        continue-on-error: true")
    ),
    "tests may fail: a pipe": changed(CI, ("pytest --cov", "pytest --cov | tee out.txt")),
    "the job never runs": changed(CI, ("  test:\n", "  test:\n    if: false\n")),
    "the step is gone": changed(CI, ("      - run: pytest --cov\n", "")),
    "only echo": changed(CI, ("run: pytest --cov", "run: echo pytest --cov")),
    "fewer tests": changed(CI, ("pytest --cov", "pytest --cov -k shop")),
    "assertions are off for the step": changed(
        CI, ("pytest --cov", "PYTHONOPTIMIZE=1 pytest --cov")
    ),
    "assertions are off for the job": changed(
        CI, ("  test:\n", '  test:\n    env:\n      PYTHONOPTIMIZE: "1"\n')
    ),
    "assertions are off for Python": changed(CI, ("pytest --cov", "python -O -m pytest --cov")),
    "no type checks": changed(CI, ("      - run: mypy app\n", "")),
    "not on pull requests": changed(CI, ("  pull_request:\n", "")),
    "no hook lints": changed(
        ".pre-commit-config.yaml", ("      - id: flake8\n", ""), ("      - id: black\n", "")
    ),
    "make tests no Python": changed("Makefile", ("\tpython3 -m pytest tests\n", "")),
    "make tests no Go": changed("Makefile", ("\tgo test ./...\n", "")),
    "make goes on": changed("Makefile", ("\tpython3 -m pytest", "\t-python3 -m pytest")),
    "npm test does nothing": changed("package.json", ("jest --ci", "true")),
    "npm test passes without tests": changed("package.json", ("--ci", "--ci --passWithNoTests")),
}
DISHONEST = [
    pytest.param(rule, after, id=f"{rule}: {what}")
    for rule, cases in (
        ("runner-narrowed", NARROWED),
        ("coverage-lowered", LOWERED),
        ("pipeline-weakened", PIPELINES),
    )
    for what, after in cases.items()
]


@pytest.mark.parametrize(("rule", "after"), DISHONEST)
def test_what_asks_for_less_is_found(guarded: Guarded, rule: str, after: After) -> None:
    touched = next(iter(after))
    found = {(each.rule, each.path, each.severity) for each in guarded(SET_UP, after)}
    assert found == {(rule, touched, "error")}


HONEST: dict[str, After] = {
    "a dependency is bumped": changed("pyproject.toml", ("httpx>=0.27", "httpx>=0.28")),
    "the settings of pytest move to a file of their own": {
        **changed(
            "pyproject.toml",
            (
                PYPROJECT[PYPROJECT.index("[tool.pytest") : PYPROJECT.index("[tool.coverage.run")],
                "",
            ),
        ),
        "pytest.ini": MOVED_SETTINGS,
    },
    "TOML in another layout": changed(
        "pyproject.toml", ('testpaths = ["tests"]', 'testpaths = [\n    "tests",\n]')
    ),
    "a marker and a filter": changed(
        "pyproject.toml", ("xfail_strict", 'markers = ["slow: takes long"]\nxfail_strict')
    ),
    "pytest asks for more": changed("pyproject.toml", ("-ra ", "-ra --strict-config ")),
    "coverage asks for more": changed("pyproject.toml", ("fail_under = 90\n", "fail_under = 95\n")),
    "what nobody measures is left out": changed(
        "pyproject.toml",
        (
            '["if TYPE_CHECKING:"]',
            '["if TYPE_CHECKING:", "@overload", "raise NotImplementedError"]',
        ),
    ),
    "a mark at what nobody measures": {
        "app/till.py": "if __name__ == '__main__':  # pragma: no cover\n    print('ring')\n"
    },
    "a mark moves with its code": {
        "app/old.py": None,
        "app/new.py": "def a():  # pragma: no cover\n    ...\n",
    },
    "jest in another layout": {"package.json": PACKAGE.replace("  ", "    ")},
    "jest is bumped": changed("package.json", ("^29.0.0", "^30.0.0")),
    "jest asks for more": changed("package.json", ('"lines": 80', '"lines": 85')),
    "vitest takes more": changed(
        "web/vitest.config.ts", ("['src/**/*.test.ts']", "['src/**/*.test.ts', 'lib/**/*.test.ts']")
    ),
    "a new job": changed(
        CI, ("  web:\n", "  docs:\n    steps:\n      - run: mkdocs build\n  web:\n")
    ),
    "a job may fail that tests nothing": changed(
        CI,
        (
            "  web:\n",
            "  docs:\n    continue-on-error: true\n    steps:\n      - run: mkdocs build\n  web:\n",
        ),
    ),
    "a key with a pipe": changed(CI, ("key: tests-", "key: pytest | ")),
    "another way to start the tests": changed(
        CI, ("pytest --cov", "uv run --locked --group dev pytest --cov")
    ),
    "steps become a make target": changed(CI, ("run: pytest --cov", "run: make test")),
    "a job moves to a workflow of its own": {
        **changed(CI, ("      - run: mypy app\n", "")),
        ".github/workflows/types.yml": "on: [push, pull_request]\njobs:\n  types:\n    steps:\n"
        "      - run: mypy app\n",
    },
    "another linter": changed(
        ".pre-commit-config.yaml",
        ("id: flake8", "id: ruff-check"),
        ("id: black", "id: ruff-format"),
    ),
    "a make target more": changed(
        "Makefile", ("all: build\n", "all: build\n\nrun:\n\tpython -m app\n")
    ),
    "GitLab with a stage more": {
        ".gitlab-ci.yml": GITLAB + "deploy:\n  when: manual\n  script: [make]\n"
    },
    "a workflow that tested nothing is gone": {".github/workflows/stale.yml": None},
    "a version of Rust": changed("Cargo.toml", ('"0.1.0"', '"0.2.0"')),
}


@pytest.mark.parametrize("after", HONEST.values(), ids=HONEST.keys())
def test_what_only_changes_is_left_alone(guarded: Guarded, after: After) -> None:
    earlier = {
        "app/old.py": "def a():  # pragma: no cover\n    ...\n",
        ".github/workflows/stale.yml": "on: [push, schedule]\n"
        "jobs:\n  a:\n    steps:\n      - run: stale\n",
    }
    assert guarded({**SET_UP, **earlier}, after) == ()


GITLAB_WAYS: dict[str, tuple[tuple[str, str], int]] = {
    "lets the tests fail": (("test:\n", "test:\n  allow_failure: true\n"), 1),
    "runs no tests": (("    - pytest -q\n", ""), 1),
    "runs the tests by hand": (("test:\n", "test:\n  when: manual\n"), 1),
    "runs more": (("    - pytest -q\n", "    - pytest -q\n    - make docs\n"), 0),
    "has a stage by hand": (("lint:", "deploy:\n  when: manual\n  script: [make]\nlint:"), 0),
}


@pytest.mark.parametrize(("pair", "count"), GITLAB_WAYS.values(), ids=GITLAB_WAYS.keys())
def test_gitlab_is_read_as_well(guarded: Guarded, pair: tuple[str, str], count: int) -> None:
    found = guarded({".gitlab-ci.yml": GITLAB}, {".gitlab-ci.yml": GITLAB.replace(*pair)})
    assert [each.rule for each in found] == ["pipeline-weakened"] * count


def test_a_mark_is_only_a_warning_where_nobody_measures(guarded: Guarded) -> None:
    marked = {"app/till.py": "def ring():  # pragma: no cover\n    return 'ring'\n"}
    assert [(f.rule, f.severity) for f in guarded({}, marked)] == [("coverage-lowered", "warning")]
