"""A file is shown in the brief when that charges less than reading it."""

from dataclasses import replace

import pytest

from agent.context.preload import READ_OF_ONE, Terms, is_worth_showing, preloaded

TERMS = Terms(opening_tokens=5_000, reserved_tokens=2_048, aim_tokens=36_000)


def test_the_files_of_an_ordinary_task_are_shown() -> None:
    sizes = [(f"f{n}.py", 3_000) for n in range(4)]
    assert preloaded(sizes, TERMS) == ("f0.py", "f1.py", "f2.py", "f3.py")


def test_a_large_file_is_left_to_be_read_in_ranges() -> None:
    assert preloaded([("big.py", 12_000), ("small.py", 200)], TERMS) == ("small.py",)


@pytest.mark.parametrize("terms", [TERMS, replace(TERMS, task_tokens=40_000)])
def test_a_file_that_would_be_read_whole_is_never_left_to_a_turn_of_its_own(terms: Terms) -> None:
    assert all(is_worth_showing(size, 0, terms) for size in range(100, READ_OF_ONE, 100))


def test_the_longer_a_task_takes_the_less_of_a_large_file_is_carried() -> None:
    size = READ_OF_ONE + 500
    assert is_worth_showing(size, 0, TERMS)
    assert not is_worth_showing(size, 0, replace(TERMS, aim_tokens=200_000, task_tokens=60_000))


def test_cheap_cached_tokens_let_larger_files_be_shown() -> None:
    size = READ_OF_ONE + 2_000
    assert not is_worth_showing(size, 0, TERMS)
    assert is_worth_showing(size, 0, replace(TERMS, weight=0.1))


def test_half_of_the_room_is_left_to_work_in() -> None:
    shown = preloaded([(f"f{n}.py", 3_000) for n in range(20)], TERMS)
    assert len(shown) == (36_000 - 5_000) // 2 // 3_000


def test_nothing_is_shown_where_there_is_no_room() -> None:
    assert preloaded([("a.py", 100)], replace(TERMS, aim_tokens=5_000)) == ()


def test_of_many_files_that_are_gone_through_none_is_carried_along() -> None:
    sizes = [(f"f{n}.py", 3_600) for n in range(20)]
    long = replace(TERMS, task_tokens=30_000)
    assert preloaded(sizes, long) == ()
    assert len(preloaded(sizes[:4], long)) == 4
