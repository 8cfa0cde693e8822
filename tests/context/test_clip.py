"""An output that is cut still says what failed, and how to see the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.context.clip import SMALLEST_TOKENS, clip
from agent.context.tokens import estimate

NOISE = [f"tests/test_shop.py::test_case_{number} PASSED" for number in range(600)]
TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "/w/tests/test_cart.py", line 41, in test_total',
    "    self.assertEqual(cart.total(), 30)",
    "AssertionError: 20 != 30",
]


def with_noise(*told: str) -> str:
    return "\n".join(["exit code 1", "<output>", *NOISE, *told, *NOISE, "done", "</output>"])


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert clip("one\n\ntwo \n", 20) == "one\n\ntwo \n"


@pytest.mark.parametrize(
    "told",
    [
        TRACEBACK,
        ["=== short test summary info ===", "FAILED tests/test_cart.py::test_total - 20 != 30"],
        ["============ 1 failed, 1200 passed in 3.21s ============"],
        ["Ran 1201 tests in 0.310s", "FAILED (failures=1)"],
        ["src/cart.ts(12,3): error TS2322: Type 'string' is not assignable to type 'number'."],
        ["src/cart.ts:12:3 - error TS2322: Type 'string' is not assignable."],
        ["error[E0308]: mismatched types", "  --> src/cart.rs:4:5"],
        ["cart.c:12:3: error: expected ';' before 'return'", "   12 |   return 0"],
        ["./cart.go:12:3: undefined: total"],
        ["--- FAIL: TestTotal (0.00s)", "    cart_test.go:9: got 20, want 30"],
        ["cart.py:12: error: Incompatible return value type"],
        ["  ● cart › adds up", "", "    expect(received).toBe(expected)"],
        ["Tests:       1 failed, 1200 passed, 1201 total"],
        ["not ok 3 - adds up"],
        ["TypeError: cart.total is not a function", "    at main (/w/cart.js:3:7)"],
        ["thread 'main' panicked at src/main.rs:2:5:", "index out of bounds"],
        ["sh: 1: pytset: command not found"],
        ["E   ModuleNotFoundError: No module named 'shop'"],
    ],
)
def test_what_failed_is_kept_wherever_it_stands(told: list[str]) -> None:
    shown = clip(with_noise(*told), 600).split("\n")
    assert [line for line in told if line not in shown] == []


def test_head_and_tail_are_kept_and_the_gaps_are_named() -> None:
    shown = clip(with_noise(*TRACEBACK), 300, "7").split("\n")
    gaps = [line for line in shown if line.startswith("[... lines")]
    assert shown[:3] == ["exit code 1", "<output>", NOISE[0]]
    assert shown[-3:-1] == ["done", "</output>"]
    kept = len(shown) - len(gaps) - 1
    assert shown[-1] == (
        f'[{1208 - kept} of 1208 lines left out; read "output 7:FIRST-LAST" for some]'
    )
    numbers = [tuple(map(int, gap.split()[2].split("-"))) for gap in gaps]
    assert sum(last - first + 1 for first, last in numbers) == 1208 - kept


def test_the_first_of_many_tracebacks_is_whole() -> None:
    many = [line.replace("30", str(number)) for number in range(30, 90) for line in TRACEBACK]
    shown = clip(with_noise(*many), 400).split("\n")
    assert [line for line in TRACEBACK if line not in shown] == []


def test_a_line_without_end_is_cut() -> None:
    shown = clip("x = 1\n" + "a,b;" * 50_000, 500)
    assert estimate(shown) <= 500
    assert shown.split("\n")[1].endswith("more characters")


@given(
    st.lists(st.text(max_size=60) | st.sampled_from([*TRACEBACK, "error: x", "FAILED a::b"])),
    st.integers(SMALLEST_TOKENS, 400),
)
def test_it_is_never_larger_than_the_budget(lines: list[str], budget: int) -> None:
    assert estimate(clip("\n".join(lines), budget, "1")) <= budget


def test_every_failure_that_a_summary_names_is_kept_and_no_room_is_filled_with_passes() -> None:
    passed = [f"tests/test_a.py::test_{n} PASSED {'.' * 40}" for n in range(300)]
    failed = [f"FAILED tests/test_b.py::test_{n} - AssertionError: {n}" for n in range(30)]
    text = "\n".join([*passed, "=== short test summary info ===", *failed, "30 failed, 300 passed"])
    shown = clip(text, 2_000, "3").splitlines()
    assert set(failed) <= set(shown)
    assert sum(line in passed for line in shown) < 30
