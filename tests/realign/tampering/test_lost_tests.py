"""Tests that were lost, weakened, held back or made to want something else, in each language."""

from collections.abc import Callable

import pytest

from agent.domain.check import CommandCheck
from agent.domain.finding import Finding
from agent.domain.plan import Plan, Requirement, Task

Guarded = Callable[..., tuple[Finding, ...]]
Files = dict[str, str]
After = dict[str, str | None]

PYTEST = """import pytest

from app.shop import price, cart


@pytest.fixture
def full():
    return cart("tea", "jam")


def test_prices_are_in_cents():
    assert price("tea") == 250
    assert price("jam") == 399


def test_a_cart_adds_up(full):
    assert full.total() == 649
    assert full.names() == ["tea", "jam"]


def test_an_unknown_thing_has_no_price():
    with pytest.raises(KeyError):
        price("moon")
"""
UNITTEST = """import unittest

from app.shop import price


class PriceTest(unittest.TestCase):
    def test_prices_are_in_cents(self):
        self.assertEqual(price("tea"), 250)
        self.assertEqual(price("jam"), 399)

    def test_an_unknown_thing_has_no_price(self):
        with self.assertRaises(KeyError):
            price("moon")
"""
JEST = """import { price, cart } from './shop';

describe('shop', () => {
  it('prices in cents', () => {
    expect(price('tea')).toBe(250);
    expect(price('jam')).toBe(399);
  });

  it('adds up', () => {
    expect(cart('tea', 'jam')).toEqual({ total: 649, count: 2 });
  });
});
"""
VITEST = """import { expect, test } from 'vitest';
import { price } from './shop';

test('prices in cents', () => {
  expect(price('tea')).toBe(250);
  expect(price('jam')).toBe(399);
});

test('has no price for the unknown', () => {
  expect(() => price('moon')).toThrow(RangeError);
});
"""
MOCHA = """const assert = require('assert');
const { price } = require('../lib/shop');

describe('shop', function () {
  it('prices in cents', function () {
    assert.strictEqual(price('tea'), 250);
    assert.strictEqual(price('jam'), 399);
  });

  it('has no price for the unknown', function () {
    assert.throws(() => price('moon'), RangeError);
  });
});
"""
GO = """package shop

import "testing"

func TestPrice(t *testing.T) {
\tif got := Price("tea"); got != 250 {
\t\tt.Errorf("Price(tea) = %d", got)
\t}
\tif got := Price("jam"); got != 399 {
\t\tt.Errorf("Price(jam) = %d", got)
\t}
}

func TestTotal(t *testing.T) {
\tif got := Total("tea", "jam"); got != 649 {
\t\tt.Fatalf("Total = %d", got)
\t}
}
"""
RUST = """pub fn price(name: &str) -> u32 {
    if name == "tea" { 250 } else { 399 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_in_cents() {
        assert_eq!(price("tea"), 250);
        assert_eq!(price("jam"), 399);
    }

    #[test]
    fn tea_is_cheaper() {
        assert!(price("tea") < price("jam"));
    }
}
"""
JAVA = """class ShopTest {
    @Test
    void pricesAreInCents() {
        assertEquals(250, Shop.price("tea"));
        assertEquals(399, Shop.price("jam"));
    }
}
"""
CLASS = """class TestShop:
    def test_tea_costs(self):
        assert price("tea") == 250

    def test_jam_costs(self):
        assert price("jam") == 399
"""
SUITES: Files = {
    "tests/test_class.py": CLASS,
    "tests/test_shop.py": PYTEST,
    "tests/test_price.py": UNITTEST,
    "web/shop.test.js": JEST,
    "web/shop.test.ts": VITEST,
    "test/shop.js": MOCHA,
    "shop/shop_test.go": GO,
    "src/lib.rs": RUST,
    "src/test/ShopTest.java": JAVA,
}


def without(path: str, first: str, end: str = "") -> str:
    """The suite without what stands between two texts, the second of which stays."""
    text = SUITES[path]
    start = text.index(first)
    return text[:start] + (text[text.index(end, start + 1) :] if end else "")


def changed(path: str, *pairs: tuple[str, str]) -> str:
    text = SUITES[path]
    for old, new in pairs:
        assert old in text, f"{path} does not say {old!r}"
        text = text.replace(old, new)
    return text


def only_touching(path: str) -> Plan:
    check = CommandCheck(run="python3 -m app", output="open")
    return Plan(
        name="shop",
        title="Shop",
        request="Open the shop.",
        requirements=(Requirement(id="R1", title="The shop is open", checks=(check,)),),
        tasks=(Task(id="T01", title="Open it", serves=("R1",), modifies=(path,), checks=(check,)),),
    )


REMOVED: dict[str, After] = {
    "the file of a pytest suite": {"tests/test_shop.py": None},
    "a pytest test": {"tests/test_shop.py": without("tests/test_shop.py", "def test_a_c", "def ")},
    "all of a pytest suite": {"tests/test_shop.py": ""},
    "a suite that is now a comment": {"tests/test_shop.py": f"'''{PYTEST}'''\n"},
    "a test whose name no runner takes": {
        "tests/test_shop.py": changed("tests/test_shop.py", ("def test_prices", "def prices"))
    },
    "a test that a later one of its name hides": {
        "tests/test_shop.py": PYTEST + "\n\ndef test_a_cart_adds_up():\n    assert price('x')\n"
    },
    "a file whose name no runner takes": {
        "tests/test_shop.py": None,
        "tests/shop_old.py": PYTEST,
    },
    "a class whose name no runner takes": {
        "tests/test_class.py": CLASS.replace("TestShop", "ShopChecks")
    },
    "a class that pytest cannot make": {
        "tests/test_class.py": CLASS.replace(
            ":\n", ":\n    def __init__(self):\n        ...\n\n", 1
        )
    },
    "a unittest test": {"tests/test_price.py": without("tests/test_price.py", "    def test_an")},
    "a class that is deleted again": {"tests/test_price.py": UNITTEST + "\n\ndel PriceTest\n"},
    "a jest test": {"web/shop.test.js": without("web/shop.test.js", "  it('adds up'", "});\n")},
    "a jest file": {"web/shop.test.js": None},
    "a vitest test": {"web/shop.test.ts": without("web/shop.test.ts", "test('has no")},
    "a mocha test": {"test/shop.js": without("test/shop.js", "  it('has no", "});\n")},
    "a Go test": {"shop/shop_test.go": without("shop/shop_test.go", "func TestTotal")},
    "a Go file for another system": {
        "shop/shop_test.go": None,
        "shop/shop_plan9_test.go": GO,
    },
    "a Go file that no tool takes": {"shop/shop_test.go": None, "shop/_shop_test.go": GO},
    "a Rust test": {
        "src/lib.rs": changed("src/lib.rs", ("    #[test]\n    fn tea_is", "    fn tea_is"))
    },
    "the module of the Rust tests": {"src/lib.rs": without("src/lib.rs", "#[cfg(test)]")},
    "a Java file": {"src/test/ShopTest.java": None},
}
WEAKER: dict[str, After] = {
    "a pytest assertion is gone": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ('    assert price("jam") == 399\n', "")
        )
    },
    "only something is wanted": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ('price("tea") == 250', 'price("tea") is not None')
        )
    },
    "an assertion is always true": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ('price("tea") == 250', 'price("tea") == 250 or True')
        )
    },
    "a thing is compared with itself": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ('price("tea") == 250', 'price("tea") == price("tea")')
        )
    },
    "any error will do": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ("raises(KeyError)", "raises(Exception)")
        )
    },
    "a failure is caught": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                '    assert price("jam") == 399\n',
                '    try:\n        assert price("jam") == 399\n'
                "    except AssertionError:\n        pass\n",
            ),
        )
    },
    "the test returns before it asserts": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ('    assert price("tea")', '    return\n    assert price("tea")')
        )
    },
    "the test asserts nothing any more": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            ("    assert full.total() == 649\n", "    full.total()\n"),
            ('    assert full.names() == ["tea", "jam"]\n', ""),
        )
    },
    "a unittest assertion looks only whether": {
        "tests/test_price.py": changed(
            "tests/test_price.py",
            ('self.assertEqual(price("tea"), 250)', 'self.assertTrue(price("tea"))'),
        )
    },
    "a unittest assertion is gone": {
        "tests/test_price.py": changed(
            "tests/test_price.py", ('        self.assertEqual(price("jam"), 399)\n', "")
        )
    },
    "a jest matcher that takes anything": {
        "web/shop.test.js": changed(
            "web/shop.test.js",
            ("expect(price('tea')).toBe(250)", "expect(price('tea')).toBeTruthy()"),
        )
    },
    "a jest expectation without a matcher": {
        "web/shop.test.js": changed(
            "web/shop.test.js", ("expect(price('tea')).toBe(250)", "expect(price('tea'))")
        )
    },
    "a vitest expectation of a literal": {
        "web/shop.test.ts": changed(
            "web/shop.test.ts", ("expect(price('tea')).toBe(250)", "expect(250).toBe(250)")
        )
    },
    "a mocha assertion that is caught": {
        "test/shop.js": changed(
            "test/shop.js",
            (
                "    assert.strictEqual(price('jam'), 399);",
                "    try { assert.strictEqual(price('jam'), 399); } catch (error) {}",
            ),
        )
    },
    "a Go test that only writes down": {
        "shop/shop_test.go": changed("shop/shop_test.go", ("t.Fatalf(", "t.Logf("))
    },
    "a Rust assertion of truth": {
        "src/lib.rs": changed("src/lib.rs", ('assert_eq!(price("jam"), 399);', "assert!(true);"))
    },
    "a Java test is disabled": {
        "src/test/ShopTest.java": changed(
            "src/test/ShopTest.java", ("    @Test\n", "    @Test\n    @Disabled\n")
        )
    },
    "a Java assertion is gone": {
        "src/test/ShopTest.java": changed(
            "src/test/ShopTest.java", ('        assertEquals(399, Shop.price("jam"));\n', "")
        )
    },
}
HELD: dict[str, After] = {
    "pytest.mark.skip": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ("def test_prices", "@pytest.mark.skip\ndef test_prices")
        )
    },
    "pytest.mark.skipif": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            ("def test_prices", "@pytest.mark.skipif(True, reason='slow')\ndef test_prices"),
        )
    },
    "pytest.mark.xfail under another name": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            ("@pytest.fixture", "later = pytest.mark.xfail(reason='x')\n\n\n@pytest.fixture"),
            ("def test_prices", "@later\ndef test_prices"),
        )
    },
    "pytestmark": {"tests/test_shop.py": PYTEST + "\npytestmark = [pytest.mark.skip]\n"},
    "pytest.skip in the test": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ("cents():\n", "cents():\n    pytest.skip('later')\n")
        )
    },
    "pytest.skip for the module": {
        "tests/test_shop.py": "import pytest\npytest.skip('x', allow_module_level=True)\n" + PYTEST
    },
    "a condition that is never met": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                "def test_a_cart_adds_up(full):\n    assert full.total() == 649\n    assert",
                "if False:\n  def test_a_cart_adds_up(full):\n"
                "    assert full.total() == 649\n    assert",
            ),
        )
    },
    "__test__ = False": {
        "tests/test_price.py": changed(
            "tests/test_price.py", ("TestCase):\n", "TestCase):\n    __test__ = False\n\n")
        )
    },
    "unittest.skip": {
        "tests/test_price.py": changed(
            "tests/test_price.py", ("class Price", "@unittest.skip('x')\nclass Price")
        )
    },
    "unittest.expectedFailure": {
        "tests/test_price.py": changed(
            "tests/test_price.py",
            ("    def test_prices", "    @unittest.expectedFailure\n    def test_prices"),
        )
    },
    "self.skipTest in setUp": {
        "tests/test_price.py": changed(
            "tests/test_price.py",
            (
                "    def test_prices",
                "    def setUp(self):\n        self.skipTest('x')\n\n    def test_prices",
            ),
        )
    },
    "it.skip": {"web/shop.test.js": changed("web/shop.test.js", ("it('adds", "it.skip('adds"))},
    "xdescribe": {"web/shop.test.js": changed("web/shop.test.js", ("describe(", "xdescribe("))},
    "it.only": {"web/shop.test.js": changed("web/shop.test.js", ("it('adds", "it.only('adds"))},
    "test.fails": {"web/shop.test.ts": changed("web/shop.test.ts", ("test('p", "test.fails('p"))},
    "test.skipIf": {
        "web/shop.test.ts": changed("web/shop.test.ts", ("test('p", "test.skipIf(true)('p"))
    },
    "this.skip()": {
        "test/shop.js": changed(
            "test/shop.js", ("cents', function () {\n", "cents', function () {\n    this.skip();\n")
        )
    },
    "t.Skip": {
        "shop/shop_test.go": changed(
            "shop/shop_test.go",
            ("TestTotal(t *testing.T) {\n", "TestTotal(t *testing.T) {\n\tt.Skip()\n"),
        )
    },
    "testing.Short": {
        "shop/shop_test.go": changed(
            "shop/shop_test.go",
            (
                "TestTotal(t *testing.T) {\n",
                'TestTotal(t *testing.T) {\n\tif len(t.Name()) > 0 {\n\t\tt.Skip("x")\n\t}\n',
            ),
        )
    },
    "a build tag": {"shop/shop_test.go": "//go:build slow\n\n" + GO},
    "#[ignore]": {
        "src/lib.rs": changed("src/lib.rs", ("    fn tea_is", "    #[ignore]\n    fn tea_is"))
    },
    "#[should_panic]": {
        "src/lib.rs": changed("src/lib.rs", ("    fn tea_is", "    #[should_panic]\n    fn tea_is"))
    },
    "#[cfg] of a feature": {
        "src/lib.rs": changed("src/lib.rs", ("#[cfg(test)]", '#[cfg(all(test, feature = "slow"))]'))
    },
}
ALTERED: dict[str, After] = {
    "a pytest value": {"tests/test_shop.py": changed("tests/test_shop.py", ("== 250", "== 0"))},
    "a unittest value": {
        "tests/test_price.py": changed("tests/test_price.py", ("), 250)", "), 0)"))
    },
    "a jest value": {"web/shop.test.js": changed("web/shop.test.js", ("toBe(250)", "toBe(0)"))},
    "a jest object": {"web/shop.test.js": changed("web/shop.test.js", ("total: 649", "total: 0"))},
    "a vitest value": {"web/shop.test.ts": changed("web/shop.test.ts", ("toBe(250)", "toBe(0)"))},
    "a mocha value": {"test/shop.js": changed("test/shop.js", (", 250)", ", 0)"))},
    "a Go value": {"shop/shop_test.go": changed("shop/shop_test.go", ("!= 649", "!= 0"))},
    "a Rust value": {"src/lib.rs": changed("src/lib.rs", ('price("tea"), 250', 'price("tea"), 0'))},
}
DISHONEST = [
    pytest.param(rule, after, id=f"{rule}: {what}")
    for rule, cases in (
        ("tests-removed", REMOVED),
        ("tests-weakened", WEAKER),
        ("tests-held-back", HELD),
        ("expectation-changed", ALTERED),
    )
    for what, after in cases.items()
]


@pytest.mark.parametrize(("rule", "after"), DISHONEST)
def test_a_suite_that_says_less_is_found(guarded: Guarded, rule: str, after: After) -> None:
    plan = only_touching("app/other.py") if rule == "expectation-changed" else None
    found = guarded(SUITES, after, plan=plan)
    touched = next(iter(after))
    assert {(each.rule, each.path, each.severity) for each in found} == {(rule, touched, "error")}


HONEST: dict[str, After] = {
    "a file moves": {"tests/test_shop.py": None, "tests/unit/test_shop.py": PYTEST},
    "a test moves to another file": {
        "tests/test_shop.py": without("tests/test_shop.py", "def test_an_unknown"),
        "tests/test_unknown.py": "import pytest\n\nfrom app.shop import price\n\n\n"
        + PYTEST[PYTEST.index("def test_an_unknown") :],
    },
    "tests get other names": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py", ("test_prices_are_in_cents", "test_each_thing_costs_something")
        )
    },
    "a test is split": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                '    assert price("jam") == 399\n',
                '\n\ndef test_jam_is_dear():\n    assert price("jam") == 399\n',
            ),
        )
    },
    "two assertions become a table": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                "def test_prices_are_in_cents():\n"
                '    assert price("tea") == 250\n    assert price("jam") == 399\n',
                '@pytest.mark.parametrize(("name", "cents"), [("tea", 250), ("jam", 399)])\n'
                "def test_prices_are_in_cents(name, cents):\n    assert price(name) == cents\n",
            ),
        )
    },
    "a helper asserts for the tests": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                '    assert price("tea") == 250\n    assert price("jam") == 399\n',
                '    assert_price("tea", 250)\n    assert_price("jam", 399)\n',
            ),
            (
                "@pytest.fixture",
                "def assert_price(name, cents):\n"
                "    assert price(name) == cents\n\n\n@pytest.fixture",
            ),
        )
    },
    "an assertion gets stronger": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            ("raises(KeyError)", "raises(KeyError, match='moon')"),
            ("    assert full.names()", "    assert full.count() == 2\n    assert full.names()"),
        )
    },
    "fields become the whole": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                '    assert full.total() == 649\n    assert full.names() == ["tea", "jam"]\n',
                "    assert full == cart('tea', 'jam')\n",
            ),
        )
    },
    "a fixture is added": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            (
                "@pytest.fixture\ndef full():",
                "@pytest.fixture\ndef empty():\n    return cart()\n\n\n"
                "@pytest.fixture\ndef full():",
            ),
        ),
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef shop(tmp_path):\n"
        "    return tmp_path / 'shop'\n",
    },
    "a test is added": {
        "tests/test_shop.py": PYTEST + "\n\ndef test_more():\n    assert price('x')\n"
    },
    "a mark for another test": {
        "tests/test_shop.py": PYTEST
        + "\n\nwindows = pytest.mark.skipif(True, reason='not there')\n"
        "\n\n@windows\ndef test_windows():\n    assert price('tea') == 250\n"
    },
    "a player that skips": {
        "tests/test_shop.py": changed(
            "tests/test_shop.py",
            ("    assert full.total()", "    full.skip()\n    assert full.total()"),
        )
    },
    "a class becomes functions": {
        "tests/test_price.py": "import pytest\n\nfrom app.shop import price\n\n\n"
        "def test_prices_are_in_cents():\n"
        "    assert price('tea') == 250\n    assert price('jam') == 399\n\n\n"
        "def test_an_unknown_thing_has_no_price():\n"
        "    with pytest.raises(KeyError):\n        price('moon')\n",
    },
    "the layout changes": {"tests/test_price.py": UNITTEST.replace('"', "'").replace("    ", "  ")},
    "jest tests get other names": {
        "web/shop.test.js": changed("web/shop.test.js", ("'adds up'", "'knows the sum'"))
    },
    "jest tests go into a describe of their own": {
        "web/shop.test.js": changed(
            "web/shop.test.js",
            ("  it('adds up'", "  describe('cart', () => {\n  it('adds up'"),
            ("count: 2 });\n  });\n", "count: 2 });\n  });\n  });\n"),
        )
    },
    "a jest table": {
        "web/shop.test.js": changed(
            "web/shop.test.js",
            (
                "  it('prices in cents', () => {\n    expect(price('tea')).toBe(250);\n"
                "    expect(price('jam')).toBe(399);\n  });",
                "  it.each([['tea', 250], ['jam', 399]])('prices %s at %i', (name, cents) => {\n"
                "    expect(price(name)).toBe(cents);\n  });",
            ),
        )
    },
    "a test file of JavaScript becomes one of TypeScript": {
        "web/shop.test.js": None,
        "web/shop.spec.ts": JEST,
    },
    "a mocha test moves to a new file": {
        "test/shop.js": without("test/shop.js", "  it('has no", "});\n"),
        "test/unknown.js": "const assert = require('assert');\n"
        "const { price } = require('../lib/shop');\n\n"
        "it('has no price for the unknown', function () {\n"
        "  assert.throws(() => price('moon'), RangeError);\n});\n",
    },
    "a vitest assertion gets stronger": {
        "web/shop.test.ts": changed(
            "web/shop.test.ts", ("toThrow(RangeError)", "toThrow(new RangeError('no moon'))")
        )
    },
    "a Go table": {
        "shop/shop_test.go": 'package shop\n\nimport "testing"\n\n'
        "func TestPrice(t *testing.T) {\n\ttests := []struct {\n"
        "\t\tname string\n\t\twant int\n\t}{\n"
        '\t\t{"tea", 250},\n\t\t{"jam", 399},\n\t}\n\tfor _, tt := range tests {\n'
        "\t\tif got := Price(tt.name); got != tt.want {\n"
        '\t\t\tt.Errorf("Price(%s) = %d", tt.name, got)\n\t\t}\n\t}\n}\n\n'
        + GO[GO.index("func TestTotal") :],
    },
    "a Go test moves": {
        "shop/shop_test.go": without("shop/shop_test.go", "func TestTotal"),
        "shop/total_test.go": 'package shop\n\nimport "testing"\n\n'
        + GO[GO.index("func TestTotal") :],
    },
    "Rust tests move to a file of their own": {
        "src/lib.rs": without("src/lib.rs", "#[cfg(test)]") + "#[cfg(test)]\nmod tests;\n",
        "src/tests.rs": RUST[RUST.index("    use super") :].removesuffix("}\n"),
    },
    "a Rust test gets another name": {
        "src/lib.rs": changed("src/lib.rs", ("tea_is_cheaper", "jam_is_dearer"))
    },
    "a Java test is added": {
        "src/test/ShopTest.java": changed(
            "src/test/ShopTest.java",
            (
                "class ShopTest {\n",
                "class ShopTest {\n    @Test\n    void isOpen() {\n"
                "        assertTrue(Shop.isOpen());\n    }\n\n",
            ),
        )
    },
}


@pytest.mark.parametrize("after", HONEST.values(), ids=HONEST.keys())
def test_a_suite_that_says_as_much_in_another_way_is_left_alone(
    guarded: Guarded, after: After
) -> None:
    assert guarded(SUITES, after) == ()


MARKS = ("pytest.mark.skip", "unittest.skip", "it.skip", "t.Skip", "#[ignore]")


@pytest.mark.parametrize("mark", MARKS)
def test_a_skip_may_go(guarded: Guarded, mark: str) -> None:
    (path, text), *_ = HELD[mark].items()
    assert guarded({**SUITES, path: text or ""}, {path: SUITES[path]}) == ()


def test_a_folder_that_pytest_does_not_look_into_holds_no_tests(guarded: Guarded) -> None:
    settings = {"pytest.ini": "[pytest]\ntestpaths = tests\n"}
    moved = {"tests/test_shop.py": None, "attic/test_shop.py": PYTEST}
    found = guarded({**SUITES, **settings}, moved)
    assert [(each.rule, each.path) for each in found] == [("tests-removed", "tests/test_shop.py")]
