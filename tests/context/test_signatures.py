"""What a file offers to others is shown on one line each."""

import pytest

from agent.context.signatures import LONGEST_LINE, MOST_LINES, signatures

PYTHON = '''
import os

LIMIT = 3

@cache
def load(path: str,
         mode: int = 3) -> dict[str, int]:
    """Reads."""
    def inner(): ...
    return {}

async def _hidden(): ...

class Store(Base):
    size: int = 0
    def __init__(self, path): ...
    @property
    def name(self) -> str: ...
    def _close(self): ...
'''
TYPESCRIPT = """
export interface Todo { id: number }
export const add = async (a: number, b: string): Promise<void> => { return };
const limit = 3;
export default class Store<T> extends Base {
  private items: T[] = [];
  async get(id: number): Promise<Todo> { return this.items[id] }
}
function plain(a) { function inner() {} }
"""


def test_python() -> None:
    assert signatures("a/b.py", PYTHON) == (
        "def load(path: str, mode: int = 3) -> dict[str, int]",
        "class Store(Base)",
        " def __init__(self, path)",
        " def name(self) -> str",
    )


def test_typescript() -> None:
    assert signatures("a.ts", TYPESCRIPT) == (
        "interface Todo",
        "const add = async (a: number, b: string): Promise<void>",
        "class Store<T> extends Base",
        " async get(id: number): Promise<Todo>",
        "function plain(a)",
    )


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        ("a.js", "class A { go(x) {} }\nconst f = x => x\n", ("class A", " go(x)", "const f = x")),
        (
            "a.go",
            "package a\ntype S struct { x int }\nfunc (s *S) Get(id int) (T, error) { return }\n",
            ("type S struct { x int }", "func (s *S) Get(id int) (T, error)"),
        ),
        (
            "a.rs",
            "pub struct S { a: i32 }\nimpl S { pub fn new(a: i32) -> Self { S { a } } }\n",
            ("pub struct S", "impl S", " pub fn new(a: i32) -> Self"),
        ),
        ("a.txt", "def no(): pass", ()),
    ],
)
def test_other_languages(path: str, text: str, shown: tuple[str, ...]) -> None:
    assert signatures(path, text) == shown


def test_a_file_with_a_fault_shows_what_can_be_read() -> None:
    assert "def good()" in signatures("a.py", "def good(): ...\n\ndef bad(:\n")


def test_long_lines_and_long_files_are_cut() -> None:
    many = "\n".join(f"def f{n}({'argument, ' * 40}): ..." for n in range(100))
    shown = signatures("a.py", many)
    assert (len(shown), max(map(len, shown))) == (MOST_LINES, LONGEST_LINE)
