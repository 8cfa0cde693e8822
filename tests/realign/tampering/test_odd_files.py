"""Files that are broken, empty or nested beyond all measure are looked at without a crash."""

from collections.abc import Callable

import pytest

from agent.domain.finding import Finding

Guarded = Callable[..., tuple[Finding, ...]]
PLACES = (
    "tests/test_odd.py",
    "tests/conftest.py",
    "app/odd.py",
    "web/odd.test.js",
    "web/odd.ts",
    "shop/odd_test.go",
    "src/odd.rs",
    "src/test/OddTest.java",
    "pyproject.toml",
    "pytest.ini",
    "setup.cfg",
    ".coveragerc",
    "Cargo.toml",
    "package.json",
    "web/jest.config.js",
    ".mocharc.yml",
    ".nycrc",
    ".github/workflows/ci.yml",
    ".pre-commit-config.yaml",
    "Makefile",
    "go.mod",
    "web/__snapshots__/odd.snap",
)
DEEP = 1_200
ODD = {
    "empty": "",
    "broken": "[[{(<'\"\n\x00 %s: - =\n",
    "a list": '["a", 1, null, {"b": [[]]}]\n',
    "a number": "3\n",
    "nested": "x = " + "(" * DEEP + ")" * DEEP + "\n",
    "a long sum": "x = " + " + ".join(["'a'"] * DEEP) + ";\n",
    "a long chain": "expect(x)" + ".not()" * DEEP + ".toBe(1);\n",
    "tables without names": "[tool]\npytest = 3\ncoverage = [1]\n[[bin]]\npath = 'x'\n",
    "odd YAML": "on: 3\njobs: [1, {a: null}]\nrepos: {hooks: 2}\nscripts: [test]\n2: {3: 4}\n",
    "odd JSON": '{"scripts": ["test"], "jest": 3, "mocha": [1], "dependencies": null}\n',
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_is_odd_is_looked_at(guarded: Guarded, text: str) -> None:
    odd = dict.fromkeys(PLACES, text)
    lost = {"tests/test_greet.py": None}
    for before, after in (
        ({}, odd),
        (odd, dict.fromkeys(PLACES)),
        (odd, dict.fromkeys(PLACES, "\n")),
    ):
        found = guarded(before, {**after, **lost})
        assert "tests/test_greet.py" in {each.path for each in found}
