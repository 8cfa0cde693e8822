import textwrap
from collections.abc import Callable

import pytest

from agent.domain.finding import Finding, finding_id

Audited = Callable[..., tuple[Finding, ...]]

EMPTY = {
    "nothing": "def test_a():\n    add(1, 2)\n",
    "pass": "def test_a(): pass\n",
    "print": "def test_a():\n    print(add(1, 2))\n",
    "true": "def test_a():\n    add(1, 2)\n    assert True\n",
    "constants": "def test_a():\n    assert 1 == 1\n",
    "itself": "def test_a():\n    x = add(1, 2)\n    assert x == x\n",
    "tuple": "def test_a():\n    assert (add(1, 2) == 4, 'message')\n",
    "or true": "def test_a():\n    assert add(1, 2) == 4 or True\n",
    "length": "def test_a():\n    assert len(items()) >= 0\n",
    "swallowed": "def test_a():\n    try:\n        assert add(1, 2) == 4\n"
    "    except Exception:\n        pass\n",
    "unittest": "class AddTest(unittest.TestCase):\n    def test_a(self):\n        add(1, 2)\n",
    "unittest true": "class AddTest(TestCase):\n    def test_a(self):\n"
    "        self.assertTrue(True)\n",
    "unittest same": "class AddTest(TestCase):\n    def test_a(self):\n"
    "        self.assertEqual(3, 3)\n",
    "async": "async def test_a():\n    await add(1, 2)\n",
    "helper that asserts nothing": "def check(x):\n    print(x)\n\ndef test_a():\n    check(1)\n",
    "passed over": "def test_a():\n    try:\n        get()\n    except HTTPError as error:\n"
    "        error.close()\n",
    "fake that raises": "def test_a():\n    def fake():\n        raise ValueError\n    run(fake)\n",
}

HONEST = {
    "assert": "def test_a():\n    assert add(1, 2) == 3\n",
    "unittest": "class AddTest(TestCase):\n    def test_a(self):\n"
    "        self.assertEqual(add(1, 2), 3)\n",
    "assertRaises": "class AddTest(TestCase):\n    def test_a(self):\n"
    "        with self.assertRaises(ValueError):\n            add(1, 'x')\n",
    "pytest.raises": "def test_a():\n    with pytest.raises(ValueError):\n        add(1, 'x')\n",
    "pytest.warns": "def test_a():\n    with pytest.warns(UserWarning):\n        add(1, 2)\n",
    "pytest.fail": "def test_a():\n    if add(1, 2) != 3:\n        pytest.fail('wrong')\n",
    "helper": "def check(x):\n    assert x == 3\n\ndef test_a():\n    check(add(1, 2))\n",
    "helper of a helper": "def check(x):\n    assert x\n\ndef both(x):\n    check(x)\n\n"
    "def test_a():\n    both(1)\n",
    "method helper": "class AddTest(TestCase):\n    def check(self, x):\n"
    "        self.assertTrue(x)\n    def test_a(self):\n        self.check(add(1, 2))\n",
    "parametrised": "@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n):\n"
    "    assert add(n, 0) == n\n",
    "fixture": "@pytest.fixture\ndef test_client():\n    return Client()\n",
    "asserting fixture": "@pytest.fixture\ndef no_leaks():\n    yield\n    assert not leaks()\n\n"
    "def test_a(no_leaks):\n    add(1, 2)\n",
    "mock": "def test_a(sender):\n    notify()\n    sender.assert_called_once_with('a')\n",
    "subprocess": "def test_a():\n    subprocess.run(['prog'], check=True)\n",
    "else branch": "def test_a():\n    try:\n        add(1, 'x')\n    except ValueError:\n"
    "        pass\n    else:\n        assert False, 'no error'\n",
    "handler that fails": "def test_a():\n    try:\n        assert add(1, 2) == 3\n"
    "    except Exception as error:\n        pytest.fail(str(error))\n",
    "bounded wait": "async def test_a():\n    with anyio.fail_after(5):\n        await stop()\n",
    "one real among constants": "def test_a():\n    assert True\n    assert add(1, 2) == 3\n",
    "no test": "class Helper:\n    def test_me(self):\n        return 1\n",
    "nested": "def test_a():\n    def test_inner():\n        return 1\n"
    "    assert test_inner() == 1\n",
}


def problems(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.message for finding in findings if finding.rule == "test-without-assertion"]


@pytest.mark.parametrize("source", EMPTY.values(), ids=EMPTY)
def test_a_test_that_cannot_fail_is_found(audited: Audited, source: str) -> None:
    assert len(problems(audited({"main.py": "", "tests/test_add.py": source}))) == 1


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_a_test_that_can_fail_is_left_alone(audited: Audited, source: str) -> None:
    assert problems(audited({"main.py": "", "tests/test_add.py": source})) == []


def test_helpers_may_stand_in_other_test_files(audited: Audited) -> None:
    files = {
        "main.py": "",
        "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef check():\n"
        "    def same(x):\n        assert x == 3\n    return same\n",
        "tests/test_add.py": "def test_a(check):\n    check(add(1, 2))\n",
    }
    assert audited(files) == ()


def test_a_finding_says_why_the_test_cannot_fail(audited: Audited) -> None:
    source = textwrap.dedent("""
        class TestAdd:
            def test_sum(self):
                assert True
        """)
    assert audited({"main.py": "", "tests/test_add.py": source}) == (
        Finding(
            id=finding_id("test-without-assertion", "tests/test_add.py", "TestAdd.test_sum"),
            rule="test-without-assertion",
            severity="error",
            path="tests/test_add.py",
            line=3,
            message="TestAdd.test_sum cannot fail: it only asserts what is always true.",
            evidence="def test_sum(self):\n    assert True",
            remedy="Assert what the code under test must do, so that the test fails when it "
            "does not.",
        ),
    )
