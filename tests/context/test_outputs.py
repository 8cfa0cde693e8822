"""What a transcript leaves out is read again by range."""

import pytest
from context.sessions import Talk

from agent.context.outputs import lines_of

TEXT = "\n".join(f"line {n}" for n in range(1, 101))


def talk() -> Talk:
    one = Talk()
    one.do("run", {"command": "a"}, "short")
    one.do("run", {"command": "b"}, TEXT)
    return one


@pytest.mark.parametrize("name", ["c2", "2"])
def test_lines_are_counted_from_one_and_both_ends_are_shown(name: str) -> None:
    assert lines_of(talk().state, name, 41, 43) == "line 41\nline 42\nline 43"


def test_without_an_end_the_rest_is_shown() -> None:
    assert lines_of(talk().state, "c2", 99, None) == "line 99\nline 100"


@pytest.mark.parametrize(
    ("name", "first", "told"),
    [
        ("2", 101, "output 2 has 100 lines; ask for some of them"),
        ("9", 1, "there is no output 9; this session has 2"),
    ],
)
def test_what_is_not_there_is_said(name: str, first: int, told: str) -> None:
    with pytest.raises(LookupError, match=told):
        lines_of(talk().state, name, first, None)
