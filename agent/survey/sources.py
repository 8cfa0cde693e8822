"""Reads the files of a checkout, each once, and never fails on one of them."""

import ast
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

LARGEST_FILE_BYTES = 1_000_000


LOOKED_FOR = (ast.Import, ast.ImportFrom, ast.Call, ast.Constant, ast.Subscript)


class Sources:
    """The files of one checkout at one moment; what was read is kept.

    Links are not followed: what they lead to may lie outside the checkout.
    """

    def __init__(self, root: Path, files: tuple[str, ...]) -> None:
        self.root = root
        self.files = tuple(dict.fromkeys(files))
        self._bytes: dict[str, bytes | None] = {}
        self._nodes: dict[str, tuple[ast.AST, ...]] = {}
        self._trees: dict[str, ast.Module | SyntaxError | None] = {}

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.files)

    @cached_property
    def python(self) -> tuple[str, ...]:
        return tuple(path for path in self.files if path.endswith(".py"))

    def data(self, path: str) -> bytes | None:
        """None when the file is not there, not a plain file, or too large."""
        if path not in self._bytes:
            self._bytes[path] = read(self.root / path)
        return self._bytes[path]

    def text(self, path: str) -> str | None:
        """None also when the file is not UTF-8."""
        data = self.data(path)
        if data is None:
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    def lines(self, path: str) -> list[str]:
        """Lines as Python counts them; bytes that are not UTF-8 are shown as a mark."""
        text = (self.data(path) or b"").decode(errors="replace")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def tree(self, path: str) -> ast.Module | None:
        parsed = self._parsed(path)
        return parsed if isinstance(parsed, ast.Module) else None

    def nodes(self, path: str) -> tuple[ast.AST, ...]:
        """The nodes of a file that name something outside of it: see LOOKED_FOR."""
        if path not in self._nodes:
            tree = self.tree(path)
            self._nodes[path] = () if tree is None else tuple(looked_for(tree))
        return self._nodes[path]

    def syntax_error(self, path: str) -> SyntaxError | None:
        parsed = self._parsed(path)
        return parsed if isinstance(parsed, SyntaxError) else None

    def _parsed(self, path: str) -> ast.Module | SyntaxError | None:
        if path not in self._trees:
            data = self.data(path)
            self._trees[path] = None if data is None else parse(data)
        return self._trees[path]


def looked_for(tree: ast.Module) -> Iterator[ast.AST]:
    """In no order; a third of the time of `ast.walk`, most nodes being contexts and operators."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, LOOKED_FOR):
            yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                waiting += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                waiting.append(value)


def read(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_FILE_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def parse(data: bytes) -> ast.Module | SyntaxError:
    """The tree, or why there is none; bytes, so that a coding line is honoured."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or "nested too deeply to be parsed")
