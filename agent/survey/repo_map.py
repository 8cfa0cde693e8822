"""The repo map: files with the signatures in them, cut to a token budget."""

import ast
from collections.abc import Iterator

from agent.survey.classify import is_test
from agent.survey.sources import Sources

CHARACTERS_PER_TOKEN = 3.6
SIGNATURE_CHARACTERS = 110
NAMES_SHARE = 0.5
"""How much of the budget bare file names may take, so that signatures find room."""


def repo_map(sources: Sources, budget_tokens: int) -> str:
    """File names in order; signatures for as many files as fit, near the root first."""
    budget = int(budget_tokens * CHARACTERS_PER_TOKEN)
    ranked = sorted(sources.files, key=lambda path: (is_test(path), path.count("/"), path))
    shown = fitting(ranked, int(budget * NAMES_SHARE))
    left = budget - sum(len(path) + 1 for path in shown)
    details: dict[str, list[str]] = {}
    for path in shown:
        if path.endswith(".py") and not is_test(path):
            lines = [f"  {line}" for line in signatures(sources.tree(path))]
            cost = sum(len(line) + 1 for line in lines)
            if lines and cost <= left:
                details[path] = lines
                left -= cost
    text = [line for path in sorted(shown) for line in (path, *details.get(path, ()))]
    if len(shown) < len(sources.files):
        text.append(f"... and {len(sources.files) - len(shown)} more files")
    return "\n".join(text)


def fitting(paths: list[str], characters: int) -> list[str]:
    shown: list[str] = []
    for path in paths:
        characters -= len(path) + 1
        if characters < 0:
            break
        shown.append(path)
    return shown


def signatures(tree: ast.Module | None) -> Iterator[str]:
    """One line for each public function and class at the top of a module."""
    for node in tree.body if tree is not None else ():
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not node.name.startswith("_"):
                yield cut(function_line(node))
            case ast.ClassDef() if not node.name.startswith("_"):
                yield cut(class_line(node))


def function_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {source_of(node.returns)}" if node.returns else ""
    return f"{word} {node.name}({source_of(node.args)}){returns}"


def class_line(node: ast.ClassDef) -> str:
    bases = ", ".join(source_of(base) for base in node.bases)
    methods = [
        item.name
        for item in node.body
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
        and not item.name.startswith("_")
    ]
    head = f"class {node.name}({bases})" if bases else f"class {node.name}"
    return f"{head}: {', '.join(methods)}" if methods else head


def source_of(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "..."


def cut(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= SIGNATURE_CHARACTERS else f"{line[: SIGNATURE_CHARACTERS - 3]}..."
